# SPDX-License-Identifier: Apache-2.0
"""Readings that leave their component's own course although no threshold sees it.

Each metric of a component is a series for the streaming detector. Where it reports, the readings from there on become
the abnormal part of a window, those before it the normal part: what is wrong there is then judged like any window.

1. A component needs :data:`LEAST_READINGS` readings before anything of it can be called unusual.
2. One report an episode: after a report, the component's next :data:`ABNORMAL_READINGS` readings belong to it.
3. A stretch with a reading that is known to be abnormal already is left out: it is reported elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from arf_core.detect.streaming import ALARM, StreamingDetector
from arf_core.models.event import METRICS, ReliabilityEvent
from arf_core.models.window import Window

LEAST_READINGS: Final = 64
NORMAL_READINGS: Final = 60
ABNORMAL_READINGS: Final = 4


def departures(events: Iterable[ReliabilityEvent], *, is_known: Callable[[ReliabilityEvent], bool]) -> Iterator[Window]:
    """A window for every episode in which a component's readings leave their course, by component, then by time."""
    by_component: dict[str, list[ReliabilityEvent]] = {}
    for event in events:
        by_component.setdefault(event.component, []).append(event)
    for _, readings in sorted(by_component.items()):
        if len(readings) >= LEAST_READINGS:
            readings.sort(key=lambda event: event.timestamp)
            yield from _of_component(readings, is_known)


def _of_component(
    readings: Sequence[ReliabilityEvent], is_known: Callable[[ReliabilityEvent], bool]
) -> Iterator[Window]:
    reported: set[int] = set()
    for metric in METRICS:
        reported.update(_reports(readings, metric))
    free_from = LEAST_READINGS
    for start in sorted(reported):
        end = start + ABNORMAL_READINGS
        if start >= free_from and not any(map(is_known, readings[start:end])):
            yield _window(readings, start)
            free_from = end


def _reports(readings: Sequence[ReliabilityEvent], metric: str) -> Iterator[int]:
    samples: list[float | None] = [getattr(event, metric) for event in readings]
    if all(sample is None for sample in samples):
        return
    detector = StreamingDetector()
    for place, (event, sample) in enumerate(zip(readings, samples, strict=True)):
        if detector.score(sample, event.timestamp) >= ALARM:
            yield place


def _window(readings: Sequence[ReliabilityEvent], start: int) -> Window:
    normal = readings[max(0, start - NORMAL_READINGS) : start]
    abnormal = readings[start : start + ABNORMAL_READINGS]
    component = readings[0].component
    gaps = [(after.timestamp - before.timestamp).total_seconds() for before, after in pairwise(normal)]
    return Window(
        normal={component: _series(normal)},
        abnormal={component: _series(abnormal)},
        step_s=median(gaps) or 1.0,
        ends_at=abnormal[-1].timestamp,
    )


def _series(readings: Sequence[ReliabilityEvent]) -> dict[str, tuple[float | None, ...]]:
    series = {metric: tuple(getattr(event, metric) for event in readings) for metric in METRICS}
    return {metric: samples for metric, samples in series.items() if any(sample is not None for sample in samples)}
