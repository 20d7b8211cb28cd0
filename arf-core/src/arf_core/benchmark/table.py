# SPDX-License-Identifier: Apache-2.0
"""The one form in which every benchmark reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: what was asked (``question``), of which ``data``, by which ``metric``, and what came out.

    ``cases`` is how many cases the figure rests on. ``best_baseline`` is the best published or measured baseline of
    the data's README and ``baseline_name`` its name; ``good`` and ``excellent`` are that README's marks; all four are
    None or empty where it gives none. For a metric where less is better, ``lower_is_better`` is true.
    """

    question: str
    data: str
    metric: str
    value: float
    cases: int
    baseline_name: str = ""
    best_baseline: float | None = None
    good: float | None = None
    excellent: float | None = None
    lower_is_better: bool = False

    @property
    def verdict(self) -> str:
        """The best mark that is reached, or the least that is missed; unmarked where the data's README gives none."""
        marks = {"excellent": self.excellent, "good": self.good}
        given = [name for name, mark in marks.items() if mark is not None]
        reached = [name for name in given if self._reaches(marks[name])]
        if not given:
            return "unmarked"
        return reached[0] if reached else f"below {given[-1]}"

    def _reaches(self, mark: float | None) -> bool:
        if mark is None:
            return False
        return self.value <= mark if self.lower_is_better else self.value >= mark
