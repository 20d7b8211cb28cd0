# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a state of a HAProxy backend is, and what a change of it is: pure.

The state: ``servers`` → ``address``, ``weight``, ``admin`` (ready, drain, maint: what people set). Whether a server is
up moves by itself and is told by the vitals. The words of a change, in ``do``:

- ``set`` some ``servers`` ``to`` a weight or an admin state, ``from`` what they had; back: the other way round.
- ``add`` the ``servers``, each with its address and weight; back: ``remove`` them.

``after`` is the state that should be there then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change, Observation, Vitals
from arf_enterprise.actions.haproxy_api import Counts, Server
from arf_enterprise.errors import ActionImpossible

NAME: Final = "haproxy"
MOST_WEIGHT: Final = 256


def observed(servers: Iterable[Server], counts: Mapping[str, Counts], *, own: frozenset[str]) -> Observation:
    """What a backend is. ``own`` are the component's servers, empty for all: the vitals are of those."""
    every = tuple(servers)
    mine = tuple(server for server in every if not own or server.name in own)
    state = {
        server.name: {"address": server.address, "weight": server.weight, "admin": server.admin} for server in every
    }
    ready = sum(server.is_up for server in mine)
    vitals = Vitals(exists=bool(mine), wanted=len(mine), ready=ready, traffic=_share(every, mine, counts))
    return Observation(state=FrozenMap({"servers": state}), vitals=vitals)


def takes_traffic(server: Server) -> bool:
    """Whether new requests may go to it."""
    return server.is_up and server.admin == "ready" and server.weight > 0


def _share(every: Iterable[Server], mine: Iterable[Server], counts: Mapping[str, Counts]) -> float:
    """The part of the backend's traffic that its servers in ``mine`` got in the last second; without any, would get."""
    if whole := counts["BACKEND"].rate if "BACKEND" in counts else 0:
        return round(min(1.0, sum(counts[server.name].rate for server in mine if server.name in counts) / whole), 3)
    weights = sum(server.weight for server in every if takes_traffic(server))
    return round(sum(server.weight for server in mine if takes_traffic(server)) / weights, 3) if weights else 0.0


def traffic_shift(before: Observation, servers: Iterable[Server], target: frozenset[str], percentage: int) -> Change:
    """Give ``target`` ``percentage`` % of the weight of all servers that people have left ready.

    Raises:
        ActionImpossible: it is not there or not up, has that much already, or nothing else is there.
    """
    ready = [server for server in servers if server.admin == "ready"]
    old = {server.name: server.weight for server in ready}
    if missing := sorted(target - set(old)):
        raise ActionImpossible(f"{', '.join(missing)} is no server here that people have left ready")
    if not any(server.is_up for server in ready if server.name in target):
        raise ActionImpossible(f"none of {', '.join(sorted(target))} is up: no traffic can go there")
    if not set(old) - target:
        raise ActionImpossible("there is no other server to take traffic from")
    has = 100 * sum(old[name] for name in target) / (sum(old.values()) or 1)
    if has >= percentage:
        raise ActionImpossible(f"{', '.join(sorted(target))} has {has:.0f} % of the weight already")
    new = {name: weight for name, weight in shifted(old, target, percentage).items() if weight != old[name]}
    listed = ", ".join(sorted(target))
    summary = f"shift traffic to {listed}: from {has:.0f} % to {percentage} % of the weight"
    to = {name: {"weight": weight} for name, weight in new.items()}
    return _set(Action.TRAFFIC_SHIFT, before, to, summary=summary, of=len(old))


def shifted(weights: Mapping[str, int], target: frozenset[str], percentage: int) -> dict[str, int]:
    """New weights: ``target`` together has ``percentage`` %, and within each side proportions stay.

    As large as weights can be, for they are whole; what should get some traffic has at least 1.
    """
    shares: dict[str, float] = {}
    for side, part in ((target, percentage), (frozenset(weights) - target, 100 - percentage)):
        whole = sum(weights[name] for name in side)
        shares |= {name: part * (weights[name] / whole if whole else 1 / len(side)) for name in side}
    scale = MOST_WEIGHT / max(shares.values())
    return {name: max(1, round(share * scale)) if share else 0 for name, share in shares.items()}


