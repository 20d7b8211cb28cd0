# SPDX-License-Identifier: Apache-2.0
"""Everything an input holds, and the advice about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core import Advisor
from arf_core.analysis import analyze
from arf_core.errors import EventError
from arf_core.ingest.batch import Batch, Collector
from arf_core.models.event import Status
from arf_core.testing import MOMENT, made_event, made_incident, made_window


@pytest.mark.promise("EVT-3")
def test_a_repeated_alert_is_one_incident_and_a_resolved_one_closes_it() -> None:
    firing = replace(made_event(), fingerprint="f")
    again = replace(firing, timestamp=MOMENT + timedelta(seconds=30))
    (opened,) = analyze(Batch(events=(firing, again)), Advisor()).answered
    resolved = replace(firing, status=Status.RESOLVED, timestamp=MOMENT + timedelta(minutes=2))
    (closed,) = analyze(Batch(events=(firing, resolved)), Advisor()).answered
    assert opened.advice.intents
    assert closed.advice.closed == (opened.advice.incident_id,)


def test_in_a_stream_the_cooldown_counts_between_incidents() -> None:
    later = replace(made_event(), timestamp=MOMENT + timedelta(minutes=6))
    early, late = analyze(Batch(events=(made_event(), later)), Advisor()).answered
    assert early.advice.intents
    assert late.advice.intents  # the cooldown of very-slow is five minutes
    soon = replace(made_event(), timestamp=MOMENT + timedelta(minutes=6), latency_p99=400.0)
    advisor = Advisor()
    assert advisor.advise(soon).intents
    assert analyze(Batch(events=(replace(soon, component="checkout-api"),)), advisor).answered[0].advice.intents == ()


def test_windows_and_incidents_are_cases_by_themselves() -> None:
    windows = tuple(replace(made_window(), window_id=f"w{number}") for number in range(3))
    incidents = tuple(made_incident(f"i{number}") for number in range(3))
    analysis = analyze(Batch(windows=windows, incidents=incidents), Advisor())
    assert len(analysis.answered) == 6
    assert all(answered.advice.intents for answered in analysis.answered)


def test_the_answers_are_in_the_order_of_time() -> None:
    late = replace(made_window(), window_id="late", ends_at=MOMENT + timedelta(hours=1))
    analysis = analyze(Batch(windows=(late,), incidents=(made_incident("early"),)), Advisor())
    assert [answered.advice.incident_id for answered in analysis.answered] == ["early", "late"]


@pytest.mark.promise("EVT-4")
def test_what_could_not_be_read_is_passed_on() -> None:
    collector = Collector(events=[made_event(latency_p99=10)])
    collector.fault(2, "line 2", EventError("latency_p99 is -1"))
    analysis = analyze(collector.batch(), Advisor())
    assert (analysis.read, analysis.normal, analysis.answered) == (1, 1, ())
    assert [str(fault) for fault in analysis.faults] == ["line 2: latency_p99 is -1"]


def test_the_work_can_be_watched() -> None:
    seen: list[int] = []

    def counted(subjects: list[object]) -> list[object]:
        seen.append(len(subjects))
        return subjects

    analyze(Batch(windows=(made_window(),)), Advisor(), watch=counted)  # type: ignore[arg-type]
    assert seen == [1]
