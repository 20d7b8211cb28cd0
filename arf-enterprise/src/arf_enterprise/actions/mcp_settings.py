# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The settings of an upstream MCP server's tools, checked once. docs/targets.md has the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, cast

from arf_core.models.frozen import FrozenMap, shown
from arf_enterprise.actions.adapter import Given
from arf_enterprise.actions.templates import template_of
from arf_enterprise.actions.webhook_settings import ca_file_of, flag_of, timeout_of, url_of
from arf_enterprise.errors import SettingError
from arf_enterprise.targets.broker import COMMANDS

VITALS: Final = ("exists", "wanted", "ready", "traffic")
MOVING: Final = ("ready", "traffic")
"""Vitals that move by themselves: what tells them is no part of the state."""
_KNOWN: Final = (
    "url", "command", "status", "apply", "revert", "applied_when", "state", "vitals", "timeout_s", "ca_file",
    "allow_plain_http",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool and the template of its arguments."""

    tool: str
    arguments: FrozenMap


@dataclass(frozen=True, slots=True, kw_only=True)
class McpSettings:
    """A server, at ``url`` or started by ``command``, and the tools that are called there.

    ``applied_when`` is what the status shows once a change is applied; ``state`` the keys of it that make up the state
    (None: all that do not move by themselves); ``vitals`` the keys that tell how much of the thing is there.
    """

    url: str | None
    command: tuple[str, ...]
    status: Call
    apply: Call
    revert: Call | None
    applied_when: FrozenMap
    state: tuple[str, ...] | None
    vitals: Mapping[str, str]
    timeout_s: float
    ca_file: str | None
    credentials: Mapping[str, str] = field(repr=False)


def settings_of(given: Given, environment: Mapping[str, str]) -> McpSettings:
    """The settings in ``given``; ``environment`` says which programs may be started.

    Raises:
        SettingError: one is unknown, missing or wrong.
    """
    found, component = given.settings, given.component
    for key in found:
        if key not in _KNOWN:
            raise SettingError(f"the MCP server of {component} has no setting {key!r:.60}: {', '.join(_KNOWN)}")
    for key in ("status", "apply", "applied_when"):
        if key not in found:
            raise SettingError(f"the MCP server of {component} needs the setting {key!r}")
    if ("url" in found) == ("command" in found):
        raise SettingError(f"the MCP server of {component} needs either 'url' or 'command'")
    is_plain = flag_of(found, "allow_plain_http", given)
    return McpSettings(
        url=url_of(found["url"], f"the url of {component}", is_plain=is_plain) if "url" in found else None,
        command=_command(found["command"], component, environment) if "command" in found else (),
        status=_call(found["status"], f"status of {component}"),
        apply=_call(found["apply"], f"apply of {component}"),
        revert=_call(found["revert"], f"revert of {component}") if "revert" in found else None,
        applied_when=_applied_when(found["applied_when"], component),
        state=_names(found["state"], f"state of {component}") if "state" in found else None,
        vitals=_vitals(found.get("vitals", FrozenMap()), component),
        timeout_s=timeout_of(found, given),
        ca_file=ca_file_of(found, given),
        credentials=_credentials(given, is_remote="url" in found),
    )


def _command(value: object, component: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The command, if whoever runs ARF allows its program: who writes the inventory need not be who does."""
    command = _names(value, f"command of {component}")
    if command[0] not in environment.get(COMMANDS, "").split(":") or not command[0].startswith("/"):
        raise SettingError(
            f"{command[0]} is not among the programs in {COMMANDS}: whoever runs ARF must allow it there"
        )
    return command


def _call(value: object, what: str) -> Call:
    if not isinstance(value, Mapping) or not {"tool"} <= set(value) <= {"tool", "arguments"}:
        raise SettingError(f"{what} is {shown(value)}: it must have 'tool' and perhaps 'arguments'")
    if not isinstance(value["tool"], str) or not 0 < len(value["tool"]) <= 200:
        raise SettingError(f"{what} has the tool {shown(value['tool'])}: it must be the name of one")
    return Call(tool=value["tool"], arguments=template_of(value.get("arguments"), what=f"the arguments of {what}"))


def _applied_when(value: object, component: str) -> FrozenMap:
    template = template_of(value, what=f"applied_when of {component}")
    if not template:
        raise SettingError(f"applied_when of {component} is empty: then everything would look applied")
    return template


def _names(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, tuple) or not value or not all(isinstance(one, str) and one for one in value):
        raise SettingError(f"{what} is {shown(value)}: it must be a list of texts")
    return cast("tuple[str, ...]", value)


def _vitals(value: object, component: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise SettingError(f"vitals of {component} is {shown(value)}: it must map {', '.join(VITALS)} to keys")
    if unknown := sorted(set(value) - set(VITALS)):
        raise SettingError(f"vitals of {component} has {unknown[0]!r:.60}: there are {', '.join(VITALS)}")
    return MappingProxyType(dict(cast("Mapping[str, str]", value)))


def _credentials(given: Given, *, is_remote: bool) -> Mapping[str, str]:
    """Of a server at a URL: the header ``Authorization``. Of a command: variables of its environment, in capitals."""
    if is_remote and (unknown := sorted(set(given.credentials) - {"authorization"})):
        raise SettingError(f"the MCP server of {given.component} has no credential {unknown[0]!r}: authorization")
    return MappingProxyType(dict(given.credentials))
