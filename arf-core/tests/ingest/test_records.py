# SPDX-License-Identifier: Apache-2.0
"""Events as JSON objects and JSON lines: every rule of a field, and a bad record among good ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import EventError
from arf_core.ingest.formats import Format
from arf_core.ingest.reading import read
from arf_core.ingest.records import read_event
from arf_core.models.event import Status
from arf_core.models.signal import Severity, SignalKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_record(**changes: object) -> dict[str, object]:
    return {"timestamp": "2026-01-02T03:04:05Z", "component": "orders", **changes}


@pytest.mark.promise("EVT-1")
def test_canonical_metrics_are_read_as_they_are() -> None:
    metrics = {"latency_p99": 900, "error_rate": 0.2, "throughput": 12.5, "cpu_util": 0, "memory_util": 1}
    event = read_event(a_record(**metrics))
    assert event.metrics == metrics
    assert event.timestamp == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "metric", "canonical"),
    [
        ("latency_p99_ms", 900, "latency_p99", 900.0),
        ("latency_p99_s", 0.9, "latency_p99", 900.0),
        ("p99_latency_us", 5000, "latency_p99", 5.0),
        ("http_request_duration_seconds", 2, "latency_p99", 2000.0),
        ("error_pct", 42, "error_rate", 0.42),
        ("errorRatio", 0.3, "error_rate", 0.3),
        ("cpu_pct", 97, "cpu_util", 0.97),
        ("cpu_pct", 250, "cpu_util", 1.0),
        ("cpu_usage_percent", 50, "cpu_util", 0.5),
        ("memory_utilization", 91, "memory_util", 0.91),
        ("rps", 120, "throughput", 120.0),
        ("requests_per_second", 3, "throughput", 3.0),
    ],
)
def test_a_usual_name_with_its_unit_is_read_in_the_canonical_unit(
    name: str, value: float, metric: str, canonical: float
) -> None:
    assert read_event(a_record(**{name: value})).metrics == {metric: pytest.approx(canonical)}


@pytest.mark.parametrize(
    "name",
    ["latency", "latency_avg_ms", "latency_p50_ms", "cpu", "cpu_seconds", "memory_bytes", "errors", "cpu_idle_pct"],
)
def test_a_name_that_leaves_a_doubt_becomes_a_label(name: str) -> None:
    event = read_event(a_record(**{name: 5}))
    assert event.metrics == {}
    assert event.labels[name] == "5"


@pytest.mark.promise("EVT-1")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"component": ""}, "component is ''"),
        ({"component": None}, "component is None"),
        ({"component": "a\nb"}, "control characters"),
        ({"timestamp": "2026-01-02T03:04:05"}, "timestamp is 2026-01-02T03:04:05: it must have a zone"),
        ({"timestamp": "yesterday"}, "timestamp is 'yesterday'"),
        ({"timestamp": 1.7e12}, "look like milliseconds"),
        ({"timestamp": -1}, "timestamp is -1.0"),
        ({"timestamp": True}, "timestamp is True"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp is '0001-01-01T00:00:00+14:00'"),
        ({"latency_p99": -1}, "latency_p99 is -1: it must be 0 or more"),
        ({"latency_p99": "900"}, "latency_p99 is '900'"),
        ({"latency_p99": float("nan")}, "latency_p99 is nan"),
        ({"latency_p99_ms": float("inf")}, "latency_p99_ms is inf"),
        ({"latency_p99_s": -1}, "latency_p99_s is -1: it must be 0 or more"),
        ({"error_rate": 1.5}, "error_rate is 1.5: it must be from 0 to 1"),
        ({"error_pct": 142}, "error_pct is 142: it must be 0 or more and at most 100"),
        ({"cpu_util": True}, "cpu_util is True"),
        ({"cpu_util": 0.5, "cpu_pct": 50}, "cpu_util is given twice"),
        ({"status": "perhaps"}, "status is 'perhaps'"),
        ({"upstream_deps": "gateway"}, "upstream_deps is 'gateway': it must be a list"),
        ({"downstream_deps": ["db", 7]}, "downstream_deps is 7"),
        ({"labels": []}, None),
        ({"labels": [1]}, "labels is [1]"),
        ({"alert": {"severity": "critical"}}, "alert.name is None"),
        ({"alert": {"name": "A", "severity": "purple"}}, "'purple' is not a valid Severity"),
        ({"fingerprint": 7}, "fingerprint is 7"),
    ],
)
def test_bad_input_names_the_field_the_value_and_the_rule(changes: dict[str, object], told: str | None) -> None:
    if told is None:
        assert read_event(a_record(**changes)).metrics == {}
        return
    with pytest.raises(EventError) as refused:
        read_event(a_record(**changes))
    assert told in str(refused.value)


@pytest.mark.promise("EVT-1")
def test_a_record_without_a_time_is_refused() -> None:
    with pytest.raises(EventError, match="timestamp is missing"):
        read_event({"component": "orders", "latency_p99": 1})


def test_all_fields_of_an_event_are_read() -> None:
    event = read_event(
        a_record(
            status="resolved",
            alert={"name": "HighLatency", "severity": "critical", "text": "slow"},
            fingerprint="f",
            upstream_deps=["gateway"],
            downstream_deps=["db"],
            labels={"zone": "a"},
            region="eu",
            ready=True,
        )
    )
    assert (event.status, event.fingerprint) == (Status.RESOLVED, "f")
    assert event.alert is not None
    assert (event.alert.severity, event.alert.kind) == (Severity.CRITICAL, SignalKind.LATENCY)
    assert (event.upstream_deps, event.downstream_deps) == (("gateway",), ("db",))
    assert dict(event.labels) == {"zone": "a", "region": "eu", "ready": "true"}


def test_a_record_with_very_many_keys_is_refused() -> None:
    with pytest.raises(EventError, match="has 1202 keys: at most 1000"):
        read_event(a_record(**{f"k{n}": n for n in range(1200)}))


def test_seconds_since_1970_are_a_time() -> None:
    assert read_event(a_record(timestamp=1_700_000_000.5)).timestamp == datetime(2023, 11, 14, 22, 13, 20, 500000, UTC)


def lines(*records: object) -> bytes:
    return b"\n".join(record if isinstance(record, bytes) else json.dumps(record).encode() for record in records)


@pytest.mark.promise("EVT-2")
def test_json_lines_are_read_and_blank_lines_do_not_count_as_records() -> None:
    batch = read(lines(a_record(), b"", b"  ", a_record(component="cart")) + b"\r\n", now=NOW, form=Format.JSONL)
    assert [event.component for event in batch.events] == ["orders", "cart"]
    assert batch.faults == ()


@pytest.mark.promise("EVT-4")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"timestamp": "2026-', "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"component": "a", "timestamp": 1, "latency_p99": NaN}', "NaN"),
        (b'{"component": "a", "timestamp": 1, "latency_p99": 1e999}', "too large"),
        (b"[" * 100_000, "nested too deep"),
        (b"null", "a record is an object"),
        (b"{}", "no known shape"),
        (b'{"component": "a", "timestamp": 1, "error_rate": 7}', "error_rate is 7"),
    ],
)
def test_a_bad_line_is_reported_by_its_number_and_the_others_are_read(line: bytes, told: str) -> None:
    batch = read(lines(a_record(), b"", line, a_record()), now=NOW)
    assert len(batch.events) == 2
    (fault,) = batch.faults
    assert (fault.position, fault.where.split(",")[0]) == (3, "line 3")
    assert told in fault.message


@pytest.mark.promise("EVT-4")
@given(st.lists(st.binary(max_size=40).map(lambda junk: junk.replace(b"\n", b"")) | st.just(b"GOOD"), max_size=20))
def test_no_garbage_between_good_lines_ever_loses_one(junk: list[bytes]) -> None:
    good = json.dumps(a_record()).encode()
    data = b"\n".join([good, *(good if line == b"GOOD" else line for line in junk)])
    batch = read(data, now=NOW, form=Format.JSONL)
    assert len(batch.events) == junk.count(b"GOOD") + 1
    assert {fault.position for fault in batch.faults} == {
        n + 2 for n, line in enumerate(junk) if line != b"GOOD" and line and not line.isspace()
    }


def test_very_many_faults_are_counted_but_not_all_kept() -> None:
    batch = read(b"x\n" * 10_050 + lines(a_record()), now=NOW, form=Format.JSONL)
    assert len(batch.events) == 1
    assert len(batch.faults) == 10_000
    assert batch.notes == ("50 more bad records are not listed",)


def test_a_fault_quotes_at_most_a_bounded_part_of_the_record() -> None:
    (fault,) = read(lines(a_record(component="x\n\x1b[31m\ud800" * 100_000)), now=NOW).faults
    assert len(fault.message) <= 500
    assert fault.message.isprintable()
