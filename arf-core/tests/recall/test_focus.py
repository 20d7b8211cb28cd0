# SPDX-License-Identifier: Apache-2.0
"""Where an incident most likely began."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from arf_core.models.incident import Incident
from arf_core.models.signal import Direction, Signal, SignalKind
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.focus import KnownRoots, believe, roots_of, weighted
from arf_core.recall.query import query_of


def incident(moved: dict[str, str], root: str | None = None, fault: str | None = None) -> Incident:
    signals = tuple(
        Signal(component=component, metric=metric, kind=SignalKind.OTHER, direction=Direction.UP)
        for component, metrics in moved.items()
        for metric in metrics.split()
    )
    return Incident(
        incident_id="i", occurred_at=datetime(2026, 1, 1, tzinfo=UTC), signals=signals, component=root, fault_type=fault
    )


def known(count: int) -> KnownRoots:
    """Leaks and burns in turn: the root shows heap or cpu, two bystanders show latency and load."""
    return roots_of(
        [
            incident(
                {f"r{n}": ("heap", "cpu")[n % 2], "x": "p99 qps", "y": "p99 qps"}, f"r{n}", ("leak", "burn")[n % 2]
            )
            for n in range(count)
        ],
        SignalEmbedder(),
    )


def test_the_first_rule_fades_as_known_roots_grow() -> None:
    asked = incident({"quiet": "heap", "loud": "p99 qps"})
    shares = [believe(asked, known(count)).shares[1] for count in (0, 2, 40)]
    assert believe(asked, known(0)).components == ("loud", "quiet")
    assert shares[0] < 0.5 < shares[2]
    assert shares == sorted(shares)


def test_what_resembles_a_known_root_is_likelier_than_without_that() -> None:
    belief = believe(incident({"a": "heap", "b": "p99 qps"}), known(10))
    gain = belief.odds - belief.unlike
    assert gain[0] > gain[1]


def test_incidents_of_unknown_beginning_teach_nothing() -> None:
    roots = roots_of([incident({"a": "cpu", "b": "heap"}), incident({"a": "cpu"}, root="elsewhere")], SignalEmbedder())
    assert (roots.incidents, roots.direction, roots.seen) == (0, None, None)


def test_an_incident_with_nothing_in_it_has_nothing_to_believe() -> None:
    belief = believe(incident({}), known(5))
    assert belief.components == ()
    assert len(belief.shares) == 0


def test_rows_are_brought_to_length_one_and_zeros_stay_zeros() -> None:
    rows = weighted(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([1.0, 1.0]))
    assert rows.tolist() == [pytest.approx([0.6, 0.8]), [0.0, 0.0]]
    assert weighted(np.array([[0.0, 0.0]]), np.ones(2)).tolist() == [[0.0, 0.0]]


def test_a_component_with_signals_is_one_whatever_its_name() -> None:
    assert believe(incident({"42": "cpu", "web": "p99"}), known(0)).components == ("42", "web")


def test_a_known_beginning_is_looked_at_from_there_only() -> None:
    asked = {"a": "cpu", "b": "heap", "c": "p99", "d": "qps"}
    assert query_of(incident(asked, root="c"), known(4)).foci == ("c",)
    assert len(query_of(incident(asked), known(4)).foci) == 3


def test_the_likeliest_beginning_before_likeness_is_not_doubted() -> None:
    query = query_of(incident({"a": "cpu heap", "b": "p99"}), known(0))
    assert query.foci == ("a", "b")
    assert query.doubts[0] == 0.0 < query.doubts[1]
