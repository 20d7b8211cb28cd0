# SPDX-License-Identifier: Apache-2.0
"""From samples with times to a window: one time grid for all series, cut into a normal and an abnormal part.

1. The step is the commonest time between two samples of a series (the smallest of equally common ones).
2. A sample falls into the nearest point of the grid, so series that are scraped at different offsets line up; the later
   of two samples in one point wins; a point without a sample is None.
3. With an ``onset`` the abnormal part begins at the first point at or after it. Without one it is the last
   :data:`ABNORMAL_SHARE` of the points, at least :data:`MIN_ABNORMAL`: no exact onset is claimed.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from arf_core.errors import EventError, FormatError
from arf_core.models.window import Alerting, Window

ABNORMAL_SHARE: Final = 1 / 8
MIN_ABNORMAL: Final = 3
MAX_POINTS: Final = 100_000
"""The longest grid. Samples whose times do not fit each other would ask for an endless one."""
MAX_CELLS: Final = 20_000_000

Samples = Mapping[str, Mapping[str, Mapping[float, float | None]]]
"""component → metric → seconds since 1970 → value; None or absent where a sample is missing."""


def window_of(
    samples: Samples,
    *,
    onset: datetime | None = None,
    step_s: float | None = None,
    edges: Iterable[tuple[str, str]] = (),
    alerting: Alerting | None = None,
) -> Window:
    """The window of ``samples``.

    Raises:
        EventError: fewer than four points, or an onset outside them.
        FormatError: times so far apart that the grid would have more than :data:`MAX_POINTS` points.
    """
    grid = _grid(samples, step_s)
    cut = _cut(grid, onset)
    aligned = _aligned(samples, grid)
    return Window(
        normal={name: {metric: row[:cut] for metric, row in rows.items()} for name, rows in aligned.items()},
        abnormal={name: {metric: row[cut:] for metric, row in rows.items()} for name, rows in aligned.items()},
        step_s=grid.step,
        ends_at=datetime.fromtimestamp(grid.start + (grid.points - 1) * grid.step, UTC),
        edges=tuple(edges),
        alerting=alerting,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    start: float
    step: float
    points: int

    def point(self, time: float) -> int:
        return min(self.points - 1, max(0, math.floor((time - self.start) / self.step + 0.5)))


def _grid(samples: Samples, step_s: float | None) -> _Grid:
    rows = [times for metrics in samples.values() for times in metrics.values() if times]
    if not rows:
        raise EventError("the series are empty: a window needs at least 4 samples of one component")
    start, end = min(min(times) for times in rows), max(max(times) for times in rows)
    step = step_s or _commonest_step(rows)
    points = math.floor((end - start) / step + 0.5) + 1
    if points > MAX_POINTS or points * len(rows) > MAX_CELLS:
        raise FormatError(
            f"{len(rows)} series over {end - start:.0f} s in steps of {step:g} s would have {points} samples each: at "
            f"most {MAX_POINTS} a series and {MAX_CELLS} in all can be read"
        )
    return _Grid(start=start, step=step, points=points)


def _commonest_step(rows: Iterable[Mapping[float, float | None]]) -> float:
    counts: Counter[float] = Counter()
    for times in rows:
        ordered = sorted(times)
        counts.update(later - earlier for earlier, later in itertools.pairwise(ordered))
    if not counts:
        raise EventError("every series has one sample: a window needs at least 4 samples of one component")
    return min(counts, key=lambda step: (-counts[step], step))


def _cut(grid: _Grid, onset: datetime | None) -> int:
    if grid.points <= MIN_ABNORMAL:
        raise EventError(f"the series have {grid.points} samples: a window needs at least {MIN_ABNORMAL + 1}")
    if onset is None:
        return grid.points - max(MIN_ABNORMAL, math.floor(grid.points * ABNORMAL_SHARE))
    cut = math.ceil((onset.timestamp() - grid.start) / grid.step)
    if not 0 < cut < grid.points:
        raise EventError(f"onset is {onset.isoformat()}: it must lie inside the series, with samples on either side")
    return cut


def _aligned(samples: Samples, grid: _Grid) -> dict[str, dict[str, tuple[float | None, ...]]]:
    aligned: dict[str, dict[str, tuple[float | None, ...]]] = {}
    for component in sorted(samples):
        rows = {metric: _row(times, grid) for metric, times in sorted(samples[component].items())}
        if kept := {metric: row for metric, row in rows.items() if any(value is not None for value in row)}:
            aligned[component] = kept
    return aligned


def _row(times: Mapping[float, float | None], grid: _Grid) -> tuple[float | None, ...]:
    row: list[float | None] = [None] * grid.points
    for time in sorted(times):
        row[grid.point(time)] = times[time]
    return tuple(row)
