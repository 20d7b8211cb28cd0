# SPDX-License-Identifier: Apache-2.0
"""A chart as an SVG or PNG file: panels, ranking and calls, one below the other.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart; nothing is said by colour alone.
Texts are dark on light, with a contrast of at least 4.5 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from arf_core.errors import InputError
from arf_core.plot.canvas import Anchor, Canvas, PngCanvas, Point, SvgCanvas, fitted
from arf_core.plot.chart import Bar, Chart, Panel
from arf_core.plot.graph import described
from arf_core.plot.picture import Picture, picture_of

WIDTH: Final = 860
"""The width of a page without a wider graph, in pixels."""
_PANEL, _BAR, _MARGIN, _HEAD, _SECTION = 148, 26, 24, 44, 30
_INK, _SOFT, _QUIET = "#1a1a1a", "#4d4d4d", "#e3e3e3"
_NORMAL, _ABNORMAL, _SHADE = "#0072b2", "#d55e00", "#fdf0e6"
_ABNORMAL_TEXT: Final = "#a34700"
"""The abnormal colour, darker: text needs more contrast than a line."""
_LABELS: Final = 76
"""The room for numbers left of a panel."""
LEAST_NORMAL: Final = 60
NORMAL_TIMES: Final = 5
"""Of the normal part, so many samples are drawn at least, and so many for each abnormal one: the rest is left out."""


def draw(chart: Chart, *, file_format: str) -> bytes:
    """The chart as the bytes of an ``svg`` or ``png`` file.

    Raises:
        InputError: another format.
        DependencyError: PNG without Pillow.
    """
    picture = None if chart.graph is None else picture_of(chart.graph)
    width = max(WIDTH, 0 if picture is None else picture.width + 2 * _MARGIN)
    canvas = _canvas(file_format, width, _height(chart, picture))
    canvas.describe(chart.title, _words(chart))
    canvas.text(
        (_MARGIN, _HEAD - 16), fitted(chart.title, width - 2 * _MARGIN, size=15), colour=_INK, size=15, bold=True
    )
    top: float = _HEAD
    for panel in chart.panels:
        _draw_panel(canvas, panel, top=top)
        top += _PANEL
    if chart.bars:
        top = _section(canvas, "Where it began: share of all scores", top)
        for bar in chart.bars:
            _draw_bar(canvas, bar, top=top)
            top += _BAR
    if picture is not None:
        picture.draw(canvas, (_MARGIN, _section(canvas, "Who calls whom", top)))
    return canvas.finish()


def _height(chart: Chart, picture: Picture | None) -> int:
    bars = _SECTION + _BAR * len(chart.bars) if chart.bars else 0
    calls = 0 if picture is None else _SECTION + picture.height
    return _HEAD + _PANEL * len(chart.panels) + bars + calls + _MARGIN


def _canvas(file_format: str, width: int, height: int) -> Canvas:
    match file_format:
        case "svg":
            return SvgCanvas(width, height)
        case "png":
            return PngCanvas(width, height)
    raise InputError(f"{file_format!r} is not a format for plots: name a file that ends in .svg or .png")


def _words(chart: Chart) -> str:
    panels = [f"{panel.title}." for panel in chart.panels]
    bars = [f"Ranked {bar.name}: {bar.label}." for bar in chart.bars]
    return " ".join([*panels, *bars, *([] if chart.graph is None else [described(chart.graph)])])


def _section(canvas: Canvas, title: str, top: float) -> float:
    canvas.text((_MARGIN, top + 18), title, colour=_INK, bold=True)
    return top + _SECTION


def _draw_panel(canvas: Canvas, panel: Panel, *, top: float) -> None:
    canvas.text((_MARGIN, top + 14), fitted(panel.title, WIDTH - 2 * _MARGIN), colour=_INK, bold=True)
    normal = panel.normal[-max(LEAST_NORMAL, NORMAL_TIMES * len(panel.abnormal)) :]
    samples = (*normal, *panel.abnormal)
    known = [value for value in samples if value is not None]
    if not known:
        canvas.text((_MARGIN + _LABELS, top + 40), "no samples", colour=_SOFT)
        return
    left, right, floor, ceiling = _MARGIN + _LABELS, WIDTH - _MARGIN, top + _PANEL - 32, top + 40
    step = (right - left) / max(len(samples) - 1, 1)
    onset = left + step * max(len(normal) - 0.5, 0)
    canvas.box((onset, top + 24), right - onset, floor - top - 16, colour=_SHADE)
    low, high = min(known), max(known)
    for value, height in ((high, ceiling), (low, floor)) if high > low else ((low, floor),):
        canvas.line([(left, height), (right, height)], colour=_QUIET, width=1)
        canvas.text((left - 8, height + 4), f"{value:.4g}", colour=_SOFT, size=11, anchor=Anchor.END)

    def place(position: int, value: float) -> Point:
        return left + position * step, floor - (value - low) / ((high - low) or 1.0) * (floor - ceiling)

    _draw_samples(canvas, [None if v is None else place(i, v) for i, v in enumerate(normal)], colour=_NORMAL)
    start = len(normal)
    marks = [None if v is None else place(start + i, v) for i, v in enumerate(panel.abnormal)]
    _draw_samples(canvas, marks, colour=_ABNORMAL)
    canvas.text((left, top + _PANEL - 10), _named("normal", panel, len(normal)), colour=_NORMAL, size=11)
    words, side = _named("incident", panel, len(panel.abnormal)), (right, top + _PANEL - 10)
    canvas.text(side, words, colour=_ABNORMAL_TEXT, size=11, anchor=Anchor.END)


def _named(part: str, panel: Panel, shown: int) -> str:
    """Which part of a panel it is, and how long it is; of a long normal part only the end is shown."""
    if shown == 0 or not panel.step_s:
        return part if shown else ""
    cut = f"the last {_lasting(shown * panel.step_s)} of " if part == "normal" and shown < len(panel.normal) else ""
    return f"{part}, {cut}{_lasting((len(panel.normal) if cut else shown) * panel.step_s)}"


def _lasting(seconds: float) -> str:
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def _draw_samples(canvas: Canvas, points: Sequence[Point | None], *, colour: str) -> None:
    """Join neighbours; a gap stays a gap, and a lone sample is a dot."""
    run: list[Point] = []
    for point in (*points, None):
        if point is not None:
            run.append(point)
            continue
        if len(run) > 1:
            canvas.line(run, colour=colour, width=2)
        elif run:
            canvas.box((run[0][0] - 2, run[0][1] - 2), 4, 4, colour=colour)
        run = []


def _draw_bar(canvas: Canvas, bar: Bar, *, top: float) -> None:
    canvas.text((_MARGIN, top + 15), fitted(bar.name, 286), colour=_INK)
    canvas.box((320, top + 3), 360, 16, colour=_QUIET)
    canvas.box((320, top + 3), max(2.0, 360 * bar.length), 16, colour=_NORMAL)
    canvas.text((690, top + 15), fitted(bar.label, 146), colour=_INK)
