# SPDX-License-Identifier: Apache-2.0
"""The Alertmanager webhook: what becomes of each alert, and what is never read into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError
from arf_core.ingest.alertmanager import parse
from arf_core.models.event import Status
from arf_core.models.signal import Severity, SignalKind


def an_alert(**changes: object) -> dict[str, object]:
    alert: dict[str, object] = {
        "status": "firing",
        "labels": {
            "alertname": "HighLatency",
            "component": "orders",
            "severity": "critical",
            "instance": "10.0.0.7:80",
        },
        "annotations": {"summary": "p99 900 ms on orders", "description": "SLO 500 ms"},
        "startsAt": "2026-01-02T03:04:05.931Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=orders_latency_p99_ms+%3E+500&g0.tab=1",
        "fingerprint": "7da19d70a9ed8675",
    }
    return {**alert, **changes}


def a_webhook(*alerts: object, **changes: object) -> bytes:
    body = {"version": "4", "receiver": "arf", "status": "firing", "truncatedAlerts": 0, "alerts": list(alerts)}
    return json.dumps({**body, **changes}).encode()


@pytest.mark.promise("EVT-2")
def test_a_firing_alert_becomes_an_event_with_the_metric_its_summary_gives() -> None:
    (event,) = parse(a_webhook(an_alert())).events
    assert (event.component, event.latency_p99, event.status) == ("orders", 900.0, Status.FIRING)
    assert event.timestamp == datetime(2026, 1, 2, 3, 4, 5, 931000, UTC)
    assert event.fingerprint == "7da19d70a9ed8675"
    assert event.alert is not None
    assert (event.alert.severity, event.alert.kind) == (Severity.CRITICAL, SignalKind.LATENCY)
    assert event.labels["arf.read.latency_p99"] == "annotation summary: p99 900 ms"


@pytest.mark.promise("EVT-2")
def test_a_resolved_alert_ended_when_it_says_and_carries_no_metric() -> None:
    (event,) = parse(a_webhook(an_alert(status="resolved", endsAt="2026-01-02T03:05:00Z"))).events
    assert event.status is Status.RESOLVED
    assert event.timestamp == datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
    assert event.metrics == {}
    assert event.labels["arf.starts_at"] == "2026-01-02T03:04:05.931000Z"


def test_without_a_figure_in_words_the_rule_that_fires_gives_a_lower_bound() -> None:
    (event,) = parse(a_webhook(an_alert(annotations={"summary": "slow"}))).events
    assert event.latency_p99 is not None
    assert 500 < event.latency_p99 < 500.001
    assert "orders_latency_p99_ms > 500" in str(event.labels["arf.read.latency_p99"])
    assert "lower bound" in str(event.labels["arf.read.latency_p99"])


def test_a_value_annotation_is_the_value_of_the_rule() -> None:
    (event,) = parse(a_webhook(an_alert(annotations={"value": "731.5"}))).events
    assert event.latency_p99 == 731.5


def test_a_label_named_as_a_metric_is_read_and_a_nonsense_one_is_not() -> None:
    labels = {"alertname": "A", "component": "orders", "error_pct": "42", "cpu_util": "NaN", "memory_util": "-1"}
    (event,) = parse(a_webhook(an_alert(labels=labels, annotations={}, generatorURL=""))).events
    assert event.metrics == {"error_rate": 0.42}


@pytest.mark.parametrize(
    ("labels", "component"),
    [
        ({"service": "cart", "job": "k8s"}, "cart"),
        ({"deployment": "web", "job": "kube-state-metrics"}, "web"),
        ({"job": "node", "instance": "10.0.0.1:9100"}, "node"),
        ({"instance": "10.0.0.1:9100"}, "10.0.0.1:9100"),
    ],
)
def test_the_component_comes_from_the_most_telling_label(labels: dict[str, str], component: str) -> None:
    (event,) = parse(a_webhook(an_alert(labels={"alertname": "A", **labels}))).events
    assert event.component == component


def test_the_labels_that_name_a_component_can_be_chosen() -> None:
    batch = parse(a_webhook(an_alert()), component_labels=("instance",))
    assert batch.events[0].component == "10.0.0.7:80"


def test_an_unknown_severity_is_a_warning() -> None:
    (event,) = parse(a_webhook(an_alert(labels={"alertname": "A", "component": "c", "severity": "purple"}))).events
    assert event.alert is not None
    assert event.alert.severity is Severity.WARNING


@pytest.mark.promise("EVT-4")
@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (7, "must be an object"),
        (an_alert(status="maybe"), "status is 'maybe'"),
        (an_alert(startsAt="2026-01-02T03:04:05"), "startsAt is 2026-01-02T03:04:05: it must have a zone"),
        (an_alert(startsAt=None), "startsAt is missing"),
        (an_alert(labels={"alertname": "A"}), "component is missing"),
        (an_alert(labels={"alertname": "A", "component": "c\n"}), "control characters"),
        (an_alert(labels={"alertname": "A", "component": "c", "x\x00": "y"}), "control characters"),
        (an_alert(labels={"alertname": "A", "component": "c", "n": 1}), "labels.n is 1: it must be a string"),
        (an_alert(labels={"alertname": "A", "component": "c" * 300}), "300 characters"),
    ],
)
def test_a_broken_alert_is_reported_by_index_and_the_others_are_read(broken: object, told: str) -> None:
    batch = parse(a_webhook(an_alert(), broken, an_alert(fingerprint="b")))
    assert [event.fingerprint for event in batch.events] == ["7da19d70a9ed8675", "b"]
    (fault,) = batch.faults
    assert (fault.position, fault.where, fault.code) == (2, "alerts[1]", "ARF-1001")
    assert told in fault.message


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"component": "c"}, "unnamed alert"),
        ({"component": "c", "alertname": " "}, "unnamed alert"),
        ({"component": "c", "alertname": "A\x1b[2J\u202e"}, "A\\x1b[2J\\u202e"),
    ],
)
def test_a_rule_without_a_usable_name_never_loses_its_alert(labels: dict[str, str], name: str) -> None:
    (event,) = parse(a_webhook(an_alert(labels=labels))).events
    assert event.alert is not None
    assert event.alert.name == name


def test_alerts_cut_off_by_alertmanager_are_noted() -> None:
    assert "cut off 17 alerts" in parse(a_webhook(an_alert(), truncatedAlerts=17)).notes[0]


def test_hostile_label_values_stay_data_and_cannot_pass_for_ours() -> None:
    labels = {
        "alertname": "A",
        "component": "c",
        "x": "$(rm -rf /) {0} %s \x1b[31m \ud800",
        "arf.read.cpu_util": "spoof",
    }
    (event,) = parse(a_webhook(an_alert(labels=labels, annotations={}, generatorURL="http://[bad"))).events
    assert event.labels["x"] == "$(rm -rf /) {0} %s \x1b[31m ?"
    assert "arf.read.cpu_util" not in event.labels
    assert event.labels["label.arf.read.cpu_util"] == "spoof"


def test_very_many_labels_are_bounded_and_the_rest_is_counted() -> None:
    labels = {"alertname": "A", "component": "c", **{f"l{n:05}": "v" * 5000 for n in range(5000)}}
    (event,) = parse(a_webhook(an_alert(labels=labels))).events
    assert len(event.labels) < 70
    assert event.labels["arf.labels_left_out"] == str(5002 - 64)
    assert max(len(str(text)) for text in event.labels.values()) == 2000


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"alerts": {}}', b"\xff\xfe{\x00}\x00", b'{"alerts":[],"alerts":[]}']
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        parse(body)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.promise("EVT-4")
@given(field=st.sampled_from(sorted(an_alert())), value=_JSON)
def test_whatever_one_field_holds_the_other_alerts_are_read(field: str, value: object) -> None:
    batch = parse({"version": "4", "alerts": [an_alert(), an_alert(**{field: value}), an_alert()]})
    assert len(batch.events) + len(batch.faults) == 3
    assert len(batch.events) >= 2
