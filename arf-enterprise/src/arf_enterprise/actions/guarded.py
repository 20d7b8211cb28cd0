# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""An adapter behind a guard: whatever it raises, what comes out is ours (rule 7 of ``actions.adapter``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Observation, Progress, Rehearsal
from arf_enterprise.errors import EnterpriseError, TargetUnavailable

_LOG = logging.getLogger(__name__)


@contextmanager
def ours(what: str) -> Iterator[None]:
    """A block in which every foreign exception becomes TargetUnavailable, with its type and without its text."""
    try:
        yield
    except EnterpriseError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge to foreign code: targets' libraries raise what they like
        _LOG.debug("adapter_failed", exc_info=True, extra={"what": what})
        # Not ``from``: the text of a foreign exception may quote a credential.
        raise TargetUnavailable(f"{what} failed with {type(error).__name__}: it cannot be told what happened") from None


class Guarded:
    """``adapter``, of which only our own errors come out."""

    def __init__(self, adapter: Adapter, component: str) -> None:
        """Guard ``adapter``, which is for ``component``."""
        self.name, self.actions = adapter.name, adapter.actions
        self._adapter = adapter
        self._what = f"the adapter {adapter.name} of {component}"

    def __repr__(self) -> str:
        return f"Guarded({self._what})"

    def observe(self) -> Observation:
        """As the adapter."""
        with ours(self._what):
            return self._adapter.observe()

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """As the adapter."""
        with ours(self._what):
            return self._adapter.plan(action, parameters, observed)

    def rehearse(self, change: Change) -> Rehearsal:
        """As the adapter."""
        with ours(self._what):
            return self._adapter.rehearse(change)

    def apply(self, change: Change, fence: Fence) -> None:
        """As the adapter."""
        with ours(self._what):
            self._adapter.apply(change, fence)

    def revert(self, change: Change, fence: Fence) -> None:
        """As the adapter."""
        with ours(self._what):
            self._adapter.revert(change, fence)

    def progress(self, change: Change, observed: Observation) -> Progress:
        """As the adapter."""
        with ours(self._what):
            return self._adapter.progress(change, observed)

    def close(self) -> None:
        """As the adapter."""
        with ours(self._what):
            self._adapter.close()
