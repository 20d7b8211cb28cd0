# SPDX-License-Identifier: Apache-2.0
"""What a plot shows, chosen once for every medium."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from arf_core.errors import InputError
from arf_core.models.advice import Advice
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import Signal
from arf_core.models.window import Window
from arf_core.plot.graph import Graph, graph_of
from arf_core.plot.kinds import PlotKind

MOST_PANELS: Final = 4
MOST_BARS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One metric over time: ``normal`` samples, then ``abnormal`` ones; None where a sample is missing.

    ``step_s`` is the time between two samples in seconds, 0 where it is not known.
    """

    title: str
    normal: tuple[float | None, ...]
    abnormal: tuple[float | None, ...]
    step_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of the ranking: ``length`` in [0, 1] of the longest, ``label`` at its end."""

    name: str
    length: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Panels above, the ranking below them, the calls at the end."""

    title: str
    panels: tuple[Panel, ...]
    bars: tuple[Bar, ...]
    graph: Graph | None = None


def chart_of(advice: Advice, window: Window | None, edges: Iterable[tuple[str, str]] = ()) -> Chart:
    """The strongest signals of the likeliest cause, the ranking, and the calls where any are known.

    Without a window there are no panels; ``edges`` are (caller, callee) pairs, used where the window has none.
    """
    causes = advice.root_causes[:MOST_BARS]
    return Chart(
        title=f"incident {advice.incident_id}",
        panels=() if window is None or not causes else _panels(window, causes[0]),
        bars=tuple(_bar(cause, causes[0]) for cause in causes),
        graph=graph_of(advice, window, edges),
    )


def only(chart: Chart, kind: PlotKind) -> Chart:
    """The part of ``chart`` that ``kind`` names.

    Raises:
        InputError: there is nothing of that kind; the message says what it needs.
    """
    match kind:
        case PlotKind.WINDOW:
            kept = replace(chart, bars=(), graph=None)
        case PlotKind.RANKING:
            kept = replace(chart, panels=(), graph=None)
        case PlotKind.GRAPH:
            kept = replace(chart, panels=(), bars=())
        case PlotKind.ALL:
            kept = chart
    if not (kept.panels or kept.bars or kept.graph):
        raise InputError(f"there is no {kind} to draw: {_NEEDS[kind]}")
    return kept


_NEEDS: Final = {
    PlotKind.WINDOW: "it needs series, and alerts have none",
    PlotKind.RANKING: "nothing is abnormal",
    PlotKind.GRAPH: "no call is known, give a file of [caller, callee] pairs with --topology",
    PlotKind.ALL: "nothing is abnormal",
}


def _panels(window: Window, cause: RootCause) -> tuple[Panel, ...]:
    strongest = sorted(cause.signals, key=lambda signal: (-(signal.shift or 0.0), signal.metric))
    return tuple(_panel(window, signal) for signal in strongest[:MOST_PANELS])


def _panel(window: Window, signal: Signal) -> Panel:
    return Panel(
        title=f"{signal.component}  {signal.metric}  {_movement(signal)}",
        normal=_samples(window.normal.get(signal.component, {}).get(signal.metric, ())),
        abnormal=_samples(window.abnormal.get(signal.component, {}).get(signal.metric, ())),
        step_s=window.step_s,
    )


def _samples(samples: Sequence[float | None]) -> tuple[float | None, ...]:
    return tuple(samples)


def _movement(signal: Signal) -> str:
    if signal.value is None or signal.baseline is None:
        return signal.direction.value
    return f"from {signal.baseline:.4g} to {signal.value:.4g}"


def _bar(cause: RootCause, best: RootCause) -> Bar:
    length = cause.share / best.share if best.share > 0 else 0.0
    return Bar(name=f"{cause.rank} {cause.component}", length=length, label=f"{cause.share:.0%} {cause.kind}")
