# SPDX-License-Identifier: Apache-2.0
"""The points of a stream as what happened in each interval.

A stream is one metric of one component with one set of attributes.

1. A gauge, a summary and a sum that may fall are *levels*: the value at the time.
2. Of a delta sum or histogram each point is one interval, from its start to its time.
3. Of a cumulative one, each two neighbours are one interval: their difference. Where the start moved or a count fell,
   the sender began anew, and the interval is from that start.
4. A cumulative point without one before it says what came since the start. That is taken as an interval of at most
   :data:`LONGEST` seconds; what began earlier says nothing about now, and is counted in ``unread``.
5. A delta of a sum that may fall has no level, and is not read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from arf_core.ingest.otlp.distribution import Distribution
from arf_core.ingest.otlp.points import NANOS, Kind, Metric, Point, Value

LONGEST: Final = 300.0
"""Up to how many seconds a total since the start of a process still speaks of the present."""


@dataclass(slots=True)
class Stream:
    """One metric of one component with one set of attributes, and its points so far."""

    component: str
    metric: Metric
    labels: Mapping[str, str]
    attributes: Mapping[str, str]
    points: list[Point] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a stream says at ``time`` (seconds since 1970).

    ``value`` is the level, or what came in ``seconds`` (None where the interval's length is not said; 0 for a level).
    """

    time: float
    seconds: float | None
    value: Value
    stream: Stream

    @property
    def rate(self) -> float | None:
        """How many a second, of an interval whose length is known."""
        amount = self.value.count if isinstance(self.value, Distribution) else self.value
        return amount / self.seconds if self.seconds and isinstance(amount, (int, float)) else None


def is_level(metric: Metric) -> bool:
    """Whether the metric's values stand for themselves (rule 1)."""
    return metric.kind in (Kind.GAUGE, Kind.SUMMARY) or (metric.kind is Kind.SUM and not metric.monotonic)


def readings_of(stream: Stream) -> tuple[list[Reading], int]:
    """What the stream says, oldest first, and how many of its points could not be read (rules 4 and 5)."""
    points = _in_order(stream.points)
    metric = stream.metric
    if is_level(metric):
        if metric.delta:
            return [], len(points)
        return [_reading(point, point.value, 0.0, stream) for point in points if point.value is not None], 0
    found = list(_deltas(points, stream) if metric.delta else _differences(points, stream))
    expected = sum(point.value is not None for point in points)
    unread = 1 if expected and not found else 0
    return found, unread


def _in_order(points: Sequence[Point]) -> list[Point]:
    """By time; of two at one time the later one in the input stands, as in a request that was sent twice."""
    return [found for _, found in sorted({point.time: point for point in points}.items())]


def _reading(point: Point, value: Value, seconds: float | None, stream: Stream) -> Reading:
    return Reading(time=point.time / NANOS, seconds=seconds, value=value, stream=stream)


def _deltas(points: Sequence[Point], stream: Stream) -> Iterator[Reading]:
    for point in points:
        if point.value is not None and not (isinstance(point.value, float) and point.value < 0):
            yield _reading(point, point.value, _seconds(point.start, point.time), stream)


def _differences(points: Sequence[Point], stream: Stream) -> Iterator[Reading]:
    before: Point | None = None
    for point in points:
        if point.value is None:
            continue
        change = _change(before, point) if before is not None else None
        if before is not None and change is not None:
            yield _reading(point, change, _seconds(before.time, point.time), stream)
        elif (since := _seconds(point.start, point.time)) is not None and since <= LONGEST:
            yield _reading(point, point.value, since, stream)
        before = point


def _change(before: Point, point: Point) -> Value | None:
    """What came between two cumulative points; None where the sender began anew in between."""
    if point.start != before.start:
        return None
    if isinstance(point.value, Distribution) and isinstance(before.value, Distribution):
        return point.value.minus(before.value)
    if isinstance(point.value, float) and isinstance(before.value, float) and point.value >= before.value:
        change = point.value - before.value
        return change if math.isfinite(change) else None
    return None


def _seconds(start: int, end: int) -> float | None:
    return (end - start) / NANOS if 0 < start < end else None
