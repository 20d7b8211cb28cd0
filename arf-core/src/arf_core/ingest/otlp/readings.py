# SPDX-License-Identifier: Apache-2.0
"""The canonical metrics of one component at one time, from all that its streams say then.

1. Requests: the histograms of all routes and statuses are added up, then asked for the quantile. Where a component
   serves by several protocols, the worst latency stands; requests and failures are added up. Of two conventions for
   the same requests one is read.
2. A share of errors needs attributes that tell failed requests from others; without any, none is claimed.
3. CPU and memory by state: of one machine the mean over its CPUs; of several (or containers) the fullest.
4. A bucket from 0 to 5 s, with one slow request in it, would make a quantile of seconds: where a bucket is too wide
   (:data:`COARSE`), its lower end is read, as a lower bound, and nothing where that is 0.
5. ``origin`` says from what a value was read, and for an estimate from what to what it is certain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arf_core.ingest.otlp.conventions import FAMILIES, Role, What, is_failed
from arf_core.ingest.otlp.distribution import Distribution, Estimate, merged
from arf_core.ingest.otlp.streams import Reading

Told = tuple[Role, Reading]

COARSE: Final = 3.0
"""A bucket wider than this many times its lower end is too wide for an estimate inside it (rule 4) …"""
FINE_MS: Final = 10.0
"""… unless it is this narrow, in milliseconds."""
SHORTEST: Final = 1.0
"""An interval of fewer seconds gives no throughput."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The value of a canonical metric (or of ``latency_p50``, in milliseconds), and where it was read."""

    metric: str
    value: float
    origin: str


def findings_in(told: Sequence[Told]) -> dict[str, Finding]:
    """The findings in what the streams of one component say at one time, by metric."""
    found: dict[str, Finding] = {}
    for finding in (*_served(told), *_resources(told), *_levels(told)):
        most = 1.0 if finding.metric in _SHARES else _LARGEST
        if not 0 <= finding.value <= most:  # what no such metric can be was measured wrongly, or is another metric
            continue
        known = found.get(finding.metric)
        if known is None or finding.value > known.value:
            found[finding.metric] = finding
    return found


_SHARES: Final = frozenset({"error_rate", "cpu_util", "memory_util"})
_LARGEST: Final = 1e300


def _total(values: Iterable[float]) -> float:
    """The exact sum, infinite where it is larger than any number."""
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def _served(told: Sequence[Told]) -> Iterator[Finding]:
    durations = _families(told, What.DURATIONS)
    for members in durations:
        yield from _latency(members)
    counted = [members for members in durations if _name(members) in FAMILIES] or _families(told, What.REQUESTS)
    yield from _traffic(counted)


def _families(told: Iterable[Told], what: What) -> list[list[Told]]:
    """The readings of each family, of the preferred one of its metrics."""
    families: dict[str, list[Told]] = {}
    for role, reading in told:
        if role.what is what:
            families.setdefault(role.family, []).append((role, reading))
    return [
        [one for one in members if one[0].order == min(role.order for role, _ in members)]
        for members in families.values()
    ]


def _name(members: Sequence[Told]) -> str:
    return members[0][1].stream.metric.name


def _latency(members: Sequence[Told]) -> Iterator[Finding]:
    factor = members[0][0].meaning.factor
    sums = merged(reading.value for _, reading in members if isinstance(reading.value, Distribution))
    for metric, q in (("latency_p99", 0.99), ("latency_p50", 0.5)):
        estimates = [(found, one.count) for one in sums if (found := _quantile(one, q, factor)) is not None]
        if estimates:
            estimate, count = max(estimates, key=lambda known: known[0].value)
            origin = f"{_name(members)}: p{q * 100:.0f} of {count} {_told(estimate)}"
            yield Finding(metric=metric, value=estimate.value, origin=origin)


def _quantile(one: Distribution, q: float, factor: float) -> Estimate | None:
    """The estimate in milliseconds; its lower end where the bucket is too wide to say more (rule 4)."""
    found = one.quantile(q)
    if found is None or not math.isfinite(found.value) or found.low < 0:
        return None
    low, high = found.low * factor, found.high * factor
    if high - low <= max(COARSE * low, FINE_MS):
        return Estimate(value=found.value * factor, low=low, high=high)
    return Estimate(value=low, low=low, high=math.inf) if low > 0 else None


def _told(estimate: Estimate) -> str:
    if math.isinf(estimate.high):
        return f"is above {estimate.low:.6g} ms (a lower bound: its bucket is too wide to say more)"
    return f"is from {estimate.low:.6g} to {estimate.high:.6g} ms (an estimate inside its bucket)"


