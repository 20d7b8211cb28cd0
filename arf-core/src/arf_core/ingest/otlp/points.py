# SPDX-License-Identifier: Apache-2.0
"""One metric and its data points, from the JSON shape of OTLP, checked.

1. A point has a time, in nanoseconds since 1970; a start is optional. 64-bit integers are strings or numbers, doubles
   also the strings ``NaN``, ``Infinity`` and ``-Infinity``, which mean that no value was measured.
2. The flag ``NO_RECORDED_VALUE`` means the same: the value is None, whatever else the point holds.
3. An enum is its number; its name is taken too, though OTLP does not send it.
4. Fields that are not known here are left alone, as OTLP demands of receivers.

Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from arf_core.errors import EventError
from arf_core.ingest import foreign
from arf_core.ingest.otlp.attributes import labels_of
from arf_core.ingest.otlp.distribution import ZERO, Distribution
from arf_core.models.event import checked_name

NO_RECORDED_VALUE: Final = 1
MAX_CELLS: Final = 10_000
MAX_POINTS: Final = 1_000_000
"""How many data points (and other messages) one input may have: two bytes are enough for one."""
NANOS: Final = 1_000_000_000
_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")
_LAST: Final = 253_402_300_000 * NANOS  # minutes before the year 10000: a time may still be rounded up
_LEAST_SCALE, _MOST_SCALE = -10, 20  # beyond them a cell's ends are no doubles any more


class Kind(StrEnum):
    """What the points of a metric are; the value is the name of its field in OTLP JSON."""

    GAUGE = "gauge"
    SUM = "sum"
    HISTOGRAM = "histogram"
    EXPONENTIAL = "exponentialHistogram"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What the points of a metric share. ``delta``: each point says what came since the one before it."""

    name: str
    unit: str
    kind: Kind
    delta: bool = False
    monotonic: bool = False


