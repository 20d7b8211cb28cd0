# SPDX-License-Identifier: Apache-2.0
"""Incidents as JSON: our own export, and the shape of alert sets with what was found out later.

1. Our own (schema ``arf.incident/1``) is exact: :func:`read_incident` of :func:`write_incident` is the same incident.
   Unknown and missing keys are refused.
2. An alert set is ``{"id", "alerts": [{"component", "metric", "direction"}], "traces": [{"src", "dst", "op",
   "symptom"}], "instance", "service", "fault_type", "action", "outcome", "occurred_at"}``. Only ``id`` and ``alerts``
   are required; other keys are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from arf_core import canonical
from arf_core.errors import EventError, InputError
from arf_core.ingest import foreign
from arf_core.models.event import checked_name
from arf_core.models.incident import Incident, Outcome
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind
from arf_core.vocabulary import sense_of

SCHEMA: Final = "arf.incident/1"

MAX_SIGNALS: Final = 100_000


def read_incident(record: Mapping[str, object], *, default_time: datetime) -> Incident:
    """The incident in ``record``, which happened at ``default_time`` if it does not say when.

    Raises:
        EventError: a field is missing, unknown (our own export only) or breaks its rule.
    """
    return _own(record) if "schema" in record else _alert_set(record, default_time)


def write_incident(incident: Incident) -> dict[str, object]:
    """``incident`` as plain JSON values, in the schema ``arf.incident/1``."""
    return {
        "schema": SCHEMA,
        "incident_id": incident.incident_id,
        "occurred_at": canonical.write_time(incident.occurred_at),
        "signals": [_written_signal(signal) for signal in incident.signals],
        "calls": [
            {"source": call.source, "target": call.target, "operation": call.operation, "symptom": call.symptom}
            for call in incident.calls
        ],
        "words": list(incident.words),
        "component": incident.component,
        "service": incident.service,
        "fault_type": incident.fault_type,
        "action": incident.action,
        "outcome": incident.outcome.value,
    }


def looks_like_incident(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has one of the two shapes."""
    alerts = value.get("alerts")
    first = alerts[0] if isinstance(alerts, list) and alerts else None
    if str(value.get("schema")).startswith("arf.incident/"):
        return True
    return (
        isinstance(alerts, list)
        and "id" in value
        and (not alerts or (isinstance(first, Mapping) and "metric" in first))
    )


_KEYS: Final = frozenset(
    "schema incident_id occurred_at signals calls words component service fault_type action outcome".split()
)
_SIGNAL_KEYS: Final = frozenset(("component", "metric", "kind", "direction", "value", "baseline", "shift"))
_CALL_KEYS: Final = frozenset(("source", "target", "operation", "symptom"))


def _own(record: Mapping[str, object]) -> Incident:
    if record["schema"] != SCHEMA:
        raise EventError(f"schema is {record['schema']!r:.60}: this version reads {SCHEMA!r}")
    _check_keys(record, _KEYS, "the incident")
    return Incident(
        incident_id=checked_name("incident_id", record["incident_id"]),
        occurred_at=_written_time(record["occurred_at"]),
        signals=tuple(_own_signal(item, f"signals[{n}]") for n, item in enumerate(_list(record["signals"], "signals"))),
        calls=tuple(_own_call(item, f"calls[{n}]") for n, item in enumerate(_list(record["calls"], "calls"))),
        words=tuple(_text(word, f"words[{n}]") for n, word in enumerate(_list(record["words"], "words"))),
        component=_optional(record["component"], "component"),
        service=_optional(record["service"], "service"),
        fault_type=_optional(record["fault_type"], "fault_type"),
        action=_optional(record["action"], "action"),
        outcome=_one_of(Outcome, record["outcome"], "outcome"),
    )


def _alert_set(record: Mapping[str, object], default_time: datetime) -> Incident:
    alerts, traces = _list(record.get("alerts"), "alerts"), _list(record.get("traces") or [], "traces")
    said = record.get("occurred_at")
    now = default_time.astimezone(UTC)
    return Incident(
        incident_id=checked_name("id", record.get("id")),
        occurred_at=now if said is None else foreign.moment(said, name="occurred_at"),
        signals=tuple(_alert(item, f"alerts[{n}]") for n, item in enumerate(alerts)),
        calls=tuple(_trace(item, f"traces[{n}]") for n, item in enumerate(traces)),
        component=_optional(record.get("instance"), "instance"),
        service=_optional(record.get("service"), "service"),
        fault_type=_optional(record.get("fault_type"), "fault_type"),
        action=_optional(record.get("action"), "action"),
        outcome=_one_of(Outcome, record.get("outcome") or Outcome.UNKNOWN, "outcome"),
    )