def _traffic(families: Sequence[Sequence[Told]]) -> Iterator[Finding]:
    readings = [reading for members in families for _, reading in members]
    names = ", ".join(dict.fromkeys(_name(members) for members in families))
    seconds = max((reading.seconds or 0.0 for reading in readings), default=0.0)
    amounts = [(_amount(reading), is_failed(reading.stream.attributes)) for reading in readings]
    total = _total(amount for amount, _ in amounts)
    if seconds >= SHORTEST:
        origin = f"{names}: {total:g} requests in {seconds:g} s"
        yield Finding(metric="throughput", value=total / seconds, origin=origin)
    if total and any(failed is not None for _, failed in amounts):
        bad = _total(amount for amount, failed in amounts if failed)
        origin = f"{names}: {bad:g} of {total:g} requests failed, by their status"
        yield Finding(metric="error_rate", value=min(1.0, bad / total), origin=origin)


def _amount(reading: Reading) -> float:
    if isinstance(reading.value, Distribution):
        return float(reading.value.count)
    return reading.value if isinstance(reading.value, float) else 0.0


_STATES: Final = ("state", "cpu.mode", "system.cpu.state", "process.cpu.state", "system.memory.state")
_REST: Final = frozenset({"idle", "iowait", "wait"})


def _resources(told: Sequence[Told]) -> Iterator[Finding]:
    metrics: dict[str, list[Told]] = {}
    for role, reading in told:
        if role.what in (What.SHARES, What.CPU_TIME, What.AMOUNTS) and isinstance(reading.value, float):
            metrics.setdefault(reading.stream.metric.name, []).append((role, reading))
    for name, members in metrics.items():
        role = members[0][0]
        shares = [share for machine in _machines(members) if (share := _share(role, machine)) is not None]
        value = role.meaning.of(max(shares)) if shares else None
        if value is not None:
            yield Finding(metric=role.meaning.metric, value=value, origin=f"{name}: the share in use")


def _machines(members: Iterable[Told]) -> Iterable[list[Reading]]:
    machines: dict[tuple[tuple[str, str], ...], list[Reading]] = {}
    for _, reading in members:
        machines.setdefault(tuple(sorted(reading.stream.labels.items())), []).append(reading)
    return machines.values()


def _share(role: Role, machine: Sequence[Reading]) -> float | None:
    """How much of one machine or process is in use."""
    if role.what is What.SHARES:
        if role.meaning.metric == "memory_util":
            return _used(machine)
        parts = list(_parts(machine).values())
        return _total(map(_busy, parts)) / len(parts)
    states = [(_state(reading), _amount(reading)) for reading in machine]
    total = _total(amount for _, amount in states)
    if role.what is What.CPU_TIME:
        rest = _total(amount for state, amount in states if state in _REST)
        return 1 - rest / total if total > 0 and any(state == "idle" for state, _ in states) else None
    used = [amount for state, amount in states if state == "used"]
    return _total(used) / total if used and len(states) > 1 and total > 0 else None


def _used(machine: Sequence[Reading]) -> float | None:
    """The share whose state is ``used``, or that has no state."""
    shares = [_amount(reading) for reading in machine if _state(reading) in ("used", "")]
    return max(shares, default=None)


def _parts(machine: Iterable[Reading]) -> dict[tuple[tuple[str, str], ...], list[Reading]]:
    """The readings of each CPU, which differ in their state only."""
    parts: dict[tuple[tuple[str, str], ...], list[Reading]] = {}
    for reading in machine:
        attributes = reading.stream.attributes
        parts.setdefault(tuple(sorted(p for p in attributes.items() if p[0] not in _STATES)), []).append(reading)
    return parts


def _busy(part: Iterable[Reading]) -> float:
    states = [(_state(reading), _amount(reading)) for reading in part]
    rest = [amount for state, amount in states if state in _REST]
    if any(state == "idle" for state, _ in states):
        return 1 - _total(rest)
    return _total(amount for state, amount in states if state not in _REST)


def _state(reading: Reading) -> str:
    attributes = reading.stream.attributes
    return next((attributes[name] for name in _STATES if name in attributes), "")


def _levels(told: Iterable[Told]) -> Iterator[Finding]:
    for role, reading in told:
        if role.what is not What.LEVEL:
            continue
        level = reading.value
        amount = level if isinstance(level, float) else level.get(0.99) if not isinstance(level, Distribution) else None
        value = role.meaning.of(amount) if amount is not None else None
        if value is not None:
            metric = reading.stream.metric
            origin = f"{metric.name}: {amount:g} {metric.unit} ({role.meaning.sureness.value})"
            yield Finding(metric=role.meaning.metric, value=value, origin=origin)
