# SPDX-License-Identifier: Apache-2.0
"""What ARF says to an action that somebody considers: a sealed intent, or why it advises against it.

1. With telemetry in the context, ARF has analysed it. The intent is the one that ARF itself recommends for the
   component, sealed anew where the caller states other parameters or an incident of their own. If it recommends no such
   action there, that is :class:`NotRecommended`, with the rule that stopped it: nothing is sealed against the evidence.
2. Without telemetry there is nothing to judge by. The intent is then the caller's own wish, and says so; its confidence
   is what ARF believes in an action while nothing is known.
3. What the caller tells (a severity, similar incidents) is quoted in the intent and committed to by its digest. It is
   never counted: no word of a caller makes ARF more certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arf_core.errors import InputError, IntentError
from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.intent_fields import action_of, text_of
from arf_mcp_client.errors import NotRecommended


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An action that somebody considers, and what they tell about it, the telemetry left out.

    ``told`` may have ``incident_id``, ``detected_at`` (an aware time or its ISO 8601 text), ``severity`` and
    ``similar_incidents``; what else it has is kept as evidence.
    """

    action: Action
    component: str
    parameters: Mapping[str, object]
    told: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """An action that ARF considered and does not recommend, and why, with the rule."""

    action: str
    component: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What an analysis recommends and what it stopped; ``because`` says why there is nothing, where there is nothing.

    ``faults`` names the records that could not be read, ``read`` counts the others, ``left_out`` the incidents that
    were too many to be told about.
    """

    intents: tuple[HealingIntent, ...]
    stopped: tuple[Stopped, ...]
    because: tuple[str, ...]
    faults: tuple[str, ...]
    read: int
    left_out: int = 0


def question_of(tool: str, component: str, parameters: Mapping[str, object], told: Mapping[str, object]) -> Question:
    """The question, with its action and component checked.

    Raises:
        IntentError: an unknown action, or a component that is no name.
    """
    place = text_of("component", component, empty=False)
    return Question(action=action_of(tool), component=place, parameters=parameters, told=told)


def wished(question: Question, *, now: datetime) -> HealingIntent:
    """The intent of somebody who gave no telemetry (rule 2). ``now`` (aware) is its time, unless they told another.

    Raises:
        IntentError: a parameter or something told breaks its rule.
    """
    from arf_core.policy.weigh import weigh
    from arf_core.seal import ROLLBACK_HINTS

    similar = _similar(question.told)
    return HealingIntent(
        action=question.action,
        component=question.component,
        parameters=FrozenMap(question.parameters),
        incident_id=_incident_id(question.told) or "unknown",
        detected_at=_moment(question.told.get("detected_at"), now),
        justification="; ".join(_wish_in_words(question, similar)),
        confidence=round(weigh((question.action,), (), ())[0].confidence, 4),
        similar_incidents=similar,
        rollback_hint=ROLLBACK_HINTS[question.action],
        evidence=_evidence(question.told, without=_WISHED),
    )


def chosen(question: Question, findings: Findings) -> HealingIntent:
    """The intent that ARF recommends, if it is the one asked about (rule 1).

    Raises:
        InputError: nothing of the telemetry could be read.
        NotRecommended: ARF recommends no such action for the component.
        IntentError: a parameter or something told breaks its rule.
    """
    if not findings.read and findings.faults:
        raise InputError(f"nothing in the telemetry could be read: {findings.faults[0]}")
    for intent in findings.intents:
        if intent.action is question.action and intent.component == question.component:
            return _resealed(intent, question)
    others = ", ".join(f"{one.action} for {one.component} ({one.confidence:.2f})" for one in findings.intents[:3])
    raise NotRecommended(
        f"{question.action} for {question.component} is not recommended: {_why_not(question, findings)}. "
        f"Recommended instead: {others or 'nothing'}",
        instead=findings.intents,
    )


def ordered(intents: Sequence[HealingIntent]) -> tuple[HealingIntent, ...]:
    """``intents``, the most believed first; among equals the order given."""
    return tuple(sorted(intents, key=lambda intent: -intent.confidence))


_FOUND: Final = frozenset({"incident_id"})
_WISHED: Final = _FOUND | {"detected_at", "similar_incidents"}
"""What of the context has a field of its own in the intent."""


def _wish_in_words(question: Question, similar: Sequence[object]) -> Iterator[str]:
    yield f"{question.action} for {question.component} was asked for; ARF was given no telemetry to judge it by"
    if isinstance(severity := question.told.get("severity"), str):
        yield f"the caller calls it {severity[:80]}"
    if similar:
        yield f"the caller names {len(similar)} similar incident{'s' if len(similar) > 1 else ''}"  # rule 3


def _why_not(question: Question, findings: Findings) -> str:
    for stopped in findings.stopped:
        if stopped.action == question.action and stopped.component == question.component:
            return stopped.why
    if findings.left_out:
        return f"it is not among the first incidents, and {findings.left_out} more were not told: give fewer at once"
    if findings.because:
        return findings.because[0]
    return f"the telemetry does not say that anything is wrong with {question.component}"


def _resealed(intent: HealingIntent, question: Question) -> HealingIntent:
    """``intent`` with what the caller states otherwise; the very same where they state nothing."""
    changes: dict[str, object] = {}
    asked = parameters_for(intent.action, {**intent.parameters, **question.parameters})
    if asked != intent.parameters:
        changes["parameters"] = asked
        changes["justification"] = f"{intent.justification}; the parameters are the caller's"
    if (incident_id := _incident_id(question.told)) and incident_id != intent.incident_id:
        changes["incident_id"] = incident_id
    if more := _evidence(question.told, without=_FOUND):
        changes["evidence"] = FrozenMap({**intent.evidence, **more})
    return replace(intent, **changes) if changes else intent  # type: ignore[arg-type]


def _evidence(told: Mapping[str, object], *, without: frozenset[str]) -> FrozenMap:
    rest = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in told.items()
        if name not in without
    }
    return FrozenMap({"context": rest} if rest else {})


def _incident_id(told: Mapping[str, object]) -> str | None:
    value = told.get("incident_id")
    return None if value is None else text_of("context.incident_id", value, empty=False)


def _similar(told: Mapping[str, object]) -> tuple[object, ...]:
    value = told.get("similar_incidents") or ()
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise IntentError("context.similar_incidents must be a list")
    return tuple(value)


def _moment(value: object, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value  # type: ignore[return-value]
    except ValueError as error:
        raise IntentError(f"context.detected_at is {value!r}: it must be an ISO 8601 time with a zone") from error
