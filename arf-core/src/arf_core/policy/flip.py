# SPDX-License-Identifier: Apache-2.0
"""The smallest change that would turn the decision about an action: found in the conditions, proven by deciding again.

1. What is changed is one thing: a measured value of the component, or several where one condition needs several at
   once; the time, where a rule rests; the kind of the root cause; a rule of the file; what memory holds. The first of
   these that turns the decision is taken.
2. Candidates are the numbers that stand in conditions and their neighbours among doubles; between two candidates the
   edge is found by halving. So the change is the smallest there is: a smaller one of the same value leaves the decision
   as it is.
3. Nothing is claimed that was not decided: every change is tried with :func:`arf_core.policy.decide.decide`.
4. All else stays: severity, score and the other values are those of the situation. Rules that the situation does not
   know to rest are taken to be free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from arf_core.models.action import Action
from arf_core.models.advice import Rule
from arf_core.models.anomaly import Anomaly
from arf_core.models.frozen import FrozenMap
from arf_core.models.incident import Incident, Match, Outcome
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import SignalKind
from arf_core.policy.condition import evaluate
from arf_core.policy.decide import Decision, Proposal, decide
from arf_core.policy.edges import Reading, Value, nearest, together
from arf_core.policy.limits import KnownRests, Limited
from arf_core.policy.rules import HealingRule, Policy, PolicySet, with_action
from arf_core.policy.subject import Subject, subjects_of


class ChangeKind(StrEnum):
    """What would have to change."""

    VALUE = "value"
    WAIT = "wait"
    KIND = "kind"
    RULE = "rule"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would turn a decision, in words and as values.

    ``values`` are the measured values to change (kind VALUE). ``wait_s`` is in seconds (WAIT). ``rule`` is the rule
    that would offer the action then (for RULE: once it lists it), None where the change takes a recommendation away.
    """

    kind: ChangeKind
    sentence: str
    rule: Rule | None = None
    values: tuple[Value, ...] = ()
    wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything a decision rests on, and the action and component that are asked about.

    ``rests`` are the rules known to rest at the component, by name. ``now`` is aware.
    """

    action: Action
    component: str
    anomalies: tuple[Anomaly, ...]
    causes: tuple[RootCause, ...]
    matches: tuple[Match, ...]
    policies: PolicySet
    rests: Mapping[str, Limited]
    now: datetime

    def decided(self) -> Decision:
        """What is decided in it."""
        return decide(
            anomalies=self.anomalies,
            causes=self.causes,
            matches=self.matches,
            policies=self.policies,
            limiter=KnownRests(self.rests),
            now=self.now,
        )

    def proposal(self) -> Proposal | None:
        """The proposal of the action for the component, if there is one."""
        wanted = (self.action, self.component)
        return next((one for one in self.decided().proposals if (one.action, one.component) == wanted), None)

    def subject(self) -> Subject | None:
        """The component as policies see it, None where nothing is known of it."""
        found = subjects_of(self.anomalies, self.causes)
        return next((subject for subject in found if subject.component == self.component), None)

    def with_values(self, values: Mapping[str, float]) -> Situation:
        """The same with other measured ``values`` of the component."""
        return replace(
            self,
            anomalies=tuple(
                replace(anomaly, measured=FrozenMap({**anomaly.measured, **values}))
                if anomaly.component == self.component
                else anomaly
                for anomaly in self.anomalies
            ),
        )


def smallest_change(situation: Situation) -> Change | None:
    """The smallest change after which the action is recommended, if it is not, or not recommended, if it is."""
    return _taken_back(situation) if situation.proposal() is not None else _brought_in(situation)


def _taken_back(situation: Situation) -> Change | None:
    found = nearest(_reading(situation), lambda values: situation.with_values(values).proposal() is None)
    if found is None:
        return None
    return Change(kind=ChangeKind.VALUE, values=(found,), sentence=f"it would not be, were {found}")


def _brought_in(situation: Situation) -> Change | None:
    for search in (_waited, _measured, _of_another_kind, _listed, _remembered):
        if (change := search(situation)) is not None:
            return change
    return None


def _waited(situation: Situation) -> Change | None:
    listing = {rule.name for rule in situation.policies.rules() if situation.action in rule.actions}
    ends = sorted({rest.until for name, rest in situation.rests.items() if name in listing})
    for end in ends:
        later = replace(situation, now=max(end, situation.now))
        if (proposal := later.proposal()) is not None:
            wait = (end - situation.now).total_seconds()
            words = f"it would be recommended in {wait:g} s, from {end:%Y-%m-%dT%H:%M:%SZ} on"
            return Change(kind=ChangeKind.WAIT, rule=proposal.rule, wait_s=wait, sentence=words)
    return None


def _measured(situation: Situation) -> Change | None:
    def flips(values: Mapping[str, float]) -> bool:
        return situation.with_values(values).proposal() is not None

    reading = _reading(situation)
    one = nearest(reading, flips)
    listing = [policy for policy in situation.policies.policies if situation.action in policy.actions]
    found = (one,) if one is not None else together(reading, [policy.condition for policy in listing], flips)
    if not found:
        return None
    proposal = situation.with_values({value.name: value.to for value in found}).proposal()
    words = f"it would be recommended, were {' and '.join(map(str, found))}"
    return Change(kind=ChangeKind.VALUE, values=found, rule=proposal.rule if proposal else None, sentence=words)


def _of_another_kind(situation: Situation) -> Change | None:
    if not situation.causes or situation.causes[0].component != situation.component:
        return None
    for kind in SignalKind:
        first = replace(situation.causes[0], kind=kind)
        proposal = replace(situation, causes=(first, *situation.causes[1:])).proposal()
        if proposal is not None:
            words = f"it would be recommended, were the dominant signal of kind {kind}"
            return Change(kind=ChangeKind.KIND, rule=proposal.rule, sentence=words)
    return None


def _listed(situation: Situation) -> Change | None:
    """The first rule that speaks here: with the action added to it, the action would be recommended."""
    for rule in _speaking(situation):
        changed = replace(situation, policies=with_action(situation.policies, rule, situation.action))
        if changed.proposal() is not None:
            words = f"it would be recommended, were it among the actions of {rule.rule}"
            return Change(kind=ChangeKind.RULE, rule=rule.rule, sentence=words)
    return None


def _speaking(situation: Situation) -> Iterator[HealingRule]:
    subject = situation.subject()
    if subject is None:
        return
    facts = subject.facts(situation.policies.names)
    rules: list[HealingRule] = [
        policy for policy in situation.policies.policies if evaluate(policy.condition, facts).applies
    ]
    if (remedy := situation.policies.remedy_for(subject.kind)) is not None:
        rules.append(remedy)
    if situation.policies.fallback is not None:
        rules.append(situation.policies.fallback)
    yield from (rule for rule in rules if situation.action not in rule.actions)


_MADE: Final = "inc_supposed"


def _remembered(situation: Situation) -> Change | None:
    healed = Incident(
        incident_id=_MADE,
        occurred_at=situation.now,
        signals=(),
        action=situation.action.value,
        outcome=Outcome.HEALED,
    )
    match = Match(incident=healed, score=1.0, age_s=0.0, why=())
    proposal = replace(situation, matches=(match, *situation.matches)).proposal()
    if proposal is None:
        return None
    words = "it would be recommended, had it healed an incident like this one in memory"
    return Change(kind=ChangeKind.MEMORY, rule=proposal.rule, sentence=words)


def _reading(situation: Situation) -> Reading:
    subject = situation.subject()
    if subject is None or not subject.anomalies:
        return Reading(values={}, conditions=())
    conditions = tuple(policy.condition for policy in situation.policies.policies)
    return Reading(values=subject.facts(situation.policies.names).values, conditions=conditions)


def refusing_policy(situation: Situation) -> tuple[Policy, str] | None:
    """The first policy that lists the action, and why it does not offer it here; None if no policy lists it."""
    subject = situation.subject()
    for policy in situation.policies.policies:
        if subject is not None and situation.action in policy.actions:
            verdict = evaluate(policy.condition, subject.facts(situation.policies.names))
            if not verdict.applies:
                return policy, verdict.because
    return None
