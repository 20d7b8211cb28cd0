# SPDX-License-Identifier: Apache-2.0
"""The score of the Numenta Anomaly Benchmark, standard profile.

A. Lavin and S. Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark", ICMLA 2015,
as the README of the fault data restates it: with s(x) = 2/(1 + e^(5x)) - 1, a window counts once, with its best
detection at s(p)/s(-1), or -1 where it has none; each detected row outside windows costs 0.11 s(d). The score is
100 (raw + W)/(2W): 0 without detections, 100 when perfect.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arf_core.errors import InputError

FALSE_ALARM_COST: Final = 0.11
PROBATION_SHARE: Final = 0.15
PROBATION_ROWS: Final = 750
"""The first rows are not scored: the smaller of this share and this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The scores of one series, a row each, and its labelled windows as (first, last) row numbers, both inside."""

    scores: Sequence[float]
    windows: tuple[tuple[int, int], ...]


def nab_score(series: Iterable[Scored], *, threshold: float) -> float:
    """The NAB score of detections at ``threshold``, the same for all series.

    Raises:
        InputError: no scored window in any series, so that there is nothing to score.
    """
    return _sweep(tuple(series), at=threshold)[0]


def best_nab_score(series: Iterable[Scored]) -> tuple[float, float]:
    """The NAB score at the best threshold, and that threshold.

    Raises:
        InputError: no scored window in any series.
    """
    return _sweep(tuple(series), at=None)


@dataclass(frozen=True, slots=True)
class _Detection:
    score: float
    series: int
    window: int | None
    worth: float


def _sweep(series: tuple[Scored, ...], *, at: float | None) -> tuple[float, float]:
    """Lower the threshold through all scores, keeping the raw sum: to ``at``, or to where the sum is greatest."""
    windows = sum(sum(last >= _probation(one) for _, last in one.windows) for one in series)
    if windows == 0:
        raise InputError("no series has a scored window: the NAB score is not defined")
    detections = sorted(_detections(series), key=lambda detection: -detection.score)
    raw, best = -float(windows), (-float(windows), math.inf)
    found: dict[tuple[int, int], float] = {}
    for number, detection in enumerate(detections):
        if at is not None and detection.score < at:
            break
        raw += _gain(detection, found)
        is_last_of_score = number + 1 == len(detections) or detections[number + 1].score < detection.score
        if is_last_of_score and raw > best[0]:
            best = (raw, detection.score)
    raw, threshold = best if at is None else (raw, at)
    return 100.0 * (raw + windows) / (2.0 * windows), threshold


def _gain(detection: _Detection, found: dict[tuple[int, int], float]) -> float:
    if detection.window is None:
        return detection.worth
    key = (detection.series, detection.window)
    before = found.get(key, -1.0)
    found[key] = max(before, detection.worth)
    return found[key] - before


def _detections(series: Sequence[Scored]) -> Iterator[_Detection]:
    for number, one in enumerate(series):
        last_window: tuple[int, int] | None = None
        inside = {row: at for at, (first, last) in enumerate(one.windows) for row in range(first, last + 1)}
        for row, score in enumerate(one.scores):
            window = inside.get(row)
            last_window = one.windows[window] if window is not None else last_window
            if row < _probation(one):
                continue
            worth = _outside(row, last_window) if window is None else _inside(row, one.windows[window])
            yield _Detection(score, number, window, worth)


def _probation(one: Scored) -> int:
    return min(int(PROBATION_SHARE * len(one.scores)), PROBATION_ROWS)


def _inside(row: int, window: tuple[int, int]) -> float:
    first, last = window
    return _sigmoid(-(last - row + 1) / (last - first + 1)) / _sigmoid(-1.0)


def _outside(row: int, window: tuple[int, int] | None) -> float:
    if window is None:
        return -FALSE_ALARM_COST
    distance = (row - window[1]) / max(window[1] - window[0], 1)
    return FALSE_ALARM_COST * (-1.0 if distance > 3 else _sigmoid(distance))


def _sigmoid(x: float) -> float:
    return 2.0 / (1.0 + math.exp(5.0 * x)) - 1.0
