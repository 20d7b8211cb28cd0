# SPDX-License-Identifier: Apache-2.0
"""Histograms of OTLP: explicit bounds and exponential, added up, subtracted, and asked for a quantile.

1. A quantile lies in the cell that its rank falls into; the estimate inside is by even spread (in an exponential cell
   by even spread of the logarithm), as ``histogram_quantile`` of Prometheus does it. Its **error bound is the cell**.
2. The cell above the last bound has no end. There ``max`` is the end where it was sent; else the last bound is the
   estimate, as a lower bound.
3. Two histograms of the same bounds are added cell by cell; exponential ones at the coarser of their scales.
4. What is below or at zero, or within the zero threshold, counts as the cell from 0 to the threshold.

Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#histogram
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

ZERO: Final = -(1 << 62)
"""The number of the cell at zero of an exponential histogram: before all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A quantile, known to lie from ``low`` to ``high`` (infinite where nothing bounds it)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How many values fell into each cell.

    ``bounds`` are those of an explicit histogram (cell *i* ends at ``bounds[i]``), None for an exponential one, whose
    cell *i* is from ``base**i`` to ``base**(i+1)`` with ``base = 2**(2**-scale)``. ``cells`` has no zeros.
    """

    cells: Mapping[int, int]
    bounds: tuple[float, ...] | None = None
    scale: int = 0
    zero_threshold: float = 0.0
    least: float | None = None
    most: float | None = None

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self.cells.values())

    def minus(self, earlier: Distribution) -> Distribution | None:
        """What came after ``earlier``; None where that cannot be said (other bounds, or it started again)."""
        if self.bounds != earlier.bounds:
            return None
        scale = min(self.scale, earlier.scale)
        after, before = Counter(self._at(scale)), earlier._at(scale)
        after.subtract(before)
        if any(count < 0 for count in after.values()):
            return None
        cells = {cell: count for cell, count in after.items() if count}
        return replace(self, cells=cells, scale=scale, least=None, most=None)

    def quantile(self, q: float) -> Estimate | None:
        """The value that a share ``q`` of the values does not exceed; None of no values."""
        rank, seen = q * self.count, 0
        for cell in sorted(self.cells):
            inside = self.cells[cell]
            if seen + inside >= rank:
                return self._inside(cell, (rank - seen) / inside)
            seen += inside
        return None

    def _inside(self, cell: int, share: float) -> Estimate:
        low, high = self._ends(cell)
        if self.most is not None:
            high = max(min(high, self.most), low)
        if self.least is not None:
            low = min(max(low, self.least), high)
        if math.isinf(high) or math.isinf(low):
            known = low if math.isinf(high) else high
            return Estimate(value=known, low=low, high=high)
        if self.bounds is None and low > 0:
            return Estimate(value=low * (high / low) ** share, low=low, high=high)
        return Estimate(value=low + (high - low) * share, low=low, high=high)

    def _ends(self, cell: int) -> tuple[float, float]:
        if self.bounds is None:
            return (0.0, self.zero_threshold) if cell == ZERO else (self._bound(cell), self._bound(cell + 1))
        first = min(0.0, self.bounds[0]) if self.bounds else 0.0
        low = self.bounds[cell - 1] if cell > 0 else first
        return low, self.bounds[cell] if cell < len(self.bounds) else math.inf

    def _bound(self, cell: int) -> float:
        power = math.ldexp(cell, -self.scale)
        return math.inf if power >= 1024 else 2.0**power  # beyond the largest double

    def _at(self, scale: int) -> Mapping[int, int]:
        """The cells at a coarser ``scale``: 2^(difference) neighbours become one."""
        if scale == self.scale:
            return self.cells
        shift = self.scale - scale
        found: Counter[int] = Counter()
        for cell, count in self.cells.items():
            found[cell if cell == ZERO else cell >> shift] += count
        return found


def merged(distributions: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """The sums of those that can be added: one for each set of bounds, and one of the exponential ones."""
    alike: dict[tuple[float, ...] | None, list[Distribution]] = {}
    for one in distributions:
        alike.setdefault(one.bounds, []).append(one)
    return tuple(map(_sum, alike.values()))


def _sum(members: list[Distribution]) -> Distribution:
    if len(members) == 1:
        return members[0]
    scale = min(one.scale for one in members)
    cells: Counter[int] = Counter()
    for one in members:
        cells.update(one._at(scale))  # noqa: SLF001 - the same class's own sum
    known = [one for one in members if one.cells]
    least = [one.least for one in known if one.least is not None]
    most = [one.most for one in known if one.most is not None]
    return Distribution(
        cells=cells,
        bounds=members[0].bounds,
        scale=scale,
        zero_threshold=max(one.zero_threshold for one in members),
        least=min(least) if known and len(least) == len(known) else None,
        most=max(most) if known and len(most) == len(known) else None,
    )
