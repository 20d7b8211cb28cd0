# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""When autonomy is earned and when it ends: values and pure functions; ``autonomy`` has the rules and the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_enterprise.learning.belief import Cell, Estimate
from arf_enterprise.learning.observed import Observed

LATELY: Final = 5
TOO_MANY: Final = 2
BUDGET_PER_DAY: Final = 1.0
"""As if one target with all its instances failed once a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a policy wants: a lower bound of success, at least so many outcomes, and the budget of a day (rule 5)."""

    lower: float
    outcomes: int
    budget_per_day: float = BUDGET_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An action that has earned autonomy, and what became of the proposal."""

    proposal_id: str
    action: str
    component: str
    kind: str
    signature: str
    lower: float
    outcomes: int
    bar: float
    says: str
    at: datetime
    accepted: bool | None = None
    decided_at: datetime | None = None
    because: str | None = None
    ended_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it was accepted and has not ended."""
        return self.accepted is True and self.ended_at is None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.accepted is None and self.ended_at is None

    @property
    def state(self) -> str:
        """``waiting``, ``accepted``, ``rejected`` or ``ended``."""
        if self.ended_at is not None:
            return "ended"
        return "waiting" if self.accepted is None else "accepted" if self.accepted else "rejected"

    @property
    def cell(self) -> Cell:
        """What it is about."""
        return Cell(action=self.action, kind=self.kind, component=self.component, signature=self.signature)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "proposal_id": self.proposal_id,
            "state": self.state,
            "action": self.action,
            "component": self.component,
            "kind": self.kind,
            "signature": self.signature,
            "lower": self.lower,
            "outcomes": self.outcomes,
            "bar": self.bar,
            "says": self.says,
            "at": write_time(self.at),
            "decided_at": None if self.decided_at is None else write_time(self.decided_at),
            "because": self.because,
            "ended_at": None if self.ended_at is None else write_time(self.ended_at),
        }


def has_earned(found: Estimate, known: Sequence[Observed], bar: Bar) -> bool:
    """Whether the cell of an estimate has earned autonomy (rule 1). Pure."""
    if found.earned is None or found.earned < bar.lower or found.outcomes < max(bar.outcomes, LATELY):
        return False
    return not _failed_lately(found.cell, known)


def lost_because(found: Estimate, known: Sequence[Observed], bar: float) -> str | None:
    """Why autonomy ends, None if it stands (rule 3). Pure."""
    if (failed := _failed_lately(found.cell, known)) >= TOO_MANY:
        return f"{failed} of the last {LATELY} outcomes failed"
    if found.earned is None or found.earned < bar:
        return f"what is earned, {found.earned or 0.0:.2f}, is below {bar:.2f}"
    return None


def cost_of(blast_share: float, lower: float) -> float:
    """What a run may cost: what it touches times the probability that it fails, at worst (rule 5)."""
    return max(0.0, blast_share) * (1 - lower)


def _failed_lately(cell: Cell, known: Sequence[Observed]) -> int:
    own = [
        one.result.success
        for one in known
        if (one.action, one.component, one.signature) == (cell.action, cell.component, cell.signature)
        and one.result.success is not None
    ]
    return own[-LATELY:].count(False)
