# SPDX-License-Identifier: Apache-2.0
"""Where a measured value would have to be for a decision to turn: the edge nearest to what was measured.

1. A decision can turn at a number that stands in a condition: that number and its two neighbours among doubles are
   tried, and the ends of what can be measured. Between two of them the edge is found by halving, for conditions that
   calculate.
2. Only values that can be measured are tried: shares from 0 to 1, the others from 0.
3. Of several metrics, the one with the smallest relative change is taken, one that was not reported last.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.models.event import METRICS
from arf_core.policy.condition import COMPARISONS, Condition

SHARES: Final = ("error_rate", "cpu_util", "memory_util")
"""The metrics that are shares from 0 to 1."""

MOST: Final = 1e9
"""The largest latency or throughput that is tried."""

HALVINGS: Final = 128
"""After so many halvings an edge is exact enough: two doubles of like size are adjacent after 64."""

Flips = Callable[[Mapping[str, float]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One measured value and what it would have to be.

    ``was`` is None if it was not reported. ``to`` is the first double with which the decision turns, ``edge`` the last
    one with which it does not: which of the two reads better stands in the words.
    """

    name: str
    was: float | None
    to: float
    edge: float

    def __str__(self) -> str:
        exact = len(repr(self.to)) <= len(repr(self.edge))
        up = self.to > self.edge
        words = ("at least" if up else "at most") if exact else ("above" if up else "below")
        return f"{self.name} {words} {repr(self.to if exact else self.edge).removesuffix('.0')}{self._unit}"

    @property
    def _unit(self) -> str:
        return " ms" if self.name == "latency_p99" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The known ``values`` of a component by name, and the ``conditions`` that may test them."""

    values: Mapping[str, object]
    conditions: tuple[Condition, ...]


def nearest(reading: Reading, flips: Flips) -> Value | None:
    """The smallest change of one metric with which ``flips`` is true, None if there is none."""
    found = [value for name in METRICS for value in _edges(name, reading, flips)]
    return min(found, key=_size, default=None)


def together(reading: Reading, conditions: Iterable[Condition], flips: Flips) -> tuple[Value, ...]:
    """The fewest values to change at once for one of ``conditions``, a plain conjunction; empty if none can be met."""
    found = [values for condition in conditions if (values := _met(reading, condition)) and flips(_changed(values))]
    return min(found, key=lambda values: (len(values), math.fsum(map(_size, values))), default=())


def numbers_in(condition: Condition) -> tuple[float, ...]:
    """The numbers that stand in ``condition``."""
    return tuple(float(token) for token in condition.normal.split(" ") if _NUMBER.fullmatch(token))


_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def _edges(name: str, reading: Reading, flips: Flips) -> Iterator[Value]:
    numbers = {
        number
        for condition in reading.conditions
        if name in condition.needs or name in condition.asks
        for number in numbers_in(condition)
    }
    if not numbers:
        return
    was = _number(reading.values.get(name))
    tried = sorted(_candidates(name, numbers))
    start = tried[0] if was is None else was
    if was is None and flips({name: start}):
        yield _last_that_flips(name, tried, flips)
        return
    for side in ([one for one in tried if one > start], [one for one in reversed(tried) if one < start]):
        if (found := _first_that_flips(name, start, side, flips)) is not None:
            yield Value(name=name, was=was, to=found[0], edge=found[1])


def _first_that_flips(name: str, start: float, side: list[float], flips: Flips) -> tuple[float, float] | None:
    """The value nearest to ``start`` that flips, and the last before it that does not."""
    before = start
    for value in side:
        if flips({name: value}):
            return _halved(name, before, value, flips)
        before = value
    return None


def _last_that_flips(name: str, tried: list[float], flips: Flips) -> Value:
    """For a metric that was not reported and would flip from its least value on: up to where."""
    for last, value in itertools.pairwise(tried):
        if not flips({name: value}):
            to, edge = _halved(name, value, last, flips)
            return Value(name=name, was=None, to=to, edge=edge)
    return Value(name=name, was=None, to=tried[0], edge=-1.0)


def _halved(name: str, no: float, yes: float, flips: Flips) -> tuple[float, float]:
    for _ in range(HALVINGS):
        middle = no + (yes - no) / 2
        if middle in {no, yes}:
            break
        if flips({name: middle}):
            yes = middle
        else:
            no = middle
    return yes, no


def _candidates(name: str, numbers: Iterable[float]) -> set[float]:
    most = 1.0 if name in SHARES else MOST
    around = (near for one in numbers for near in (math.nextafter(one, -1), one, math.nextafter(one, math.inf)))
    return {0.0, most, *(one for one in around if 0.0 <= one <= most)}


def _met(reading: Reading, condition: Condition) -> tuple[Value, ...]:
    """What to change so that every clause of ``condition`` is true; empty if it cannot be met by metrics."""
    found: dict[str, Value] = {}
    for clause in condition.clauses:
        was, number = _number(reading.values.get(clause.name)), float(clause.number)
        if was is not None and COMPARISONS[clause.operator](was, number):
            continue
        if clause.name not in METRICS or clause.name in found:
            return ()
        value = _met_alone(clause.name, clause.operator, was, number)
        if value is None:
            return ()
        found[clause.name] = value
    return tuple(found.values())


def _met_alone(name: str, operator: str, was: float | None, number: float) -> Value | None:
    above, below = math.nextafter(number, math.inf), math.nextafter(number, -1)
    to, edge = {
        ">": (above, number),
        ">=": (number, below),
        "<": (below, number),
        "<=": (number, above),
        "==": (number, below if was is None or was < number else above),
        "!=": (above, number),
    }[operator]
    most = 1.0 if name in SHARES else math.inf
    return Value(name=name, was=was, to=to, edge=edge) if 0.0 <= to <= most else None


def _changed(values: tuple[Value, ...]) -> dict[str, float]:
    return {value.name: value.to for value in values}


def _size(value: Value) -> float:
    if value.was is None:
        return 10.0
    change = abs(value.to - value.was)
    return change if value.name in SHARES or not change else change / max(abs(value.to), abs(value.was))


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
