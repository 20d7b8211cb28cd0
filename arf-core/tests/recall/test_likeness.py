# SPDX-License-Identifier: Apache-2.0
"""What two incidents have in common, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from arf_core.models.incident import Incident
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind
from arf_core.recall.likeness import Likeness, likeness_of, shared


def seen(metrics: str, focus: str | None = "web-0", *, elsewhere: str = "", words: tuple[str, ...] = ()) -> Likeness:
    signals = tuple(
        Signal(component=component, metric=metric, kind=SignalKind.OTHER, direction=Direction.DOWN)
        for component, names in (("web-0", metrics), ("db", elsewhere))
        for metric in names.split()
    )
    calls = (CallSymptom(source="web-0", target="db", operation="x", symptom="502"),)
    one = Incident(
        incident_id="i", occurred_at=datetime(2026, 1, 1, tzinfo=UTC), signals=signals, calls=calls, words=words
    )
    return likeness_of(one, focus)


def test_what_moved_where_it_began_is_told_from_what_moved_elsewhere() -> None:
    assert shared(seen("cpu heap", elsewhere="p99"), seen("cpu qps", elsewhere="p99 disk")) == (
        "same service: web",
        "where it began: cpu down",
        "elsewhere: p99 down",
        "calls: 5xx",
    )


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    many = seen("a b c d e f")
    assert "where it began: a down, b down, c down, d down and 2 more" in shared(many, many)


def test_alert_words_in_common_are_named_in_order() -> None:
    assert shared(seen("", words=("pod", "crash")), seen("", words=("crash", "pod", "x")))[-1] == (
        "alert words: crash, pod"
    )


def test_of_incidents_without_anything_in_common_nothing_is_said() -> None:
    nothing = Likeness(service=None, here=frozenset(), elsewhere=frozenset(), calls=frozenset(), words=frozenset())
    assert shared(seen("cpu"), nothing) == ()
