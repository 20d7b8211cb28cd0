# SPDX-License-Identifier: Apache-2.0
"""When will this metric cross its threshold? A robust trend with an interval that says how sure it is.

The trend is the Theil–Sen slope, the median of the slopes between all pairs of samples; it stays right while up to 29 %
of the samples are arbitrarily wrong. Its 90 % interval and the probability that the trend is only chance come from
Kendall's S, the number of rising pairs less the number of falling ones: P. K. Sen, "Estimates of the regression
coefficient based on Kendall's tau", JASA 63 (1968) 1379–1389; variance of S under ties: M. G. Kendall, *Rank
Correlation Methods* (1955), chapter 4.

Var(S) = (n(n-1)(2n+5) - sum over groups of t equal values of t(t-1)(2t+5)) / 18; with C = z * sqrt(Var S) and N
slopes in order, the interval runs from the ((N - C)/2)-th to the ((N + C)/2 + 1)-th. Samples that depend on the one
before carry less: Var(S) is enlarged by (1+r)/(1-r), r the correlation of neighbouring residuals (G. V. Bayley and
J. M. Hammersley, "The effective number of independent observations in an autocorrelated time series", Suppl. JRSS 8
(1946) 184–197).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arf_core.errors import InputError
from arf_core.models.outlook import Forecast
from arf_core.models.signal import Direction

LEAST_SAMPLES: Final = 8
"""Below this no arrangement of samples is improbable enough to speak of a trend."""
MOST_SAMPLES: Final = 512
"""The newest samples that are looked at: the number of pairs grows with the square."""
LEAST_CONFIDENCE: Final = 0.9
"""A trend that is less certain than this is called flat."""

_ROUNDING: Final = 1e-12
_Z_90: Final = 1.6448536269514722

_Floats = NDArray[np.float64]


def forecast(
    samples: Sequence[float | None], *, step_s: float, threshold: float, direction: Direction
) -> Forecast | None:
    """When ``samples``, ``step_s`` seconds apart and oldest first, will have moved in ``direction`` to ``threshold``.

    None where there are too few samples (None is a missing one), where there is no trend that way, or where the trend
    may be chance. A level already past the threshold is 0 seconds away.

    Raises:
        InputError: a step that is not above 0, or a threshold or sample that is not finite.
    """
    times, values = _known(samples, step_s, threshold)
    if len(values) < LEAST_SAMPLES or float(np.ptp(values)) == 0.0:
        return None
    sign = 1.0 if direction is Direction.UP else -1.0
    trend = _trend(times, sign * values)
    if trend.slope <= 0 or trend.confidence < LEAST_CONFIDENCE:
        return None
    level = float(np.median(sign * values + trend.slope * (times[-1] - times)))
    return _crossing(trend, gap=sign * threshold - level, sign=sign, samples=len(values))


@dataclass(frozen=True, slots=True)
class _Trend:
    slope: float
    low: float
    high: float
    confidence: float


def _known(samples: Sequence[float | None], step_s: float, threshold: float) -> tuple[_Floats, _Floats]:
    if not (math.isfinite(step_s) and step_s > 0):
        raise InputError(f"step_s is {step_s!r}: it must be a number of seconds above 0")
    if not math.isfinite(threshold):
        raise InputError(f"threshold is {threshold!r}: it must be a finite number")
    first = max(0, len(samples) - MOST_SAMPLES)
    known = [(at * step_s, value) for at, value in enumerate(samples) if at >= first and value is not None]
    for at, value in known:
        if not math.isfinite(value):
            raise InputError(f"the sample at {at:g} s is {value!r}: it must be finite, or None where it is missing")
    # Without known samples the shape must still be two columns.
    columns = np.array(known, dtype=np.float64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def _trend(times: _Floats, values: _Floats) -> _Trend:
    early, late = np.triu_indices(len(values), k=1)
    slopes = np.sort((values[late] - values[early]) / (times[late] - times[early]))
    slope = float(np.median(slopes))
    deviation = math.sqrt(_variance_of_s(values) * _dependence(values - slope * times))
    score = max(float(np.sign(slopes).sum()) - 1.0, 0.0)
    half = _Z_90 * deviation
    low = max(math.floor((len(slopes) - half) / 2) - 1, 0)
    high = min(math.ceil((len(slopes) + half) / 2), len(slopes) - 1)
    chance = math.erfc(score / deviation / math.sqrt(2.0))
    return _Trend(slope=slope, low=float(slopes[low]), high=float(slopes[high]), confidence=1.0 - chance)


def _variance_of_s(values: _Floats) -> float:
    _, ties = np.unique(values, return_counts=True)
    counts = [len(values), *(-int(tie) for tie in ties)]
    return sum(math.copysign(1, n) * abs(n) * (abs(n) - 1) * (2 * abs(n) + 5) for n in counts) / 18.0


def _dependence(residuals: _Floats) -> float:
    off = residuals - residuals.mean()
    power = float(off @ off)
    # What rounding leaves of a straight line is no dependence.
    rounding = _ROUNDING * float(np.abs(residuals).max())
    if power <= len(off) * rounding * rounding:
        return 1.0
    neighbours = min(max(float(off[1:] @ off[:-1]) / power, 0.0), 0.95)
    return (1.0 + neighbours) / (1.0 - neighbours)


def _crossing(trend: _Trend, *, gap: float, sign: float, samples: int) -> Forecast:
    gap = max(gap, 0.0)
    slopes = sorted((sign * trend.low, sign * trend.high))
    return Forecast(
        seconds_to_threshold=gap / trend.slope,
        earliest_s=gap / max(trend.high, trend.slope),
        latest_s=gap / trend.low if trend.low > 0 else None,
        trend_per_s=sign * trend.slope,
        trend_low=slopes[0],
        trend_high=slopes[1],
        confidence=trend.confidence,
        samples=samples,
    )
