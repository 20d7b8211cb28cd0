# SPDX-License-Identifier: Apache-2.0
"""The canonical metrics of a window's components, and which of these are abnormal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arf_core.diagnose.measured import anomalies, measured
from arf_core.diagnose.shift import shifts
from arf_core.models.signal import Severity, SignalKind
from arf_core.models.window import Alerting, Series, Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def window(
    abnormal: Series, *, normal: Series | None = None, edges: tuple[tuple[str, str], ...] = (), alert: str | None = None
) -> Window:
    alerting = None if alert is None else Alerting(component=alert, kind=SignalKind.LATENCY)
    return Window(normal=normal or {}, abnormal=abnormal, step_s=60, ends_at=NOW, edges=edges, alerting=alerting)


@pytest.mark.parametrize(
    ("metric", "value", "name", "expected"),
    [
        ("latency_p90_s", 0.5, "latency_p99", 500),
        ("latency_avg_ms", 250.0, "latency_p99", 250),
        ("request_duration_microseconds", 5000.0, "latency_p99", 5),
        ("error_rate", 0.25, "error_rate", 0.25),
        ("errors_pct", 25.0, "error_rate", 0.25),
        ("success_rate", 0.9, "error_rate", 0.1),
        ("availability_pct", 80.0, "error_rate", 0.2),
        ("cpu_pct", 93.0, "cpu_util", 0.93),
        ("cpu_pct", 140.0, "cpu_util", 1.0),
        ("memory_ratio", 0.5, "memory_util", 0.5),
        ("memory_available_pct", 30.0, "memory_util", 0.7),
        ("requests_5min", 600.0, "throughput", 2.0),
        ("throughput_ops", 7.0, "throughput", 7.0),
        ("request_count", 120.0, "throughput", 2.0),
    ],
)
def test_a_metric_is_read_in_the_unit_its_name_says(metric: str, value: float, name: str, expected: float) -> None:
    assert dict(measured(window({"a": {metric: (value, None, value)}}), "a")) == pytest.approx({name: expected})


@pytest.mark.parametrize(
    "metric", ["latency", "cpu_usage", "memory_bytes", "errors_total", "requests", "latency_client_p90_s", "colour"]
)
def test_nothing_is_guessed_where_the_name_does_not_say(metric: str) -> None:
    assert dict(measured(window({"a": {metric: (1.0,)}}), "a")) == {}


def test_the_worst_of_several_metrics_counts_and_missing_samples_do_not() -> None:
    series = {"a": {"latency_p50_s": (0.1,), "latency_p90_s": (None, 0.4), "cpu_pct": (None, None)}}
    assert dict(measured(window(series), "a")) == pytest.approx({"latency_p99": 400})


def test_an_unknown_component_has_no_metrics() -> None:
    assert dict(measured(window({"a": {"cpu_pct": (1.0,)}}), "ghost")) == {}


CALM = (10.0, 11.0, 9.0, 10.0, 12.0, 8.0)


def test_only_components_that_moved_the_bad_way_are_abnormal_and_say_why() -> None:
    subject = window(
        {"busy": {"cpu_pct": (95.0, 96.0)}, "calm": {"cpu_pct": (10.0, 10.0)}, "idle": {"cpu_pct": (0.0, 0.0)}},
        normal={name: {"cpu_pct": CALM} for name in ("busy", "calm", "idle")},
    )
    (found,) = anomalies(subject, shifts(subject))
    assert (found.component, found.severity, found.detected_at) == ("busy", Severity.CRITICAL, NOW)
    assert 0.5 < found.score < 1
    assert dict(found.measured) == pytest.approx({"cpu_util": 0.955})
    assert found.because[0].startswith("cpu_pct rose from 10 to 95.5 (")


def test_the_alerting_component_and_the_one_to_blame_are_abnormal_however_small_their_shift() -> None:
    calm: Series = {name: {"latency_avg_s": CALM} for name in ("front", "back", "side")}
    slow: Series = {
        "front": {"latency_avg_s": (13.0, 13.0)},
        "back": {"latency_avg_s": (13.0, 13.0)},
        "side": {"latency_avg_s": (10.0, 10.0)},
    }
    subject = window(slow, normal=calm, edges=(("front", "back"), ("front", "side")), alert="front")
    found = {anomaly.component: anomaly for anomaly in anomalies(subject, shifts(subject))}
    assert sorted(found) == ["back", "front"]
    assert found["front"].because[0] == "people were alerted on its latency"
    assert found["back"].because[0] == "100% of the latency excess at front rests here"


def test_nothing_is_abnormal_without_a_baseline() -> None:
    assert anomalies(window({"a": {"cpu_pct": (99.0,)}}), ()) == ()
