# SPDX-License-Identifier: Apache-2.0
"""Datadog's webhook: the recommended template, the default payload, and templates that people wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError
from arf_core.ingest.batch import Batch
from arf_core.ingest.datadog import looks_like_datadog, parse
from arf_core.ingest.grouping import fold
from arf_core.ingest.groups import GroupStatus
from arf_core.models.event import ReliabilityEvent, Status
from arf_core.models.signal import Severity, SignalKind

NOW = datetime(2026, 1, 2, 4, tzinfo=UTC)

DEFAULT = {
    "body": "%%%\np99 latency is 900 ms\n\n@webhook-arf\n%%%",
    "last_updated": "1767323045000",
    "event_type": "query_alert_monitor",
    "title": "[Triggered on {service:checkout,env:prod}] Checkout is slow",
    "date": "1767323045000",
    "org": {"id": "11023", "name": "acme"},
    "id": "7512345",
}
TEMPLATE = {
    "alert_id": "77",
    "alert_transition": "Triggered",
    "alert_cycle_key": "c1",
    "aggreg_key": "a1",
    "alert_metric": "trace.http.request.errors",
    "alert_query": "avg(last_5m):…",
    "alert_scope": "service:checkout,env:prod",
    "alert_status": "error rate is 42%",
    "alert_title": "Checkout fails",
    "alert_type": "error",
    "alert_priority": "P2",
    "hostname": "$HOSTNAME",
    "tags": "env:prod,host:web-1,team:shop",
    "title": "[P2] [Triggered on {service:checkout}] Fails",
    "body": "look at the dashboard",
    "date": "1767323045000",
    "link": "https://app.datadoghq.com/event/1",
}


def the_event(value: Mapping[str, object]) -> ReliabilityEvent:
    batch = parse(value, now=NOW)
    assert batch.faults == ()
    (event,) = batch.events
    return event


@pytest.mark.promise("EVT-2")
def test_the_recommended_template_gives_component_severity_metric_and_time() -> None:
    event = the_event({**TEMPLATE})
    assert (event.component, event.status, event.error_rate) == ("checkout", Status.FIRING, 0.42)
    assert event.timestamp == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert event.alert is not None
    assert (event.alert.name, event.alert.severity, event.alert.kind) == (
        "Checkout fails",
        Severity.CRITICAL,
        SignalKind.ERRORS,
    )
    assert event.labels["team"] == "shop"


@pytest.mark.promise("EVT-2")
def test_the_default_payload_is_read_by_its_title() -> None:
    assert looks_like_datadog(DEFAULT)
    event = the_event({**DEFAULT})
    assert (event.component, event.status, event.latency_p99) == ("checkout", Status.FIRING, 900.0)
    assert event.alert is not None
    assert event.alert.name == "Checkout is slow"
    recovered = {
        **DEFAULT,
        "title": "[Recovered on {service:checkout,env:prod}] Checkout is slow",
        "id": "8",
        "date": "1767323645000",
    }
    (group,) = fold([event, the_event(recovered)]).groups
    assert group.status is GroupStatus.CLOSED


@pytest.mark.promise("EVT-3")
def test_a_cycle_is_one_alert_until_it_recovers_however_often_it_is_renotified() -> None:
    later = {"date": "1767333045000"}
    events = [
        the_event({**TEMPLATE, **changes})
        for changes in (
            {},
            {"alert_transition": "Re-Triggered", **later},
            {"alert_transition": "Renotify", "date": "1767343045000"},
            {"alert_transition": "Recovered", "date": "1767353045000"},
            {"alert_transition": "Triggered", "alert_cycle_key": "c2", "date": "1767363045000"},
        )
    ]
    groups = fold(events).groups
    assert [(group.folded, group.status) for group in groups] == [(2, GroupStatus.CLOSED), (0, GroupStatus.OPEN)]


@pytest.mark.parametrize(
    ("transition", "status"),
    [
        (name, Status.FIRING)
        for name in ("Triggered", "Re-Triggered", "No Data", "Re-No Data", "Warn", "Re-Warn", "Renotify")
    ]
    + [("Recovered", Status.RESOLVED)],
)
def test_every_documented_transition_is_known(transition: str, status: Status) -> None:
    event = the_event({**TEMPLATE, "alert_transition": transition})
    assert event.status is status
    assert event.alert is not None
    if "Warn" in transition:
        assert event.alert.severity is Severity.WARNING


def test_spellings_and_nesting_are_the_users_and_a_metric_may_have_a_key_of_its_own() -> None:
    camel = {
        "alertTransition": "Triggered",
        "alertId": "7",
        "hostName": "web-1",
        "eventTitle": "x",
        "latency_p99_ms": "750",
    }
    event = the_event({**camel})
    assert (event.component, event.latency_p99, event.timestamp) == ("web-1", 750.0, NOW)
    nested = {"alert": {"id": "7", "transition": "Warn", "scope": "kube_deployment:cart"}, "title": "x"}
    assert looks_like_datadog(nested)
    assert the_event({**nested}).component == "cart"
    prefixed = {"alert": {"alert_id": "7", "alert_transition": "Warn", "alert_scope": "pod_name:cart-1"}, "title": "x"}
    assert the_event({**prefixed}).component == "cart-1"


def test_a_variable_that_was_not_filled_in_is_not_there() -> None:
    empty = {**TEMPLATE, "alert_cycle_key": "$ALERT_CYCLE_KEY", "alert_metric": "null", "alert_priority": ""}
    one, other = the_event({**empty}), the_event({**empty, "alert_scope": "service:mail"})
    assert one.fingerprint != other.fingerprint
    assert "datadog.alertmetric" not in one.labels


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"alert_transition": "Exploded"}, "alert_transition is 'Exploded'"),
        ({"alert_transition": "$ALERT_TRANSITION", "title": "no head"}, '"alert_transition": "$ALERT_TRANSITION"'),
        ({"alert_scope": "", "tags": "", "title": "x"}, "component is missing"),
        ({"date": "yesterday"}, "date is 'yesterday'"),
    ],
)
def test_what_is_needed_is_asked_for_by_name(changes: dict[str, object], named: str) -> None:
    (fault,) = parse({**TEMPLATE, **changes}, now=NOW).faults
    assert named in fault.message


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(FormatError, match="must be an object"):
        parse(b"[]", now=NOW)


def test_a_long_title_of_brackets_is_read_in_no_time() -> None:
    assert parse({**DEFAULT, "title": "[" * 2000 + "[x] " * 500}, now=NOW).faults


json_values = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=30),
    st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3),
    st.lists(st.text(max_size=5), max_size=3),
)


@given(st.dictionaries(st.sampled_from([*TEMPLATE, *DEFAULT, "alert", "component", "timestamp"]), json_values))
def test_any_value_in_any_key_gives_an_event_or_a_fault(changes: dict[str, object]) -> None:
    for body in (changes, {**TEMPLATE, **changes}, {**DEFAULT, **changes}):
        batch = parse(body, now=NOW)
        assert isinstance(batch, Batch)
        assert len(batch.events) + len(batch.faults) == 1
