# SPDX-License-Identifier: Apache-2.0
"""From what is wrong to what is recommended, and why the rest is not.

For the root cause (the first of the ranking):

1. Every policy whose condition is true offers its actions, in the order of priority, then of the file.
2. Where no condition is true, the remedy for the kind of the root cause's dominant signal offers its actions; where one
   is, it does so after them if the diagnosis measured against a baseline: thresholds tell that something is wrong, such
   a diagnosis tells what.
3. An action that healed a similar incident is offered too, if a remedy lists it. Recall never overrides a condition: an
   action that only policies list stays refused where their conditions are not true.
4. Where nothing fits, the fallback offers its actions.
5. A rule in its cooldown or beyond its hourly limit offers nothing, and no later rule replaces it. A rule is used up
   only when it adds an action that no rule before it offered.
6. An action that no condition states is proposed only if the belief in it reaches :data:`WORTH`, or if nothing else is.

Other components with anomalies come after it, by their rank as causes, with rule 1 only, and at most
:data:`MAX_OTHERS` of them. What is offered is ordered and given its confidence by ``weigh``; elsewhere than at the root
cause it is believed in proportion to how likely the root cause is there. Every one of the six actions that is not
proposed for the root cause is refused with the rule that stopped it. Nothing here reads a clock; only the limiter
remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from arf_core.models.action import Action
from arf_core.models.advice import Refused, Rule
from arf_core.models.anomaly import Anomaly
from arf_core.models.frozen import FrozenMap
from arf_core.models.incident import Match, Outcome
from arf_core.models.root_cause import RootCause
from arf_core.policy.condition import Verdict, evaluate
from arf_core.policy.limits import Limiter
from arf_core.policy.rules import HealingRule, PolicySet, Remedy, Step
from arf_core.policy.subject import Subject, subjects_of
from arf_core.policy.weigh import is_measured, weigh

MAX_OTHERS: Final = 3
"""How many components besides the root cause are advised at once: people cannot judge more in an incident."""

RESEMBLES: Final = 0.5
"""The least similarity (cosine) at which a remembered incident may bring in an action that no rule offered."""


WORTH: Final = 0.1
"""The least confidence at which an action that no condition states is worth people's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One action to recommend for one component.

    ``confidence`` is in [0, 1]; ``rule`` is the first rule that offered it; ``because`` is one sentence a reason.
    """

    action: Action
    component: str
    parameters: FrozenMap
    confidence: float
    rule: Rule
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to recommend, in the order in which people should consider it, and what was refused.

    ``because`` says why there is no proposal, and is empty where there is one.
    """

    proposals: tuple[Proposal, ...] = ()
    refused: tuple[Refused, ...] = ()
    because: str = ""


def decide(
    *,
    anomalies: Sequence[Anomaly],
    causes: Sequence[RootCause],
    matches: Sequence[Match],
    policies: PolicySet,
    limiter: Limiter,
    now: datetime,
) -> Decision:
    """What to recommend at ``now`` (aware) by the rules above; ``limiter`` remembers what was used."""
    subjects = subjects_of(anomalies, causes)
    if not subjects:
        return Decision(because="nothing is abnormal")
    first = _Case(subject=subjects[0], policies=policies, limiter=limiter, now=now)
    _consider_root_cause(first, matches)
    others = tuple(_others(subjects[1:], policies, limiter, now))
    proposals = [*_proposals(first, tuple(causes), tuple(matches), part=1)]
    for case in others:
        proposals.extend(_other_proposals(case, first.subject.cause))
    refused = tuple(refused for case in (first, *others) for refused in case.refused())
    return Decision(proposals=tuple(proposals), refused=refused, because="" if proposals else _nothing(first))


