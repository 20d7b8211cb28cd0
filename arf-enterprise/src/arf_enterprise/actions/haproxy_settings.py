# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The settings of a way by HAProxy::

    socket: /run/haproxy/admin.sock   # a stats socket of level admin
    backend: checkout
    servers: [a, b]                   # those of this component; without it, all of the backend
    groups: {green: [c, d]}           # names for several servers, which traffic_shift may name as its target
    spares: {c: "10.0.0.7:8080"}      # servers that scale_out may add: IPv4 and port
    look_s: 1                         # for circuit_breaker: the seconds in which errors are counted
    timeout_s: 5                      # how long one answer may take

There are no credentials: who may open the socket may use it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, cast

from arf_core.errors import ArfError
from arf_core.models.frozen import FrozenMap, shown
from arf_core.verify.fields import matched, object_of, text_of
from arf_enterprise.actions.adapter import Given
from arf_enterprise.actions.haproxy_api import NAME
from arf_enterprise.actions.unix_socket import checked_path, seconds
from arf_enterprise.errors import SettingError

_OPTIONAL: Final = ("servers", "groups", "spares", "look_s", "timeout_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, checked. ``servers`` is empty for all of the backend."""

    socket: str
    backend: str
    servers: frozenset[str]
    groups: FrozenMap
    spares: FrozenMap
    look_s: float
    timeout_s: float


def settings_of(given: Given) -> Settings:
    """The settings in ``given``.

    Raises:
        SettingError: one is unknown, missing or of the wrong kind, or there are credentials.
    """
    if given.credentials:
        raise SettingError(f"{given.component}: HAProxy's socket takes no credentials: its file's permissions decide")
    try:
        found = object_of(given.settings, what="haproxy", keys=("socket", "backend"), optional=_OPTIONAL)
        groups, spares = _map(found.get("groups", {}), "groups"), _map(found.get("spares", {}), "spares")
        return Settings(
            socket=checked_path(text_of(found["socket"], what="socket"), what="socket"),
            backend=_name(found["backend"], "backend"),
            servers=frozenset(_names(found.get("servers", ()), "servers")),
            groups=FrozenMap({name: _names(names, f"groups.{name}") for name, names in groups.items()}),
            spares=FrozenMap({_name(name, "spares"): _address(at, name) for name, at in spares.items()}),
            look_s=seconds(found.get("look_s", 1), what="look_s", least=0.1, most=30),
            timeout_s=seconds(found.get("timeout_s", 5), what="timeout_s", least=0.1, most=60),
        )
    except ArfError as error:
        raise SettingError(f"{given.component}: {error}") from error


def _name(value: object, what: str) -> str:
    return matched(value, NAME, what=what, rule="a name of letters, digits and _.:-")


def _names(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, tuple):
        raise SettingError(f"{what} is {shown(value)}: it must be a list of servers")
    return tuple(_name(name, what) for name in value)


def _map(value: object, what: str) -> FrozenMap:
    if not isinstance(value, (FrozenMap, dict)):
        raise SettingError(f"{what} is {shown(value)}: it must be values by name")
    return cast("FrozenMap", value)


def _address(value: object, name: str) -> str:
    host, _, port = text_of(value, what=f"spares.{name}").rpartition(":")
    try:
        address, number = ipaddress.IPv4Address(host), int(port)
    except ValueError as error:
        raise SettingError(f"spares.{name} is {shown(value)}: it must be an IPv4 address and a port") from error
    if not 0 < number < 65536 or not port.isdecimal():
        raise SettingError(f"spares.{name} is {shown(value)}: there is no such port")
    return f"{address}:{number}"
