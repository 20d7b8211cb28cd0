# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The gate: what may become of an intent, under one policy, at one time. Pure: it reads nothing and changes nothing.

1. Rules whose condition is true say how far they go; the most restrictive wins. Where none is true, it is denied.
2. A condition that fails denies. One that names what is not known permits nothing, and restricts as if it were true.
3. Ceilings: the lowest of those that are for the request.
4. An advice less sure than ``minimum_confidence`` is denied.
5. What cannot be undone is denied, but where ``allow_irreversible`` is for it and somebody gave a reason: then as many
   people approve as it says. A message (``alert_team``) changes no target, and is not meant.
6. Blast radius: what reaches further than a cap is denied.
7. Freezes: nothing above what they leave, for as long as they last.
8. Rates: one more than a rate allows is denied. What lies in the future, after a clock went back, counts too.
9. Nothing but a message runs by itself unless it went well as often as ``autonomous`` says; what is not known does not
   count.
10. Never more than was wished for; the ceiling of the licence is part of the wish.
11. As long as nothing is planned, never more than advice: conditions and caps that are about the plan wait for it.

Each step can only restrict what those before it left; so their order decides nothing but which code a denial has: that
of the first step that denies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from arf_core.canonical import write_time
from arf_core.models.action import Action
from arf_enterprise.errors import (
    BlastRadiusExceeded,
    ExecutionRefused,
    Frozen,
    NoRollback,
    PolicyRefused,
    RateExceeded,
)
from arf_enterprise.governance.conditions import Judged, Outcome, context_of, judge
from arf_enterprise.governance.facts import Asked, Facts, Ran, facts_of
from arf_enterprise.governance.freeze import frozen_until
from arf_enterprise.governance.rules import SECONDS, GovernancePolicy, Rate, Rule
from arf_enterprise.governance.ruling import Reason, Ruling, Rung

__all__ = ["Asked", "Facts", "Ran", "Situation", "decide", "facts_of", "judged", "rule_on"]

NO_RULE: Final = "no rule"
"""The name that stands in the reason where no rule applies."""
REQUEST: Final = "request"
"""The place of a reason that is the request's own."""