Quantiles = Mapping[float, float]
Value = float | Distribution | Quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measurement of one stream: ``time`` and ``start`` in ns since 1970 (start 0: not said)."""

    time: int
    start: int
    value: Value | None
    attributes: tuple[tuple[str, str], ...]


def read_metric(value: object) -> tuple[Metric, Sequence[object]]:
    """The metric in ``value`` and its points, which are yet to be read.

    Raises:
        EventError: no name, no kind of points that is known, or no temporality where one is needed.
    """
    given = foreign.mapping(value, name="the metric")
    name = checked_name("the metric's name", given.get("name"))
    kind = next((kind for kind in Kind if isinstance(given.get(kind.value), Mapping)), None)
    if kind is None:
        raise EventError(f"the metric {name!r:.80} has none of {', '.join(Kind)}")
    data = foreign.mapping(given[kind.value], name=kind)
    points = foreign.sequence(data.get("dataPoints") or [], name=f"{kind}.dataPoints")
    needs_temporality = kind not in (Kind.GAUGE, Kind.SUMMARY) and len(points) > 0
    metric = Metric(
        name=name,
        unit=foreign.text_of(given.get("unit") or "", name="unit"),
        kind=kind,
        delta=needs_temporality and _is_delta(data.get("aggregationTemporality"), name),
        monotonic=kind is Kind.SUM and data.get("isMonotonic") is True,
    )
    return metric, points


def read_point(value: object, kind: Kind) -> Point:
    """The data point in ``value``.

    Raises:
        EventError: a field is missing or breaks its rule.
    """
    given = foreign.mapping(value, name="the data point")
    flags = whole(given.get("flags") or 0, name="flags")
    recorded = not flags & NO_RECORDED_VALUE
    return Point(
        time=_nanos(given.get("timeUnixNano"), "timeUnixNano", required=True),
        start=_nanos(given.get("startTimeUnixNano"), "startTimeUnixNano"),
        value=_READERS[kind](given) if recorded else None,
        attributes=tuple(sorted(labels_of(given.get("attributes"), name="attributes").items())),
    )


def whole(value: object, *, name: str) -> int:
    """An integer, as a JSON number or as decimal digits.

    Raises:
        EventError: anything else, or beyond 64 bits.
    """
    if type(value) is int:
        found: int | None = value
    elif isinstance(value, str):
        found = int(value) if _INTEGER.fullmatch(value) else None
    else:
        found = int(value) if isinstance(value, float) and value.is_integer() else None
    if found is None or not -(1 << 63) <= found < 1 << 64:
        raise EventError(f"{name} is {value!r:.60}: it must be an integer of 64 bits")
    return found


def _is_delta(value: object, metric: str) -> bool:
    delta, cumulative = (1, "AGGREGATION_TEMPORALITY_DELTA"), (2, "AGGREGATION_TEMPORALITY_CUMULATIVE")
    if value not in (*delta, *cumulative) or isinstance(value, bool):
        raise EventError(f"aggregationTemporality of {metric!r:.80} is {value!r:.60}: it must be 1 (delta) or 2")
    return value in delta


def _nanos(value: object, name: str, *, required: bool = False) -> int:
    nanos = 0 if value is None else whole(value, name=name)
    if not 0 <= nanos < _LAST or (required and nanos == 0):
        raise EventError(f"{name} is {value!r:.60}: it must be nanoseconds since 1970, before the year 10000")
    return nanos


def _double(value: object, name: str) -> float | None:
    """A finite number, None for a value that was not measured."""
    if type(value) is float:  # nearly all of them
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        if value in ("NaN", "Infinity", "-Infinity"):
            return None
        return foreign.written_number(value, name=name)
    return foreign.number(value, name=name)


def _number(given: Mapping[str, object]) -> float | None:
    if given.get("asInt") is not None:
        return float(whole(given["asInt"], name="asInt"))
    if given.get("asDouble") is not None:
        return _double(given["asDouble"], "asDouble")
    raise EventError("the data point has neither asDouble nor asInt")


def _histogram(given: Mapping[str, object]) -> Distribution:
    counts = _counts(given.get("bucketCounts"), "bucketCounts")
    bounds = tuple(_bound(value) for value in _list(given.get("explicitBounds"), "explicitBounds"))
    if any(later <= earlier for earlier, later in itertools.pairwise(bounds)):
        raise EventError("explicitBounds must rise from one to the next")
    if counts and len(counts) != len(bounds) + 1:
        raise EventError(f"bucketCounts has {len(counts)} counts: {len(bounds)} bounds make {len(bounds) + 1}")
    if not counts:  # no buckets were kept: all there is is one cell without ends
        counts, bounds = [whole(given.get("count") or 0, name="count")], ()
    return _checked(given, Distribution(cells=_filled(counts, 0), bounds=bounds))


def _exponential(given: Mapping[str, object]) -> Distribution:
    scale = whole(given.get("scale") or 0, name="scale")
    if not _LEAST_SCALE <= scale <= _MOST_SCALE:
        raise EventError(f"scale is {scale}: it must be from {_LEAST_SCALE} to {_MOST_SCALE}")
    positive = foreign.mapping(given.get("positive") or {}, name="positive")
    negative = foreign.mapping(given.get("negative") or {}, name="negative")
    offset = whole(positive.get("offset") or 0, name="positive.offset")
    cells = _filled(_counts(positive.get("bucketCounts"), "positive.bucketCounts"), offset)
    at_zero = whole(given.get("zeroCount") or 0, name="zeroCount")
    at_zero += sum(_counts(negative.get("bucketCounts"), "negative.bucketCounts"))
    threshold = _double(given.get("zeroThreshold") or 0, "zeroThreshold")
    if at_zero:
        cells[ZERO] = at_zero
    return _checked(given, Distribution(cells=cells, scale=scale, zero_threshold=max(0.0, threshold or 0.0)))


def _summary(given: Mapping[str, object]) -> Quantiles:
    found: dict[float, float] = {}
    for one in _list(given.get("quantileValues"), "quantileValues"):
        pair = foreign.mapping(one, name="quantileValues")
        q, value = _double(pair.get("quantile") or 0, "quantile"), _double(pair.get("value") or 0, "value")
        if q is not None and value is not None and 0 <= q <= 1:
            found[q] = value
    return found


_READERS: Final = {
    Kind.GAUGE: _number,
    Kind.SUM: _number,
    Kind.HISTOGRAM: _histogram,
    Kind.EXPONENTIAL: _exponential,
    Kind.SUMMARY: _summary,
}


def _list(value: object, name: str) -> Sequence[object]:
    found = foreign.sequence(value or [], name=name)
    if len(found) > MAX_CELLS:
        raise EventError(f"{name} has {len(found)} elements: at most {MAX_CELLS} are allowed")
    return found


def _counts(value: object, name: str) -> list[int]:
    counts = [whole(count, name=name) for count in _list(value, name)]
    if any(count < 0 for count in counts):
        raise EventError(f"{name} has a count below 0")
    return counts


def _bound(value: object) -> float:
    bound = _double(value, "explicitBounds")
    if bound is None:
        raise EventError(f"explicitBounds has {value!r:.60}: bounds are finite numbers")
    return bound


def _filled(counts: Sequence[int], offset: int) -> dict[int, int]:
    return {offset + index: count for index, count in enumerate(counts) if count}


def _checked(given: Mapping[str, object], found: Distribution) -> Distribution:
    """``found`` with its extremes, if its cells hold as many values as it says."""
    if given.get("count") is not None and found.count != whole(given["count"], name="count"):
        raise EventError(f"count is {given['count']!r:.60}: the buckets hold {found.count}")
    least, most = (None if given.get(name) is None else _double(given[name], name) for name in ("min", "max"))
    return replace(found, least=least, most=most)
