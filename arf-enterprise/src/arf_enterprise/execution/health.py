# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Whether a component is well after a change: pure, from what was read before it and since.

It is *well* when, for ``sustained_s`` on end, everything is so in each reading:

1. The thing exists, and at least one instance of it is wanted and ready, where that can be told.
2. As many instances are wanted and ready as before, or more; taking the sick ones away is not health.
3. At least ``traffic_floor`` of the traffic before still arrives, where that could be told before.
4. Every symptom is gone. Without a symptom that is asked for, nothing can be told to have helped.
5. Every other probe that was ok before is ok. What was bad before is not held against the change.
6. What could be told before and cannot now, and what never could and is not plainly ok, cannot be told: never well.
7. Somebody looked: at least half as often as the plan asks, and never with a pause as long as what must be sustained.

It is *worse* at once when the thing has vanished or fewer instances are wanted than before, and when a probe of rule 5
has been bad for ``sustained_s`` on end. Otherwise it *waits* until
the window is over; what was bad then, or just before, is *not well*, and the rest *cannot be told*. Readings before
``settle_s`` do not count, nor any after the first that reaches the end of the window: a verdict stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from arf_enterprise.actions.adapter import Vitals
from arf_enterprise.actions.probes import Answer
from arf_enterprise.targets.target import HealthPlan


