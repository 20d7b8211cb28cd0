# SPDX-License-Identifier: Apache-2.0
"""PagerDuty: events sent to it, and webhooks that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError, InputError
from arf_core.ingest.batch import Batch
from arf_core.ingest.grouping import fold
from arf_core.ingest.groups import GroupStatus
from arf_core.ingest.pagerduty import NOT_SAID, parse
from arf_core.models.event import ReliabilityEvent, Status
from arf_core.models.signal import Severity, SignalKind

NOW = datetime(2026, 1, 2, 4, tzinfo=UTC)
PAYLOAD = {
    "summary": "p99 900 ms on checkout",
    "source": "srv01.example.com",
    "severity": "critical",
    "timestamp": "2026-01-02T03:04:05.678+0000",
    "component": "checkout",
    "class": "HighLatency",
    "custom_details": {"error_pct": "12", "replicas": 3, "canary": False, "nested": {"a": 1}},
}


def an_event(action: str = "trigger", **changes: object) -> dict[str, object]:
    return {"routing_key": "R0UT1NG-SECRET", "event_action": action, "dedup_key": "k", "payload": PAYLOAD, **changes}


def a_webhook(
    kind: str = "incident.triggered", *, at: str = "2026-01-02T03:04:06Z", changes: Mapping[str, object] | None = None
) -> dict[str, object]:
    data = {
        "id": "PGR0VU2",
        "type": "incident",
        "status": "triggered",
        "number": 2,
        "title": "error rate 42% on checkout",
        "created_at": "2026-01-02T03:04:05Z",
        "service": {"id": "PF9KMXH", "summary": "checkout", "type": "service_reference"},
        "priority": {"summary": "P1"},
        "urgency": "high",
        "incident_key": "x",
        **(changes or {}),
    }
    return {
        "event": {"id": "5ac64822", "event_type": kind, "resource_type": "incident", "occurred_at": at, "data": data}
    }


def the_event(value: Mapping[str, object], now: datetime = NOW) -> ReliabilityEvent:
    batch = parse(value, now=now)
    assert batch.faults == ()
    (event,) = batch.events
    return event


@pytest.mark.promise("EVT-2")
def test_a_trigger_becomes_a_firing_event_with_what_its_details_and_summary_give() -> None:
    event = the_event(an_event())
    assert (event.component, event.status, event.latency_p99, event.error_rate) == (
        "checkout",
        Status.FIRING,
        900.0,
        0.12,
    )
    assert event.timestamp == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert event.alert is not None
    assert (event.alert.name, event.alert.severity, event.alert.kind) == (
        "HighLatency",
        Severity.CRITICAL,
        SignalKind.LATENCY,
    )
    assert event.labels["replicas"] == "3"
    assert event.labels["canary"] == "false"


def test_the_routing_key_is_nowhere_in_what_is_kept() -> None:
    assert "R0UT1NG" not in repr(parse(an_event(), now=NOW))
    assert "R0UT1NG" not in repr(parse(an_event("nonsense"), now=NOW))


@pytest.mark.promise("EVT-3")
def test_a_key_is_one_alert_until_it_is_resolved_even_by_a_message_without_payload() -> None:
    first, again = the_event(an_event()), the_event(an_event(payload={**PAYLOAD, "timestamp": "2026-01-02T05:00:00Z"}))
    other = the_event(an_event(dedup_key="another", payload={**PAYLOAD, "component": "mail"}))
    bare = {"routing_key": "R0UT1NG-SECRET", "event_action": "resolve", "dedup_key": "k"}
    over = the_event(bare, now=datetime(2026, 1, 2, 6, tzinfo=UTC))
    assert (over.status, over.component, over.metrics) == (Status.RESOLVED, NOT_SAID, {})
    groups = fold([first, again, other, over]).groups
    assert [(group.components, group.folded, group.status) for group in groups] == [
        (("checkout",), 1, GroupStatus.CLOSED),
        (("mail",), 0, GroupStatus.OPEN),
    ]
    anew = the_event(an_event(payload={**PAYLOAD, "timestamp": "2026-01-02T07:00:00Z"}))
    assert len(fold([first, again, over, anew]).groups) == 2


def test_an_acknowledgement_is_a_note() -> None:
    batch = parse({"event_action": "acknowledge", "dedup_key": "k"}, now=NOW)
    assert (batch.events, batch.faults, len(batch.notes)) == ((), (), 1)


def test_without_a_time_it_happened_now_and_without_a_component_at_its_source() -> None:
    payload = {"summary": "disk full", "source": "srv01", "severity": "info"}
    event = the_event(an_event(payload=payload, dedup_key=None))
    assert (event.timestamp, event.component) == (NOW, "srv01")
    assert event.alert is not None
    assert event.alert.severity is Severity.INFO
    again = the_event(an_event(payload=payload, dedup_key=None), now=NOW + timedelta(seconds=9))
    assert event.fingerprint == again.fingerprint
    over = the_event({"event_action": "resolve", "dedup_key": event.fingerprint})
    assert over.fingerprint == event.fingerprint, "whoever was told the key can resolve it"


@pytest.mark.parametrize("key", ["srv01/HTTP", "ü" * 253, "x" * 255, "line\nend"])
def test_every_key_is_the_same_each_time_and_two_keys_differ(key: str) -> None:
    fingerprints = [the_event(an_event(action, dedup_key=key)).fingerprint for action in ("trigger", "resolve")]
    assert fingerprints[0] == fingerprints[1] != the_event(an_event(dedup_key=f"{key[:-1]}-")).fingerprint


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"event_action": "explode"}, "event_action"),
        ({"payload": None}, "summary"),
        ({"payload": {**PAYLOAD, "severity": "dire"}}, "severity"),
        ({"payload": {**PAYLOAD, "timestamp": "2026-01-02T03:04:05"}}, "timestamp"),
        ({"payload": {**PAYLOAD, "component": "a\nb"}}, "component"),
        ({"payload": [1]}, "payload"),
        ({"event_action": "resolve", "dedup_key": ""}, "dedup_key"),
    ],
)
def test_a_field_that_breaks_its_rule_is_a_fault_that_names_it(changes: dict[str, object], named: str) -> None:
    (fault,) = parse({**an_event(), **changes}, now=NOW).faults
    assert named in fault.message


@pytest.mark.promise("EVT-2")
def test_an_incident_fires_resolves_and_reopens_by_its_id_and_beginning() -> None:
    fired = the_event(a_webhook())
    assert (fired.component, fired.error_rate, fired.status) == ("checkout", 0.42, Status.FIRING)
    assert fired.alert is not None
    assert fired.alert.severity is Severity.CRITICAL
    over = the_event(a_webhook("incident.resolved", at="2026-01-02T09:00:00Z"))
    assert over.timestamp == datetime(2026, 1, 2, 9, tzinfo=UTC)
    (group,) = fold([fired, the_event(a_webhook()), over]).groups
    assert (group.status, group.folded) == (GroupStatus.CLOSED, 1)
    assert the_event(a_webhook("incident.reopened", at="2026-01-02T10:00:00Z")).fingerprint == fired.fingerprint


@pytest.mark.parametrize("kind", ["incident.acknowledged", "incident.annotated", "service.updated", "pagey.ping"])
def test_what_does_not_say_what_is_wrong_is_a_note(kind: str) -> None:
    batch = parse({"event": {"event_type": kind, "data": {"type": "x"}}}, now=NOW)
    assert (batch.events, batch.faults) == ((), ())
    assert kind in batch.notes[0]


def test_low_urgency_without_a_priority_is_information() -> None:
    event = the_event(a_webhook(changes={"priority": None, "urgency": "low"}))
    assert event.alert is not None
    assert event.alert.severity is Severity.INFO


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"event": 3}', b"{", b'{"event_action": "trigger"}'])
def test_what_is_not_of_pagerduty_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse(data, now=NOW)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=9)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*PAYLOAD, "event_action", "dedup_key", "payload", "routing_key"]), json_values),
    st.dictionaries(st.sampled_from("id title created_at service priority urgency number".split()), json_values),
)
def test_any_value_in_any_field_is_a_batch_or_an_input_error(one: dict[str, object], other: dict[str, object]) -> None:
    for body in (one, {**an_event(), **one}, an_event(payload={**PAYLOAD, **one}), a_webhook(changes=other)):
        try:
            assert isinstance(parse(body, now=NOW), Batch)
        except InputError:
            continue
