# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Who learns in a simulated world: the product's own estimates, from counts that are kept up, not counted anew."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from arf_enterprise.learning.belief import DEFAULT, Cell, Count, Counts, Estimate
from arf_enterprise.learning.observed import Observed, Result
from arf_enterprise.learning.posterior import MINUTE, believed, estimate
from simulated.world import CLASSES, COMPONENTS, START

CHECKED: Final = 500
_TELLING: Final = (Result.SUCCEEDED.value, Result.FAILED.value)


@dataclass(slots=True)
class Fading:
    """``posterior.count`` of outcomes that come one after another, without counting them all again."""

    at: datetime = START
    began: datetime = START
    closed: tuple[float, float] = (0.0, 0.0)
    cluster: tuple[float, float] = (0.0, 0.0)
    size: int = 0

    def add(self, one: Observed) -> None:
        """One more outcome, not earlier than the last."""
        self._fade(one.at)
        if self.size and one.at - self.began > MINUTE:
            kept = self.value(one.at)
            self.closed, self.cluster, self.size = (kept.successes, kept.failures), (0.0, 0.0), 0
        if not self.size:
            self.began = one.at
        good, bad = self.cluster
        self.cluster = (good + 1, bad) if one.result.success else (good, bad + 1)
        self.size += 1

    def value(self, now: datetime) -> Count:
        """What it comes to as of ``now``."""
        self._fade(now)
        shared = 1 / (1 + (self.size - 1) * DEFAULT.correlation) if self.size else 0.0
        return Count(self.closed[0] + shared * self.cluster[0], self.closed[1] + shared * self.cluster[1])

    def _fade(self, now: datetime) -> None:
        if now != self.at:
            left = 0.5 ** ((now - self.at) / timedelta(days=DEFAULT.half_life_days))
            self.closed = (self.closed[0] * left, self.closed[1] * left)
            self.cluster = (self.cluster[0] * left, self.cluster[1] * left)
            self.at = now


@dataclass(slots=True, kw_only=True)
class Learner:
    """What is known so far, and what was promoted. Every :data:`CHECKED`-th estimate is compared with the product's."""

    known: dict[tuple[str, str], list[Observed]] = field(default_factory=dict)
    fading: dict[tuple[str, ...], Fading] = field(default_factory=dict)
    numbers: Counter[tuple[str, ...]] = field(default_factory=Counter)
    promoted: set[Cell] = field(default_factory=set)
    moved: Counter[tuple[str, ...]] = field(default_factory=Counter)
    made: int = 0

    def learn(self, one: Observed) -> None:
        """One more outcome, with the result that counts."""
        if one.is_control:
            self._count("placebo", one.kind, one.signature, one=one)
            self.known.setdefault(("none", one.signature), []).append(one)
            return
        self.known.setdefault((one.action, one.signature), []).append(one)
        self.numbers["own", one.action, one.component, one.signature, one.result.value] += 1
        self.numbers["class", one.action, one.kind, one.signature] += 1
        self._count("own", one.action, one.component, one.signature, one=one)
        number = int(one.component)
        for other in range(number % CLASSES, COMPONENTS, CLASSES):
            if other != number:
                self._count("alike", one.action, str(other), one.signature, one=one)
        for kind in range(CLASSES):
            if kind != number % CLASSES:
                self._count("elsewhere", one.action, str(kind), one.signature, one=one)

    def counts(self, cell: Cell, now: datetime) -> Counts:
        """What counts for ``cell``."""
        own = [self.numbers["own", cell.action, cell.component, cell.signature, result] for result in _TELLING]
        place = (cell.component, cell.signature)
        return Counts(
            own=self._value(now, "own", cell.action, *place),
            alike=self._value(now, "alike", cell.action, *place),
            elsewhere=self._value(now, "elsewhere", cell.action, str(int(cell.component) % CLASSES), cell.signature),
            placebo=self._value(now, "placebo", cell.kind, cell.signature),
            outcomes=sum(own),
            succeeded=own[0],
            class_outcomes=self.numbers["class", cell.action, cell.kind, cell.signature] - sum(own),
        )

    def of(self, cell: Cell, now: datetime) -> Estimate:
        """What autonomy rests on."""
        found = believed(cell, self.counts(cell, now))
        self.made += 1
        if self.made % CHECKED == 0:
            assert _is_close(found, estimate(cell, self.relevant(cell), now=now)), (found, cell)
        return found

    def relevant(self, cell: Cell) -> list[Observed]:
        """The outcomes of the action for the fault, and the controls, in the order of time."""
        found = (*self.known.get((cell.action, cell.signature), ()), *self.known.get(("none", cell.signature), ()))
        return sorted(found, key=lambda one: one.at)

    def own(self, cell: Cell) -> list[Observed]:
        """The last outcomes of a cell itself."""
        known = self.known.get((cell.action, cell.signature), ())
        return [one for one in known if one.component == cell.component]

    def _count(self, *place: str, one: Observed) -> None:
        self.fading.setdefault(place, Fading()).add(one)

    def _value(self, now: datetime, *place: str) -> Count:
        return self.fading[place].value(now) if place in self.fading else Count()


def _is_close(found: Estimate, other: Estimate) -> bool:
    pairs = ((found.mean, other.mean), (found.lower, other.lower), (found.earned or 0.0, other.earned or 0.0))
    return found.outcomes == other.outcomes and all(math.isclose(a, b, abs_tol=1e-9) for a, b in pairs)
