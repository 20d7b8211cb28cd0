# SPDX-License-Identifier: Apache-2.0
"""Mean and spread over the last rows of a series, in constant time a row and without drift.

Sums are carried along and made anew from the kept values once every stretch, and at once when a value leaves that was
so large that its rounding would outweigh what stays. So readings that have left leave nothing behind.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

_OUTWEIGHS: Final = 1e6
"""How many times the sum of squares around the mean the carried squares may be before the sums are made anew."""
_HAIR: Final = 1e-9
"""A spread of less than this share of the level is rounding, and not worth making anything anew."""


class Stretch:
    """The last ``rows`` values of one quantity; before there are so many, ``first`` stands for the missing ones."""

    __slots__ = ("_around_mean", "_count", "_origin", "_rows", "_squares", "_sum", "_values")

    def __init__(self, rows: int, first: float) -> None:
        self._rows = rows
        self._values = deque([first] * rows, maxlen=rows)
        self._count = 0
        self._anew()

    def push(self, value: float) -> float:
        """Take ``value`` in, let the oldest go, and return the mean."""
        gone = self._values[0] - self._origin
        here = value - self._origin
        self._values.append(value)
        self._sum += here - gone
        self._squares += here * here - gone * gone
        self._around_mean = self._squares - self._sum * self._sum / self._rows
        self._count += 1
        hair = _HAIR * self._origin
        carried = max(gone * gone, self._squares)
        if self._count % self._rows == 0 or carried > _OUTWEIGHS * max(self._around_mean, hair * hair):
            self._anew()
        return self._origin + self._sum / self._rows

    @property
    def spread(self) -> float:
        """The standard deviation."""
        return math.sqrt(max(self._around_mean, 0.0) / self._rows)

    def _anew(self) -> None:
        self._origin = math.fsum(self._values) / self._rows
        offsets = [value - self._origin for value in self._values]
        self._sum = math.fsum(offsets)
        self._squares = math.fsum([offset * offset for offset in offsets])
        self._around_mean = self._squares - self._sum * self._sum / self._rows
