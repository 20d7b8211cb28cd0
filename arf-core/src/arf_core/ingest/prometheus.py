# SPDX-License-Identifier: Apache-2.0
"""The answers of the Prometheus HTTP API (``/api/v1/query_range`` and ``/api/v1/query``).

1. A matrix becomes a window (``ingest.series``): the component from the series' labels, the metric from ``__name__`` or
   the caller. Two series of one component and metric keep apart by the labels in which they differ.
2. A vector, which has one sample a series, becomes an event for each component that has a canonical metric.
3. ``NaN`` and the infinities are missing samples. A series that cannot be read is a fault by its index.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from arf_core.errors import EventError, FormatError, InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector
from arf_core.ingest.quantities import Sureness, meaning_of
from arf_core.ingest.series import window_of
from arf_core.models.event import ReliabilityEvent, checked_name
from arf_core.strict_json import parse_json

SOURCE: Final = "prometheus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What an answer does not say about its query.

    ``metric`` names series without ``__name__`` (the result of a function has none); ``component`` those without any of
    ``component_labels``; ``onset`` is where the abnormal part begins; ``edges`` are the known calls.
    """

    metric: str = "value"
    component: str | None = None
    component_labels: tuple[str, ...] = foreign.COMPONENT_LABELS
    onset: datetime | None = None
    edges: tuple[tuple[str, str], ...] = ()


def read_answer(payload: bytes | Mapping[str, object], *, query: Query | None = None) -> Batch:
    """The window or events in an answer.

    Raises:
        FormatError: not JSON, not such an answer, or an answer that says the query failed.
    """
    body = parse_json(payload, what="the Prometheus answer") if isinstance(payload, (bytes, str)) else payload
    data = _data(body)
    found = Collector(notes=list(_warnings(body)))
    series = list(_series(data, query or Query(), found))
    if data["resultType"] == "matrix":
        _add_window(series, query or Query(), found)
    else:
        _add_events(series, found)
    return found.batch()


def looks_like_prometheus(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has the shape of an answer of the HTTP API."""
    return value.get("status") in ("success", "error") and bool({"data", "error", "errorType"} & value.keys())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    component: str
    metric: str
    labels: Mapping[str, object]
    samples: Mapping[float, float | None]


def _data(body: object) -> Mapping[str, object]:
    if not isinstance(body, Mapping) or "status" not in body:
        raise FormatError("the Prometheus answer must be an object with 'status' and 'data'")
    if body["status"] != "success":
        told = f"{body.get('errorType', 'error')!s:.60}: {body.get('error', 'no reason given')!s:.300}"
        raise FormatError(f"Prometheus answered that the query failed: {foreign.printable(told)}")
    data = body.get("data")
    if not isinstance(data, Mapping) or data.get("resultType") not in ("matrix", "vector"):
        kind = data.get("resultType") if isinstance(data, Mapping) else None
        raise FormatError(f"data.resultType is {kind!r:.60}: it must be 'matrix' or 'vector', which have components")
    if not isinstance(data.get("result"), list):
        raise FormatError("data.result must be a list of series")
    return data


def _warnings(body: object) -> Iterator[str]:
    warnings = body.get("warnings") if isinstance(body, Mapping) else None
    for warning in (warnings if isinstance(warnings, list) else [])[:100]:
        yield f"Prometheus warned: {foreign.printable(str(warning)[:300])}"


def _series(data: Mapping[str, object], query: Query, found: Collector) -> Iterator[_Series]:
    values = "values" if data["resultType"] == "matrix" else "value"
    for index, item in enumerate(foreign.sequence(data["result"], name="data.result")):
        try:
            yield _one(foreign.mapping(item, name="the series"), values, query)
        except InputError as error:
            found.fault(index + 1, f"result[{index}]", error)


def _one(item: Mapping[str, object], values: str, query: Query) -> _Series:
    labels = foreign.mapping(item.get("metric"), name="metric")
    if values not in item:
        raise EventError(f"{values} is missing: only plain samples are read, no native histograms")
    samples = foreign.sequence(item[values], name=values)
    return _Series(
        component=_component(labels, query),
        metric=checked_name("__name__", labels.get("__name__", query.metric)),
        labels=labels,
        samples=dict(_sample(pair) for pair in (samples if values == "values" else [samples])),
    )


def _component(labels: Mapping[str, object], query: Query) -> str:
    if query.component is not None and not any(labels.get(name) for name in query.component_labels):
        return query.component
    return foreign.component_of(labels, order=query.component_labels)


def _sample(pair: object) -> tuple[float, float | None]:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[1], str):  # a pair
        raise EventError(f'a sample is {pair!r:.60}: it must be a pair [seconds, "value"]')
    time = foreign.moment(foreign.number(pair[0], name="a sample's time"), name="a sample's time").timestamp()
    try:
        value = float(pair[1])
    except ValueError as error:
        raise EventError(f"a sample's value is {pair[1]!r:.60}: it must be a number") from error
    return time, value if math.isfinite(value) else None


def _add_window(series: Iterable[_Series], query: Query, found: Collector) -> None:
    samples: dict[str, dict[str, Mapping[float, float | None]]] = {}
    for one, name in _told_apart(list(series)):
        samples.setdefault(one.component, {})[name] = one.samples
    try:
        found.add(window_of(samples, onset=query.onset, edges=query.edges))
    except InputError as error:
        found.fault(1, "data.result", error)


def _told_apart(series: list[_Series]) -> Iterator[tuple[_Series, str]]:
    """Each series with its metric, and with the labels in which it differs where there are several of that metric."""
    groups: dict[tuple[str, str], list[_Series]] = {}
    for one in series:
        groups.setdefault((one.component, one.metric), []).append(one)
    for (_, metric), members in groups.items():
        differing = _differing(members)
        for one in members:
            told = ",".join(f"{name}={one.labels.get(name, '')!s:.60}" for name in differing)
            yield one, f"{metric}{{{told}}}" if told else metric


def _differing(members: list[_Series]) -> list[str]:
    names = {name for one in members for name in one.labels}
    return sorted(name for name in names if len({str(one.labels.get(name)) for one in members}) > 1)


def _add_events(series: Iterable[_Series], found: Collector) -> None:
    readings: dict[str, dict[str, float]] = {}
    times: dict[str, float] = {}
    unread: list[str] = []
    for one in series:
        meaning = meaning_of(one.metric)
        time, sample = next(iter(one.samples.items()))
        value = meaning.of(sample) if meaning and sample is not None else None
        if meaning is None or value is None or meaning.sureness is Sureness.LOWER_BOUND:
            unread.append(one.metric)
            continue
        known = readings.setdefault(one.component, {})
        known[meaning.metric] = max(value, known.get(meaning.metric, value))
        times[one.component] = max(time, times.get(one.component, time))
    for component, metrics in readings.items():
        moment = datetime.fromtimestamp(times[component], UTC)
        found.add(ReliabilityEvent(component=component, timestamp=moment, source=SOURCE, **metrics))  # type: ignore[arg-type]  # the keys are METRICS
    if unread:
        found.notes.append(_unread(unread))


def _unread(metrics: list[str]) -> str:
    named = ", ".join(dict.fromkeys(metrics[:5]))
    return (
        f"{len(metrics)} series of single samples were not read ({named}, …): what is normal for a metric that is not "
        "one of the canonical ones, only a range query says"
    )
