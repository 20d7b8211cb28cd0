# SPDX-License-Identifier: Apache-2.0
"""Choice of action (README of the data, D), and whether its confidence means what it says.

Sock Shop: the remembered half carries the first primary action of its fault type as the one that healed; the asked
half has no labels. Online Boutique: no memory at all; the action follows from the root cause of the window. A case
scores 1 for a primary action, 0.5 for an acceptable one, 0 otherwise; the Brier score is of the stated confidence
against "was primary".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from arf_core.benchmark import localisation, recall
from arf_core.benchmark.table import Row
from arf_core.diagnose.alerts import rank_alerts
from arf_core.diagnose.rank import rank
from arf_core.models.action import Action
from arf_core.models.incident import Incident, Outcome
from arf_core.policy.weigh import NEIGHBOURS, Weighed, weigh

BINS = 10
"""Equally wide bins of confidence in the reliability table and the calibration error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """For one fault type, the ``primary`` actions and those that are ``acceptable``."""

    primary: tuple[str, ...]
    acceptable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen for a case of ``fault_type``, with which ``confidence``; what it ``scored`` (1, 0.5 or 0)."""

    fault_type: str
    confidence: float
    scored: float

    @property
    def right(self) -> bool:
        """Whether a primary action was chosen."""
        return self.scored == 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The choices with a confidence from ``least`` up: how many, their mean confidence and the share that was right."""

    least: float
    count: int
    confidence: float
    right: float


def evaluate(data: Path) -> tuple[Row, ...]:
    """Primary accuracy, macro accuracy, mean score, Brier score and calibration error."""
    verdicts = read_verdicts(data / "actions" / "fault_actions.json")
    halves = recall.read_halves(data / recall.DATA / "incidents.jsonl.gz")
    boutique = choose_from_causes(localisation.online_boutique(data), verdicts)
    return (
        *rows(recall.DATA, choose_from_memory(halves, verdicts), baseline=_CLASSIFIER, marks=(0.68, 0.78)),
        *rows(localisation.ONLINE_BOUTIQUE, boutique, baseline=_DOMINANT_SIGNAL, marks=(0.60, 0.75)),
    )


_CLASSIFIER = ("classifier trained on the train half", 0.759, 0.751, 0.151)
_DOMINANT_SIGNAL = ("action for the dominant golden signal at the localised component", 0.589, 0.465, None)
"""The best baselines of the data's README: a name, primary accuracy, macro accuracy and Brier score."""


def read_verdicts(path: Path) -> dict[str, Verdicts]:
    """Fault type → which actions are right."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        fault: Verdicts(primary=tuple(actions["primary"]), acceptable=tuple(actions["acceptable"]))
        for fault, actions in table.items()
    }


def choose_from_memory(halves: recall.Halves, verdicts: Mapping[str, Verdicts]) -> tuple[Choice, ...]:
    """The choice for each asked incident, with the other half remembered together with what healed it."""
    memory = recall.remembering([_healed(one, verdicts) for one in halves.remembered])
    roots = memory.known_roots
    return tuple(
        judged(
            true.fault_type or "",
            weigh(
                tuple(Action),
                rank_alerts(asked, roots=roots),
                memory.similar(asked, now=recall.NOW, limit=NEIGHBOURS),
            ),
            verdicts,
        )
        for true, asked in zip(halves.truth, halves.asked, strict=True)
    )


def choose_from_causes(cases: Sequence[localisation.Case], verdicts: Mapping[str, Verdicts]) -> tuple[Choice, ...]:
    """The choice for each window, from its root causes alone: nothing is remembered."""
    return tuple(judged(case.fault_type, weigh(tuple(Action), rank(case.window), ()), verdicts) for case in cases)


def judged(fault_type: str, weighed: Sequence[Weighed], verdicts: Mapping[str, Verdicts]) -> Choice:
    """The first of ``weighed``, judged by what is right for ``fault_type``."""
    first, right = weighed[0], verdicts[fault_type]
    scored = 1.0 if first.action in right.primary else 0.5 if first.action in right.acceptable else 0.0
    return Choice(fault_type=fault_type, confidence=first.confidence, scored=scored)


def macro(choices: Sequence[Choice]) -> float:
    """The mean over fault types of the share of right choices."""
    faults = sorted({choice.fault_type for choice in choices})
    return _mean([_mean([choice.right for choice in choices if choice.fault_type == fault]) for fault in faults])


def brier(choices: Sequence[Choice]) -> float:
    """The mean square of confidence less 1 (right) or 0 (not right)."""
    return _mean([(choice.confidence - choice.right) ** 2 for choice in choices])


def calibration_error(choices: Sequence[Choice]) -> float:
    """The expected calibration error: the mean over choices of |mean confidence - share right| in their bin."""
    return sum(one.count * abs(one.confidence - one.right) for one in reliability(choices)) / len(choices)


def reliability(choices: Sequence[Choice]) -> tuple[Bin, ...]:
    """The reliability table: a row for each of the :data:`BINS` bins that has choices."""
    binned = [[c for c in choices if min(BINS - 1, int(c.confidence * BINS)) == number] for number in range(BINS)]
    return tuple(
        Bin(
            least=number / BINS,
            count=len(inside),
            confidence=_mean([choice.confidence for choice in inside]),
            right=_mean([choice.right for choice in inside]),
        )
        for number, inside in enumerate(binned)
        if inside
    )


def rows(
    data: str,
    choices: Sequence[Choice],
    *,
    baseline: tuple[str, float, float, float | None],
    marks: tuple[float, float],
) -> tuple[Row, ...]:
    """The rows of one data set; ``baseline`` is a name with its primary, macro and Brier figures."""
    name, primary, best_macro, best_brier = baseline

    def row(
        metric: str,
        value: float,
        best: float | None = None,
        good: float | None = None,
        excellent: float | None = None,
        *,
        lower: bool = False,
    ) -> Row:
        return Row(
            question="choice of action",
            data=data,
            metric=metric,
            value=value,
            cases=len(choices),
            baseline_name="" if best is None else name,
            best_baseline=best,
            good=good,
            excellent=excellent,
            lower_is_better=lower,
        )

    return (
        row("primary", _mean([choice.right for choice in choices]), primary),
        row("macro", macro(choices), best_macro, *marks),
        row("mean score", _mean([choice.scored for choice in choices])),
        row("Brier", brier(choices), best_brier, None, 0.12, lower=True),
        row("calibration error", calibration_error(choices), lower=True),
    )


def _healed(incident: Incident, verdicts: Mapping[str, Verdicts]) -> Incident:
    action = verdicts[incident.fault_type or ""].primary[0]
    return replace(incident, action=action, outcome=Outcome.HEALED)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