def decide(policy: GovernancePolicy, asked: Asked, *, now: datetime, recent: Sequence[Ran]) -> Ruling:
    """What may become of what is ``asked`` at ``now`` (aware), with what ran lately in this tenant.

    ``recent`` are the executions of the last 24 hours and of the future, this one not among them.
    """
    return rule_on(policy, Situation(facts=facts_of(asked), wished=asked.wished, now=now, recent=tuple(recent)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One request as the policy sees it, what was wished for, when, and what ran lately."""

    facts: Facts
    wished: Rung
    now: datetime
    recent: tuple[Ran, ...] = ()


def rule_on(policy: GovernancePolicy, situation: Situation) -> Ruling:
    """As :func:`decide`, for facts that are known as such."""
    found = tuple(_limits(policy, situation))
    restricting = sorted(found, key=lambda limit: limit.reason.rung)  # stable: the first of the lowest is first
    lowest = restricting[0]
    return Ruling(
        rung=lowest.reason.rung,
        policy_digest=policy.digest,
        reasons=tuple(limit.reason for limit in restricting),
        quorum=max([policy.quorum, *(limit.quorum for limit in found)]),
        expires_s=min([policy.expires_s, *(limit.expires_s for limit in found if limit.expires_s is not None)]),
        code=lowest.refusal.code if lowest.reason.rung is Rung.DENY else None,
        facts=situation.facts.document(),
    )


def judged(policy: GovernancePolicy, facts: Facts) -> tuple[tuple[Rule, Judged], ...]:
    """Each rule of the policy, and what becomes of its condition."""
    context = context_of(facts)
    return tuple((rule, judge(rule.when, facts, context)) for rule in policy.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One thing that holds the rung down; ``refusal`` is the error of a denial by it."""

    reason: Reason
    refusal: type[ExecutionRefused] = PolicyRefused
    quorum: int = 1
    expires_s: float | None = field(default=None)


def _limits(policy: GovernancePolicy, situation: Situation) -> Iterator[_Limit]:
    facts = situation.facts
    yield from _rules(policy, facts)  # steps 1 and 2
    for ceiling in policy.ceilings:  # 3
        if ceiling.where.holds(facts):
            yield _limit(ceiling.at_most, ceiling.name, ceiling.place, f"at most {ceiling.at_most.label} here")
    if facts.confidence < policy.minimum_confidence:  # 4
        says = f"its confidence is {facts.confidence:g}, less than {policy.minimum_confidence:g}"
        yield _limit(Rung.DENY, "minimum_confidence", policy.place, says)
    yield from _irreversible(policy, facts)  # 5
    yield from _blast_radius(policy, facts)  # 6
    yield from _freezes(policy, situation)  # 7
    yield from _rates(policy, situation)  # 8
    yield from _record(policy, facts)  # 9
    yield _limit(situation.wished, "wish", REQUEST, f"{situation.wished.label} is the most that was asked for")  # 10
    if not facts.is_planned:  # 11
        yield _limit(Rung.ADVISE, "plan", REQUEST, "nothing is planned yet, so its reach is not known")


def _limit(rung: Rung, rule: str, place: str, says: str) -> _Limit:
    return _Limit(reason=Reason(rung=rung, rule=rule, place=place, says=says))


def _rules(policy: GovernancePolicy, facts: Facts) -> Iterator[_Limit]:
    permits = False
    for rule, found in judged(policy, facts):
        if found.outcome is Outcome.FALSE:
            continue
        permits = permits or (rule.then > Rung.DENY and found.outcome in {Outcome.TRUE, Outcome.UNPLANNED})
        if found.outcome is not Outcome.UNPLANNED:  # 11: what is not planned yet is not held against it
            rung = Rung.DENY if found.outcome is Outcome.FAILED else rule.then  # 2
            yield _Limit(
                reason=Reason(rung=rung, rule=rule.name, place=rule.place, says=found.because),
                quorum=rule.quorum or 1,
                expires_s=rule.expires_s,
            )
    if not permits:  # 1
        yield _limit(Rung.DENY, NO_RULE, policy.place, "no rule of the policy permits this")


def _irreversible(policy: GovernancePolicy, facts: Facts) -> Iterator[_Limit]:
    if facts.reversible is not False or facts.action is Action.ALERT_TEAM:
        return
    allow = policy.allow_irreversible
    if allow is None or not allow.where.holds(facts):
        place = policy.place if allow is None else allow.place
        yield _no_rollback(place, "it cannot be undone, and the policy permits no such change here")
    elif not (facts.irreversible_reason or "").strip():
        yield _no_rollback(allow.place, "it cannot be undone, and nobody gave a reason for it")
    else:
        says = f"it cannot be undone: {allow.quorum} people must approve"
        reason = Reason(rung=Rung.REQUIRE_APPROVAL, rule=allow.name, place=allow.place, says=says)
        yield _Limit(reason=reason, quorum=allow.quorum)


def _no_rollback(place: str, says: str) -> _Limit:
    reason = Reason(rung=Rung.DENY, rule="allow_irreversible", place=place, says=says)
    return _Limit(reason=reason, refusal=NoRollback)


def _blast_radius(policy: GovernancePolicy, facts: Facts) -> Iterator[_Limit]:
    for cap in policy.blast_radius:
        if not facts.is_planned or not cap.where.holds(facts):
            continue
        for name in ("instances", "share", "dependents"):
            most, reached = getattr(cap, name), getattr(facts, name)
            if most is not None and (reached is None or reached > most):
                says = f"it would reach {name} {reached:g}, more than {most:g}"
                reason = Reason(rung=Rung.DENY, rule=cap.name, place=cap.place, says=says)
                yield _Limit(reason=reason, refusal=BlastRadiusExceeded)


def _freezes(policy: GovernancePolicy, situation: Situation) -> Iterator[_Limit]:
    for freeze in policy.freezes:
        if not freeze.where.holds(situation.facts):
            continue
        if (until := frozen_until(freeze, situation.now)) is not None:
            says = f"changes are frozen until {write_time(until)} ({freeze.zone})"
            reason = Reason(rung=freeze.at_most, rule=freeze.name, place=freeze.place, says=says)
            yield _Limit(reason=reason, refusal=Frozen)


def _rates(policy: GovernancePolicy, situation: Situation) -> Iterator[_Limit]:
    for rate in policy.rates:
        if not rate.where.holds(situation.facts):
            continue
        since = situation.now - timedelta(seconds=SECONDS[rate.per])
        count = sum(_counts(rate, ran, situation.facts) for ran in situation.recent if ran.at > since)
        if count >= rate.at_most:
            says = f"{count} of that kind ran within the last {rate.per}, and {rate.at_most} may"
            reason = Reason(rung=Rung.DENY, rule=rate.name, place=rate.place, says=says)
            yield _Limit(reason=reason, refusal=RateExceeded)


def _counts(rate: Rate, ran: Ran, facts: Facts) -> bool:
    is_meant = all(getattr(ran, name) in values for name, values in rate.where.allowed)
    return is_meant and all(getattr(ran, name) == getattr(facts, name) for name in rate.each)


def _record(policy: GovernancePolicy, facts: Facts) -> Iterator[_Limit]:
    wanted = policy.autonomous
    if wanted is None or facts.action is Action.ALERT_TEAM:
        return
    went = 0.0 if facts.success_lower is None else facts.success_lower
    is_known = facts.success_lower is not None or wanted.success_lower == 0
    if not is_known or went < wanted.success_lower or facts.outcomes < wanted.outcomes:
        shown = "not known" if facts.success_lower is None else f"{facts.success_lower:g}"
        says = (
            f"the lower bound of its success is {shown} from {facts.outcomes} outcomes: "
            f"{wanted.success_lower:g} from {wanted.outcomes} is needed to run by itself"
        )
        yield _limit(Rung.REQUIRE_APPROVAL, wanted.name, wanted.place, says)
