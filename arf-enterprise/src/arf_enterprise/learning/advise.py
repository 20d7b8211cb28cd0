# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What learning makes of the open edition's advice: the same candidates in another order, with recalibrated confidence.

1. Nothing is added, left out or changed: what is proposed is what was proposed. Each intent becomes a new sealed one,
   with the learned confidence, and says what learning changed and from what, in its justification, its reasoning chain
   and its evidence. The original stays as it is; ids are the same, digests are not.
2. The open edition's confidence is what is believed before anything is verified (``posterior.estimate``'s base), moved
   by what the fault looks like, where that was learned (``pattern``).
3. Candidates for one component are ordered by ``mean + CURIOSITY * spread``: what is little known and could be better
   is put to people sooner. Where nothing was verified of any of them, they keep their order. So do components, and
   ``alert_team``, which is no remedy: it stays behind as many candidates as before.
4. Where learning is not on, or the licence does not include it, the advice comes back as the same object.
5. The reasons are sealed; so numbers are rounded to what is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from arf_core.models.advice import Advice
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.learning.belief import Cell, Estimate
from arf_enterprise.learning.observed import CONTROLS, Observed
from arf_enterprise.learning.posterior import estimate
from arf_enterprise.learning.signature import signature_of
from arf_enterprise.learning.switch import Mode

if TYPE_CHECKING:  # numpy is loaded by whoever learned a pattern
    from arf_enterprise.learning.pattern import Pattern

CURIOSITY: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One candidate as learning sees it: the intent before, the one after, and what that rests on."""

    before: HealingIntent
    after: HealingIntent
    estimate: Estimate

    @property
    def is_moved(self) -> bool:
        """Whether the confidence is another one now."""
        return self.after.confidence != self.before.confidence

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "intent_id": self.before.intent_id,
            "action": self.before.action.value,
            "component": self.before.component,
            "confidence": self.before.confidence,
            "learned_confidence": self.after.confidence,
            "digest": self.before.digest,
            "learned_digest": self.after.digest,
            "says": self.estimate.says,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What the fault looks like, and what was learned of such faults."""

    vector: tuple[float, ...]
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Improved:
    """``advice`` is what counts, ``learned`` the candidates in learning's order: in shadow they are shown beside it."""

    advice: Advice
    learned: tuple[Learnt, ...] = ()

    @property
    def changes_the_first(self) -> bool:
        """Whether learning would propose something else first."""
        return bool(self.learned) and self.learned[0].before is not _first(self.learned)


def improved(
    advice: Advice,
    known: Sequence[Observed],
    *,
    mode: Mode,
    kind_of: Callable[[str], str],
    now: datetime,
    looks: Looks | None = None,
) -> Improved:
    """``advice`` as learning has it: on, beside it in shadow, or the very same (rule 4).

    ``known`` are the outcomes to learn from, ``kind_of`` says the class of a component, ``looks`` what the fault looks
    like, where that was learned from.
    """
    if mode is Mode.OFF or not advice.intents:
        return Improved(advice=advice)
    learned = ranked(advice.intents, known, kind_of=kind_of, now=now, looks=looks)
    if mode is Mode.SHADOW:
        return Improved(advice=advice, learned=learned)
    return Improved(advice=replace(advice, intents=tuple(one.after for one in learned)), learned=learned)


def ranked(
    intents: Sequence[HealingIntent],
    known: Sequence[Observed],
    *,
    kind_of: Callable[[str], str],
    now: datetime,
    looks: Looks | None = None,
) -> tuple[Learnt, ...]:
    """``intents`` in learning's order, each as it was and as it is now (rules 1 to 3)."""
    seen = [_learnt(one, known, kind_of(one.component), now, believed=_believed(one, looks)) for one in intents]
    return tuple(one for component in dict.fromkeys(intent.component for intent in intents) for one in _ordered(
        [one for one in seen if one.before.component == component]
    ))  # fmt: skip


def worth(found: Estimate) -> float:
    """What candidates are ordered by (rule 3)."""
    return found.mean + CURIOSITY * found.spread


def _ordered(candidates: Sequence[Learnt]) -> list[Learnt]:
    """One component's candidates: remedies by what is known of them, the others in their places (rule 3)."""
    remedies = [one for one in candidates if one.before.action.value not in CONTROLS]
    if not any(one.estimate.is_known or one.is_moved for one in remedies):
        return list(candidates)
    by_worth = iter(sorted(remedies, key=lambda one: -worth(one.estimate)))
    return [next(by_worth) if one.before.action.value not in CONTROLS else one for one in candidates]


def _believed(intent: HealingIntent, looks: Looks | None) -> float:
    """What is believed of an intent before outcomes count (rule 2)."""
    believed = {intent.action.value: intent.confidence}
    return (
        intent.confidence if looks is None else looks.pattern.confidences(looks.vector, believed)[intent.action.value]
    )


def _learnt(intent: HealingIntent, known: Sequence[Observed], kind: str, now: datetime, *, believed: float) -> Learnt:
    cell = Cell(
        action=intent.action.value,
        kind=kind,
        component=intent.component,
        signature=signature_of(intent.policy_applied),
    )
    found = estimate(cell, known, now=now, base=believed)
    is_remedy = intent.action.value not in CONTROLS
    confidence = round(found.mean, 4) if is_remedy else intent.confidence
    return Learnt(before=intent, after=_sealed(intent, found, confidence), estimate=found)


def _sealed(intent: HealingIntent, found: Estimate, confidence: float) -> HealingIntent:
    says = f"learned: {found.says}; confidence {intent.confidence:.2f} before, {confidence:.2f} now"
    step = {
        "step": "learning",
        "signal": "confidence",
        "value": confidence,
        "baseline": intent.confidence,
        "conclusion": says,
    }
    document = {name: value for name, value in found.document().items() if name not in {"kind", "says"}}
    return replace(
        intent,
        confidence=confidence,
        justification="; ".join(filter(None, (intent.justification, says))),
        reasoning_chain=(*intent.reasoning_chain, FrozenMap(step)),
        evidence=FrozenMap({**intent.evidence, "learning": {"learned_from": intent.digest, **document}}),
    )


def _first(learned: Sequence[Learnt]) -> HealingIntent:
    """The candidate that the open edition believes in most, the first of equals."""
    return max((one.before for one in learned), key=lambda intent: intent.confidence)
