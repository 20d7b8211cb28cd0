# SPDX-License-Identifier: Apache-2.0
"""What each step of the advisor does with each kind of subject.

A subject is a reading of one component, a group of alerts, an incident of metric alerts, or a window of many series.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

from arf_core.canonical import digest, short_id, write_time
from arf_core.detect.merge import merged
from arf_core.detect.thresholds import Thresholds, check
from arf_core.diagnose.alerts import rank_alerts
from arf_core.diagnose.measured import anomalies as window_anomalies
from arf_core.diagnose.rank import rank
from arf_core.diagnose.shift import Shift, shifts
from arf_core.ingest.groups import Group, GroupStatus, incident_id_of, to_incident
from arf_core.models.anomaly import Anomaly
from arf_core.models.event import METRICS, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.incident import Incident, Outcome
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import ReasoningStep, Severity, Signal
from arf_core.models.window import Window
from arf_core.recall.memory import AdvisorMemory

Subject = ReliabilityEvent | Group | Incident | Window
Edges = Sequence[tuple[str, str]]

ALERT_SCORE: Final = 0.5
"""The score of a component of which only alerts are known: as bad as a metric exactly at its critical threshold."""


def time_of(subject: Subject) -> datetime:
    """When the subject happened: the clock of its advice (docs/adr/0002-the-clock-is-the-telemetry.md)."""
    match subject:
        case ReliabilityEvent():
            return subject.timestamp
        case Group():
            return subject.last_at
        case Incident():
            return subject.occurred_at
        case Window():
            return subject.ends_at
    assert_never(subject)


def incident_id_for(subject: Subject) -> str:
    """The id of the incident the subject is, or belongs to: the same subject always has the same."""
    match subject:
        case ReliabilityEvent():
            return incident_id_of(subject)
        case Group() | Incident():
            return subject.incident_id
        case Window() if subject.window_id is not None:
            return subject.window_id
        case Window():
            series = {name: {m: list(s) for m, s in metrics.items()} for name, metrics in subject.abnormal.items()}
            content = digest("arf.window/1", series)
            return short_id("inc_", {"ends_at": write_time(subject.ends_at), "abnormal": content})
    assert_never(subject)


def is_over(subject: Subject) -> bool:
    """Whether the subject says that its incident has ended."""
    if isinstance(subject, ReliabilityEvent):
        return subject.status is Status.RESOLVED
    return isinstance(subject, Group) and subject.status is GroupStatus.CLOSED


def moved_in(subject: Subject) -> tuple[Shift, ...]:
    """How far the metrics of a window moved, which its detection and its diagnosis share; nothing of other subjects."""
    return shifts(subject) if isinstance(subject, Window) else ()


def detect(subject: Subject, thresholds: Thresholds, moved: Sequence[Shift]) -> tuple[Anomaly, ...]:
    """What is wrong, worst first; empty where nothing is. ``moved`` is what :func:`moved_in` found."""
    match subject:
        case ReliabilityEvent():
            return _found((subject,), thresholds)
        case Group():
            return _found(subject.events, thresholds)
        case Incident():
            return _alerted(subject)
        case Window():
            return window_anomalies(subject, moved)
    assert_never(subject)


def diagnose(
    subject: Subject,
    anomalies: tuple[Anomaly, ...],
    moved: Sequence[Shift],
    *,
    edges: Edges,
    memory: AdvisorMemory,
) -> tuple[RootCause, ...]:
    """Where it began, the likeliest component first. Alerts are judged by what ``memory`` knows of earlier roots.

    A window is ranked even where nothing in it is abnormal: who gives one says that something was.
    """
    match subject:
        case ReliabilityEvent():
            return tuple(map(_only_cause, anomalies))
        case Group() if len(anomalies) <= 1:
            return tuple(map(_only_cause, anomalies))
        case Group():
            return _ranked(to_incident(subject), edges, memory)
        case Incident():
            return _ranked(subject, edges, memory)
        case Window():
            return rank(subject if subject.edges else replace(subject, edges=tuple(edges)), moved)
    assert_never(subject)


def describe(
    subject: Subject, incident_id: str, anomalies: tuple[Anomaly, ...], causes: tuple[RootCause, ...]
) -> Incident:
    """The present incident in the form in which memory keeps incidents, without any answer it may carry."""
    if isinstance(subject, Incident):
        return replace(subject, component=None, service=None, fault_type=None, action=None, outcome=Outcome.UNKNOWN)
    return Incident(
        incident_id=incident_id,
        occurred_at=time_of(subject),
        signals=tuple(signal for anomaly in anomalies for signal in anomaly.signals),
        words=tuple(dict.fromkeys(word for anomaly in anomalies for word in anomaly.words)),
        component=causes[0].component if causes else None,
    )


def _ranked(incident: Incident, edges: Edges, memory: AdvisorMemory) -> tuple[RootCause, ...]:
    return rank_alerts(incident, edges=edges, roots=memory.known_roots, statistics=memory.statistics)


def _found(events: Iterable[ReliabilityEvent], thresholds: Thresholds) -> tuple[Anomaly, ...]:
    by_component: dict[str, list[Anomaly]] = {}
    for event in events:
        if (found := check(event, thresholds)) is not None:
            by_component.setdefault(found.component, []).append(found)
    return _worst_first(map(merged, by_component.values()))


def _worst_first(anomalies: Iterable[Anomaly]) -> tuple[Anomaly, ...]:
    return tuple(sorted(anomalies, key=lambda found: (-found.severity.rank, -found.score, found.component)))


def _alerted(incident: Incident) -> tuple[Anomaly, ...]:
    by_component: dict[str, list[Signal]] = {}
    for signal in incident.signals:
        by_component.setdefault(signal.component, []).append(signal)
    most_first = sorted(by_component.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return tuple(_alerted_at(component, signals, incident) for component, signals in most_first)


def _alerted_at(component: str, signals: list[Signal], incident: Incident) -> Anomaly:
    measured = {
        signal.metric: signal.value for signal in signals if signal.metric in METRICS and signal.value is not None
    }
    return Anomaly(
        component=component,
        severity=Severity.WARNING,
        score=ALERT_SCORE,
        detected_at=incident.occurred_at,
        signals=tuple(signals),
        measured=FrozenMap(measured),
        words=incident.words,
        because=tuple(f"{signal.metric} left its normal band, {signal.direction}" for signal in signals),
    )


def _only_cause(anomaly: Anomaly) -> RootCause:
    chain = tuple(
        ReasoningStep(
            step="detect",
            signal=f"{signal.component} {signal.metric}",
            value=signal.value,
            baseline=signal.baseline,
            conclusion=because,
        )
        for signal, because in zip(anomaly.signals, anomaly.because, strict=False)
    )
    alone = ReasoningStep(
        step="rank",
        signal=anomaly.component,
        value=1.0,
        baseline=None,
        conclusion=f"{anomaly.component} is the only component reported",
    )
    return RootCause(
        component=anomaly.component,
        rank=1,
        score=anomaly.score,
        share=1.0,
        kind=anomaly.signals[0].kind,
        signals=anomaly.signals,
        chain=(*chain, alone),
    )
