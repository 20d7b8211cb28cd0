# SPDX-License-Identifier: Apache-2.0
"""How far a reading stands above the extremes of the past: block maxima, without a model of the series.

Each view of a series is cut into blocks of a fixed number of rows, and the mean and deviation of the blocks' *maxima*
are kept, fading. A reading is measured in deviations above the mean maximum. By the Fisher–Tippett–Gnedenko theorem
such maxima tend to one family of laws whatever the law of the readings, so one threshold serves quiet and bursty
series, light and heavy tails alike (E. J. Gumbel, *Statistics of Extremes*, 1958). Under Gumbel's law a maximum stands
z deviations above its mean with probability 1 - exp(-exp(-(z*pi/sqrt(6) + 0.5772))): 2.5 is passed once in 45 blocks.

State is a handful of numbers a view and block length, for ever.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FADING: Final = 0.05
"""The weight of the newest block once there are 20 of them: older blocks fade, so a lasting change becomes normal."""
LEAST_BLOCKS: Final = 4
"""The deviation of fewer maxima says little; before that nothing is surprising."""
SLACK: Final = 0.05
"""A maximum passed by less than this share of itself is no news, however steady the maxima were."""


class BlockMaxima:
    """The fading mean and deviation of the maxima of ``views`` views, over blocks of each of the lengths ``rows``."""

    def __init__(self, *, views: int, rows: tuple[int, ...]) -> None:
        self._rows = rows
        self._seen = 0
        shape = (len(rows), views)
        self._blocks = np.zeros(shape)
        self._now = np.zeros(shape)
        self._mean = np.zeros(shape)
        self._variance = np.zeros(shape)
        self._per_deviation = np.zeros(shape)

    def excess(self, reading: Floats) -> Floats:
        """How many deviations each view of ``reading`` (each >= 0) stands above its mean block maximum.

        The mean over the block lengths that have enough blocks; 0 where none has.
        """
        found: Floats = np.add.reduce((reading - self._mean) * self._per_deviation)
        return found

    def learn(self, reading: Floats, *, views: int, floor: float) -> None:
        """Take ``reading`` into the present blocks.

        Only the first ``views`` views are in use yet; ``floor`` is a difference too small to matter, in their unit.
        """
        np.maximum(self._now, reading, out=self._now)
        self._seen += 1
        for length, rows in enumerate(self._rows):
            if self._seen % rows == 0:
                self._close(length, slice(views), floor)

    def _close(self, length: int, views: slice, floor: float) -> None:
        at = (length, views)
        self._blocks[at] += 1
        weight = np.maximum(1 / self._blocks[at], FADING)
        moved = self._now[at] - self._mean[at]
        self._mean[at] += weight * moved
        self._variance[at] = (1 - weight) * (self._variance[at] + weight * moved * moved)
        self._now[length] = 0.0
        self._deviate(floor)

    def _deviate(self, floor: float) -> None:
        ready = self._blocks >= LEAST_BLOCKS
        share = ready / np.maximum(ready.sum(axis=0), 1)
        self._per_deviation = share / (np.sqrt(self._variance) + SLACK * self._mean + floor)
