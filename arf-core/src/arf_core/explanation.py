# SPDX-License-Identifier: Apache-2.0
"""Why an action is recommended or refused: one sentence, the rule with its file and line, and what would turn it.

1. The advice is explained, not made again: what it recommended or refused, and by which rule, is what is said.
2. The smallest change is looked for in the same situation and proven by deciding again (``policy.flip``). Where the
   situation cannot be put together again from the advice (its memory has changed), that is said and nothing claimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arf_core.advisor import Advisor
from arf_core.errors import InputError, PolicyError
from arf_core.models.action import Action
from arf_core.models.advice import Advice, Refused, Rule
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Incident, Match
from arf_core.policy.decide import MAX_OTHERS, Proposal
from arf_core.policy.flip import Change, ChangeKind, Situation, refusing_policy, smallest_change
from arf_core.policy.limits import limited_by
from arf_core.policy.weigh import NEIGHBOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an action is recommended for a component or not.

    ``sentence`` says everything in one sentence; ``because`` is the reason alone. ``rule`` stands at ``file`` and
    ``line``; where no rule has the action, it is the rule named ``no rule``, at line 1. ``change`` is the smallest
    change that turns the decision, None where none was found.
    """

    action: Action
    component: str
    recommended: bool
    sentence: str
    because: str
    rule: Rule
    change: Change | None

    @property
    def file(self) -> str:
        """The file of the rule."""
        return self.rule.file

    @property
    def line(self) -> int:
        """The line of the rule, from 1."""
        return self.rule.line


def explain(advice: Advice, *, action: Action | str, component: str | None = None, advisor: Advisor) -> Explanation:
    """Why ``action`` is recommended for ``component`` (the root cause, unless given) in ``advice``, or is not.

    ``advisor`` is the one that gave the advice: its policies and memory are asked again.

    Raises:
        InputError: no such action, or nothing in the advice is about the component.
        PolicyError: the advice was given with other policies than the advisor has.
    """
    wanted = _action(action)
    known = _components(advice)
    if not known:
        return _about_nothing(advice, wanted, component or "", advisor)
    named = component or known[0]
    if named not in known:
        raise InputError(f"nothing in {advice.incident_id} is about {named!r}: it is about {', '.join(known[:8])}")
    _check_policies(advice, advisor)
    situation = _situation(advice, wanted, named, advisor)
    intent = next((one for one in advice.intents if (one.action, one.component) == (wanted, named)), None)
    return _refused(advice, situation) if intent is None else _recommended(intent, situation)


def _recommended(intent: HealingIntent, situation: Situation) -> Explanation:
    proposal = situation.proposal()
    rule = _rule_of(intent, situation) if proposal is None else proposal.rule
    because = intent.justification if proposal is None else proposal.because[0]
    return _explanation(situation, rule, because, recommended=True, again=proposal)


def _refused(advice: Advice, situation: Situation) -> Explanation:
    again = situation.proposal()
    change = None if again is not None else smallest_change(situation)
    found = [
        one for one in advice.refused if (one.action, one.component) == (situation.action.value, situation.component)
    ]
    first = _most_telling(found, change)
    rule, because = (first.rule, first.because) if first is not None else _unsaid(situation)
    return _explanation(situation, rule, because, recommended=False, again=again, change=change)


def _explanation(
    situation: Situation,
    rule: Rule,
    because: str,
    *,
    recommended: bool,
    again: Proposal | None,
    change: Change | None = None,
) -> Explanation:
    agrees = (again is not None) == recommended
    if agrees and recommended:
        change = smallest_change(situation)
    what = "is recommended" if recommended else "is refused"
    turned = _turned(change, rule) if change else _NO_CHANGE if agrees else _OTHERWISE
    return Explanation(
        action=situation.action,
        component=situation.component,
        recommended=recommended,
        sentence=f"{situation.action} {what} for {situation.component}{_by(rule, situation)}: {because}; {turned}.",
        because=because,
        rule=rule,
        change=change,
    )


def _by(rule: Rule, situation: Situation) -> str:
    return "" if rule == situation.policies.no_rule else f" by {rule}"


