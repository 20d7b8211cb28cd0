# SPDX-License-Identifier: Apache-2.0
"""The call graph: chosen, laid out, drawn and told, always the same way."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.advisor import Advisor
from arf_core.errors import InputError
from arf_core.models.advice import Advice
from arf_core.models.signal import SignalKind
from arf_core.models.window import Alerting, Window
from arf_core.plot.canvas import fitted
from arf_core.plot.chart import chart_of, only
from arf_core.plot.figure import draw
from arf_core.plot.graph import MOST_NODES, Graph, Node, described, graph_of
from arf_core.plot.kinds import PlotKind
from arf_core.plot.layout import layout_of
from arf_core.plot.picture import picture_of
from arf_core.plot.terminal import MOST_LINES, call_lines
from arf_core.testing import made_event, made_window

NAMES = [f"service-{number:02d}" for number in range(12)]
CALLS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30).map(
    lambda calls: sorted({(one, other) for one, other in calls if one != other})
)


def told(window: Window) -> tuple[Advice, Graph]:
    advice = Advisor().advise(window)
    graph = graph_of(advice, window)
    assert graph is not None
    return advice, graph


def wide(count: int) -> Window:
    """``count`` components called by one, the last of them to blame."""
    made = made_window()
    names = [f"c{number:03d}" for number in range(count)]
    abnormal = dict.fromkeys(names, made.abnormal["mail"]) | {names[-1]: made.abnormal["cart"]}
    edges = tuple((names[0], name) for name in names[1:])
    return replace(made, normal=dict.fromkeys(names, made.normal["mail"]), abnormal=abnormal, edges=edges)


@pytest.mark.promise("CLI-6")
def test_the_root_cause_and_the_way_to_it_are_marked() -> None:
    window = replace(made_window(metric="latency_s"), alerting=Alerting(component="front", kind=SignalKind.LATENCY))
    _, graph = told(window)
    nodes = {node.name: node for node in graph.nodes}
    assert nodes["cart"].is_cause
    assert nodes["front"].noticed
    assert graph.path == {("front", "cart")}
    assert graph.calls == (("front", "cart"), ("front", "mail"))


@pytest.mark.promise("CLI-6")
def test_a_graph_is_told_in_words_for_who_cannot_see_it() -> None:
    _, graph = told(made_window())
    words = described(graph)
    assert words.startswith("3 components and 2 calls between them. cart is the likeliest root cause")
    assert "front calls cart, mail." in words
    drawn = draw(chart_of(*told_chart()), file_format="svg")
    root = ET.fromstring(drawn)
    namespace = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "title desc"
    assert words in (root.findtext(f"{namespace}desc") or "")
    assert (root.findtext(f"{namespace}title") or "").startswith("incident ")


def told_chart() -> tuple[Advice, Window]:
    window = made_window()
    return Advisor().advise(window), window


@pytest.mark.promise("CLI-6")
def test_each_kind_draws_its_part_and_says_what_it_lacks() -> None:
    chart = chart_of(*told_chart())
    assert only(chart, PlotKind.ALL) == chart
    assert not only(chart, PlotKind.GRAPH).panels
    assert not only(chart, PlotKind.GRAPH).bars
    assert only(chart, PlotKind.WINDOW).graph is None
    assert only(chart, PlotKind.RANKING).bars == chart.bars
    alone = chart_of(Advisor().advise(made_event()), None)
    with pytest.raises(InputError, match="no call is known"):
        only(alone, PlotKind.GRAPH)
    with pytest.raises(InputError, match="it needs series"):
        only(alone, PlotKind.WINDOW)


def test_known_calls_are_used_where_the_subject_has_none() -> None:
    advice = Advisor().advise(made_event("cart"))
    assert graph_of(advice, None) is None
    graph = graph_of(advice, None, [("front", "cart"), ("cart", "cart")])
    assert graph is not None
    assert graph.calls == (("front", "cart"),)


@pytest.mark.promise("CLI-6")
def test_of_many_components_the_cause_is_never_the_one_that_is_left_out() -> None:
    _, graph = told(wide(MOST_NODES + 20))
    assert len(graph.nodes) == MOST_NODES
    assert graph.left_out == 20
    assert any(node.is_cause for node in graph.nodes)
    assert "20 more components are not shown" in described(graph)
    lines = call_lines(graph)
    assert len(lines) <= MOST_LINES + 2
    assert any("← root cause" in line for line in lines)


@pytest.mark.promise("CLI-6")
def test_the_terminal_shows_calls_as_a_tree_and_a_cycle_once() -> None:
    nodes = tuple(
        Node(name=name, rank=rank, share=share, kind="cpu", noticed=name == "a")
        for name, rank, share in (("a", 2, 0.1), ("b", 1, 0.8), ("c", 3, 0.1))
    )
    graph = Graph(nodes=nodes, calls=(("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")), path=frozenset(), left_out=0)
    assert call_lines(graph) == (
        "  a  #2 10% cpu  (noticed here)",
        "  ├─ b  #1 80% cpu  ← root cause",
        "  │  └─ c  #3 10% cpu",
        "  │     └─ a  #2 10% cpu  (noticed here)  (its calls: above)",
        "  └─ c  #3 10% cpu  (its calls: above)",
    )


@given(CALLS)
def test_boxes_never_overlap_and_every_call_ends_at_its_boxes(calls: list[tuple[str, str]]) -> None:
    layout = layout_of(NAMES, calls, box=58, bend=18)
    for layer in range(layout.layers):
        heights = sorted(height for there, height in layout.places.values() if there == layer)
        assert all(lower - upper >= 58 - 1e-6 for upper, lower in pairwise(heights))
        assert all(29 - 1e-6 <= height <= layout.height for height in heights)
    assert set(layout.routes) == set(calls)
    for (caller, callee), route in layout.routes.items():
        assert route[0] == layout.places[caller]
        assert route[-1] == layout.places[callee]
        assert all(abs(there - here) == 1 for (here, _), (there, _) in pairwise(route))


@given(CALLS)
def test_a_bend_never_runs_through_a_box(calls: list[tuple[str, str]]) -> None:
    layout = layout_of(NAMES, calls, box=58, bend=18)
    for route in layout.routes.values():
        for layer, height in route[1:-1]:
            others = [middle for there, middle in layout.places.values() if there == layer]
            assert all(abs(middle - height) >= (58 + 18) / 2 - 1e-6 for middle in others)


@given(CALLS)
def test_the_order_of_the_calls_makes_no_difference(calls: list[tuple[str, str]]) -> None:
    again = layout_of(NAMES, list(reversed(calls)), box=58, bend=18)
    assert again == layout_of(NAMES, calls, box=58, bend=18)


def test_a_chain_goes_from_left_to_right_and_a_call_back_is_turned() -> None:
    calls = [("a", "b"), ("b", "c"), ("c", "a")]
    layout = layout_of(["a", "b", "c"], calls, box=10, bend=5)
    assert [layout.places[name][0] for name in "abc"] == [0, 1, 2]
    assert [layer for layer, _ in layout.routes["c", "a"]] == [2, 1, 0]


@pytest.mark.promise("CLI-6")
def test_the_same_graph_gives_the_same_bytes_and_a_page_that_holds_it() -> None:
    window = wide(30)
    chart = chart_of(Advisor().advise(window), window)
    drawn = draw(chart, file_format="svg")
    assert drawn == draw(chart, file_format="svg")
    root = ET.fromstring(drawn)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert chart.graph is not None
    assert picture_of(chart.graph).height < height
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(rect.attrib["x"]) >= 0
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width
        assert float(rect.attrib["y"]) + float(rect.attrib["height"]) <= height


def test_a_long_name_is_shortened_in_the_middle() -> None:
    assert fitted("cart", 100) == "cart"
    short = fitted("payments-7d9f8b6c5d-x2x9z", 100)
    assert short.startswith("payme")
    assert short.endswith("2x9z")
    assert "…" in short
    assert len(fitted("購物車服務" * 4, 100)) < len(fitted("x" * 20, 100))
