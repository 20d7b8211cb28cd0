# SPDX-License-Identifier: Apache-2.0
"""A chart as an SVG or PNG file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from arf_core.errors import InputError
from arf_core.plot.canvas import Canvas, PngCanvas, Point, SvgCanvas
from arf_core.plot.chart import Bar, Chart, Panel

WIDTH: Final = 860
_PANEL, _BAR, _MARGIN, _HEAD = 120, 26, 24, 40
_INK, _QUIET, _NORMAL, _ABNORMAL = "#1a1a1a", "#e6e6e6", "#4c78a8", "#c8501e"


def draw(chart: Chart, *, file_format: str) -> bytes:
    """The chart as the bytes of an ``svg`` or ``png`` file.

    Raises:
        InputError: another format.
        DependencyError: PNG without Pillow.
    """
    height = _HEAD + _PANEL * len(chart.panels) + _BAR * len(chart.bars) + 2 * _MARGIN
    canvas = _canvas(file_format, height)
    canvas.text((_MARGIN, _HEAD - 14), chart.title, colour=_INK)
    for number, panel in enumerate(chart.panels):
        _draw_panel(canvas, panel, top=_HEAD + number * _PANEL)
    for number, bar in enumerate(chart.bars):
        _draw_bar(canvas, bar, top=_HEAD + len(chart.panels) * _PANEL + _MARGIN + number * _BAR)
    return canvas.finish()


def _canvas(file_format: str, height: int) -> Canvas:
    match file_format:
        case "svg":
            return SvgCanvas(WIDTH, height)
        case "png":
            return PngCanvas(WIDTH, height)
    raise InputError(f"{file_format!r} is not a format for plots: name a file that ends in .svg or .png")


def _draw_panel(canvas: Canvas, panel: Panel, *, top: float) -> None:
    canvas.text((_MARGIN, top + 14), panel.title, colour=_INK)
    samples = (*panel.normal, *panel.abnormal)
    known = [value for value in samples if value is not None]
    if not known:
        return
    step = (WIDTH - 2 * _MARGIN) / max(len(samples) - 1, 1)
    onset = _MARGIN + step * max(len(panel.normal) - 0.5, 0)
    canvas.box((onset, top + 22), WIDTH - _MARGIN - onset, _PANEL - 36, colour="#fdf1ec")
    low, span = min(known), (max(known) - min(known)) or 1.0

    def place(position: int, value: float) -> Point:
        return _MARGIN + position * step, top + _PANEL - 18 - (value - low) / span * (_PANEL - 44)

    _draw_samples(canvas, [None if v is None else place(i, v) for i, v in enumerate(panel.normal)], colour=_NORMAL)
    start = len(panel.normal)
    marks = [None if v is None else place(start + i, v) for i, v in enumerate(panel.abnormal)]
    _draw_samples(canvas, marks, colour=_ABNORMAL)


def _draw_samples(canvas: Canvas, points: Sequence[Point | None], *, colour: str) -> None:
    """Join neighbours; a gap stays a gap, and a lone sample is a dot."""
    run: list[Point] = []
    for point in (*points, None):
        if point is not None:
            run.append(point)
            continue
        if len(run) > 1:
            canvas.line(run, colour=colour)
        elif run:
            canvas.box((run[0][0] - 1.5, run[0][1] - 1.5), 3, 3, colour=colour)
        run = []


def _draw_bar(canvas: Canvas, bar: Bar, *, top: float) -> None:
    canvas.text((_MARGIN, top + 14), bar.name[:44], colour=_INK)
    canvas.box((320, top + 3), 360, 14, colour=_QUIET)
    canvas.box((320, top + 3), max(2.0, 360 * bar.length), 14, colour=_NORMAL)
    canvas.text((690, top + 14), bar.label, colour=_INK)
