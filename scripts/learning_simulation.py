# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Learning in worlds whose truth is known: regret, calibration, and whether autonomy is ever given where it is unsafe.

    python scripts/learning_simulation.py [--seeds 20] [--incidents 3000] [--json]

A world has 50 components in 5 classes and the six actions. Each action has a true success rate on each component: of
the class, of the component, drifting from day to day; on every tenth component the best one breaks down half way.
Incidents come one after another for 60 days. The open edition always proposes what it believes in most, which is right
for some classes only; learning ranks the same candidates by what it has learned, and earns autonomy (people accept what
is proposed). Some incidents are left alone by people: those are the controls.

1. ``regret`` is what is lost against the best fixed policy: for each component the one action that is best in
   hindsight. ``open_regret`` is the open edition's in the same world.
2. ``calibration`` is the mean distance of stated from true credit, over ten bins of what was stated.
3. A promotion is unsafe if the true credit is below the bar when it is given. An autonomous action is below the
   threshold if the lower bound that it relied on is; ``truly_below`` counts those whose hidden truth was.
4. Adversaries: ``liars`` (one person calls every failure of the worst action a success; one in ten labels of others is
   wrong), ``placebo`` (three faults in ten heal by themselves nine times in ten, whatever is done; ``worst_credited``
   is the most that an action earns there), ``storms`` (a class fails at once, five alerts each, and whatever is done
   goes well, or badly, for all together).

Exit codes: 0 nothing unsafe, 1 something unsafe.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from arf_enterprise.learning.advise import CURIOSITY
from arf_enterprise.learning.belief import Cell, Estimate
from arf_enterprise.learning.earning import Bar, has_earned, lost_because
from arf_enterprise.learning.observed import Label, Observed, Result, settle
from arf_enterprise.learning.posterior import credit, mean_and_spread
from simulated.learner import Learner
from simulated.world import ACTIONS, CLASSES, COMPONENTS, DAYS, PASSING, SICK, START, World

