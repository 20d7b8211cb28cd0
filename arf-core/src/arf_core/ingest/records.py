# SPDX-License-Identifier: Apache-2.0
"""Events as JSON objects: one in a document, or one a line (JSONL).

1. ``timestamp`` (or ``time``, ``ts``, ``t``, …) is required: ISO 8601 with a zone, or seconds since 1970.
2. ``component`` (or ``service``, ``app``, …: ``ingest.foreign.COMPONENT_LABELS``) is required.
3. A metric has its canonical name and unit, or a name that says the unit: ``latency_p99_ms``, ``latency_p99_s``,
   ``error_pct``, ``cpu_pct``, ``cpu_usage_percent``, ``rps`` (``ingest.quantities``). Given twice it is refused.
4. ``status``, ``alert``, ``fingerprint``, ``upstream_deps``, ``downstream_deps``, ``labels`` and ``source`` are as in
   :class:`ReliabilityEvent`. What else a record has becomes a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Final

from arf_core.errors import EventError
from arf_core.ingest import foreign
from arf_core.ingest.quantities import Meaning, Sureness, meaning_of
from arf_core.models.event import METRICS, Alert, ReliabilityEvent, Status, checked_name
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, SignalKind
from arf_core.vocabulary import sense_of

MAX_KEYS: Final = 1000

TIMES: Final = ("timestamp", "time", "ts", "t", "@timestamp", "datetime", "date")
"""The names of a record's time, the most telling first."""


def read_event(record: Mapping[str, object], *, source: str = "record") -> ReliabilityEvent:
    """The event in ``record``.

    Raises:
        EventError: a field is missing, doubled or breaks its rule; the message names it, its value and the rule.
    """
    if len(record) > MAX_KEYS:
        raise EventError(f"the record has {len(record)} keys: at most {MAX_KEYS} are allowed")
    plan = _plan_of(tuple(record))
    metrics = _metrics(record, plan)
    time = foreign.moment(record[plan.time] if plan.time else None, name=plan.time or "timestamp")
    if plan.is_plain:
        component = record[plan.component] if plan.component else None
        return ReliabilityEvent(component=component, timestamp=time, source=source, **metrics)  # type: ignore[arg-type]  # checked by the event
    return _whole_event(record, plan, time, metrics, source)


def looks_like_event(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has the time and the component, or a metric, of an event."""
    return any(name in value for name in TIMES) or _names_component(value) or any(name in value for name in METRICS)


_KNOWN: Final = frozenset(TIMES) | {
    "component", "status", "alert", "fingerprint", "upstream_deps", "downstream_deps", "labels", "source",
}  # fmt: skip


def _names_component(record: Mapping[str, object]) -> bool:
    return any(name in record for name in foreign.COMPONENT_LABELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How records with one set of keys are read, worked out once: most files have few such sets."""

    time: str | None
    component: str | None
    metrics: tuple[tuple[str, Meaning], ...]
    others: tuple[str, ...]
    is_plain: bool


@lru_cache(maxsize=256)
def _plan_of(keys: tuple[str, ...]) -> _Plan:
    meanings = {name: meaning for name in keys if name not in _KNOWN and (meaning := meaning_of(name))}
    exact = {name: meaning for name, meaning in meanings.items() if meaning.sureness is not Sureness.LOWER_BOUND}
    time = next((name for name in TIMES if name in keys), None)
    return _Plan(
        time=time,
        component="component" if "component" in keys else None,
        metrics=tuple(exact.items()),
        others=tuple(name for name in keys if name not in _KNOWN and name not in exact),
        is_plain="component" in keys and set(keys) == {"component", time, *exact},
    )


def _metrics(record: Mapping[str, object], plan: _Plan) -> dict[str, object]:
    """The metrics of ``record`` by canonical name; those that have it already are checked by the event itself."""
    metrics: dict[str, object] = {}
    for name, meaning in plan.metrics:
        value = record[name]
        if value is None:
            continue
        if meaning.metric in metrics:
            raise EventError(f"{name} is {value!r:.60}: {meaning.metric} is given twice in one record")
        metrics[meaning.metric] = value if name == meaning.metric else _converted(name, meaning, value)
    return metrics


def _converted(name: str, meaning: Meaning, value: object) -> float:
    found = meaning.of(value if type(value) is float and isfinite(value) else foreign.number(value, name=name))
    if found is None:
        most = "" if meaning.metric in ("latency_p99", "throughput") else f" and at most {1 / meaning.factor:g}"
        raise EventError(f"{name} is {value!r}: it must be 0 or more{most}")
    return found


def _whole_event(
    record: Mapping[str, object], plan: _Plan, time: datetime, metrics: dict[str, object], source: str
) -> ReliabilityEvent:
    labels = foreign.mapping(record.get("labels") or {}, name="labels")
    fingerprint, alert = record.get("fingerprint"), record.get("alert")
    return ReliabilityEvent(
        component=foreign.component_of(record if _names_component(record) else labels),
        timestamp=time,
        status=_status(record.get("status", Status.FIRING)),
        alert=None if alert is None else _alert(alert),
        fingerprint=None if fingerprint is None else checked_name("fingerprint", fingerprint),
        upstream_deps=_names(record.get("upstream_deps"), "upstream_deps"),
        downstream_deps=_names(record.get("downstream_deps"), "downstream_deps"),
        labels=_labels(labels, {name: record[name] for name in plan.others}),
        source=foreign.text_of(record.get("source", source), name="source"),
        **metrics,  # type: ignore[arg-type]  # the names are METRICS; the event checks the values
    )


def _status(value: object) -> Status:
    if value not in ("firing", "resolved"):
        raise EventError(f"status is {value!r:.60}: it must be 'firing' or 'resolved'")
    return Status(value)


def _names(value: object, name: str) -> tuple[str, ...]:
    return tuple(checked_name(name, item) for item in foreign.sequence(value, name=name)) if value is not None else ()


def _labels(labels: Mapping[str, object], others: Mapping[str, object]) -> FrozenMap:
    if not labels and not others:
        return _NO_LABELS
    plain = {
        foreign.label_name(name): value if isinstance(value, str) else _shown(value)
        for name, value in {**others, **labels}.items()
        if value is not None
    }
    return FrozenMap(foreign.bounded_labels(plain))


_NO_LABELS: Final = FrozenMap()


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value!r:.{foreign.MAX_TEXT}}" if isinstance(value, (int, float)) else f"({type(value).__name__})"


def _alert(value: object) -> Alert:
    given = {"name": value} if isinstance(value, str) else foreign.mapping(value, name="alert")
    name = checked_name("alert.name", given.get("name"))
    severity, kind = given.get("severity", Severity.WARNING), given.get("kind")
    try:
        return Alert(
            name=name,
            severity=Severity(foreign.text_of(severity, name="alert.severity")),
            kind=sense_of(name).kind if kind is None else SignalKind(foreign.text_of(kind, name="alert.kind")),
            text=foreign.text_of(given.get("text", ""), name="alert.text"),
        )
    except ValueError as error:
        raise EventError(f"alert: {error}; a severity is one of {', '.join(Severity)}") from error
