# SPDX-License-Identifier: Apache-2.0
"""Incidents as JSON: alert sets, and our own export, which comes back exactly."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import EventError
from arf_core.ingest.incidents import read_incident, write_incident
from arf_core.ingest.reading import read_incidents
from arf_core.models.incident import Incident, Outcome
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def an_alert_set(**changes: object) -> dict[str, object]:
    record: dict[str, object] = {
        "id": "shop/1",
        "split": "train",
        "alerts": [
            {"component": "orders-1", "metric": "mem_usage", "direction": "up"},
            {"component": "cart-0", "metric": "error_ratio", "direction": "down"},
        ],
        "traces": [{"src": "web-0", "dst": "", "op": "GET /", "symptom": "PD"}],
        "instance": "orders-1",
        "service": "orders",
        "fault_type": "memory",
    }
    return {**record, **changes}


@pytest.mark.promise("EVT-2")
def test_an_alert_set_is_read_with_what_was_found_out_later() -> None:
    incident = read_incident(an_alert_set(action="scale_out", outcome="healed"), default_time=NOW)
    assert incident.signals[0] == Signal(
        component="orders-1", metric="mem_usage", kind=SignalKind.MEMORY, direction=Direction.UP
    )
    assert incident.signals[1].kind is SignalKind.ERRORS
    assert incident.calls == (CallSymptom(source="web-0", target="", operation="GET /", symptom="PD"),)
    assert (incident.incident_id, incident.component, incident.service) == ("shop/1", "orders-1", "orders")
    assert (incident.fault_type, incident.action, incident.outcome) == ("memory", "scale_out", Outcome.HEALED)
    assert incident.occurred_at == NOW


def test_an_incident_that_says_when_it_was_is_not_moved() -> None:
    incident = read_incident(an_alert_set(occurred_at="2025-05-05T07:00:00+02:00"), default_time=NOW)
    assert incident.occurred_at == datetime(2025, 5, 5, 5, tzinfo=UTC)


@pytest.mark.promise("EVT-1")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": None}, "id is None"),
        ({"alerts": None}, "alerts is None: it must be a list"),
        ({"alerts": [7]}, "alerts[0] is 7"),
        ({"alerts": [{"component": "a", "metric": "x", "direction": "left"}]}, "alerts[0].direction is 'left'"),
        ({"alerts": [{"component": "a", "direction": "up"}]}, "alerts[0].metric is None"),
        ({"traces": [{"src": "a"}]}, "traces[0].dst is None"),
        ({"outcome": "fine"}, "outcome is 'fine': it must be one of healed"),
        ({"instance": "a\x00"}, "control characters"),
        ({"occurred_at": "2025-05-05T07:00:00"}, "occurred_at is 2025-05-05T07:00:00"),
    ],
)
def test_a_bad_alert_set_names_the_field_the_value_and_the_rule(changes: dict[str, object], told: str) -> None:
    with pytest.raises(EventError) as refused:
        read_incident(an_alert_set(**changes), default_time=NOW)
    assert told in str(refused.value)


_names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
_texts = st.text(st.characters(codec="utf-8"), max_size=50)
_numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_signals = st.builds(
    Signal,
    component=_names,
    metric=_names,
    kind=st.sampled_from(SignalKind),
    direction=st.sampled_from(Direction),
    value=_numbers,
    baseline=_numbers,
    shift=_numbers,
)
_calls = st.builds(
    CallSymptom, source=_names | st.just(""), target=_names | st.just(""), operation=_texts, symptom=_texts
)
_zones = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_incidents = st.builds(
    Incident,
    incident_id=_names,
    occurred_at=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=_zones),  # noqa: DTZ001  # hypothesis asks for naive limits
    signals=st.lists(_signals, max_size=4).map(tuple),
    calls=st.lists(_calls, max_size=3).map(tuple),
    words=st.lists(_texts, max_size=3).map(tuple),
    component=st.none() | _names,
    service=st.none() | _names,
    fault_type=st.none() | _names,
    action=st.none() | _names,
    outcome=st.sampled_from(Outcome),
)


@given(_incidents)
def test_an_exported_incident_comes_back_exactly(incident: Incident) -> None:
    data = json.dumps(write_incident(incident)).encode()
    assert read_incidents(data, default_time=NOW).incidents == (incident,)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"schema": "arf.incident/9"}, "this version reads 'arf.incident/1'"),
        ({"extra": 1}, "has the key 'extra'"),
        ({"words": ["a", 7]}, "words[1] is 7"),
        ({"occurred_at": "2025-05-05T07:00:00Z"}, "occurred_at"),
        ({"signals": [{}]}, "signals[0] lacks the key"),
        ({"outcome": None}, "outcome is None"),
    ],
)
def test_our_own_export_is_read_strictly(changes: dict[str, object], told: str) -> None:
    whole = write_incident(Incident(incident_id="i", occurred_at=NOW, signals=()))
    with pytest.raises(EventError) as refused:
        read_incident({**whole, **changes}, default_time=NOW)
    assert told in str(refused.value)


@pytest.mark.promise("EVT-4")
def test_a_bad_incident_in_a_file_does_not_lose_the_others() -> None:
    data = b"\n".join(
        json.dumps(record).encode() for record in (an_alert_set(), an_alert_set(id=7), an_alert_set(id="b"))
    )
    batch = read_incidents(data, default_time=NOW)
    assert [incident.incident_id for incident in batch.incidents] == ["shop/1", "b"]
    assert [fault.where for fault in batch.faults] == ["line 2"]


def test_events_in_a_file_of_incidents_are_said_to_be_out_of_place() -> None:
    batch = read_incidents(b'{"component": "a", "timestamp": 1}', default_time=NOW)
    assert batch.events == ()
    assert "only incidents" in batch.faults[0].message
