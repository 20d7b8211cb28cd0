# SPDX-License-Identifier: Apache-2.0
"""Who calls whom, and where blame comes to rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.diagnose.topology import CallGraph

SHOP = CallGraph(edges=(("front", "cart"), ("front", "pay"), ("pay", "bank"), ("cart", "store"), ("front", "cart")))


def test_callers_and_callees_come_by_name_and_once() -> None:
    assert SHOP.callees("front") == ("cart", "pay")
    assert SHOP.callers("bank") == ("pay",)


def test_unknown_components_call_nobody() -> None:
    assert SHOP.callees("ghost") == SHOP.callers("ghost") == SHOP.path("ghost", "bank") == ()
    assert SHOP.depths("ghost") == {"ghost": 0}


def test_a_path_leads_along_calls() -> None:
    assert SHOP.path("front", "bank") == ("front", "pay", "bank")
    assert SHOP.path("bank", "front") == ()
    assert SHOP.depths("front") == {"front": 0, "cart": 1, "pay": 1, "store": 2, "bank": 2}


def test_a_cycle_has_shortest_paths_too() -> None:
    graph = CallGraph(edges=(("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")))
    assert graph.path("a", "c") == ("a", "b", "c")
    assert graph.callees("a") == ("b",)


def test_blame_rests_at_the_deepest_component_that_explains_its_callers() -> None:
    blame = SHOP.blame("front", {"front": 5.0, "pay": 5.0, "bank": 5.0, "cart": 0.0})
    assert blame["bank"] == pytest.approx(1)


def test_what_no_callee_explains_stays() -> None:
    blame = SHOP.blame("front", {"front": 10.0, "pay": 4.0, "bank": 1.0})
    assert blame == pytest.approx({"front": 0.6, "pay": 0.3, "bank": 0.1})


def test_callees_that_explain_more_than_there_is_share_it() -> None:
    blame = SHOP.blame("front", {"front": 1.0, "pay": 8.0, "cart": 8.0})
    assert blame["pay"] == blame["cart"] == pytest.approx(0.5)


names = st.sampled_from("abcdef")


@given(
    st.lists(st.tuples(names, names), max_size=20),
    st.dictionaries(names, st.floats(min_value=-10, max_value=10)),
    names,
)
def test_blame_adds_up_to_one_in_any_graph(edges: list[tuple[str, str]], excess: dict[str, float], start: str) -> None:
    blame = CallGraph(edges=tuple(edges)).blame(start, excess)
    assert sum(blame.values()) == pytest.approx(1)
    assert all(part >= 0 for part in blame.values())
    assert CallGraph(edges=tuple(reversed(edges))).blame(start, dict(reversed(excess.items()))) == blame
