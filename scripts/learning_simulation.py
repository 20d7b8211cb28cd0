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
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from arf_enterprise.learning.advise import CURIOSITY
from arf_enterprise.learning.belief import DEFAULT, Cell, Count, Counts, Estimate
from arf_enterprise.learning.earning import Bar, has_earned, lost_because
from arf_enterprise.learning.observed import Label, Observed, Result, settle
from arf_enterprise.learning.posterior import MINUTE, believed, credit, estimate, mean_and_spread

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 60
CLASSES: Final = 5
COMPONENTS: Final = 50
ACTIONS: Final = ("rollback", "restart_container", "scale_out", "circuit_breaker", "traffic_shift")
LEFT_ALONE: Final = 0.08
BAR: Final = Bar(lower=0.6, outcomes=20, budget_per_day=math.inf)
ADVERSARIES: Final = ("none", "liars", "placebo", "storms")
CHECKED: Final = 500
_TELLING: Final = (Result.SUCCEEDED.value, Result.FAILED.value)
SICK, PASSING = "sick", "passing"


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


@dataclass(slots=True, kw_only=True)
class World:
    """What is true: success rates by component and action (logits), how often a fault heals by itself."""

    random: Random
    adversary: str
    logits: list[dict[str, float]]
    believed: list[dict[str, float]]

    @classmethod
    def made(cls, seed: int, adversary: str) -> World:
        """A world of its own for each seed."""
        random = Random(f"{adversary} {seed}")  # noqa: S311 - a simulation
        classes = [{action: random.gauss(-0.7, 1.5) for action in ACTIONS} for _ in range(CLASSES)]
        for kind in classes:
            kind[random.choice(ACTIONS)] = random.uniform(1.8, 3.5)
        logits = [
            {action: classes[one % CLASSES][action] + random.gauss(0, 0.5) for action in ACTIONS}
            for one in range(COMPONENTS)
        ]
        believed = [dict.fromkeys(ACTIONS, 0.1) | {random.choice(ACTIONS): 0.8} for _ in range(CLASSES)]
        return cls(random=random, adversary=adversary, logits=logits, believed=believed)

    def drift(self, day: int) -> None:
        """A day passes: rates walk; half way every tenth component's best action breaks down."""
        for number, rates in enumerate(self.logits):
            for action in ACTIONS:
                rates[action] += self.random.gauss(0, 0.05)
            if day == DAYS // 2 and number % 10 == 0:
                rates[max(rates, key=rates.__getitem__)] = -1.5

    def alone(self, signature: str) -> float:
        """How often the fault heals by itself."""
        return 0.9 if signature == PASSING else 0.05

    def success(self, component: int, action: str, signature: str) -> float:
        """How often it is gone after ``action``: healed by it, or by itself."""
        healed = 0.0 if signature == PASSING else _share(self.logits[component][action])
        return healed + (1 - healed) * self.alone(signature)


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


def _is_close(found: Estimate, other: Estimate) -> bool:
    pairs = ((found.mean, other.mean), (found.lower, other.lower), (found.earned or 0.0, other.earned or 0.0))
    return found.outcomes == other.outcomes and all(math.isclose(a, b, abs_tol=1e-9) for a, b in pairs)


def _cell_of(action: str, component: int, signature: str) -> Cell:
    return Cell(action=action, kind=f"class-{component % CLASSES}", component=str(component), signature=signature)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _line(summary: dict[str, object]) -> str:
    return "  ".join(f"{name} {value}" for name, value in summary.items())


if __name__ == "__main__":
    raise SystemExit(main())