def circuit_breaker(
    before: Observation, servers: Iterable[Server], errors: Mapping[str, float], *, threshold: float, timeout_s: int
) -> Change:
    """Drain the servers whose share of ``errors`` is over ``threshold``; who was asked nothing is not in ``errors``.

    Drained, not in maintenance: HAProxy goes on checking them, so that it is seen when they are well.

    Raises:
        ActionImpossible: none is over it, or no other would be left to take the traffic.
    """
    taking = [server.name for server in servers if takes_traffic(server)]
    bad = {name: errors[name] for name in taking if errors.get(name, 0) > threshold}
    if not bad:
        raise ActionImpossible(f"no server had more than {100 * threshold:.0f} % errors just now")
    if len(bad) == len(taking):
        raise ActionImpossible("every server that takes traffic fails: without them nothing would answer at all")
    told = ", ".join(f"{name} ({100 * share:.0f} % errors)" for name, share in sorted(bad.items()))
    summary = f"take {told} out of {len(taking)}, for {timeout_s} s or until it is undone"
    to = {name: {"admin": "drain"} for name in bad}
    return _set(Action.CIRCUIT_BREAKER, before, to, summary=summary, of=len(taking), timeout_s=timeout_s)


def error_shares(first: Mapping[str, Counts], second: Mapping[str, Counts]) -> dict[str, float]:
    """The share of errors between two looks, of each server that was asked something; counters that fell began anew."""
    found: dict[str, float] = {}
    for name in set(first) & set(second) - {"BACKEND"}:
        requests, errors = second[name].requests - first[name].requests, second[name].errors - first[name].errors
        if requests > 0 and errors >= 0:
            found[name] = min(1.0, errors / requests)
    return found


def scale_out(before: Observation, servers: Iterable[Server], spares: FrozenMap, *, factor: int) -> Change:
    """Add as many of ``spares`` (address by name) as make ``factor`` times as many servers.

    Raises:
        ActionImpossible: there are not so many, or none is added.
    """
    every = tuple(servers)
    free = {name: address for name, address in spares.items() if name not in {server.name for server in every}}
    adding = len(every) * (factor - 1)
    if not adding or adding > len(free):
        raise ActionImpossible(f"{len(every)} servers times {factor} needs {adding} more: {len(free)} spares are free")
    weight = max(server.weight for server in every)
    is_checked = any(server.is_checked for server in every)
    made = {name: {"address": free[name], "weight": weight} for name in sorted(free)[:adding]}
    now = cast("Mapping[str, object]", before.state["servers"])
    after = {"servers": {**now, **{name: {**server, "admin": "ready"} for name, server in made.items()}}}
    listed = ", ".join(f"{name} ({server['address']})" for name, server in made.items())
    return Change(
        action=Action.SCALE_OUT,
        adapter=NAME,
        before=before,
        forward=FrozenMap({"do": "add", "servers": made, "is_checked": is_checked, "after": after}),
        inverse=FrozenMap({"do": "remove", "servers": made}),
        summary=f"from {len(every)} to {len(every) + adding} servers: add {listed}",
        undo_summary=f"remove {', '.join(made)}; requests under way get some seconds to end",
        instances=adding,
        of_instances=len(every) + adding,
    )


def difference(words: FrozenMap) -> tuple[str, ...]:
    """What ``words`` (forward or inverse) changes, a line each, for those who approve."""
    servers = cast("Mapping[str, Mapping[str, object]]", words.get("servers") or words.get("to"))
    if words["do"] == "set":
        old = cast("Mapping[str, Mapping[str, object]]", words["from"])
        pairs = ((name, key, value) for name in sorted(servers) for key, value in servers[name].items())
        return tuple(f"~ {name} {key}: {old[name][key]} → {value}" for name, key, value in pairs)
    sign = "+" if words["do"] == "add" else "-"
    return tuple(f"{sign} {name} {at['address']} weight {at['weight']}" for name, at in sorted(servers.items()))


def _set(
    action: Action,
    before: Observation,
    to: Mapping[str, Mapping[str, object]],
    *,
    summary: str,
    of: int,
    timeout_s: int | None = None,
) -> Change:
    now = cast("Mapping[str, Mapping[str, object]]", before.state["servers"])
    was = {name: {key: now[name][key] for key in keys} for name, keys in to.items()}
    after = {"servers": {name: {**server, **to.get(name, {})} for name, server in now.items()}}
    words: dict[str, object] = {"do": "set", "from": was, "to": to, "after": after}
    back = ", ".join(f"{name} {value}" for name, keys in sorted(was.items()) for value in keys.values())
    return Change(
        action=action,
        adapter=NAME,
        before=before,
        forward=FrozenMap(words if timeout_s is None else {**words, "timeout_s": timeout_s}),
        inverse=FrozenMap({"do": "set", "from": to, "to": was}),
        summary=summary,
        undo_summary=f"set back: {back}",
        instances=len(to),
        of_instances=of,
    )
