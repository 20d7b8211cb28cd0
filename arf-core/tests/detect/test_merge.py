# SPDX-License-Identifier: Apache-2.0
"""Several findings about one component, told once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from arf_core.detect.merge import merged
from arf_core.detect.thresholds import Thresholds, check
from arf_core.models.anomaly import Anomaly
from arf_core.models.event import ReliabilityEvent
from arf_core.models.signal import Severity
from arf_core.testing import MOMENT


def finding(minute: int, **metrics: float) -> Anomaly:
    event = ReliabilityEvent(component="cart", timestamp=MOMENT + timedelta(minutes=minute), **metrics)  # type: ignore[arg-type]
    found = check(event, Thresholds())
    assert found is not None
    return found


def test_one_finding_stays_as_it_is() -> None:
    alone = finding(0, latency_p99=400.0)
    assert merged([alone]) is alone


@pytest.mark.promise("RCA-2")
def test_of_a_metric_that_is_bad_again_and_again_the_worst_is_told_once() -> None:
    found = merged([finding(0, latency_p99=400.0), finding(1, latency_p99=900.0), finding(2, latency_p99=500.0)])
    assert found.because == ("latency_p99 is 900 ms, over the critical threshold of 300 ms (the worst of 3)",)
    assert [signal.value for signal in found.signals] == [900.0]


def test_what_was_measured_is_the_latest_and_the_severity_the_worst() -> None:
    found = merged([finding(0, latency_p99=900.0), finding(1, latency_p99=200.0, error_rate=0.2)])
    assert dict(found.measured) == {"latency_p99": 200.0, "error_rate": 0.2}
    assert found.severity is Severity.CRITICAL
    assert found.detected_at == MOMENT
    assert len(found.signals) == len(found.because) == 2
