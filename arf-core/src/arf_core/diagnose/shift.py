# SPDX-License-Identifier: Apache-2.0
"""How far every metric of every component moved between the normal and the abnormal part of a window.

A shift is ``(mean of the abnormal samples - median of the normal ones) / scale``. The scale is the largest of

- 1.4826 × the median absolute deviation of the normal samples (Hampel 1974: the standard deviation, were they
  normally distributed),
- ``RELATIVE_FLOOR`` of the baseline, so that a very steady series does not explode,
- ``CROSS_FLOOR`` of the typical baseline of the metric over all components, so that a component that hardly does
  anything does not either, in whatever unit,
- ``SHARE_FLOOR``, for error rates and availability, whose normal value is a constant 0 or 100 %.

No onset is assumed: the mean is taken over all abnormal samples, so that a part of them suffices to move it. A sample
of latency or errors taken while the component had no traffic says nothing and is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arf_core.models.signal import Direction, Signal, SignalKind
from arf_core.models.window import Window
from arf_core.vocabulary import MetricSense, Side, sense_of

RELATIVE_FLOOR: Final = 0.1
CROSS_FLOOR: Final = 0.1
SHARE_FLOOR: Final = 0.01
FROM_NOTHING: Final = 10.0
"""The shift of a metric that was 0 everywhere and now is at its highest: there is no scale to measure it with."""
LARGEST: Final = 1e6
"""The largest shift: beyond it a baseline was nothing but rounding."""
BEYOND_MEANING: Final = 1e100
"""A sample of this size or more is not a measurement; like NaN and the infinities it counts as missing."""
FEWEST_NORMAL: Final = 3
"""Fewer normal samples than this are no baseline."""

Samples = NDArray[np.float64]
_OF_REQUESTS = (SignalKind.LATENCY, SignalKind.ERRORS, SignalKind.AVAILABILITY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shift:
    """One metric of one component: ``baseline``, ``scale`` and mean abnormal ``value`` in its unit.

    ``samples`` are the abnormal ones, NaN where one is missing; ``signed`` is the movement in robust deviations.
    """

    component: str
    metric: str
    sense: MetricSense
    baseline: float
    scale: float
    value: float
    signed: float
    samples: Samples

    @property
    def badness(self) -> float:
        """The movement in the direction that is bad, 0 if it went the other way."""
        match self.sense.adverse:
            case Direction.UP:
                return max(0.0, self.signed)
            case Direction.DOWN:
                return max(0.0, -self.signed)
            case _:
                return abs(self.signed)

    def signal(self) -> Signal:
        """The shift as a signal."""
        return Signal(
            component=self.component,
            metric=self.metric,
            kind=self.sense.kind,
            direction=Direction.UP if self.signed >= 0 else Direction.DOWN,
            value=self.value,
            baseline=self.baseline,
            shift=abs(self.signed),
        )


def shifts(window: Window) -> tuple[Shift, ...]:
    """The shift of every metric that has a baseline and an abnormal sample, by component and metric.

    It is what most of a window's advice costs: who needs it more than once passes it on.
    """
    series = tuple(_series(window))
    typical = _typical(series)
    return tuple(_shift(one, typical[one.metric]) for one in series)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Series:
    component: str
    metric: str
    sense: MetricSense
    baseline: float
    deviation: float
    abnormal: Samples


def _series(window: Window) -> list[_Series]:
    found = []
    for component in sorted(window.abnormal):
        normal, abnormal = _busy(window.normal.get(component, {})), _busy(window.abnormal[component])
        for metric in sorted(normal.keys() & abnormal.keys()):
            before = normal[metric][np.isfinite(normal[metric])]
            if before.size < FEWEST_NORMAL or not np.isfinite(abnormal[metric]).any():
                continue
            baseline = float(np.median(before))
            deviation = 1.4826 * float(np.median(np.abs(before - baseline)))
            found.append(
                _Series(
                    component=component,
                    metric=metric,
                    sense=sense_of(metric),
                    baseline=baseline,
                    deviation=deviation,
                    abnormal=abnormal[metric],
                )
            )
    return found


def _busy(metrics: Mapping[str, Sequence[float | None]]) -> dict[str, Samples]:
    """The samples as arrays, without those of requests that were not there."""
    arrays = {metric: samples_of(values) for metric, values in metrics.items()}
    served = [metric for metric in sorted(arrays) if is_served_traffic(metric)]
    if not served:
        return arrays
    idle = arrays[served[0]] <= 0
    return {
        metric: np.where(idle, np.nan, values)
        if sense_of(metric).kind in _OF_REQUESTS and values.shape == idle.shape
        else values
        for metric, values in arrays.items()
    }


def samples_of(values: Sequence[float | None]) -> Samples:
    """An array of samples; what is missing or no measurement is NaN."""
    array = np.array(values, dtype=np.float64)  # None becomes NaN
    return np.where(np.abs(array) < BEYOND_MEANING, array, np.nan)


def is_served_traffic(metric: str) -> bool:
    """Whether a metric counts the requests a component serves."""
    sense = sense_of(metric)
    return sense.kind is SignalKind.TRAFFIC and sense.side is not Side.OUTGOING


def _typical(series: Sequence[_Series]) -> dict[str, float]:
    """metric → the median over all components of the size of its baseline."""
    sizes: dict[str, list[float]] = defaultdict(list)
    for one in series:
        sizes[one.metric].append(abs(one.baseline))
    return {metric: float(np.median(found)) for metric, found in sizes.items()}


def _shift(one: _Series, typical: float) -> Shift:
    floors = (RELATIVE_FLOOR * abs(one.baseline), CROSS_FLOOR * typical, share_floor(one.sense))
    value = float(np.nanmean(one.abnormal))
    scale = max(one.deviation, *floors) or float(np.nanmax(np.abs(one.abnormal))) / FROM_NOTHING or 1.0
    scale = max(scale, abs(value - one.baseline) / LARGEST)
    return Shift(
        component=one.component,
        metric=one.metric,
        sense=one.sense,
        baseline=one.baseline,
        scale=scale,
        value=value,
        signed=(value - one.baseline) / scale,
        samples=one.abnormal,
    )


def share_floor(sense: MetricSense) -> float:
    """The absolute floor of a rate of errors or availability, in the metric's unit; 0 for everything else."""
    if sense.kind not in (SignalKind.ERRORS, SignalKind.AVAILABILITY):
        return 0.0
    if {"pct", "percent", "percentage"} & set(sense.words):
        return 100 * SHARE_FLOOR
    return SHARE_FLOOR if {"rate", "ratio", "share", "availability"} & set(sense.words) else 0.0
