# SPDX-License-Identifier: Apache-2.0
"""What a run of kills did and found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """What a run did and found; ``amiss`` says what must not be."""

    kills: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    records: int = 0
    acknowledged: int = 0
    unknown: int = 0
    unknown_but_there: int = 0
    taken_back: int = 0
    checkpoints: int = 0
    inclusions: int = 0
    slowest_s: float = 0.0
    amiss: list[str] = field(default_factory=list)

    def expect(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - what is expected
        """Note what is amiss, unless it ``holds``."""
        if not holds:
            self.amiss.append(otherwise)

    def table(self) -> str:
        """The figures, a line each."""
        killed = ", ".join(f"{name} {number}" for name, number in sorted(self.kills.items()))
        rows = (
            ("kill -9", f"{self.kills.total()} ({killed})"),
            ("changes / records", f"{self.changes} / {self.records}"),
            ("acknowledged, all there", str(self.acknowledged)),
            ("outcome unknown, of which there", f"{self.unknown}, {self.unknown_but_there}"),
            ("taken back, none there", str(self.taken_back)),
            ("checkpoints, each consistent with the next", str(self.checkpoints)),
            ("leaves proven to be in the last", str(self.inclusions)),
            ("longest from a kill to the next write", f"{self.slowest_s:.2f} s"),
            ("amiss", "; ".join(self.amiss) or "nothing"),
        )
        return "\n".join(f"{name:<44} {value}" for name, value in rows)
