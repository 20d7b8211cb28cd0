# SPDX-License-Identifier: Apache-2.0
"""Tries a policy file on a table of cases, and says which of its rules the cases cover.

1. A case is decided as the advisor decides (``policy.decide``): a reading is judged by the default thresholds, so what
   no threshold sees is nothing abnormal, unless the case says of which kind the shift is, how bad, or that there were
   alerts.
2. Each case stands for itself: limits count only the uses that it states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from arf_core.detect.thresholds import Thresholds, check
from arf_core.errors import PolicyError
from arf_core.models.action import Action
from arf_core.models.anomaly import Anomaly
from arf_core.models.event import ReliabilityEvent
from arf_core.models.incident import Incident, Match
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import Direction, Severity, Signal, SignalKind
from arf_core.policy.cases import Case, Given
from arf_core.policy.coverage import Covered, coverage_of
from arf_core.policy.decide import Decision, decide
from arf_core.policy.limits import Limiter
from arf_core.policy.rules import PolicySet
from arf_core.policy.subject import subjects_of

NOW: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When every case happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a case: the actions that were recommended, and in which way that is not what was expected."""

    case: Case
    actions: tuple[Action, ...]
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The cases and the rules, in the order of their files."""

    tried: tuple[Tried, ...]
    covered: tuple[Covered, ...]

    @property
    def failed(self) -> tuple[Tried, ...]:
        """The cases that are not as expected."""
        return tuple(tried for tried in self.tried if not tried.passed)

    @property
    def coverage(self) -> float:
        """The share of the questions about the rules that the cases answer, in percent."""
        points = [covered.points for covered in self.covered]
        return 100.0 * sum(reached for reached, _ in points) / sum(most for _, most in points)


def try_out(policies: PolicySet, cases: Sequence[Case]) -> Trial:
    """What ``policies`` recommend in each of ``cases``.

    Raises:
        PolicyError: a case names a rule that the policies do not have, or a use of one that its limits do not allow.
    """
    judged = [(case, *_situation(case.given)) for case in cases]
    decided = [_decided(case, anomalies, causes, policies) for case, anomalies, causes in judged]
    tried = (_tried(case, found) for case, found in zip(cases, decided, strict=True))
    subjects = [subject for _, anomalies, causes in judged for subject in subjects_of(anomalies, causes)]
    return Trial(tried=tuple(tried), covered=coverage_of(policies, subjects, decided))


def _decided(
    case: Case, anomalies: tuple[Anomaly, ...], causes: tuple[RootCause, ...], policies: PolicySet
) -> Decision:
    _check_rules(case, policies)
    return decide(
        anomalies=anomalies,
        causes=causes,
        matches=tuple(_matches(case.given)),
        policies=policies,
        limiter=_limiter(case, policies),
        now=NOW,
    )


def _situation(given: Given) -> tuple[tuple[Anomaly, ...], tuple[RootCause, ...]]:
    event = ReliabilityEvent(component=given.component, timestamp=NOW, **given.metrics)  # type: ignore[arg-type]
    found = check(event, Thresholds())
    told = given.kind, given.severity, given.score, given.words or None
    if found is None and all(one is None for one in told):
        return (), ()
    kind = given.kind or (found.signals[0].kind if found is not None else SignalKind.OTHER)
    signal = Signal(
        component=given.component,
        metric=kind.value,
        kind=kind,
        direction=Direction.UP,
        shift=_SHIFT if given.baseline else None,
    )
    base = found or Anomaly(
        component=given.component,
        severity=Severity.WARNING,
        score=_SCORE,
        detected_at=NOW,
        signals=(),
        measured=event.metrics,
    )
    anomaly = replace(
        base,
        severity=given.severity or base.severity,
        score=base.score if given.score is None else given.score,
        signals=(signal,),
        words=given.words,
    )
    cause = RootCause(
        component=given.component, rank=1, score=anomaly.score, share=1.0, kind=kind, signals=anomaly.signals
    )
    return (anomaly,), (cause,)


_SHIFT: Final = 10.0
"""Robust deviations: enough for a shift to be one."""
_SCORE: Final = 0.5


def _matches(given: Given) -> Iterator[Match]:
    for number, recalled in enumerate(given.remembered, start=1):
        incident = Incident(
            incident_id=f"remembered {number}",
            occurred_at=NOW,
            signals=(),
            action=recalled.action.value,
            outcome=recalled.outcome,
        )
        yield Match(incident=incident, score=recalled.similarity, age_s=0.0, why=())


def _limiter(case: Case, policies: PolicySet) -> Limiter:
    limiter, rules = Limiter(), {rule.name: rule for rule in policies.rules()}
    for used in sorted(case.given.used, key=lambda one: -one.ago_s):
        when = NOW - timedelta(seconds=used.ago_s)
        if limited := limiter.check_and_take(rules[used.rule], case.given.component, when):
            raise PolicyError(f"{used.place}: {used.rule} could not be used then: {limited.because}")
    return limiter


def _check_rules(case: Case, policies: PolicySet) -> None:
    known = {rule.name for rule in policies.rules()}
    for used in case.given.used:
        if used.rule not in known:
            raise PolicyError(f"{used.place}: {policies.file} has no rule {used.rule!r}")
    for rule in case.expected.refused.values():
        if rule is not None and rule not in {*known, policies.no_rule.name}:
            raise PolicyError(f"{case.place}: {case.name} expects {rule!r} to refuse: {policies.file} has no such rule")


def _tried(case: Case, found: Decision) -> Tried:
    actions = tuple(proposal.action for proposal in found.proposals)
    return Tried(case=case, actions=actions, differences=tuple(_differences(case, actions, found)))


def _differences(case: Case, actions: tuple[Action, ...], found: Decision) -> Iterator[str]:
    expected = case.expected
    if expected.actions is not None and actions != expected.actions:
        yield f"expected {_listed(expected.actions)}, got {_listed(actions)}{_why(expected.actions, found)}"
    if expected.first is not None and actions[:1] != (expected.first,):
        yield f"expected {expected.first} first, got {_listed(actions)}{_why((expected.first,), found)}"
    for action, rule in expected.refused.items():
        stopping = [refused.rule.name for refused in found.refused if refused.action == action.value]
        if action in actions:
            yield f"expected {action} to be refused, but it is recommended"
        elif rule is not None and rule not in stopping:
            yield f"expected {action} to be refused by {rule}, but {_stopped(stopping)}"


def _stopped(rules: Sequence[str]) -> str:
    return f"it is by {_listed(rules)}" if rules else "nothing was abnormal, so no rule was asked"


def _listed(actions: Iterable[object]) -> str:
    return ", ".join(map(str, actions)) or "nothing"


def _why(expected: Iterable[Action], found: Decision) -> str:
    """Why what was expected is not recommended, in the words of the first refusal of each."""
    if not found.proposals and found.because == "nothing is abnormal":
        return ": no metric crosses a threshold of the detector, and no kind, severity or words are given"
    got = {proposal.action for proposal in found.proposals}
    first = {refused.action: refused for refused in reversed(found.refused)}
    stopped = (first[action.value] for action in expected if action not in got and action.value in first)
    reasons = [f"{refused.action} is refused by {refused.rule}: {refused.because}" for refused in stopped]
    return "; ".join(("", *reasons))
