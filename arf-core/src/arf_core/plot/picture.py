# SPDX-License-Identifier: Apache-2.0
"""The picture of a call graph: boxes in layers, the more to blame the darker, and arrows from caller to callee.

What the shade says is also written in the box; the likeliest cause has a thick frame and says so, and the calls that
lead to it are thicker than the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot
from typing import Final

from arf_core.plot.canvas import Anchor, Canvas, Point, fitted
from arf_core.plot.graph import Graph, Node
from arf_core.plot.layout import Layout, layout_of

_BOX, _HIGH, _GAP, _ACROSS, _BEND = 172, 44, 14, 68, 18
_LEGEND: Final = 34
_INK, _SOFT, _CALL, _WAY, _NOTICED = "#1a1a1a", "#4d4d4d", "#8c8c8c", "#b34700", "#0072b2"
_SHADES: Final = ("#ffffff", "#fff1e0", "#fddbb4", "#fdbf7f", "#f59d4f")
"""From no blame to most of it: one hue, lighter to darker, all light enough for dark text."""
_NOTHING: Final = 0.005
"""A share below this is shown as 0 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A graph with its layout; ``width`` and ``height`` in pixels, legend included."""

    graph: Graph
    layout: Layout
    width: int
    height: int

    def draw(self, canvas: Canvas, corner: Point) -> None:
        """Draw everything with its top left at ``corner``: calls first, so that boxes stand before them."""
        for call, route in self.layout.routes.items():
            if call not in self.graph.path:
                _draw_call(canvas, _points(route, corner), colour=_CALL, width=1.2)
        for call in sorted(self.graph.path & self.layout.routes.keys()):
            _draw_call(canvas, _points(self.layout.routes[call], corner), colour=_WAY, width=2.6)
        for node in self.graph.nodes:
            _draw_node(canvas, node, _corner(self.layout.places[node.name], corner))
        self._draw_legend(canvas, corner)

    def _draw_legend(self, canvas: Canvas, corner: Point) -> None:
        base = corner[1] + self.height - 8
        left = corner[0]
        for number, shade in enumerate(_SHADES):
            canvas.box((left + number * 22, base - 11), 22, 14, colour=shade)
        canvas.frame((left, base - 11), 22 * len(_SHADES), 14, colour=_CALL)
        words = "share of all scores: none, to 20 %, to 40 %, to 60 %, more · thick frame: likeliest root cause"
        if any(node.noticed for node in self.graph.nodes):
            words += " · blue: people noticed here"
        if self.graph.left_out:
            words += f" · {self.graph.left_out} more components are not shown"
        canvas.text((left + 22 * len(_SHADES) + 10, base), words, colour=_SOFT, size=11)


def picture_of(graph: Graph) -> Picture:
    """The graph, laid out."""
    names = [node.name for node in graph.nodes]
    layout = layout_of(names, graph.calls, box=_HIGH + _GAP, bend=_BEND)
    return Picture(
        graph=graph,
        layout=layout,
        width=layout.layers * (_BOX + _ACROSS) - _ACROSS,
        height=round(layout.height) + _LEGEND,
    )


def _corner(place: tuple[int, float], corner: Point) -> Point:
    return corner[0] + place[0] * (_BOX + _ACROSS), corner[1] + place[1] - _HIGH / 2


def _points(route: Sequence[tuple[int, float]], corner: Point) -> list[Point]:
    """The corners of a call's line: out of the caller's side, through each layer it crosses, to the callee's side."""
    is_back = route[0][0] > route[-1][0]
    points: list[Point] = []
    for number, (layer, height) in enumerate(route):
        left = corner[0] + layer * (_BOX + _ACROSS)
        enter, leave = (left + _BOX, left) if is_back else (left, left + _BOX)
        if number > 0:
            points.append((enter, corner[1] + height))
        if number < len(route) - 1:
            points.append((leave, corner[1] + height))
    return points


def _draw_call(canvas: Canvas, points: Sequence[Point], *, colour: str, width: float) -> None:
    canvas.line(points, colour=colour, width=width)
    (x0, y0), (x1, y1) = points[-2:]
    length = hypot(x1 - x0, y1 - y0) or 1.0
    along, aside = (x1 - x0) / length, (y1 - y0) / length
    back, wide = 6 + 1.5 * width, 2.5 + width
    base = (x1 - back * along, y1 - back * aside)
    canvas.area(
        [(x1, y1), (base[0] + wide * aside, base[1] - wide * along), (base[0] - wide * aside, base[1] + wide * along)],
        colour=colour,
    )


def _draw_node(canvas: Canvas, node: Node, corner: Point) -> None:
    canvas.box(corner, _BOX, _HIGH, colour=_shade(node.share))
    if node.noticed:
        canvas.frame((corner[0] - 4, corner[1] - 4), _BOX + 8, _HIGH + 8, colour=_NOTICED, thick=2)
    canvas.frame(corner, _BOX, _HIGH, colour=_INK if node.is_cause else _CALL, thick=3 if node.is_cause else 1)
    middle = corner[0] + _BOX / 2
    canvas.text(
        (middle, corner[1] + 18), fitted(node.name, _BOX - 12), colour=_INK, bold=node.is_cause, anchor=Anchor.MIDDLE
    )
    canvas.text((middle, corner[1] + 35), _second_line(node), colour=_INK, size=11, anchor=Anchor.MIDDLE)


def _shade(share: float) -> str:
    """White for what is shown as 0 %, then one shade for every 20 %."""
    return _SHADES[0] if share < _NOTHING else _SHADES[min(len(_SHADES) - 1, ceil(share * len(_SHADES)))]


def _second_line(node: Node) -> str:
    if node.is_cause:
        return f"root cause  {node.share:.0%} {node.kind}"
    if node.rank is None:
        return "noticed here" if node.noticed else "not ranked"
    return f"#{node.rank}  {node.share:.0%} {node.kind}" + ("  noticed" if node.noticed else "")
