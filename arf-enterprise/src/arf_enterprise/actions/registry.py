# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Every adapter there is, in one table, and making one from a way.

1. A name that does not stand in the table makes nothing, and a module is imported when its first adapter is made.
2. Credentials are read here, when the adapter is made, and given to it alone.
3. What an adapter or the library below it raises becomes ours here, if it did not before: TargetUnavailable, which
   says that it cannot be told what happened. Its own text is not repeated: it may quote what it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import ClassVar, Final, Protocol, cast

from arf_core.models.action import Action
from arf_enterprise.actions.adapter import Adapter, Given
from arf_enterprise.actions.guarded import Guarded, ours
from arf_enterprise.errors import SettingError
from arf_enterprise.targets.target import Way

TABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "supervisor": "arf_enterprise.actions.supervisor:SupervisorAdapter",
        "haproxy": "arf_enterprise.actions.haproxy:HaproxyAdapter",
        "kubernetes": "arf_enterprise.actions.kubernetes:KubernetesAdapter",
        "webhook": "arf_enterprise.actions.webhook:WebhookAdapter",
        "mcp_tool": "arf_enterprise.actions.mcp_tool:McpToolAdapter",
        "notify": "arf_enterprise.actions.notify:NotifyAdapter",
    }
)
"""Name → module and class."""


class AdapterClass(Protocol):
    """What makes an adapter."""

    name: ClassVar[str]
    actions: ClassVar[frozenset[Action]]

    def __call__(self, given: Given) -> Adapter:
        """The adapter of what is ``given``."""


def make(way: Way, component: str, *, read: Callable[[str], str]) -> Adapter:
    """The adapter of ``way`` for ``component``; ``read`` gives the secret of a reference (``targets.broker.read``).

    Raises:
        SettingError: there is no such adapter, it has not the way's actions, its settings are wrong, or a credential
            cannot be read.
    """
    kind = adapter_class(way.adapter)
    if impossible := sorted(way.actions - kind.actions):
        raise SettingError(
            f"the adapter {way.adapter} of {component} cannot do {', '.join(impossible)}: "
            f"it has {', '.join(sorted(kind.actions))}"
        )
    credentials = {name: read(cast("str", reference)) for name, reference in way.credentials.items()}  # rule 2
    with ours(f"the adapter {way.adapter} of {component}"):
        adapter = kind(Given(component=component, settings=way.settings, credentials=credentials))
    return cast("Adapter", Guarded(adapter, component))  # its name and actions are those of the class


def adapter_class(name: str) -> AdapterClass:
    """The class of the adapter ``name``, imported now (rule 1).

    Raises:
        SettingError: there is no such adapter.
    """
    if name not in TABLE:
        raise SettingError(f"there is no adapter {name!r:.60}: there are {', '.join(TABLE)}")
    module, _, kind = TABLE[name].partition(":")
    return cast("AdapterClass", getattr(import_module(module), kind))
