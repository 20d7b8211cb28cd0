# SPDX-License-Identifier: Apache-2.0
"""How a metric converts to a canonical one, told from its name alone.

Only what the name says is used: its kind, its unit (``_s``, ``_ms``, ``seconds``, ``pct``, ``ratio``, ``5min``) and
whether a high value is good. A metric whose name does not say its unit has no reading: nothing is guessed. The
canonical names themselves are in canonical units.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from arf_core.diagnose.shift import is_served_traffic
from arf_core.models.event import METRICS
from arf_core.models.signal import Direction, SignalKind
from arf_core.vocabulary import MetricSense, Side, sense_of

Reading = tuple[str, Callable[[float], float]]
"""The canonical name of a metric, and how its values convert."""


def reading(metric: str, step_s: float) -> Reading | None:
    """The reading of ``metric``, None if its name does not say; ``step_s`` is the time between samples in seconds."""
    if metric in METRICS:
        return metric, float
    sense = sense_of(metric)
    if sense.side is Side.OUTGOING:
        return None
    match sense.kind:
        case SignalKind.LATENCY:
            return _scaled("latency_p99", _milliseconds(sense))
        case SignalKind.ERRORS | SignalKind.AVAILABILITY:
            return _failures(sense)
        case SignalKind.CPU:
            return _share("cpu_util", sense)
        case SignalKind.MEMORY:
            return _share("memory_util", sense)
        case SignalKind.TRAFFIC if is_served_traffic(metric):
            return _scaled("throughput", _per_second(sense, step_s))
        case _:
            return None


def _scaled(name: str, factor: float | None) -> Reading | None:
    return None if factor is None else (name, lambda value: max(0.0, value * factor))


_MILLISECONDS: Final = {
    "s": 1e3, "sec": 1e3, "secs": 1e3, "second": 1e3, "seconds": 1e3,
    "ms": 1.0, "msec": 1.0, "millis": 1.0, "millisecond": 1.0, "milliseconds": 1.0,
    "us": 1e-3, "usec": 1e-3, "micros": 1e-3, "microsecond": 1e-3, "microseconds": 1e-3,
    "ns": 1e-6, "nanos": 1e-6, "nanosecond": 1e-6, "nanoseconds": 1e-6,
}  # fmt: skip


def _milliseconds(sense: MetricSense) -> float | None:
    return next((_MILLISECONDS[word] for word in reversed(sense.words) if word in _MILLISECONDS), None)


_PERCENT: Final = frozenset({"pct", "percent", "percentage"})
_RATIO: Final = frozenset({"ratio", "share", "util", "utilization", "utilisation", "fraction"})


def _of_one(sense: MetricSense, *, also: frozenset[str] = frozenset()) -> float | None:
    """What a value is multiplied with to be a share, or None if its name does not say."""
    if _PERCENT & set(sense.words):
        return 0.01
    return 1.0 if (_RATIO | also) & set(sense.words) else None


def _share(name: str, sense: MetricSense) -> Reading | None:
    factor = _of_one(sense)
    if factor is None:
        return None
    if sense.adverse is Direction.DOWN:
        return name, lambda value: _bounded(1.0 - value * factor)
    return name, lambda value: _bounded(value * factor)


def _failures(sense: MetricSense) -> Reading | None:
    factor = _of_one(sense, also=frozenset({"rate"}) if sense.kind is SignalKind.ERRORS else frozenset())
    if factor is None:
        return None
    if sense.adverse is Direction.DOWN:
        return "error_rate", lambda value: _bounded(1.0 - value * factor)
    return "error_rate", lambda value: _bounded(value * factor)


def _bounded(share: float) -> float:
    return min(1.0, max(0.0, share))


_A_SECOND: Final = frozenset({"ops", "qps", "rps", "tps", "throughput"})
_EVERY: Final = re.compile(r"(\d+)(s|sec|min|m|h)")
_SECONDS: Final = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def _per_second(sense: MetricSense, step_s: float) -> float | None:
    """Rates are by the second; a count is over the period its name says, or over the step."""
    for word in sense.words:
        if found := _EVERY.fullmatch(word):
            return 1.0 / (float(found[1]) * _SECONDS[found[2]]) if float(found[1]) else None
    if _A_SECOND & set(sense.words):
        return 1.0
    return 1.0 / step_s if "count" in sense.words else None
