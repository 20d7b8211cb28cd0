# SPDX-License-Identifier: Apache-2.0
"""How often each signal pattern was seen: all that the open edition keeps beside the incidents themselves.

Counts go up when an incident is remembered and down when it leaves. Actions and outcomes are not counted anywhere:
learning from what worked is not part of the open edition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import TypeVar

from arf_core.models.incident import Incident
from arf_core.recall.profile import Pattern

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternStatistics:
    """Of ``incidents`` in all, how many had a pattern anywhere, and at which component."""

    incidents: int
    patterns: Mapping[Pattern, int]
    at_components: Mapping[tuple[str, Pattern], int]

    def rarity(self, pattern: Pattern) -> float:
        """The inverse document frequency ln((1 + n) / (1 + n_p)): 0 for a pattern that every incident had."""
        return log((1 + self.incidents) / (1 + self.patterns.get(pattern, 0)))

    def seen(self, pattern: Pattern, component: str | None = None) -> str:
        """How often the pattern was seen (at one component), in words: ``seen in 12 of 248 incidents``."""
        count = self.patterns.get(pattern, 0) if component is None else self.at_components.get((component, pattern), 0)
        return f"seen in {count} of {self.incidents} incidents"


class PatternCounts:
    """The running counts behind :class:`PatternStatistics`. Not safe for threads by itself: the memory's lock is."""

    def __init__(self) -> None:
        self._snapshot: PatternStatistics | None = None
        self._incidents = 0
        self._patterns: Counter[Pattern] = Counter()
        self._at_components: Counter[tuple[str, Pattern]] = Counter()

    def add(self, incident: Incident, step: int = 1) -> None:
        """Count (``step`` 1) the patterns of an incident that is remembered, or take them back (-1) when it leaves."""
        self._snapshot = None
        self._incidents += step
        places = {(signal.component, (signal.metric, signal.direction)) for signal in incident.signals}
        _change(self._at_components, places, step)
        _change(self._patterns, {pattern for _, pattern in places}, step)

    @property
    def snapshot(self) -> PatternStatistics:
        """The counts as they are now, sorted by pattern; made once for as long as nothing changes."""
        if self._snapshot is None:
            self._snapshot = PatternStatistics(
                incidents=self._incidents,
                patterns=dict(sorted(self._patterns.items())),
                at_components=dict(sorted(self._at_components.items())),
            )
        return self._snapshot


def statistics_of(incidents: Iterable[Incident]) -> PatternStatistics:
    """The pattern statistics of ``incidents``."""
    counts = PatternCounts()
    for incident in incidents:
        counts.add(incident)
    return counts.snapshot


def _change(counter: Counter[_Key], keys: Iterable[_Key], step: int) -> None:
    for key in keys:
        counter[key] += step
        if not counter[key]:
            del counter[key]
