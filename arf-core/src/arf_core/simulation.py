# SPDX-License-Identifier: Apache-2.0
"""Which decisions change with another policy: the same telemetry, advised on by two advisors, laid side by side.

1. Both see the same stream in the same order, each with limits of its own, which count as in ``analysis``: over the
   stream for alerts and readings, afresh for each incident or window that is given as such.
2. Detection, diagnosis and recall do not depend on policies, so subject by subject the two differ in decisions alone.
3. An action is added, removed (with the rule that refuses it now), or both recommend it with another confidence or
   other parameters; and what both recommend may come in another order. A rule that has another name is no change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from arf_core.advisor import Advisor
from arf_core.analysis import analyze
from arf_core.ingest.batch import Batch
from arf_core.models.advice import Advice, Rule
from arf_core.models.healing_intent import HealingIntent
from arf_core.policy.rules import PolicySet
from arf_core.stages import Edges, Subject


class What(StrEnum):
    """In which way a decision changes."""

    ADDED = "added"
    REMOVED = "removed"
    REORDERED = "reordered"
    CONFIDENCE = "confidence"
    PARAMETERS = "parameters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which the advice about an incident changes.

    ``subject`` is the action and its component; of a new order it is empty, and ``before`` and ``after`` name what both
    recommend. Of a confidence or of parameters they are the values. ``rule`` offers what was added, and refuses what
    was removed.
    """

    what: What
    subject: str
    because: str
    before: object = None
    after: object = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An incident whose advice changes; ``at`` is the time of the advice."""

    incident_id: str
    at: datetime
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What two policies make of the same telemetry.

    ``decided`` counts the subjects that were advised on, ``counts`` the differences by kind.
    """

    old: str
    new: str
    decided: int
    changed: tuple[Changed, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many differences there are of each kind, every kind named."""
        found = Counter(difference.what for changed in self.changed for difference in changed.differences)
        return {what.value: found[what] for what in What}


def simulate(
    batch: Batch,
    *,
    old: Advisor,
    new: Advisor,
    edges: Edges = (),
    adaptive: bool = True,
    watch: Callable[[list[Subject]], Iterable[Subject]] = iter,
) -> Simulation:
    """Which decisions about ``batch`` change from ``old`` to ``new``: two fresh advisors that differ in their policies.

    The other arguments are those of :func:`arf_core.analysis.analyze`.
    """
    before = analyze(batch, old, edges=edges, adaptive=adaptive, watch=watch)
    after = analyze(batch, new, edges=edges, adaptive=adaptive, watch=watch)
    pairs = [(one.advice, other.advice) for one, other in zip(before.answered, after.answered, strict=True)]
    compared = ((one, tuple(_differences(one, other, new.policies))) for one, other in pairs)
    return Simulation(
        old=old.policies.digest,
        new=new.policies.digest,
        decided=len(pairs),
        changed=tuple(
            Changed(incident_id=advice.incident_id, at=advice.at, differences=differences)
            for advice, differences in compared
            if differences
        ),
    )


def _differences(before: Advice, after: Advice, policies: PolicySet) -> Iterator[Difference]:
    earlier, later = _by_subject(before), _by_subject(after)
    yield from (_added(subject, later[subject], policies) for subject in later if subject not in earlier)
    yield from (_removed(subject, earlier[subject], after, policies) for subject in earlier if subject not in later)
    both = [subject for subject in earlier if subject in later]
    for subject in both:
        yield from _altered(subject, earlier[subject], later[subject])
    again = [subject for subject in later if subject in earlier]
    if both != again:
        words = f"{', '.join(both)} → {', '.join(again)}"
        yield Difference(what=What.REORDERED, subject="", before=both, after=again, because=words)


def _by_subject(advice: Advice) -> dict[str, HealingIntent]:
    return {f"{intent.action} {intent.component}": intent for intent in advice.intents}


def _added(subject: str, intent: HealingIntent, policies: PolicySet) -> Difference:
    name = (intent.policy_applied or "").rpartition("@")[0]
    rule = next((rule.rule for rule in policies.rules() if rule.name == name), policies.no_rule)
    because = f"{rule} offers it, confidence {intent.confidence:.2f}: {intent.justification}"
    return Difference(what=What.ADDED, subject=subject, because=because, after=intent.confidence, rule=rule)


def _removed(subject: str, intent: HealingIntent, after: Advice, policies: PolicySet) -> Difference:
    refusing = [one for one in after.refused if (one.action, one.component) == (intent.action.value, intent.component)]
    rule = refusing[0].rule if refusing else policies.no_rule
    reason = refusing[0].because if refusing else "no policy that is true there has this action"
    return Difference(
        what=What.REMOVED,
        subject=subject,
        because=reason if rule == policies.no_rule else f"{rule} refuses it: {reason}",
        before=intent.confidence,
        rule=rule,
    )


def _altered(subject: str, before: HealingIntent, after: HealingIntent) -> Iterator[Difference]:
    if before.confidence != after.confidence:
        yield Difference(
            what=What.CONFIDENCE,
            subject=subject,
            before=before.confidence,
            after=after.confidence,
            because=f"{before.confidence:.2f} → {after.confidence:.2f}",
        )
    if before.parameters != after.parameters:
        names = [name for name in after.parameters if before.parameters.get(name) != after.parameters[name]]
        words = (f"{name}: {before.parameters.get(name)!r} → {after.parameters[name]!r}" for name in names)
        yield Difference(
            what=What.PARAMETERS,
            subject=subject,
            before=dict(before.parameters),
            after=dict(after.parameters),
            because=", ".join(words),
        )