_NO_CHANGE = "no single change turns it"
_OTHERWISE = "asked again, ARF decides otherwise (its memory or limits have changed), so no change can be named"


def _turned(change: Change, rule: Rule) -> str:
    by_another = change.rule is not None and change.rule != rule and change.kind is not ChangeKind.RULE
    return f"{change.sentence}, by {change.rule}" if by_another else change.sentence


def _most_telling(found: list[Refused], change: Change | None) -> Refused | None:
    """The refusal by the rule that would offer the action after the change, a limit, or the first."""
    by_rule = [one for one in found if change is not None and change.rule is not None and one.rule == change.rule]
    limits = [one for one in found if limited_by(one.because) is not None]
    return next(iter((*by_rule, *limits, *found)), None)


def _unsaid(situation: Situation) -> tuple[Rule, str]:
    """The advice keeps refusals of the root cause only: why there is nothing for another component."""
    listing = [policy for policy in situation.policies.policies if situation.action in policy.actions]
    if not listing:
        return situation.policies.no_rule, "beside the root cause only policies count, and none lists it"
    if (found := refusing_policy(situation)) is not None:
        return found[0].rule, found[1]
    return listing[0].rule, f"beside the root cause at most {MAX_OTHERS} components are advised"


def _about_nothing(advice: Advice, action: Action, component: str, advisor: Advisor) -> Explanation:
    because = advice.because or "nothing is abnormal"
    where = f" for {component}" if component else ""
    return Explanation(
        action=action,
        component=component,
        recommended=False,
        sentence=f"{action} is not recommended{where}: {because}.",
        because=because,
        rule=advisor.policies.no_rule,
        change=None,
    )


def _situation(advice: Advice, action: Action, component: str, advisor: Advisor) -> Situation:
    rests = {
        one.rule.name: limited
        for one in advice.refused
        if one.component == component and (limited := limited_by(one.because)) is not None
    }
    return Situation(
        action=action,
        component=component,
        anomalies=advice.anomalies,
        causes=advice.root_causes,
        matches=_heard(advice, advisor),
        policies=advisor.policies,
        rests=rests,
        now=advice.at,
    )


def _heard(advice: Advice, advisor: Advisor) -> tuple[Match, ...]:
    """What was recalled for the decision: more than the advice shows, if memory still gives what it shows."""
    shown = len(advice.matches)
    if not shown:
        return ()
    present = Incident(
        incident_id=advice.incident_id,
        occurred_at=advice.at,
        signals=tuple(signal for anomaly in advice.anomalies for signal in anomaly.signals),
        words=tuple(dict.fromkeys(word for anomaly in advice.anomalies for word in anomaly.words)),
        component=advice.root_causes[0].component if advice.root_causes else None,
    )
    limit = max(advisor.config.recall_limit, NEIGHBOURS)
    again = advisor.memory.similar(present, now=advice.at, limit=limit, explained=shown)
    return again if again[:shown] == advice.matches else advice.matches


def _action(given: Action | str) -> Action:
    try:
        return Action(given)
    except ValueError as error:
        raise InputError(f"{given!r} is not an action: it must be one of {', '.join(Action)}") from error


def _components(advice: Advice) -> tuple[str, ...]:
    """The components the advice is about, the root cause first."""
    causes = sorted(advice.root_causes, key=lambda cause: cause.rank)
    found: Iterable[str] = (*(one.component for one in causes), *(one.component for one in advice.anomalies))
    return tuple(dict.fromkeys(found)) if advice.anomalies else ()


def _check_policies(advice: Advice, advisor: Advisor) -> None:
    own = advisor.policies.digest
    for digest in (*(one.rule.policy_digest for one in advice.refused), *map(_digest_of, advice.intents)):
        if digest and digest != own:
            raise PolicyError(
                f"the advice was given with the policies {digest}, not with {own} ({advisor.policies.file})"
            )


def _digest_of(intent: HealingIntent) -> str:
    return (intent.policy_applied or "").rpartition("@")[2]


def _rule_of(intent: HealingIntent, situation: Situation) -> Rule:
    name = (intent.policy_applied or "").rpartition("@")[0]
    found = (rule.rule for rule in situation.policies.rules() if rule.name == name)
    return next(found, situation.policies.no_rule)
