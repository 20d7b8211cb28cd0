# SPDX-License-Identifier: Apache-2.0
"""Plots in the terminal: a line of blocks a metric, a bar a cause, a tree of calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from arf_core.plot.chart import Chart, Panel
from arf_core.plot.graph import Graph, Node, callees_of

WIDTH: Final = 60
MOST_LINES: Final = 60
"""How many lines a tree of calls has at most."""
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_BAR_WIDTH: Final = 30


def lines_of(chart: Chart, *, drawn: bool = True) -> tuple[str, ...]:
    """The chart without its calls, as lines of text, at most about 100 columns wide; ``┃`` stands where normal ends.

    Unless ``drawn``, there are words and numbers only.
    """
    width = max((len(bar.name) for bar in chart.bars), default=0)
    if not drawn:
        titles = [f"  {panel.title}" for panel in chart.panels]
        return (*titles, *(f"  {bar.name:<{width}}  {bar.label}" for bar in chart.bars))
    panels = [line for panel in chart.panels for line in (f"  {panel.title}", f"  {_blocks(panel)}")]
    bars = [f"  {bar.name:<{width}}  {'█' * max(1, round(bar.length * _BAR_WIDTH))} {bar.label}" for bar in chart.bars]
    return (*panels, *bars)


def call_lines(graph: Graph) -> tuple[str, ...]:
    """The calls as a tree: callers above their callees, each component with its place and share.

    A component that several call stands below each, but what it calls itself only below the first.
    """
    nodes = {node.name: node for node in graph.nodes}
    lines = list(_tree(graph, nodes))
    left = (
        [f"  and {len(lines) - MOST_LINES} more lines: draw them with --plot FILE.svg"]
        if len(lines) > MOST_LINES
        else []
    )
    hidden = [f"  {graph.left_out} more components are not shown"] if graph.left_out else []
    return (*lines[:MOST_LINES], *left, *hidden)


def _tree(graph: Graph, nodes: dict[str, Node]) -> Iterator[str]:
    callees = callees_of(sorted(graph.calls))
    called = {callee for _, callee in graph.calls}
    seen: set[str] = set()
    # Who is called by nobody begins; then, in a cycle, who was not reached yet.
    for start in sorted(nodes, key=lambda name: (name in called, name)):
        waiting = [] if start in seen else [(start, "  ", "")]
        while waiting:
            name, lead, branch = waiting.pop()
            again = name in seen and bool(callees.get(name))
            yield f"{lead}{branch}{_labelled(nodes[name])}{'  (its calls: above)' if again else ''}"
            if name in seen:
                continue
            seen.add(name)
            inner = lead + {"├─ ": "│  ", "└─ ": "   "}.get(branch, "")
            below = callees.get(name, [])
            branches = ["├─ "] * (len(below) - 1) + ["└─ "] * bool(below)
            waiting.extend(reversed([(one, inner, sign) for one, sign in zip(below, branches, strict=True)]))


def _labelled(node: Node) -> str:
    place = "" if node.rank is None else f"  #{node.rank} {node.share:.0%} {node.kind}"
    return f"{node.name}{place}{'  ← root cause' if node.is_cause else ''}{'  (noticed here)' if node.noticed else ''}"


def _blocks(panel: Panel) -> str:
    shown = panel.normal[-(WIDTH - len(panel.abnormal)) :] if len(panel.abnormal) < WIDTH else ()
    known = [value for value in (*shown, *panel.abnormal) if value is not None]
    if not known:
        return "(no samples)"
    low, high = min(known), max(known)
    return _row(shown, low, high) + "┃" + _row(panel.abnormal[-WIDTH:], low, high)


def _row(samples: Sequence[float | None], low: float, high: float) -> str:
    span = (high - low) or 1.0
    top = len(_BLOCKS) - 1
    return "".join(" " if value is None else _BLOCKS[round((value - low) / span * top)] for value in samples)
