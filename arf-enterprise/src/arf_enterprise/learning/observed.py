# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What learning learns from: one outcome, as far as it matters, and what people said of it.

1. Succeeded is a success; reverted and failed are failures; "cannot tell" is neither, and teaches nothing.
2. Controls tell what becomes of a fault where ARF does nothing to it: outcomes of ``none`` (it went away, or stayed,
   and nothing was done) and of ``alert_team`` (people were told, and nothing else). They never credit an action.
3. A person's word against an action counts at once. A word for it counts when two people have given it; before that,
   one person moves at most :data:`TRUSTED` of a cell's outcomes, so that one who errs, or lies, moves little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

NOTHING: Final = "none"
"""The action of an outcome where nothing was done."""
CONTROLS: Final = frozenset({NOTHING, "alert_team"})
TRUSTED: Final = 2


class Result(StrEnum):
    """How it ended, as verified."""

    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    FAILED = "failed"
    CANNOT_TELL = "cannot_tell"

    @property
    def success(self) -> bool | None:
        """True, False, or None where it teaches nothing (rule 1)."""
        return None if self is Result.CANNOT_TELL else self is Result.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person (``labeller`` is a hidden name) says it was."""

    result: Result
    labeller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One outcome: ``kind`` is the class of the component, ``signature`` that of the fault.

    ``waited_s`` is how long the fault was there before something was done, ``window_s`` how long it was watched
    afterwards: seconds, None where that is not known. ``believed`` is the confidence that its action was advised with.
    """

    action: str
    component: str
    kind: str
    signature: str
    incident_id: str
    at: datetime
    result: Result
    labels: tuple[Label, ...] = ()
    waited_s: float | None = None
    window_s: float | None = None
    believed: float | None = None

    @property
    def is_control(self) -> bool:
        """Whether nothing was done to the fault (rule 2)."""
        return self.action in CONTROLS

    @property
    def as_control(self) -> Observed | None:
        """What it tells of the fault left alone, None if nothing: itself, or that it had not healed while it waited."""
        if self.is_control:
            return None if self.result.success is None else self
        if self.waited_s is None or self.window_s is None or self.waited_s < self.window_s:
            return None
        return replace(self, action=NOTHING, result=Result.FAILED, labels=())


def settled(observations: Iterable[Observed]) -> tuple[Observed, ...]:
    """``observations`` with the result that counts (rule 3), in the order given, and no labels left."""
    moved: Counter[tuple[str, ...]] = Counter()
    return tuple(settle(one, moved) for one in observations)


def settle(one: Observed, moved: Counter[tuple[str, ...]]) -> Observed:
    """``one`` with the result that counts; ``moved`` keeps how many outcomes each person has moved, in which cell."""
    if not one.labels:
        return one
    words = {label.labeller: label.result for label in one.labels}  # the last word of each
    against = [result for result in words.values() if result.success is False]
    others = sorted((labeller, result) for labeller, result in words.items() if result.success is not False)
    if len(against) >= len(others):
        return replace(one, result=against[-1], labels=())
    said = Result.CANNOT_TELL if any(result.success is None for _, result in others) else Result.SUCCEEDED
    if one.result.success is False and len(others) == 1:
        place = (others[0][0], one.action, one.component, one.signature)
        moved[place] += 1
        if moved[place] > TRUSTED:
            return replace(one, labels=())
    return replace(one, result=said, labels=())