@dataclass(frozen=True, slots=True)
class _Offer:
    step: Step
    rule: Rule
    because: str


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Steps that a rule did not offer; the words are made only for what is still refused at the end."""

    rule: Rule
    steps: Sequence[Step]
    because: str | Verdict

    def __str__(self) -> str:
        return self.because if isinstance(self.because, str) else self.because.because


@dataclass(slots=True, kw_only=True)
class _Case:
    """One component while it is being considered. Offers are kept by the names of their actions."""

    subject: Subject
    policies: PolicySet
    limiter: Limiter
    now: datetime
    offers: dict[str, _Offer] = field(default_factory=dict)
    refusals: list[_Refusal] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    resting: dict[str, str] = field(default_factory=dict)
    fired: bool = False
    stated: int = 0

    def offer(self, rule: HealingRule, steps: Sequence[Step], because: str) -> None:
        """Offer those of ``steps`` that are new, unless the rule is at its limit."""
        new = [step for step in steps if step.name not in self.offers]
        if not new:
            return
        if rule.name not in self.used:
            limited = self.limiter.check_and_take(rule, self.subject.component, self.now)
            if limited is not None:
                self.resting.update((step.name, limited.because) for step in new)
                self.refusals.append(_Refusal(rule.rule, new, limited.because))
                return
            self.used.add(rule.name)
        for step in new:
            self.offers[step.name] = _Offer(step, rule.rule, because)

    def drop(self, offer: _Offer, because: str) -> None:
        """Take back an offer."""
        del self.offers[offer.step.name]
        self.refusals.append(_Refusal(offer.rule, (offer.step,), because))

    def refused(self) -> Iterator[Refused]:
        """What was refused and by no other rule offered."""
        for refusal in self.refusals:
            for step in refusal.steps:
                if step.name not in self.offers:
                    yield Refused(
                        action=step.name, component=self.subject.component, rule=refusal.rule, because=str(refusal)
                    )


def _consider_root_cause(case: _Case, matches: Sequence[Match]) -> None:
    _try_policies(case, keep_refused=True)
    remedy = case.policies.remedy_for(case.subject.kind) if _may_diagnosis_speak(case) else None
    if remedy is not None:
        case.offer(remedy, remedy.steps, f"the dominant signal of {case.subject.component} is of kind {remedy.kind}")
    if matches and (case.offers or not case.resting):
        _recall(case, matches)
    fallback = case.policies.fallback
    if fallback is not None and not case.offers and not case.resting:
        case.offer(fallback, fallback.steps, "it is abnormal, and no other rule fits")
    _refuse_the_rest(case)


def _may_diagnosis_speak(case: _Case) -> bool:
    cause = case.subject.cause
    return not case.fired or (not case.resting and cause is not None and is_measured(cause))


def _others(subjects: Sequence[Subject], policies: PolicySet, limiter: Limiter, now: datetime) -> Iterator[_Case]:
    found = 0
    for subject in subjects:
        if found == MAX_OTHERS:
            return
        case = _Case(subject=subject, policies=policies, limiter=limiter, now=now)
        _try_policies(case, keep_refused=False)
        if case.fired:
            found += 1
            yield case


def _try_policies(case: _Case, *, keep_refused: bool) -> None:
    facts = case.subject.facts(case.policies.names)
    for policy in case.policies.policies:
        verdict = evaluate(policy.condition, facts)
        if verdict.applies:
            case.fired = True
            case.offer(policy, policy.steps, verdict.because)
        elif keep_refused:
            case.refusals.append(_Refusal(policy.rule, policy.steps, verdict))
    case.stated = len(case.offers)


def _recall(case: _Case, matches: Sequence[Match]) -> None:
    for action, match in _healers(matches).items():
        if action in case.offers or action in case.resting:
            continue
        because = f"{action} healed {match.incident.incident_id}, which resembles this (similarity {match.score:.2f})"
        remedy, steps = _remedy_with(case, action)
        if remedy is not None:
            case.offer(remedy, steps, because)
        elif not any(step.name == action for policy in case.policies.policies for step in policy.steps):
            because = f"{because}, but no rule of {case.policies.file} has this action"
            case.refusals.append(_Refusal(case.policies.no_rule, steps, because))


def _healers(matches: Sequence[Match]) -> dict[str, Match]:
    """The names of the actions that healed similar incidents, each with the most similar one."""
    found: dict[str, Match] = {}
    for match in sorted(matches, key=lambda match: (-match.score, match.incident.incident_id)):
        action = match.incident.action
        healed = match.incident.outcome is Outcome.HEALED and match.score >= RESEMBLES
        if healed and action is not None and action in _NO_STEPS:
            found.setdefault(action, match)
    return found


def _remedy_with(case: _Case, action: str) -> tuple[Remedy | None, Sequence[Step]]:
    """The remedy that has ``action``, that for the root cause's kind before the others, and its step; or no rule."""
    own = [remedy for remedy in case.policies.remedies if remedy.kind is case.subject.kind]
    for remedy in (*own, *case.policies.remedies):
        if found := [step for step in remedy.steps if step.name == action]:
            return remedy, found
    return None, _NO_STEPS[action]


def _refuse_the_rest(case: _Case) -> None:
    named = {step.name for refusal in case.refusals for step in refusal.steps}
    for action in _NO_STEPS:
        if action not in case.offers and action not in named:
            remedy, steps = _remedy_with(case, action)
            rule = case.policies.no_rule if remedy is None else remedy.rule
            case.refusals.append(_Refusal(rule, steps, _unruled(case, remedy)))


def _unruled(case: _Case, remedy: Remedy | None) -> str:
    if remedy is None:
        return f"no rule of {case.policies.file} has this action for {case.subject.component}"
    if remedy.kind is case.subject.kind:
        return f"{remedy.name} is for root causes where no condition is true, or that were measured against a baseline"
    return f"{remedy.name} is not for root causes of kind {case.subject.kind}"


def _proposals(
    case: _Case, causes: tuple[RootCause, ...], matches: tuple[Match, ...], *, part: float
) -> Iterator[Proposal]:
    if not case.offers:
        return
    component = case.subject.component
    doubt = () if part == 1 else (f"{component} is {part:.0%} as likely the root cause as the first",)
    candidates = [offer.step.action for offer in case.offers.values()]
    stated = frozenset(candidates[: case.stated])
    for place, weighed in enumerate(weigh(candidates, causes, matches, stated=case.stated)):
        offer = case.offers[weighed.action]
        if place and weighed.action not in stated and weighed.confidence < WORTH:
            case.drop(offer, f"too little speaks for it: confidence {weighed.confidence:.2f} is under {WORTH:g}")
            continue
        yield Proposal(
            action=weighed.action,
            component=component,
            parameters=offer.step.parameters,
            confidence=round(weighed.confidence * part, 6),
            rule=offer.rule,
            because=(offer.because, *weighed.because, *doubt),
        )


def _other_proposals(case: _Case, first: RootCause | None) -> Iterator[Proposal]:
    """Those for a component besides the root cause: what is recalled is about the incident, and so about its root."""
    own = case.subject.cause
    if own is None or first is None or first.share <= 0:
        return _proposals(case, () if own is None else (own,), (), part=1)
    return _proposals(case, (own,), (), part=min(1.0, own.share / first.share))


def _nothing(case: _Case) -> str:
    if not case.resting:
        return f"no rule of {case.policies.file} fits {case.subject.component}"
    return "; ".join(dict.fromkeys(case.resting.values()))


_NO_STEPS: Final[Mapping[str, tuple[Step, ...]]] = {
    action.value: (Step(action=action, name=action.value, parameters=FrozenMap()),) for action in Action
}
"""Every action by its name, for refusing it where no rule has it."""