LEFT_ALONE: Final = 0.08
BAR: Final = Bar(lower=0.6, outcomes=20, budget_per_day=math.inf)
ADVERSARIES: Final = ("none", "liars", "placebo", "storms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one world showed: rates are per incident, ``open_regret`` is the open edition's in the same world."""

    adversary: str
    seed: int
    regret: float
    late_regret: float
    open_regret: float
    calibration: float
    promotions: int
    unsafe_promotions: int
    demotions: int
    autonomous: int
    below_threshold: int
    truly_below: int
    worst_credited: float


@dataclass(slots=True)
class _Sums:
    """What is counted while a world goes on."""

    incidents: int = 0
    gained: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    best: list[dict[str, float]] = field(
        default_factory=lambda: [dict.fromkeys(ACTIONS, 0.0) for _ in range(COMPONENTS)]
    )
    where: list[int] = field(default_factory=list)
    rates: list[dict[str, float]] = field(default_factory=list)
    stated: list[tuple[float, float]] = field(default_factory=list)
    promotions: int = 0
    unsafe: int = 0
    demotions: int = 0
    autonomous: int = 0
    below: int = 0
    truly_below: int = 0
    credited: float = 0.0


def played(seed: int, adversary: str, *, incidents: int) -> Told:
    """One world from its first incident to its last."""
    world, learner, sums = World.made(seed, adversary), Learner(), _Sums()
    day = 0
    for number in range(incidents):
        now = START + timedelta(days=DAYS) * number / incidents
        while (now - START).days > day:
            day += 1
            world.drift(day)
        _incident(world, learner, sums, number, now)
    return _told(seed, adversary, sums)


def main() -> int:
    """Play every world and print what it showed."""
    parser = argparse.ArgumentParser(description="Learning in worlds whose truth is known.")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--incidents", type=int, default=3000)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    unsafe = 0
    for adversary in ADVERSARIES:
        found = [played(seed, adversary, incidents=arguments.incidents) for seed in range(arguments.seeds)]
        unsafe += sum(one.unsafe_promotions + one.below_threshold for one in found)
        summary = summed(found)
        print(json.dumps(summary) if arguments.json else _line(summary), flush=True)
    return 1 if unsafe else 0


def summed(found: Sequence[Told]) -> dict[str, object]:
    """The worlds of one adversary together: means of rates, sums of counts."""
    means = ("regret", "late_regret", "open_regret", "calibration")
    counts = ("promotions", "unsafe_promotions", "demotions", "autonomous", "below_threshold", "truly_below")
    return {
        "adversary": found[0].adversary,
        "seeds": len(found),
        **{name: round(statistics.mean(getattr(one, name) for one in found), 4) for name in means},
        **{name: sum(getattr(one, name) for one in found) for name in counts},
        "worst_credited": round(max(one.worst_credited for one in found), 3),
    }


def _incident(world: World, learner: Learner, sums: _Sums, number: int, now: datetime) -> None:
    signature = PASSING if world.adversary == "placebo" and world.random.random() < 0.3 else SICK
    component = world.random.randrange(COMPONENTS)
    if world.adversary == "storms" and world.random.random() < 0.02:
        _storm(world, learner, component % CLASSES, number, now)
        return
    if world.random.random() < LEFT_ALONE:
        healed = world.random.random() < world.alone(signature)
        learner.learn(_observed("none", component, signature, number, now, healed=healed))
        return
    prior = world.believed[component % CLASSES]
    cells = {action: _cell_of(action, component, signature) for action in ACTIONS}
    found = {one: mean_and_spread(learner.counts(cells[one], now), base=prior[one]) for one in ACTIONS}
    action = max(ACTIONS, key=lambda one: found[one][0] + CURIOSITY * found[one][1])
    if signature == SICK:
        _count(world, sums, component, action, found[action][0])
    if cells[action] in learner.promoted:
        _act(world, learner.of(cells[action], now), sums)
    healed = world.random.random() < world.success(component, action, signature)
    one = _labelled(world, _observed(action, component, signature, number, now, healed=healed))
    learner.learn(settle(one, learner.moved))
    _govern(world, learner, sums, cells[action], now)


def _count(world: World, sums: _Sums, component: int, action: str, stated: float) -> None:
    rates = {one: world.success(component, one, SICK) for one in ACTIONS}
    believed = world.believed[component % CLASSES]
    for one, rate in rates.items():
        sums.best[component][one] += rate
    sums.where.append(component)
    sums.rates.append(rates)
    sums.gained.append(rates[action])
    sums.opened.append(rates[max(ACTIONS, key=believed.__getitem__)])
    sums.stated.append((stated, credit(rates[action], world.alone(SICK))))


def _act(world: World, found: Estimate, sums: _Sums) -> None:
    """As ``autonomy.learned`` has it: what is earned is looked at again, and without it people are asked."""
    if lost_because(found, (), BAR.lower) is not None:
        return
    sums.autonomous += 1
    sums.below += found.earned is None or found.earned < BAR.lower
    sums.truly_below += _true_credit(world, found.cell) < BAR.lower


def _govern(world: World, learner: Learner, sums: _Sums, cell: Cell, now: datetime) -> None:
    """What happens in the transaction of an outcome: autonomy ends, or is proposed, and people accept."""
    found, own = learner.of(cell, now), learner.own(cell)
    if cell.signature == PASSING:
        sums.credited = max(sums.credited, found.earned or 0.0)
    if cell in learner.promoted:
        if lost_because(found, own, BAR.lower) is not None:
            learner.promoted.discard(cell)
            sums.demotions += 1
    elif has_earned(found, own, BAR):
        learner.promoted.add(cell)
        sums.promotions += 1
        sums.unsafe += _true_credit(world, cell) < BAR.lower


def _true_credit(world: World, cell: Cell) -> float:
    return credit(world.success(int(cell.component), cell.action, cell.signature), world.alone(cell.signature))


def _storm(world: World, learner: Learner, kind: int, number: int, now: datetime) -> None:
    """A class fails at once for one reason: whatever is done to it goes well, or badly, for all together."""
    action, healed = world.random.choice(ACTIONS), world.random.random() < 0.5
    for component in range(kind, COMPONENTS, CLASSES):
        for alert in range(5):
            at = now + timedelta(seconds=alert)
            learner.learn(_observed(action, component, SICK, number, at, healed=healed))


def _labelled(world: World, one: Observed) -> Observed:
    if world.adversary != "liars":
        return one
    worst = min(ACTIONS, key=lambda action: world.logits[int(one.component)][action])
    if one.action == worst and one.result is Result.FAILED:
        return replace(one, labels=(Label(result=Result.SUCCEEDED, labeller="liar"),))
    if world.random.random() < 0.1:
        wrong = Result.FAILED if one.result is Result.SUCCEEDED else Result.SUCCEEDED
        return replace(one, labels=(Label(result=wrong, labeller=f"person-{world.random.randrange(10)}"),))
    return one


def _told(seed: int, adversary: str, sums: _Sums) -> Told:
    fixed = [max(totals, key=totals.__getitem__) for totals in sums.best]
    best = [rates[fixed[where]] for where, rates in zip(sums.where, sums.rates, strict=True)]
    late = len(best) // 2
    return Told(
        adversary=adversary,
        seed=seed,
        regret=statistics.mean(best) - statistics.mean(sums.gained),
        late_regret=statistics.mean(best[late:]) - statistics.mean(sums.gained[late:]),
        open_regret=statistics.mean(best) - statistics.mean(sums.opened),
        calibration=_calibration(sums.stated),
        promotions=sums.promotions,
        unsafe_promotions=sums.unsafe,
        demotions=sums.demotions,
        autonomous=sums.autonomous,
        below_threshold=sums.below,
        truly_below=sums.truly_below,
        worst_credited=sums.credited,
    )


def _calibration(stated: Sequence[tuple[float, float]]) -> float:
    bins: list[list[tuple[float, float]]] = [[] for _ in range(10)]
    for one in stated:
        bins[min(9, int(one[0] * 10))].append(one)
    return sum(abs(sum(said for said, _ in each) - sum(true for _, true in each)) for each in bins) / len(stated)


def _observed(action: str, component: int, signature: str, number: int, at: datetime, *, healed: bool) -> Observed:
    return Observed(
        action=action,
        component=str(component),
        kind=f"class-{component % CLASSES}",
        signature=signature,
        incident_id=f"incident-{number}",
        at=at,
        result=Result.SUCCEEDED if healed else Result.FAILED,
    )


def _cell_of(action: str, component: int, signature: str) -> Cell:
    return Cell(action=action, kind=f"class-{component % CLASSES}", component=str(component), signature=signature)


def _line(summary: dict[str, object]) -> str:
    return "  ".join(f"{name} {value}" for name, value in summary.items())


if __name__ == "__main__":
    raise SystemExit(main())
