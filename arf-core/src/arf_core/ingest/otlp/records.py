# SPDX-License-Identifier: Apache-2.0
"""From streams to records: an event for each component and time, or one window where there are series.

1. What is within :data:`TOGETHER` seconds of a component's first point is of one time: an exporter collects its metrics
   one after the other.
2. From :data:`LEAST` times of one component on, the input is a recording: it becomes one window, of the canonical
   metrics and, each as a series of its own, of all others. Fewer are readings: they become events.
3. What is in no event, or in no window, is said in a note.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from arf_core.errors import InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Collector
from arf_core.ingest.claims import READ_FROM
from arf_core.ingest.otlp.conventions import role_of
from arf_core.ingest.otlp.distribution import Distribution
from arf_core.ingest.otlp.readings import Finding, Told, findings_in
from arf_core.ingest.otlp.streams import LONGEST, Reading, Stream, readings_of
from arf_core.ingest.prometheus import Query
from arf_core.ingest.series import window_of
from arf_core.models.event import METRICS, ReliabilityEvent
from arf_core.models.frozen import FrozenMap

SOURCE: Final = "otlp"
TOGETHER: Final = 1.0
LEAST: Final = 4


def add_records(streams: Iterable[Stream], query: Query, found: Collector) -> None:
    """Add to ``found`` what the streams say."""
    components: dict[str, _Component] = {}
    unread: dict[str, int] = {}
    for stream in streams:
        readings, skipped = readings_of(stream)
        if skipped:
            unread[stream.metric.name] = unread.get(stream.metric.name, 0) + skipped
        components.setdefault(stream.component, _Component(name=stream.component)).take(stream, readings)
    timelines = {component.name: list(component.moments()) for component in components.values()}
    if any(len(moments) >= LEAST for moments in timelines.values()):
        _add_window(components.values(), timelines, query, found)
    else:
        _add_events(components.values(), timelines, found)
    found.notes.extend(_notes(unread))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """A component's readings of one time, those with a role and the others."""

    time: float
    told: list[Told] = field(default_factory=list)
    plain: list[Reading] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Component:
    name: str
    streams: list[Stream] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    def take(self, stream: Stream, readings: Iterable[Reading]) -> None:
        self.streams.append(stream)
        self.readings.extend(readings)

    def moments(self) -> Iterator[_Moment]:
        """The readings by time (rule 1)."""
        moment: _Moment | None = None
        for reading in sorted(self.readings, key=lambda one: one.time):
            if moment is None or reading.time - moment.time > TOGETHER:
                if moment is not None:
                    yield moment
                moment = _Moment(time=reading.time)
            role = role_of(reading.stream.metric)
            if role is None:
                moment.plain.append(reading)
            else:
                moment.told.append((role, reading))
        if moment is not None:
            yield moment


_Timelines = dict[str, list[_Moment]]


def _add_events(components: Iterable[_Component], timelines: _Timelines, found: Collector) -> None:
    others: dict[str, None] = {}
    for component in components:
        labels = foreign.bounded_labels(component.streams[0].labels)
        for moment in timelines[component.name]:
            others.update((reading.stream.metric.name, None) for reading in moment.plain)
            findings = findings_in(moment.told)
            if any(metric in METRICS for metric in findings):
                found.add(_event(component.name, moment.time, findings, labels))
            else:
                others.update((reading.stream.metric.name, None) for _, reading in moment.told)
    if others:
        found.notes.append(
            f"{len(others)} metrics are in no event ({', '.join(list(others)[:5])}{', …' if len(others) > 5 else ''}): "
            "what is normal for a metric that is not one of the canonical ones, only a recording of several times says"
        )


def _event(component: str, time: float, findings: dict[str, Finding], labels: dict[str, str]) -> ReliabilityEvent:
    origins = {f"{READ_FROM}{finding.metric}": foreign.encodable(finding.origin) for finding in findings.values()}
    return ReliabilityEvent(
        component=component,
        timestamp=datetime.fromtimestamp(time, UTC),
        labels=FrozenMap({**labels, **origins}),
        source=SOURCE,
        **{metric: findings[metric].value for metric in METRICS if metric in findings},  # type: ignore[arg-type]  # METRICS
    )


_Rows = dict[str, dict[float, float | None]]


def _add_window(components: Iterable[_Component], timelines: _Timelines, query: Query, found: Collector) -> None:
    samples: dict[str, _Rows] = {}
    for component in components:
        rows = samples.setdefault(component.name, {})
        names = _names(component.streams)
        for moment in timelines[component.name]:
            time = math.floor(moment.time + 0.5)
            for finding in findings_in(moment.told).values():
                rows.setdefault(finding.metric, {})[time] = finding.value
            for reading in moment.plain:
                for name, value in _values(names[id(reading.stream)], reading):
                    rows.setdefault(name, {})[time] = value
    try:
        found.add(window_of(samples, onset=query.onset, edges=query.edges))
    except InputError as error:
        found.fault(1, "the series", error)


def _names(streams: Sequence[Stream]) -> dict[int, str]:
    """Each stream's metric, and the attributes in which it differs where there are several of that metric."""
    groups: dict[str, list[tuple[Stream, dict[str, str]]]] = {}
    for stream in streams:
        groups.setdefault(stream.metric.name, []).append((stream, {**stream.labels, **stream.attributes}))
    found: dict[int, str] = {}
    for metric, members in groups.items():
        keys = sorted({key for _, labels in members for key in labels})
        differing = [key for key in keys if len({labels.get(key) for _, labels in members}) > 1]
        for stream, labels in members:
            told = ",".join(f"{key}={labels.get(key, ''):.60}" for key in differing)
            found[id(stream)] = f"{metric}{{{told}}}" if told else metric
    return found


def _values(name: str, reading: Reading) -> Iterator[tuple[str, float]]:
    """The series of a reading that has no canonical meaning, with their values."""
    value = reading.value
    if isinstance(value, Distribution):
        for q in (0.5, 0.99):
            if (estimate := value.quantile(q)) is not None and math.isfinite(estimate.value):
                yield f"{name}.p{q * 100:.0f}", estimate.value
    elif isinstance(value, float):
        if reading.seconds == 0:
            yield name, value
    else:
        yield from ((f"{name}.p{q * 100:g}", amount) for q, amount in sorted(value.items()))
    if reading.rate is not None:
        yield f"{name}.per_second", reading.rate


def _notes(unread: dict[str, int]) -> Iterator[str]:
    if unread:
        named = ", ".join(list(unread)[:5])
        yield (
            f"{sum(unread.values())} streams were not read ({named}{', …' if len(unread) > 5 else ''}): each is one "
            f"total since more than {LONGEST:g} s ago, or a change without a level: it says nothing of now. Send "
            "deltas: OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta, or cumulativetodelta in the Collector"
        )
