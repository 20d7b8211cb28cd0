# SPDX-License-Identifier: Apache-2.0
"""How often each signal pattern was seen."""

from __future__ import annotations

from datetime import UTC, datetime
from math import log

import pytest

from arf_core.models.incident import Incident
from arf_core.models.signal import Direction, Signal, SignalKind
from arf_core.recall.statistics import PatternCounts, statistics_of

CPU_UP = ("cpu", Direction.UP)


def incident(*places: str, metric: str = "cpu") -> Incident:
    signals = tuple(
        Signal(component=place, metric=metric, kind=SignalKind.CPU, direction=Direction.UP) for place in places
    )
    return Incident(incident_id=".".join(places), occurred_at=datetime(2026, 1, 1, tzinfo=UTC), signals=signals)


def test_a_pattern_counts_once_an_incident_however_many_components_show_it() -> None:
    statistics = statistics_of([incident("a", "b", "b"), incident("a"), incident("c", metric="heap")])
    assert statistics.patterns[CPU_UP] == 2
    assert statistics.at_components["b", CPU_UP] == 1


def test_advice_says_how_often_something_was_seen() -> None:
    statistics = statistics_of([incident("a", "b"), incident("a"), incident("c")])
    assert statistics.seen(CPU_UP) == "seen in 3 of 3 incidents"
    assert statistics.seen(CPU_UP, "a") == "seen in 2 of 3 incidents"
    assert statistics.seen(("never", Direction.UP)) == "seen in 0 of 3 incidents"


def test_a_pattern_of_every_incident_is_not_rare() -> None:
    statistics = statistics_of([incident("a"), incident("b"), incident("c", metric="heap")])
    assert statistics_of([incident("a")]).rarity(CPU_UP) == 0.0
    assert statistics.rarity(("heap", Direction.UP)) == pytest.approx(log(4 / 2))


def test_what_leaves_is_not_counted_any_more() -> None:
    counts = PatternCounts()
    counts.add(incident("a"))
    counts.add(incident("b", metric="heap"))
    counts.add(incident("b", metric="heap"), -1)
    assert counts.snapshot == statistics_of([incident("a")])


def test_a_snapshot_does_not_change_when_more_is_remembered() -> None:
    counts = PatternCounts()
    counts.add(incident("a"))
    before = counts.snapshot
    counts.add(incident("b"))
    assert before == statistics_of([incident("a")])
