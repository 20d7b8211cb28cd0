# SPDX-License-Identifier: Apache-2.0
"""The views of one series that the streaming detector watches: each is 0 when there is nothing to see.

Level and jump of the single reading; and over a short and a long stretch, the level, the step from the stretch before,
the spread and the roughness. Up and down are different views, for what is usual in one direction may be news in the
other. A second set looks at what the daily course leaves unexplained.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from arf_core.detect.season import DailyCourse
from arf_core.detect.stretch import Stretch
from arf_core.detect.surprise import Floats

SHORT: Final = 6
LONG: Final = 36
"""Rows of the two stretches: half an hour and three hours of five-minute readings."""
HISTORY: Final = 2048
"""Readings whose median is the centre: a week of five-minute readings."""
CENTRE_EVERY: Final = 24
"""Rows between two looks at the median."""

PLAIN: Final = 16
SEASONAL: Final = 4
"""How many views there are of each kind."""


class Views:
    """Turns the readings of one series into views; the state is bounded by the constants above."""

    def __init__(self, first: float) -> None:
        self._history = np.full(HISTORY, first)
        self._rows = 0
        self._last = first
        self._stretches = (_Stretches(SHORT, first), _Stretches(LONG, first))
        self._course = DailyCourse()
        self.centre = first

    @property
    def seasonal(self) -> bool:
        """Whether the seasonal views mean something yet."""
        return self._course.known

    @property
    def explained(self) -> bool:
        """Whether the daily course explains the series well enough for its seasonal views to count."""
        return self._course.explains

    def see(self, value: float, hour: int) -> Floats:
        """The views of ``value`` in ``hour`` (hours since the epoch), the plain ones first; each >= 0."""
        moved, self._last = value - self._last, value
        beyond = self._course.residual(value, hour, self.centre)
        found = [value - self.centre, self.centre - value, moved, -moved]
        seasonal: list[float] = []
        for stretch in self._stretches:
            mean, step, rough = stretch.push(value, abs(moved))
            found += (mean - self.centre, self.centre - mean, step, -step, stretch.spread, rough)
            seasonal += stretch.push_residual(beyond)
        self._remember(value)
        return np.maximum(found + seasonal, 0.0)

    def _remember(self, value: float) -> None:
        self._history[self._rows % HISTORY] = value
        self._rows += 1
        if self._rows % CENTRE_EVERY == 0:
            self.centre = float(np.median(self._history[: self._rows]))


class _Stretches:
    """What one stretch says of the values, their steps and what the daily course leaves of them."""

    def __init__(self, rows: int, first: float) -> None:
        self._values = Stretch(rows, first)
        self._steps = Stretch(rows, 0.0)
        self._above = Stretch(rows, 0.0)
        self._below = Stretch(rows, 0.0)
        self._before = deque([first] * rows, maxlen=rows)

    @property
    def spread(self) -> float:
        return self._values.spread

    def push(self, value: float, moved: float) -> tuple[float, float, float]:
        """The mean, its step from the stretch before, and the mean size of the single steps."""
        mean = self._values.push(value)
        step = mean - self._before[0]
        self._before.append(mean)
        return mean, step, self._steps.push(moved)

    def push_residual(self, beyond: float) -> tuple[float, float]:
        """The mean distance above and below the daily course."""
        return self._above.push(max(beyond, 0.0)), self._below.push(max(-beyond, 0.0))
