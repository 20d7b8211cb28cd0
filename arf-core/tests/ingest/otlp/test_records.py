# SPDX-License-Identifier: Apache-2.0
"""What the metrics of the conventions, in their units, become: events, or a window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from arf_core.ingest.otlp import parse_json
from arf_core.models.event import ReliabilityEvent

Json = dict[str, object]
START = 1_767_323_045  # 2026-01-02T03:04:05Z
HTTP_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]


def attributes(values: Mapping[str, object]) -> list[Json]:
    return [{"key": key, "value": {"stringValue": str(value)}} for key, value in values.items()]


def point(
    value: float | None = None, *, at: float = 60, since: float = 0, about: Json | None = None, more: Json | None = None
) -> Json:
    """A data point, ``at`` and ``since`` in seconds after the start; ``more`` are its other fields."""
    times = {"timeUnixNano": f"{(START + at) * 1e9:.0f}", "startTimeUnixNano": f"{(START + since) * 1e9:.0f}"}
    number = {} if value is None else {"asDouble": value}
    return {**times, **number, "attributes": attributes(about or {}), **(more or {})}


def buckets(counts: Mapping[int, int], *, at: float = 60, since: float = 0, about: Json | None = None) -> Json:
    """A histogram point with the bounds of the HTTP conventions: bucket → count."""
    row = [counts.get(index, 0) for index in range(len(HTTP_BOUNDS) + 1)]
    return point(
        at=at, since=since, about=about, more={"bucketCounts": row, "explicitBounds": HTTP_BOUNDS, "count": sum(row)}
    )


def gauge(name: str, *points: Json, unit: str = "1") -> Json:
    return {"name": name, "unit": unit, "gauge": {"dataPoints": list(points)}}


def total(name: str, *points: Json, unit: str = "1", temporality: int = 1, monotonic: bool = True) -> Json:
    body = {"dataPoints": list(points), "aggregationTemporality": temporality, "isMonotonic": monotonic}
    return {"name": name, "unit": unit, "sum": body}


def histogram(name: str, *points: Json, unit: str = "s", temporality: int = 1) -> Json:
    body = {"dataPoints": list(points), "aggregationTemporality": temporality}
    return {"name": name, "unit": unit, "histogram": body}


def request(*metrics: Json, resource: Mapping[str, object] | None = None) -> Json:
    about = {"service.name": "checkout"} if resource is None else resource
    scope = {"scope": {"name": "test"}, "metrics": list(metrics)}
    return {"resourceMetrics": [{"resource": {"attributes": attributes(about)}, "scopeMetrics": [scope]}]}


def the_event(*metrics: Json, resource: Mapping[str, object] | None = None) -> ReliabilityEvent:
    batch = parse_json(request(*metrics, resource=resource))
    assert batch.faults == ()
    (event,) = batch.events
    return event


@pytest.mark.promise("EVT-2")
def test_the_durations_of_requests_give_latency_traffic_and_errors_each_with_its_source() -> None:
    event = the_event(
        histogram(
            "http.server.request.duration",
            buckets({5: 90, 7: 6}, about={"http.response.status_code": 200, "http.route": "/a"}),
            buckets({8: 24}, about={"http.response.status_code": 503, "error.type": "503"}),
        )
    )
    assert (event.component, event.timestamp) == ("checkout", datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC))
    assert (event.throughput, event.error_rate) == (2.0, 0.2)
    assert event.latency_p99 is not None
    assert 500 < event.latency_p99 <= 750
    assert "p99 of 120 is from 500 to 750 ms (an estimate" in str(event.labels["arf.read.latency_p99"])
    assert "p50 of 120 is from 75 to 100 ms" in str(event.labels["arf.read.latency_p50"])
    assert event.labels["arf.read.error_rate"] == (
        "http.server.request.duration: 24 of 120 requests failed, by their status"
    )


def test_a_bucket_too_wide_for_an_estimate_gives_its_lower_end_and_one_from_zero_gives_nothing() -> None:
    wide = point(more={"bucketCounts": [0, 100, 1], "explicitBounds": [1, 10], "count": 101})
    assert the_event(histogram("http.server.request.duration", wide)).latency_p99 == 1000.0
    empty = point(more={"bucketCounts": [0, 0, 100], "explicitBounds": [0, 5], "count": 100})
    assert the_event(histogram("http.server.request.duration", empty)).latency_p99 == 5000.0
    first = point(more={"bucketCounts": [0, 100, 0], "explicitBounds": [0, 5], "count": 100})
    assert the_event(histogram("http.server.request.duration", first)).latency_p99 is None


def test_an_exponential_histogram_in_milliseconds_is_read_within_its_bucket() -> None:
    shape: Json = {"count": 100, "scale": 3, "positive": {"offset": 79, "bucketCounts": [100]}}
    body = {"dataPoints": [point(more=shape)], "aggregationTemporality": 1}
    event = the_event({"name": "rpc.server.duration", "unit": "ms", "exponentialHistogram": body})
    assert event.latency_p99 is not None
    assert 2 ** (79 / 8) < event.latency_p99 <= 2**10


def test_of_two_conventions_for_the_same_requests_one_is_counted() -> None:
    old = point(more={"bucketCounts": [0, 60], "explicitBounds": [100], "count": 60})
    event = the_event(
        histogram("http.server.request.duration", buckets({3: 60})), histogram("http.server.duration", old, unit="ms")
    )
    assert event.throughput == 1.0
    assert event.latency_p99 is not None
    assert event.latency_p99 <= 50


def test_what_a_client_waits_for_and_how_long_connections_live_is_no_latency() -> None:
    for name in ("http.client.request.duration", "kestrel.connection.duration", "db.client.operation.duration"):
        batch = parse_json(request(histogram(name, buckets({9: 10}))))
        assert batch.events == ()
        assert name in batch.notes[0]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (gauge("latency.p99", point(0.9), unit="s"), {"latency_p99": 900.0}),
        (gauge("latency.p99", point(900), unit="ms"), {"latency_p99": 900.0}),
        (gauge("app.cpu.usage", point(97), unit="%"), {"cpu_util": 0.97}),
        (gauge("k8s.pod.memory_limit_utilization", point(0.93)), {"memory_util": 0.93}),
        (gauge("k8s.container.cpu_limit_utilization", point(1.2)), {"cpu_util": 1.0}),
        (gauge("container.cpu.utilization", point(0.97)), {}),
        (gauge("process.memory.usage", point(1e9), unit="By"), {}),
        (gauge("queue.latency", point(9), unit="1"), {}),
        (
            total("http.requests", point(120, about={"code": "200"}), point(60, about={"code": "500"})),
            {"throughput": 3.0, "error_rate": 1 / 3},
        ),
        (total("http.server.requests.failed", point(120)), {}),
    ],
)
def test_a_level_or_a_counter_is_read_by_its_name_and_unit(metric: Json, expected: dict[str, float]) -> None:
    events = parse_json(request(metric)).events
    assert (events[0].metrics if events else {}) == expected


def test_a_machines_cpu_is_the_mean_over_its_cpus_and_its_memory_what_is_used() -> None:
    cpus = [
        point(share, about={"cpu": cpu, "state": state})
        for cpu, idle in (("0", 0.1), ("1", 0.3))
        for state, share in (("idle", idle), ("user", 0.9 - idle), ("system", 0.1))
    ]
    memory = [
        point(amount, about={"state": state}) for state, amount in (("used", 3e9), ("free", 0.5e9), ("cached", 0.5e9))
    ]
    event = the_event(
        gauge("system.cpu.utilization", *cpus),
        total("system.memory.usage", *memory, unit="By", temporality=2, monotonic=False),
        resource={"host.name": "web-1"},
    )
    assert (event.component, event.memory_util) == ("web-1", 0.75)
    assert event.cpu_util == pytest.approx(0.8)


def test_cpu_time_is_read_from_its_difference() -> None:
    times = [
        point(seconds, at=at, since=-9999, about={"cpu": "0", "state": state})
        for at, idle, user in ((60, 100.0, 50.0), (120, 106.0, 104.0))
        for state, seconds in (("idle", idle), ("user", user))
    ]
    assert the_event(total("system.cpu.time", *times, unit="s", temporality=2)).cpu_util == pytest.approx(0.9)


def test_a_summary_gives_its_own_quantile_and_a_lower_one_is_not_taken_for_it() -> None:
    def summary(q: float) -> Json:
        quantiles = point(more={"count": 9, "quantileValues": [{"quantile": q, "value": 0.8}]})
        return {"name": "http.server.latency", "unit": "s", "summary": {"dataPoints": [quantiles]}}

    assert the_event(summary(0.99)).latency_p99 == 800.0
    assert parse_json(request(summary(0.5))).events == ()


def test_an_old_total_is_not_read_and_the_note_says_how_to_send_deltas() -> None:
    batch = parse_json(request(histogram("http.server.request.duration", buckets({5: 9}, since=-86400), temporality=2)))
    assert batch.events == ()
    assert "TEMPORALITY_PREFERENCE=delta" in batch.notes[-1]


def test_the_component_is_the_service_and_a_placeholder_only_where_nothing_else_names_one() -> None:
    cpu = gauge("app.cpu.usage", point(50), unit="%")
    named = {"service.name": "unknown_service:python", "k8s.pod.name": "p-1", "k8s.deployment.name": "cart"}
    assert the_event(cpu, resource=named).component == "cart"
    assert the_event(cpu, resource={"service.name": "unknown_service:python"}).component == "unknown_service:python"
    by_point = gauge("app.cpu.usage", point(50, about={"service": "mail"}), unit="%")
    assert the_event(by_point, resource={}).component == "mail"


@pytest.mark.promise("EVT-2")
def test_from_four_times_on_the_series_are_one_window_with_all_that_has_no_canonical_meaning() -> None:
    times = range(60, 60 * 21, 60)
    batch = parse_json(
        request(
            histogram("http.server.request.duration", *(buckets({5: 60}, at=at, since=at - 60) for at in times)),
            total("jobs.done", *(point(at * 2, at=at) for at in times), temporality=2),
            gauge("queue.depth", *(point(at, at=at + 0.01, about={"queue": q}) for at in times for q in "ab")),
        )
    )
    (window,) = batch.windows
    assert batch.events == ()
    assert window.step_s == 60.0
    assert set(window.abnormal["checkout"]) == {
        "latency_p99",
        "latency_p50",
        "throughput",
        "jobs.done.per_second",
        "queue.depth{queue=a}",
        "queue.depth{queue=b}",
    }
    assert set(window.normal["checkout"]["throughput"]) == {1.0}
    assert set(window.normal["checkout"]["jobs.done.per_second"]) == {2.0}
