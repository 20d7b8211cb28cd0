# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The words of a change of a backend as commands to HAProxy; what of them is left to undo; what stands in their way."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import cast

from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Observation
from arf_enterprise.actions.haproxy_api import NAME
from arf_enterprise.actions.haproxy_plan import MOST_WEIGHT
from arf_enterprise.errors import ActionImpossible, TargetMoved


def commands(words: FrozenMap, backend: str) -> tuple[str, ...]:
    """The commands of ``words``; names and addresses are checked once more, for a change comes from a database."""
    match words["do"]:
        case "set":
            return tuple(_set_command(f"{backend}/{_name(name)}", keys) for name, keys in _servers(words, "to").items())
        case "add":
            is_checked = words["is_checked"] is True
            return tuple(
                command
                for name, server in _servers(words, "servers").items()
                for command in _add_commands(f"{backend}/{_name(name)}", server, is_checked=is_checked)
            )
        case _:
            return tuple(f"set server {backend}/{_name(name)} state maint" for name in _servers(words, "servers"))


def left_to_undo(inverse: FrozenMap, now: Observation) -> FrozenMap | None:
    """What of ``inverse`` is not so already; None if nothing is left.

    Raises:
        TargetMoved: somebody else changed the very thing since.
    """
    there = _servers(now.state, "servers")
    if inverse["do"] == "remove":
        wanted = _servers(inverse, "servers")
        left = {name: server for name, server in wanted.items() if name in there}
        if moved := sorted(name for name in left if there[name]["address"] != left[name]["address"]):
            raise TargetMoved(f"{', '.join(moved)} has another address now: it is somebody else's")
        return FrozenMap({"do": "remove", "servers": left}) if left else None
    was, to = _servers(inverse, "from"), _servers(inverse, "to")
    left = {}
    for name, keys in to.items():
        for key, value in keys.items():
            current = there.get(name, {}).get(key)
            if current not in (value, was[name][key]):
                raise TargetMoved(f"{name} has {key} {current} now: somebody else set it since")
            if current != value:
                left[name] = keys
    return FrozenMap({"do": "set", "from": was, "to": left}) if left else None


def word_problems(words: FrozenMap) -> Iterator[str]:
    """What stands in the way of ``words``: weights out of range, servers to be added that do not answer."""
    if words["do"] == "set":
        for name, keys in _servers(words, "to").items():
            if not 0 <= int(cast("int", keys.get("weight", 0))) <= MOST_WEIGHT:
                yield f"the weight of {name} would be {keys['weight']}: it can be 0 to {MOST_WEIGHT}"
        return
    for name, server in _servers(words, "servers").items():
        host, _, port = str(server["address"]).rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError as error:
            yield f"{name} at {server['address']} does not answer: {type(error).__name__}"


def _set_command(server: str, keys: Mapping[str, object]) -> str:
    if "weight" in keys:
        return f"set weight {server} {int(cast('int', keys['weight']))}"
    return f"set server {server} state {_name(str(keys['admin']))}"


def _add_commands(server: str, keys: Mapping[str, object], *, is_checked: bool) -> Iterator[str]:
    address, weight = _name(str(keys["address"])), int(cast("int", keys["weight"]))
    yield f"add server {server} {address} weight {weight}{' check' if is_checked else ''}"
    if is_checked:
        yield f"enable health {server}"
    yield f"set server {server} state ready"


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ActionImpossible(f"{name[:80]!r} is no name that HAProxy could have")
    return name


def _servers(words: FrozenMap, key: str) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", words[key])