def _alert(item: object, name: str) -> Signal:
    alert = foreign.mapping(item, name=name)
    metric = checked_name(f"{name}.metric", alert.get("metric"))
    return Signal(
        component=checked_name(f"{name}.component", alert.get("component")),
        metric=metric,
        kind=sense_of(metric).kind,
        direction=_one_of(Direction, alert.get("direction"), f"{name}.direction"),
    )


def _trace(item: object, name: str) -> CallSymptom:
    trace = foreign.mapping(item, name=name)
    return CallSymptom(
        source=_end_of_call(trace.get("src"), f"{name}.src"),
        target=_end_of_call(trace.get("dst"), f"{name}.dst"),
        operation=_text(trace.get("op", ""), f"{name}.op"),
        symptom=_text(trace.get("symptom", ""), f"{name}.symptom"),
    )


def _own_signal(item: object, name: str) -> Signal:
    given = _check_keys(foreign.mapping(item, name=name), _SIGNAL_KEYS, name)
    return Signal(
        component=checked_name(f"{name}.component", given["component"]),
        metric=checked_name(f"{name}.metric", given["metric"]),
        kind=_one_of(SignalKind, given["kind"], f"{name}.kind"),
        direction=_one_of(Direction, given["direction"], f"{name}.direction"),
        value=_optional_number(given["value"], f"{name}.value"),
        baseline=_optional_number(given["baseline"], f"{name}.baseline"),
        shift=_optional_number(given["shift"], f"{name}.shift"),
    )


def _own_call(item: object, name: str) -> CallSymptom:
    given = _check_keys(foreign.mapping(item, name=name), _CALL_KEYS, name)
    return CallSymptom(
        source=_end_of_call(given["source"], f"{name}.source"),
        target=_end_of_call(given["target"], f"{name}.target"),
        operation=_text(given["operation"], f"{name}.operation"),
        symptom=_text(given["symptom"], f"{name}.symptom"),
    )


def _written_signal(signal: Signal) -> dict[str, object]:
    return {
        "component": signal.component,
        "metric": signal.metric,
        "kind": signal.kind.value,
        "direction": signal.direction.value,
        "value": signal.value,
        "baseline": signal.baseline,
        "shift": signal.shift,
    }


def _check_keys(given: Mapping[str, object], known: frozenset[str], name: str) -> Mapping[str, object]:
    if unknown := sorted(set(given) - known):
        raise EventError(f"{name} has the key {unknown[0]!r:.60}: {SCHEMA} does not know it")
    if missing := sorted(known - set(given)):
        raise EventError(f"{name} lacks the key {missing[0]!r}: {SCHEMA} requires it")
    return given


def _list(value: object, name: str) -> list[object]:
    found = list(foreign.sequence(value, name=name))
    if len(found) > MAX_SIGNALS:
        raise EventError(f"{name} has {len(found)} elements: at most {MAX_SIGNALS} are allowed")
    return found


_Choice = TypeVar("_Choice", bound=StrEnum)


def _one_of(choices: type[_Choice], value: object, name: str) -> _Choice:
    try:
        return choices(_text(value, name))
    except ValueError as error:
        raise EventError(f"{name} is {value!r:.60}: it must be one of {', '.join(choices)}") from error


def _end_of_call(value: object, name: str) -> str:
    """The component at one end of a call; empty where tracing did not see it."""
    return "" if value == "" else checked_name(name, value)


def _optional(value: object, name: str) -> str | None:
    return None if value is None else checked_name(name, value)


def _optional_number(value: object, name: str) -> float | None:
    return None if value is None else foreign.number(value, name=name)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > foreign.MAX_TEXT or value != foreign.encodable(value):
        raise EventError(f"{name} is {value!r:.60}: it must be a string of at most {foreign.MAX_TEXT} characters")
    return value


def _written_time(value: object) -> datetime:
    try:
        return canonical.read_time(_text(value, "occurred_at"))
    except EventError:
        raise
    except InputError as error:
        raise EventError(f"occurred_at: {error}") from error
