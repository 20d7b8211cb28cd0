# SPDX-License-Identifier: Apache-2.0
"""Plots in the terminal: a line of blocks a metric, a bar a cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from arf_core.plot.chart import Chart, Panel

WIDTH: Final = 60
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_BAR_WIDTH: Final = 30


def lines_of(chart: Chart) -> tuple[str, ...]:
    """The chart as lines of text, at most about 100 columns wide; ``┃`` stands where normal ends."""
    panels = [line for panel in chart.panels for line in (f"  {panel.title}", f"  {_blocks(panel)}")]
    width = max((len(bar.name) for bar in chart.bars), default=0)
    bars = [f"  {bar.name:<{width}}  {'█' * max(1, round(bar.length * _BAR_WIDTH))} {bar.label}" for bar in chart.bars]
    return (*panels, *bars)


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