class State(StrEnum):
    """What can be said of health."""

    WELL = "well"
    WAITING = "waiting"
    WORSE = "worse"
    NOT_WELL = "not_well"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look: seconds since the change was applied, what each probe answered, how much of the thing is there."""

    at_s: float
    answers: tuple[tuple[str, Answer], ...]
    vitals: Vitals

    def document(self) -> dict[str, object]:
        """As JSON."""
        answers = {name: answer.document() for name, answer in self.answers}
        return {"at_s": self.at_s, "answers": answers, "vitals": self.vitals.document()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of health, and why, in sentences."""

    state: State
    says: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"state": self.state.value, "says": list(self.says)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A reading, held against what was before: what is bad, and what cannot be told."""

    at_s: float
    bad: tuple[str, ...]
    unknown: tuple[str, ...]
    spoilt: Mapping[str, str]
    """What each probe says that was well before and is not now."""

    @property
    def is_good(self) -> bool:
        return not self.bad and not self.unknown


def judge(plan: HealthPlan, baseline: Reading, readings: Sequence[Reading]) -> Verdict:
    """What ``readings`` since a change say of health, ``baseline`` being from before it."""
    counted = _counted(plan, readings)
    for reading in counted:
        if lost := tuple(_lost(baseline.vitals, reading.vitals)):
            return Verdict(state=State.WORSE, says=lost)
    looks = [_look(plan, baseline, reading) for reading in counted]
    if spoilt := _spoilt(plan, looks):
        return Verdict(state=State.WORSE, says=spoilt)
    if _is_sustained(plan, looks):
        return Verdict(state=State.WELL, says=(f"everything is well for {plan.sustained_s:g} s",))
    if not looks or looks[-1].at_s < plan.window_s:
        return Verdict(state=State.WAITING, says=_why(looks[-1:]))
    last = _tail(plan, looks)
    if any(look.bad for look in last):
        return Verdict(state=State.NOT_WELL, says=_why(last))
    too_few = ("nobody looked often enough to tell that it stayed well",)
    return Verdict(state=State.CANNOT_TELL, says=_why(last) or too_few)  # rule 7


def _counted(plan: HealthPlan, readings: Sequence[Reading]) -> list[Reading]:
    found: list[Reading] = []
    for reading in sorted(readings, key=lambda one: one.at_s):
        if reading.at_s >= plan.settle_s:
            found.append(reading)
        if reading.at_s >= plan.window_s:
            break
    return found


def _lost(before: Vitals, now: Vitals) -> Iterator[str]:
    if before.exists and not now.exists:
        yield "it existed before the change, and does not now"
    elif before.wanted is not None and now.wanted is not None and now.wanted < before.wanted:
        yield f"{now.wanted} instances are wanted, and {before.wanted} were before"


def _look(plan: HealthPlan, baseline: Reading, reading: Reading) -> _Look:
    answers, before = dict(reading.answers), dict(baseline.answers)
    found = [*_of_vitals(plan, baseline.vitals, reading.vitals), *_of_probes(plan, before, answers)]
    return _Look(
        at_s=reading.at_s,
        bad=tuple(says for is_known, says in found if is_known),
        unknown=tuple(says for is_known, says in found if not is_known),
        spoilt={
            probe.name: f"{probe.name}: {answers[probe.name].says}"
            for probe in plan.probes
            if not probe.is_symptom
            and before.get(probe.name, _UNASKED).ok is True
            and answers.get(probe.name, _UNASKED).ok is False
        },
    )


def _of_vitals(plan: HealthPlan, before: Vitals, now: Vitals) -> Iterator[tuple[bool, str]]:
    """What is against it: whether that is known, and a sentence."""
    if not now.exists:  # rule 1
        yield True, "it does not exist"
        return
    for what, was, least in (("wanted", before.wanted, now.wanted), ("ready", before.ready, now.ready)):  # rule 2
        if least is None and was is not None:
            yield False, f"it cannot be told how many instances are {what}"
        elif least is not None and least < max(1, was or 0):  # rule 1: none is never well
            yield True, f"{least} instances are {what}, and {max(1, was or 0)} must be"
    if before.traffic is None:
        return
    if now.traffic is None:  # rules 3 and 6
        yield False, "it cannot be told how much traffic arrives"
    elif now.traffic < plan.traffic_floor * before.traffic:
        yield True, f"{now.traffic:.0%} of the traffic arrives: it must be {plan.traffic_floor * before.traffic:.0%}"


def _of_probes(plan: HealthPlan, before: Mapping[str, Answer], now: Mapping[str, Answer]) -> Iterator[tuple[bool, str]]:
    if not any(probe.is_symptom for probe in plan.probes):  # rule 4
        yield False, "no probe is a symptom: whether it helped cannot be told"
    for probe in plan.probes:
        was, answer = before.get(probe.name, _UNASKED), now.get(probe.name, _UNASKED)
        if answer.ok is True or (not probe.is_symptom and was.ok is False):  # rule 5
            continue
        is_known = answer.ok is False and (probe.is_symptom or was.ok is True)  # rule 6
        yield is_known, f"{probe.name}: {answer.says}"


_UNASKED = Answer(ok=None, says="was not asked")


def _spoilt(plan: HealthPlan, looks: Sequence[_Look]) -> tuple[str, ...]:
    """What the probes say that were well before, and have been bad for ``sustained_s`` on end."""
    if not looks:
        return ()
    since = looks[-1].at_s - plan.sustained_s
    if looks[0].at_s > since:
        return ()
    last = _tail(plan, looks)
    return tuple(says for name, says in looks[-1].spoilt.items() if all(name in look.spoilt for look in last))


def _is_sustained(plan: HealthPlan, looks: Sequence[_Look]) -> bool:
    """Whether the last readings are good, far enough back and close enough to each other (rule 7)."""
    run = _last_run(plan, looks)
    if not run or run[-1].at_s - run[0].at_s < plan.sustained_s:
        return False
    return len(run) >= 1 + plan.sustained_s / plan.interval_s / 2


def _last_run(plan: HealthPlan, looks: Sequence[_Look]) -> list[_Look]:
    longest = max(plan.sustained_s, 3 * plan.interval_s)
    run: list[_Look] = []
    for look in reversed(looks):
        if not look.is_good or (run and run[-1].at_s - look.at_s > longest):
            break
        run.append(look)
    return run[::-1]


def _tail(plan: HealthPlan, looks: Sequence[_Look]) -> Sequence[_Look]:
    """The readings that decide at the end: those within ``sustained_s`` of the last, and the one before these."""
    since = looks[-1].at_s - plan.sustained_s
    first = max((index for index, look in enumerate(looks) if look.at_s <= since), default=0)
    return looks[first:]


def _why(looks: Sequence[_Look]) -> tuple[str, ...]:
    """The last sentence about each thing: a probe that says another number each time is told once."""
    says = {one.partition(":")[0]: one for look in looks for one in (*look.bad, *look.unknown)}
    return tuple(says.values())
