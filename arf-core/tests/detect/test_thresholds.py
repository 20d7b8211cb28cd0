# SPDX-License-Identifier: Apache-2.0
"""Static thresholds: what counts as bad, how bad, and in which words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.detect.thresholds import MAX_WORDS, Thresholds, check
from arf_core.errors import SettingsError
from arf_core.models.event import Alert, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Direction, Severity, SignalKind

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event(**given: Any) -> ReliabilityEvent:
    return ReliabilityEvent(component="api", timestamp=NOW, **given)


@pytest.mark.promise("DET-1")
def test_the_promised_thresholds_are_the_defaults() -> None:
    limits = Thresholds()
    assert (limits.latency_critical, limits.latency_warning, limits.error_rate_critical) == (300.0, 150.0, 0.3)


@pytest.mark.promise("DET-1")
@pytest.mark.parametrize(
    ("latency", "severity"), [(900.0, Severity.CRITICAL), (300.0, Severity.WARNING), (151.0, Severity.WARNING)]
)
def test_latency_over_a_threshold_has_its_severity(latency: float, severity: Severity) -> None:
    found = check(event(latency_p99=latency), Thresholds())
    assert found is not None
    assert found.severity is severity


@pytest.mark.promise("DET-1")
def test_other_thresholds_give_another_severity() -> None:
    strict = Thresholds(latency_critical=100.0, latency_warning=50.0)
    found = check(event(latency_p99=120.0), strict)
    assert check(event(latency_p99=120.0), Thresholds()) is None
    assert found is not None
    assert found.severity is Severity.CRITICAL
    assert found.signals[0].baseline == 100.0


def test_a_finding_says_value_and_threshold() -> None:
    found = check(event(latency_p99=900.0, error_rate=0.05, cpu_util=0.85), Thresholds())
    assert found is not None
    assert found.because == (
        "latency_p99 is 900 ms, over the critical threshold of 300 ms",
        "cpu_util is 0.85, over the warning threshold of 0.8",
    )
    assert [(s.metric, s.kind, s.direction, s.value, s.baseline) for s in found.signals] == [
        ("latency_p99", SignalKind.LATENCY, Direction.UP, 900.0, 300.0),
        ("cpu_util", SignalKind.CPU, Direction.UP, 0.85, 0.8),
    ]
    assert found.measured == FrozenMap({"latency_p99": 900.0, "error_rate": 0.05, "cpu_util": 0.85})
    assert found.severity is Severity.CRITICAL


def test_nothing_over_a_threshold_is_no_anomaly() -> None:
    assert check(event(latency_p99=150.0, error_rate=0.1, cpu_util=0.8, memory_util=0.8), Thresholds()) is None


def test_unknown_metrics_are_no_anomaly() -> None:
    assert check(event(), Thresholds()) is None


def test_a_firing_alert_is_an_anomaly_though_no_metric_crosses() -> None:
    alert = Alert(name="TargetDown", severity=Severity.WARNING, kind=SignalKind.AVAILABILITY, text="no answer")
    found = check(event(latency_p99=10.0, alert=alert), Thresholds())
    assert found is not None
    assert found.severity is Severity.WARNING
    (signal,) = found.signals
    assert (signal.metric, signal.kind, signal.direction) == ("TargetDown", SignalKind.AVAILABILITY, Direction.DOWN)
    assert found.words == ("target", "down", "no", "answer")
    assert found.because == ("the alert 'TargetDown' is firing with severity warning",)


def test_the_worst_severity_wins() -> None:
    alert = Alert(name="Slow", severity=Severity.INFO, kind=SignalKind.LATENCY)
    found = check(event(error_rate=0.9, alert=alert), Thresholds())
    assert found is not None
    assert found.severity is Severity.CRITICAL


def test_a_resolved_event_is_never_an_anomaly() -> None:
    alert = Alert(name="Slow", severity=Severity.CRITICAL, kind=SignalKind.LATENCY)
    assert check(event(latency_p99=9e9, alert=alert, status=Status.RESOLVED), Thresholds()) is None


def test_the_words_of_a_huge_alert_are_bounded() -> None:
    alert = Alert(name="A", severity=Severity.INFO, kind=SignalKind.OTHER, text="many words " * 100_000)
    found = check(event(alert=alert), Thresholds())
    assert found is not None
    assert len(found.words) == MAX_WORDS


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"latency_critical": 100.0}, "latency_warning is 150"),
        ({"error_rate_critical": 1.5}, "error_rate_critical is 1.5"),
        ({"cpu_warning": float("nan")}, "cpu_warning is nan"),
        ({"latency_warning": -1.0}, "latency_warning is -1"),
        ({"memory_critical": True}, "memory_critical is True"),
        ({"memory_critical": "0.9"}, "memory_critical is '0.9'"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused_by_name(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Thresholds(**given)


def test_thresholds_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Thresholds().latency_critical = 1.0  # type: ignore[misc]


shares = st.none() | st.floats(0, 1)
latencies = st.none() | st.floats(0, 1e308)


@given(latencies, shares, shares, shares)
def test_scores_are_bounded_and_every_signal_has_its_sentence(
    latency: float | None, errors: float | None, cpu: float | None, memory: float | None
) -> None:
    given = event(latency_p99=latency, error_rate=errors, cpu_util=cpu, memory_util=memory)
    found = check(given, Thresholds())
    if found is not None:
        assert 0.0 <= found.score <= 1.0
        assert len(found.because) == len(found.signals) > 0
        assert found == check(given, Thresholds())


@given(st.floats(300.001, 1e6), st.floats(1.001, 100))
def test_a_worse_reading_scores_higher(latency: float, factor: float) -> None:
    better, worse = (check(event(latency_p99=value), Thresholds()) for value in (latency, latency * factor))
    assert better is not None
    assert worse is not None
    assert better.score < worse.score
