# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a changed ranking would have done: an estimate from what was done, before it is switched on. Pure.

1. Each outcome is a decision that was made: a fault on a component of a class, the action that was taken, whether it
   healed. What the other ranking would have taken is asked as of that moment, from what was known before it: it never
   sees the answer it is judged by.
2. How likely an action was to be taken is estimated from the record itself: its share among the actions for that fault
   and class, with half an observation added to each (Hirano, Imbens and Ridder, Efficient estimation of average
   treatment effects using the estimated propensity score, 2003). So it is assumed that within a fault and class nothing
   unrecorded decided both what was done and how it went.
3. Two estimates: self-normalised inverse propensity (Swaminathan and Joachims, The self-normalized estimator for
   counterfactual learning, 2015), and doubly robust (Dudik, Langford and Li, Doubly robust policy evaluation and
   learning, 2011), whose model of the outcome is the posterior's mean. Weights are at most :data:`MOST_WEIGHT`.
4. The interval is a percentile bootstrap over incidents, which are drawn whole: outcomes of one incident go together.
5. Where the record rarely has what the other ranking wants, nobody can tell: then ``is_telling`` is false.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from arf_enterprise.learning.advise import worth
from arf_enterprise.learning.belief import Cell, Estimate
from arf_enterprise.learning.observed import Observed
from arf_enterprise.learning.posterior import estimate

MOST_WEIGHT: Final = 20.0
DRAWS: Final = 1000
LEAST_EFFECTIVE: Final = 20.0
MOST_DECISIONS: Final = 1000
"""The newest decisions that are judged; what came before them is still known to the ranking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision: how it went (1 or 0), what the other ranking would have taken, and what it believed of both."""

    incident_id: str
    reward: float
    is_same: bool
    weight: float
    believed_wanted: float
    believed_taken: float

    @property
    def doubly_robust(self) -> float:
        """Its part of the doubly robust estimate (rule 3)."""
        return self.believed_wanted + self.weight * (self.reward - self.believed_taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What was, and what would have been, as shares of faults healed.

    ``gain`` is the doubly robust estimate less what was, ``low`` to ``high`` its 90 % interval. ``same`` is the share
    of decisions that would have been the same, ``effective`` how many decisions the estimate rests on.
    """

    decisions: int
    actual: float
    self_normalised: float
    doubly_robust: float
    gain: float
    low: float
    high: float
    same: float
    effective: float

    @property
    def is_telling(self) -> bool:
        """Whether the record can tell (rule 5)."""
        return self.effective >= LEAST_EFFECTIVE

    @property
    def says(self) -> str:
        """One sentence."""
        if not self.is_telling:
            return (
                f"of {self.decisions} decisions too few tell what the learned ranking would have done: "
                f"{self.effective:.0f} effective, {LEAST_EFFECTIVE:.0f} are needed"
            )
        return (
            f"{self.actual:.0%} of {self.decisions} faults were healed; with the learned ranking about "
            f"{min(1.0, max(0.0, self.doubly_robust)):.0%} ({self.low:+.0%} to {self.high:+.0%})"
        )

    def document(self) -> dict[str, object]:
        """As JSON."""
        names = ("actual", "self_normalised", "doubly_robust", "gain", "low", "high", "same", "effective")
        found: dict[str, object] = {name: round(getattr(self, name), 6) for name in names}
        return {"decisions": self.decisions, **found, "is_telling": self.is_telling, "says": self.says}


def simulate(known: Sequence[Observed], *, random: Random, draws: int = DRAWS) -> Simulated:
    """What the learned ranking would have done with the decisions of ``known``, which are in the order of time."""
    found = decisions(known)
    gains = sorted(_gain(_drawn(found, random)) for _ in range(draws)) if found else [0.0]
    weights = sum(one.weight for one in found)
    squares = sum(one.weight**2 for one in found)
    actual, robust = _mean(one.reward for one in found), _mean(one.doubly_robust for one in found)
    return Simulated(
        decisions=len(found),
        actual=actual,
        self_normalised=sum(one.weight * one.reward for one in found) / weights if weights else 0.0,
        doubly_robust=robust,
        gain=robust - actual,
        low=gains[int(0.05 * (len(gains) - 1))],
        high=gains[int(0.95 * (len(gains) - 1))],
        same=_mean(float(one.is_same) for one in found),
        effective=weights**2 / squares if squares else 0.0,
    )


def decisions(known: Sequence[Observed]) -> list[Decision]:
    """The newest :data:`MOST_DECISIONS` decisions of ``known`` that had a choice and an answer (rules 1 and 2)."""
    taken: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    answered = [number for number, one in enumerate(known) if not one.is_control and one.result.success is not None]
    for number in answered:
        taken[_place(known[number])][known[number].action] += 1
    choices = [number for number in answered if len(taken[_place(known[number])]) > 1]
    return [_decision(known, number, taken[_place(known[number])]) for number in choices[-MOST_DECISIONS:]]


def _decision(known: Sequence[Observed], number: int, taken: Counter[str]) -> Decision:
    one = known[number]
    before = [other for other in known[:number] if other.incident_id != one.incident_id]  # rule 1
    shares = {action: (count + 0.5) / (taken.total() + 0.5 * len(taken)) for action, count in taken.items()}
    found = {action: _believed(one, action, before, base=shares[action]) for action in sorted(taken)}
    wanted = max(found, key=lambda action: worth(found[action]))
    is_same = wanted == one.action
    return Decision(
        incident_id=one.incident_id,
        reward=float(one.result.success is True),
        is_same=is_same,
        weight=min(MOST_WEIGHT, 1 / shares[one.action]) if is_same else 0.0,
        believed_wanted=_healing(found[wanted]),
        believed_taken=_healing(found[one.action]),
    )


def _believed(one: Observed, action: str, before: Sequence[Observed], *, base: float) -> Estimate:
    cell = Cell(action=action, kind=one.kind, component=one.component, signature=one.signature)
    # What people chose most often is what is believed in before anything is known: as the open edition's order is.
    return estimate(cell, before, now=one.at, base=base)


def _healing(found: Estimate) -> float:
    """How often the fault is gone afterwards, whatever the credit: what rewards are compared with."""
    return found.mean + (1 - found.mean) * found.placebo


def _place(one: Observed) -> tuple[str, str]:
    return (one.kind, one.signature)


def _drawn(found: Sequence[Decision], random: Random) -> list[Decision]:
    """As many incidents as there are, drawn with replacement, each with all its decisions (rule 4)."""
    of_incident: dict[str, list[Decision]] = defaultdict(list)
    for one in found:
        of_incident[one.incident_id].append(one)
    incidents = list(of_incident.values())
    return [one for incident in random.choices(incidents, k=len(incidents)) for one in incident]


def _gain(found: Sequence[Decision]) -> float:
    return _mean(one.doubly_robust - one.reward for one in found)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
