# SPDX-License-Identifier: Apache-2.0
"""What a window says of each component in the metrics that policies test, and which components are abnormal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from arf_core.diagnose.blame import FAMILY, blame
from arf_core.diagnose.shift import Shift, samples_of
from arf_core.diagnose.topology import CallGraph
from arf_core.diagnose.units import reading
from arf_core.models.anomaly import Anomaly
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Direction, Severity, Signal, SignalKind
from arf_core.models.window import Window
from arf_core.vocabulary import Side, sense_of

ABNORMAL: Final = 5.0
"""Robust deviations from which a metric makes its component abnormal: noise of tens of metrics rarely gets there."""
CRITICAL: Final = 20.0
"""Robust deviations from which that is critical: the metric left its normal band far behind."""
CARRIES: Final = 0.2
"""The part of the blame from which a component is abnormal: at most five components can carry so much."""
REPORTED: Final = 0.5
"""The least score of a component that people were alerted on or that carries the blame: as bad as critical."""
MOST_SIGNALS: Final = 8
"""How many signals and sentences an anomaly has; the strongest are kept."""

_JUDGED: Final = (
    SignalKind.LATENCY,
    SignalKind.ERRORS,
    SignalKind.AVAILABILITY,
    SignalKind.CPU,
    SignalKind.MEMORY,
)


def anomalies(window: Window, moved: Sequence[Shift]) -> tuple[Anomaly, ...]:
    """The abnormal components of ``window``, the worst first, judged by how far its metrics ``moved``.

    A component is abnormal when a metric of latency, errors, availability, processor or memory moved at least
    :data:`ABNORMAL` deviations in the direction that is bad; so are the component that alerts, whatever its shifts, and
    those that carry at least :data:`CARRIES` of the blame for it. ``score`` is shift / (shift + CRITICAL): 0.5 where
    critical begins, and at least that for the latter two.
    """
    adverse: dict[str, list[Signal]] = defaultdict(list)
    for signal in _strongest_first(shift.signal() for shift in moved):
        if _is_adverse(signal):
            adverse[signal.component].append(signal)
    reasons = _reported(window, moved)
    found = [
        _anomaly(window, component, moved, reasons.get(component))
        for component, moved in sorted(adverse.items())
        if component in reasons or _shift(moved[0]) >= ABNORMAL
    ]
    return tuple(sorted(found, key=lambda anomaly: (-anomaly.score, anomaly.component)))


def measured(window: Window, component: str) -> FrozenMap:
    """The canonical metrics of ``component`` in the abnormal part: mean samples, of the worst metric of each kind.

    ``latency_p99`` is in ms, from any latency: a mean or a lower percentile is a lower bound of the 99th.
    ``error_rate``, ``cpu_util`` and ``memory_util`` are shares; rates of success and availability count as what is left
    to 1; a processor beyond its limit counts as 1. ``throughput`` is in requests a second.
    """
    found: dict[str, float] = {}
    for metric, values in sorted(window.abnormal.get(component, {}).items()):
        converts = reading(metric, window.step_s)
        samples = samples_of(values)
        samples = samples[np.isfinite(samples)]
        if converts is None or samples.size == 0:
            continue
        name, convert = converts
        found[name] = max(found.get(name, 0.0), convert(float(samples.mean())))
    return FrozenMap({name: found[name] for name in sorted(found)})


def _reported(window: Window, moved: Sequence[Shift]) -> Mapping[str, str]:
    """component → why it is abnormal whatever its shifts: people were alerted on it, or it carries the blame."""
    if window.alerting is None:
        return {}
    kind, alerting = window.alerting.kind, window.alerting.component
    blamed = blame(moved, CallGraph(edges=window.edges), window.alerting)
    carries = {
        name: f"{part:.0%} of the {kind} excess at {alerting} rests here"
        for name, part in blamed.items()
        if part >= CARRIES
    }
    return {alerting: f"people were alerted on its {kind}", **carries}


def _is_adverse(signal: Signal) -> bool:
    sense = sense_of(signal.metric)
    return signal.kind in _JUDGED and sense.side is not Side.OUTGOING and signal.direction is sense.adverse


def _shift(signal: Signal) -> float:
    return signal.shift or 0.0


def _strongest_first(signals: Iterable[Signal]) -> list[Signal]:
    return sorted(signals, key=lambda signal: (-_shift(signal), signal.component, signal.metric))


def _anomaly(window: Window, component: str, adverse: Sequence[Signal], reason: str | None) -> Anomaly:
    shift = _shift(adverse[0])
    abnormal = [signal for signal in adverse if _shift(signal) >= ABNORMAL] or [_nearest(adverse, window)]
    kept = tuple(abnormal[:MOST_SIGNALS])
    sentences = tuple(_sentence(signal) for signal in kept)
    return Anomaly(
        component=component,
        severity=Severity.CRITICAL if shift >= CRITICAL else Severity.WARNING,
        score=max(shift / (shift + CRITICAL), 0.0 if reason is None else REPORTED),
        detected_at=window.ends_at,
        signals=kept,
        measured=measured(window, component),
        because=sentences if reason is None else (reason, *sentences),
    )


def _nearest(adverse: Sequence[Signal], window: Window) -> Signal:
    """The strongest signal that is about what the alert is about, or else the strongest."""
    family = FAMILY.get(window.alerting.kind, ()) if window.alerting is not None else ()
    return next((signal for signal in adverse if signal.kind in family), adverse[0])


def _sentence(signal: Signal) -> str:
    verb = "rose" if signal.direction is Direction.UP else "fell"
    return (
        f"{signal.metric} {verb} from {signal.baseline or 0.0:.4g} to {signal.value or 0.0:.4g}"
        f" ({_shift(signal):.1f} robust deviations)"
    )
