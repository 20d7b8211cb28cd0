# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is asked of learning, what it counts and what it believes: values; ``posterior`` has the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_TOLD: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How learning weighs. Days, outcomes and shares; the rules of ``posterior`` say what each is for."""

    half_life_days: float = 60.0
    correlation: float = 0.95
    strength: float = 3.0
    elsewhere: float = 3.0
    doubt: float = 0.05
    alpha: float = 0.001
    least_controls: float = 3.0


DEFAULT: Final = Ways()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is asked about: an action for a fault on a component of a class."""

    action: str
    kind: str
    component: str
    signature: str


@dataclass(frozen=True, slots=True)
class Count:
    """Weighed successes and failures."""

    successes: float = 0.0
    failures: float = 0.0

    @property
    def total(self) -> float:
        """Both."""
        return self.successes + self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What an estimate is made of: outcomes on the component, on others of its class, elsewhere; and controls.

    ``outcomes``, ``succeeded`` and ``class_outcomes`` are the plain numbers of the first two.
    """

    own: Count
    alike: Count
    elsewhere: Count
    placebo: Count
    outcomes: int
    succeeded: int
    class_outcomes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is believed of a cell.

    ``outcomes`` and ``succeeded`` count what was verified on this component, ``effective`` what it weighs, and
    ``class_outcomes`` the rest of its class. ``mean``, ``spread`` (a standard deviation) and ``lower`` are of the
    credit, after the rate ``placebo`` of healing by itself, which rests on ``controls``; ``earned`` is its rule 5's.
    ``is_known`` says whether any outcome of the action for the fault is known, wherever it was.
    """

    cell: Cell
    outcomes: int
    succeeded: int
    effective: float
    class_outcomes: int
    mean: float
    spread: float
    lower: float
    placebo: float
    controls: float
    earned: float | None
    is_known: bool

    @property
    def says(self) -> str:
        """One sentence."""
        told = (
            f"{self.cell.action} here: {self.succeeded} of {self.outcomes} verified, lower bound {_short(self.lower)}"
        )
        elsewhere = f"; {self.class_outcomes} more on others of class {self.cell.kind}" if self.class_outcomes else ""
        alone = f"; {self.placebo:.0%} of such faults heal by themselves" if self.placebo >= _TOLD else ""
        return told + elsewhere + alone

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "action": self.cell.action,
            "kind": self.cell.kind,
            "component": self.cell.component,
            "signature": self.cell.signature,
            "outcomes": self.outcomes,
            "succeeded": self.succeeded,
            "effective": round(self.effective, 6),
            "class_outcomes": self.class_outcomes,
            "mean": round(self.mean, 6),
            "spread": round(self.spread, 6),
            "lower": round(self.lower, 6),
            "placebo": round(self.placebo, 6),
            "controls": round(self.controls, 6),
            "earned": None if self.earned is None else round(self.earned, 6),
            "says": self.says,
        }


def _short(share: float) -> str:
    """Two decimals, as people write shares: .62, 1.00."""
    return f"{share:.2f}".removeprefix("0")
