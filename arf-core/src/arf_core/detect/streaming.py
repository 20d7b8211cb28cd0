# SPDX-License-Identifier: Apache-2.0
"""An adaptive detector for one series: no labels, no training, no look ahead, bounded memory, the same every time.

Each reading is looked at in several views (:mod:`arf_core.detect.views`), and each view is measured against the
extremes of its own past (:mod:`arf_core.detect.surprise`). The most surprising view decides.

An episode is reported once: a view that has spoken is silent until it has calmed down, and after a report nothing is
reported for a while that grows with the history seen. The threshold is one constant for every series.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

import numpy as np

from arf_core.detect.surprise import BlockMaxima, Floats
from arf_core.detect.views import PLAIN, SEASONAL, Views
from arf_core.errors import EventError

ALARM: Final = 0.5
"""A score of at least this is an alarm."""
SURPRISING: Final = 2.5
"""Deviations above the mean block maximum that make an alarm: once in 45 blocks under Gumbel's law."""
LARGEST: Final = 1e100
"""Readings beyond this have no squares in floating point."""
CALM: Final = 0.5
"""Deviations below which a view that has spoken may speak again."""
BLOCK_ROWS: Final = (36, 72, 144, 288)
"""Rows of the blocks, in octaves so that none matters much: three hours to a day of five-minute readings."""
QUIET_SHARE: Final = 0.06
"""The share of the rows seen for which a report silences others: at least the shortest block, at most the longest."""
FLOOR: Final = 1e-3
"""A movement of less than this share of the level does not matter, however constant the series was."""

_HOUR_S: Final = 3600
_TINY: Final = 1e-12


class StreamingDetector:
    """Scores the readings of one series, one at a time and in order of time."""

    def __init__(self) -> None:
        self._views: Views | None = None
        self._maxima = BlockMaxima(views=PLAIN + SEASONAL, rows=BLOCK_ROWS)
        self._spoken = np.zeros(PLAIN + SEASONAL, dtype=bool)
        self._has_spoken = False
        self._rows = 0
        self._quiet_until = 0

    def score(self, value: float | None, at: datetime) -> float:
        """How surprising ``value``, read at the aware time ``at``, is: in [0, 1], an alarm from :data:`ALARM` up.

        A missing reading (None) scores 0 and teaches nothing.

        Raises:
            EventError: a value that is not finite or beyond :data:`LARGEST`, or a time without a zone.
        """
        if at.utcoffset() is None:
            raise EventError(f"the reading's time is {at.isoformat()}: it must have a time zone")
        if value is None:
            return 0.0
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise EventError(f"the reading is {value!r}: it must be a finite number, or None where it is missing")
        return self._report(self._surprise(float(value), int(at.timestamp() // _HOUR_S)))

    def _surprise(self, value: float, hour: int) -> Floats:
        if self._views is None:
            self._views = Views(value)
        views = self._views
        reading = views.see(value, hour)
        found = self._maxima.excess(reading)
        in_use = PLAIN + SEASONAL if views.seasonal else PLAIN
        self._maxima.learn(reading, views=in_use, floor=FLOOR * abs(views.centre) + _TINY)
        if not views.explained:
            found[PLAIN:] = 0.0
        return found

    def _report(self, surprise: Floats) -> float:
        self._rows += 1
        loudest = self._loudest(surprise)
        score = loudest / (loudest + SURPRISING) if loudest > 0 else 0.0
        if self._rows <= self._quiet_until:
            return score * ALARM
        if score >= ALARM:
            shortest, longest = BLOCK_ROWS[0], BLOCK_ROWS[-1]
            self._quiet_until = self._rows + int(min(max(QUIET_SHARE * self._rows, shortest), longest))
        return score

    def _loudest(self, surprise: Floats) -> float:
        """The greatest surprise among the views that may speak; those that are surprised now have then spoken."""
        loudest = float(surprise.max())
        if self._has_spoken or loudest >= SURPRISING:
            loudest = float(np.where(self._spoken, 0.0, surprise).max())
            self._spoken = (self._spoken & (surprise >= CALM)) | (surprise >= SURPRISING)
            self._has_spoken = bool(self._spoken.any())
        return loudest
