# SPDX-License-Identifier: Apache-2.0
"""Readings that leave their own course below every threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core import Advisor, ReliabilityEvent
from arf_core.analysis import analyze
from arf_core.detect.course import LEAST_READINGS, departures
from arf_core.ingest.batch import Batch
from arf_core.testing import MOMENT

RIPPLE = (0.0, 1.5, -1.0, 0.5, -2.0, 2.0, -0.5, 1.0)


def readings(component: str, count: int, *, jump_at: int | None = None) -> list[ReliabilityEvent]:
    """A reading a minute around 20 ms; from ``jump_at`` on around 120 ms, which no threshold minds."""
    levels = [120.0 if jump_at is not None and place >= jump_at else 20.0 for place in range(count)]
    return [
        ReliabilityEvent(
            component=component, timestamp=MOMENT + timedelta(minutes=place), latency_p99=level + RIPPLE[place % 8]
        )
        for place, level in enumerate(levels)
    ]


@pytest.mark.promise("DET-2")
def test_a_jump_below_every_threshold_is_one_finding() -> None:
    events = [*readings("steady", 200), *readings("jumpy", 200, jump_at=150)]
    advisor = Advisor()
    assert not any(advisor.is_abnormal(event) for event in events)
    analysis = analyze(Batch(events=tuple(events)), advisor)
    assert [answered.advice.root_causes[0].component for answered in analysis.answered] == ["jumpy"]
    assert analysis.answered[0].advice.intents


def test_without_the_adaptive_detector_the_jump_is_not_seen() -> None:
    batch = Batch(events=tuple(readings("jumpy", 200, jump_at=150)))
    assert analyze(batch, Advisor(), adaptive=False).answered == ()


def test_too_few_readings_say_nothing() -> None:
    few = readings("jumpy", LEAST_READINGS - 1, jump_at=40)
    assert list(departures(few, is_known=lambda _event: False)) == []


def test_what_a_threshold_saw_is_not_reported_twice() -> None:
    events = readings("jumpy", 200, jump_at=150)
    loud = [replace(event, latency_p99=900.0) if place >= 150 else event for place, event in enumerate(events)]
    analysis = analyze(Batch(events=tuple(loud)), Advisor())
    assert len(analysis.answered) == 1
    assert analysis.answered[0].window is None


def test_the_order_of_the_input_does_not_matter() -> None:
    events = readings("jumpy", 200, jump_at=150)
    forwards = list(departures(events, is_known=lambda _event: False))
    backwards = list(departures(reversed(events), is_known=lambda _event: False))
    assert forwards == backwards
    assert len(forwards) == 1
