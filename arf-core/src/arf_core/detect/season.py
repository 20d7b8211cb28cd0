# SPDX-License-Identifier: Apache-2.0
"""The daily course of a series, learned from its timestamps, and how far a value leaves it.

For each hour of the day the means of the last days are kept; their median is what the hour is like, so that one odd day
teaches nothing. A value is only outside when it lies outside the band of its own and the two neighbouring hours: a
rise that comes half an hour early is not news. Whether the series *has* a daily course is measured, never assumed:
the band must explain at least half of the movement around the series' median.
"""

from __future__ import annotations

from statistics import median
from typing import Final

HOURS: Final = 24
DAYS: Final = 6
"""Days remembered an hour: enough for a median, few enough to follow a change of habits within a week."""
LEAST_DAYS: Final = 3
MEMORY_ROWS: Final = 600
"""Rows over which the explained share is averaged: about two days of five-minute readings."""
UNEXPLAINED: Final = 0.5
"""The share of movement that may stay unexplained in a series that has a daily course."""


class DailyCourse:
    """What each hour of the day is like, and whether that explains the series."""

    def __init__(self) -> None:
        self._days: list[list[float]] = [[] for _ in range(HOURS)]
        self._typical: list[float | None] = [None] * HOURS
        self._hour: int | None = None
        self._sum = 0.0
        self._rows = 0
        self._band: tuple[float, float] | None = None
        self._outside = 0.0
        self._movement = 0.0

    @property
    def known(self) -> bool:
        """Whether the present hour and its neighbours have been seen on enough days."""
        return self._band is not None

    @property
    def explains(self) -> bool:
        """Whether the daily course explains at least half of the movement of the series."""
        return self._band is not None and self._outside < UNEXPLAINED * self._movement

    def residual(self, value: float, hour: int, centre: float) -> float:
        """How far ``value`` lies outside the band of ``hour`` (hours since the epoch): above > 0, below < 0."""
        if hour != self._hour:
            self._turn(hour)
        self._sum += value
        self._rows += 1
        if self._band is None:
            return 0.0
        low, high = self._band
        outside = value - high if value > high else min(value - low, 0.0)
        self._outside += (abs(outside) - self._outside) / MEMORY_ROWS
        self._movement += (abs(value - centre) - self._movement) / MEMORY_ROWS
        return outside

    def _turn(self, hour: int) -> None:
        if self._hour is not None:
            slot = self._hour % HOURS
            days = self._days[slot]
            days.append(self._sum / self._rows)
            del days[:-DAYS]
            self._typical[slot] = median(days) if len(days) >= LEAST_DAYS else None
        self._hour, self._sum, self._rows = hour, 0.0, 0
        near = [self._typical[(hour + by) % HOURS] for by in (-1, 0, 1)]
        known = [value for value in near if value is not None]
        self._band = (min(known), max(known)) if len(known) == len(near) else None
