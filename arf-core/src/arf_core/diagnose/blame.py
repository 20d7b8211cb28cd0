# SPDX-License-Identifier: Apache-2.0
"""Whose fault is what people were alerted on: the excess there, handed down the calls (``diagnose.topology``).

Excess is traffic × (abnormal mean latency or failure rate - its baseline), over the samples in which the alerting
component was bad, in proportion to how bad: no onset is assumed. Averages add up along calls and percentiles do not, so
an average is preferred where both exist. Where no calls of the alerting component are known, it is taken to call every
other: the order of a chain of calls is then lost, but not who has an excess of the right kind, size and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from arf_core.diagnose.shift import Samples, Shift, is_served_traffic
from arf_core.diagnose.topology import CallGraph
from arf_core.models.signal import Direction, SignalKind
from arf_core.models.window import Alerting
from arf_core.vocabulary import Side

_FAILURES: Final = (SignalKind.ERRORS, SignalKind.AVAILABILITY)
FAMILY: Final = {
    SignalKind.LATENCY: (SignalKind.LATENCY,),
    SignalKind.ERRORS: _FAILURES,
    SignalKind.AVAILABILITY: _FAILURES,
}
"""Kind of alert → the kinds of metric that measure what it is about."""


def blame(moved: Sequence[Shift], graph: CallGraph, alerting: Alerting | None) -> dict[str, float]:
    """component → its part of the blame, together 1; empty without an alert or an excess to hand down."""
    if alerting is None:
        return {}
    metric = _blamed_metric(moved, alerting)
    excess = _excess(moved, metric)
    bad = excess.get(alerting.component)
    if bad is None or not (weights := np.maximum(0.0, bad)).any():
        return {}
    weights = weights / weights.sum()
    totals = {
        name: float((samples * weights).sum()) for name, samples in excess.items() if samples.shape == weights.shape
    }
    known = graph if graph.callees(alerting.component) else _calls_everyone(alerting.component, totals)
    return known.blame(alerting.component, totals)


def _calls_everyone(component: str, others: Iterable[str]) -> CallGraph:
    """What is assumed where no call of ``component`` is known: any other component may be behind its excess."""
    return CallGraph(edges=tuple((component, other) for other in others))


def _blamed_metric(moved: Sequence[Shift], alerting: Alerting) -> str | None:
    """The metric of the alerting component that is about what the alert is about, an average first."""
    family = FAMILY.get(alerting.kind, ())
    candidates = [
        shift
        for shift in moved
        if shift.component == alerting.component
        and shift.sense.kind in family
        and shift.sense.side is not Side.OUTGOING
    ]
    best = min(candidates, key=lambda shift: (not shift.sense.mean, -shift.badness, shift.metric), default=None)
    return None if best is None else best.metric


def _excess(moved: Sequence[Shift], metric: str | None) -> dict[str, Samples]:
    """component → what it has of ``metric`` beyond its baseline, times its traffic, sample by sample.

    Where the traffic of a component is not known, none is used: all must be in one unit.
    """
    over = {shift.component: _beyond(shift) for shift in moved if shift.metric == metric}
    traffic: dict[str, Samples] = {}
    for shift in moved:
        if is_served_traffic(shift.metric):
            traffic.setdefault(shift.component, np.nan_to_num(shift.samples))
    if any(name not in traffic or traffic[name].shape != samples.shape for name, samples in over.items()):
        return over
    return {name: samples * traffic[name] for name, samples in over.items()}


def _beyond(shift: Shift) -> Samples:
    bad = -1.0 if shift.sense.adverse is Direction.DOWN else 1.0
    return np.nan_to_num(bad * (shift.samples - shift.baseline))
