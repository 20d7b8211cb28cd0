# SPDX-License-Identifier: Apache-2.0
"""One score for many components whose series are sampled together: is something wrong in the system as a whole?

Each series is measured in robust deviations from the median of its own past hour. Three rules turn that into evidence:

* *It must last.* Only what two samples in a row agree on counts: a lone spike is what idle services and scrapes make.
* *It must be rare for this series.* The evidence is scaled by how seldom the series went this far before, so that a
  latency that jumps all day by itself (a service without traffic) says little, without anybody naming it.
* *Resources and latency say it best.* A rise of a resource or a latency counts in full and its fall hardly; any other
  movement counts a quarter: a rise in traffic moves every counter in the system and is no fault.

The score adds up the logarithms, so that one wild series cannot shout down a dozen that agree. Past only, no labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arf_core.errors import EventError
from arf_core.models.signal import Direction, SignalKind
from arf_core.vocabulary import sense_of

Readings = Mapping[str, Mapping[str, float | None]]
"""component → metric → reading of one moment; None or absent where it is missing."""

ALARM: Final = 0.5
"""A score of at least this is an alarm."""
PAST: Final = 60
"""Samples whose median is normal: an hour of one-minute samples."""
LEAST_PAST: Final = 3
"""Samples a series needs before it says anything."""
FLOOR: Final = 0.5
"""Half of its own median is the least a series must move by to be one deviation away, however steady it was."""
MEMORY: Final = 240
"""Samples over which it is counted how often a series went this far."""
AS_FAR: Final = 0.9
"""Earlier movements of this share of the present one count as going as far."""
OTHER_WEIGHT: Final = 0.25
"""What a movement counts of a metric that is neither a resource nor a latency."""
RELIEF_WEIGHT: Final = 0.1
"""What the fall of a resource or of a latency counts: mostly good news, but work that fails early looks like it too."""
EVEN: Final = 0.6
"""The evidence at which the score is 0.5, for each square root of a series: noise adds up that way."""

_TINY: Final = 1e-9
_MAD_TO_DEVIATION: Final = 1.4826
_TELLING: Final = frozenset({SignalKind.CPU, SignalKind.MEMORY, SignalKind.LATENCY})

_Floats = NDArray[np.float64]


class ComponentStream:
    """Scores the samples of many series, one moment at a time and in order of time.

    Memory is :data:`PAST` + :data:`MEMORY` numbers for every series ever seen.
    """

    def __init__(self) -> None:
        self._column: dict[tuple[str, str], int] = {}
        self._weight = np.zeros((2, 0))
        self._past = np.zeros((0, 0))
        self._moves = np.zeros((0, 0))
        self._before = np.zeros(0)

    def score(self, readings: Readings) -> float:
        """How sure the series are, together, that something is wrong now: in [0, 1).

        Raises:
            EventError: a reading that is not finite.
        """
        now = self._row(readings)
        move = _deviations(now, self._past)
        lasting = _agreed(move, self._before)
        evidence = np.log1p(np.abs(lasting)) * _rarity(lasting, self._moves)
        total = float(np.sum(evidence * np.where(lasting > 0, self._weight[0], self._weight[1])))
        self._past = np.vstack([self._past, now])[-PAST:]
        self._moves = np.vstack([self._moves, lasting])[-MEMORY:]
        self._before = move
        return total / (total + EVEN * math.sqrt(max(len(now), 1)))

    def _row(self, readings: Readings) -> _Floats:
        known = list(_known(readings))
        self._grow([key for key, _ in known if key not in self._column])
        row = np.full(len(self._column), np.nan)
        for key, value in known:
            row[self._column[key]] = value
        return row

    def _grow(self, fresh: list[tuple[str, str]]) -> None:
        if not fresh:
            return
        for key in fresh:
            self._column[key] = len(self._column)
        weight = np.array([_weights(metric) for _, metric in fresh]).T
        self._weight = np.hstack([self._weight, weight])
        self._past = np.hstack([self._past, np.full((len(self._past), len(fresh)), np.nan)])
        self._moves = np.hstack([self._moves, np.zeros((len(self._moves), len(fresh)))])
        self._before = np.append(self._before, np.zeros(len(fresh)))


def _known(readings: Readings) -> Iterator[tuple[tuple[str, str], float]]:
    """The readings that are there, in an order that does not depend on the order of the mapping."""
    for component in sorted(readings):
        for metric in sorted(readings[component]):
            value = readings[component][metric]
            if value is None:
                continue
            if not math.isfinite(value):
                raise EventError(
                    f"{metric} of {component} is {value!r}: it must be finite, or None where it is missing"
                )
            yield (component, metric), value


def _weights(metric: str) -> tuple[float, float]:
    """What a rise and a fall of ``metric`` count."""
    sense = sense_of(metric)
    telling = sense.kind in _TELLING and sense.adverse is Direction.UP
    return (1.0, RELIEF_WEIGHT) if telling else (OTHER_WEIGHT, OTHER_WEIGHT)


def _deviations(now: _Floats, past: _Floats) -> _Floats:
    """Each reading in robust deviations from the median of its past; 0 where either is missing."""
    known = np.isfinite(past).sum(axis=0) >= LEAST_PAST
    usable = known & np.isfinite(now)
    found = np.zeros(len(now))
    if usable.any():
        history = past[:, usable]
        centre = np.nanmedian(history, axis=0)
        spread = _MAD_TO_DEVIATION * np.nanmedian(np.abs(history - centre), axis=0)
        found[usable] = (now[usable] - centre) / (spread + FLOOR * np.abs(centre) + _TINY)
    return found


def _agreed(move: _Floats, before: _Floats) -> _Floats:
    """The smaller of two movements in one direction; 0 where they go in different ones."""
    up = np.minimum(np.maximum(move, 0.0), np.maximum(before, 0.0))
    down = np.minimum(np.maximum(-move, 0.0), np.maximum(-before, 0.0))
    return np.asarray(up - down, dtype=np.float64)


def _rarity(move: _Floats, moves: _Floats) -> _Floats:
    """1 where a series never went this far before, 0 where it always did, by the logarithm of how often."""
    samples = len(moves)
    if samples == 0:
        return np.zeros(len(move))
    as_far = np.where(move > 0, moves >= AS_FAR * move, moves <= AS_FAR * move).sum(axis=0)
    return np.asarray(1.0 - np.log(as_far + 1.0) / math.log(samples + 1.0), dtype=np.float64)
