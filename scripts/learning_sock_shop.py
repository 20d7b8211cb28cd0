# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What learning adds to the open edition's choice of action, on the Sock Shop alert incidents (data README, D).

    python scripts/learning_sock_shop.py [DATA] [--json]

1. The train half is the history. The open edition remembers it, with what healed each incident, exactly as
   ``arf benchmark`` has it. Learning knows besides what the open edition believed of each action when that incident was
   still unanswered: each quarter of the history is asked with the other three remembered.
2. The test half is asked without labels. The open edition's answer is the first of ``weigh``; the learned one is the
   first after ``learning.pattern`` has moved those beliefs.
3. Macro accuracy, primary accuracy and Brier score as ``arf_core.benchmark.actions`` computes them; the interval of the
   difference is a paired bootstrap over test incidents (90 %, 2,000 draws, a fixed seed).
4. The same by cross-validation inside the train half, where nothing of the test half is seen at all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

from arf_core.benchmark import actions, recall
from arf_core.benchmark.actions import Choice, Verdicts
from arf_core.diagnose.alerts import rank_alerts
from arf_core.models.action import Action
from arf_core.models.incident import Incident, Outcome
from arf_core.policy.weigh import NEIGHBOURS, Weighed, weigh
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.profile import scene_of
from arf_enterprise.learning.pattern import Tried, pattern_of

DATA: Final = Path("/work/shared/data")
FOLDS: Final = 4
ROOTS: Final = 5
DRAWS: Final = 2000

NOT_PROPOSED: Final = {action.value: 0.0 for action in Action}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An incident without labels as the open edition answers it: its vector, and the weighed actions."""

    vector: tuple[float, ...]
    weighed: tuple[Weighed, ...]

    @property
    def believed(self) -> dict[str, float]:
        """The belief in each action."""
        return {one.action.value: one.confidence for one in self.weighed}


def main() -> int:
    """Measure both editions and print them side by side."""
    parser = argparse.ArgumentParser(description="What learning adds on the Sock Shop incidents.")
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    for measured in (on_the_test_half, inside_the_train_half):
        row = measured(arguments.data)
        print(json.dumps(row) if arguments.json else "  ".join(f"{name} {value}" for name, value in row.items()))
    return 0


def on_the_test_half(data: Path) -> dict[str, object]:
    """Both editions on the test half, with the train half as history (rule 2)."""
    verdicts, halves = read(data)
    known = out_of_fold(halves.remembered, verdicts)
    asked = answered(halves.remembered, halves.asked, verdicts)
    beliefs = learned(known, halves.remembered, asked, verdicts)
    return _row("test half", halves.truth, asked, beliefs, verdicts)


def inside_the_train_half(data: Path) -> dict[str, object]:
    """Both editions on each quarter of the train half, with the rest as history (rule 4)."""
    verdicts, halves = read(data)
    history = halves.remembered
    known = out_of_fold(history, verdicts)
    beliefs: dict[int, dict[str, float]] = {}
    for fold in range(FOLDS):
        kept = [number for number in range(len(history)) if number % FOLDS != fold]
        left = [number for number in range(len(history)) if number % FOLDS == fold]
        past, told = [known[one] for one in kept], [history[one] for one in kept]
        beliefs.update(zip(left, learned(past, told, [known[one] for one in left], verdicts), strict=True))
    ordered = [beliefs[number] for number in range(len(history))]
    return _row("train half, cross-validated", history, known, ordered, verdicts)


def read(data: Path) -> tuple[dict[str, Verdicts], recall.Halves]:
    """What is right for each fault type, and the incidents."""
    verdicts = actions.read_verdicts(data / "actions" / "fault_actions.json")
    return verdicts, recall.read_halves(data / recall.DATA / "incidents.jsonl.gz")


def out_of_fold(history: Sequence[Incident], verdicts: Mapping[str, Verdicts]) -> list[Asked]:
    """What the open edition said of each incident of the history, with its fold not remembered (rule 1)."""
    found: dict[int, Asked] = {}
    for fold in range(FOLDS):
        left = [number for number in range(len(history)) if number % FOLDS == fold]
        rest = [one for number, one in enumerate(history) if number % FOLDS != fold]
        unlabelled = [replace(history[one], component=None, service=None, fault_type=None) for one in left]
        found.update(zip(left, answered(rest, unlabelled, verdicts), strict=True))
    return [found[number] for number in range(len(history))]


def answered(
    remembered: Sequence[Incident], asked: Sequence[Incident], verdicts: Mapping[str, Verdicts]
) -> list[Asked]:
    """What the open edition says of ``asked``, with ``remembered`` in its memory."""
    memory = recall.remembering(
        [replace(one, action=_cure(one, verdicts), outcome=Outcome.HEALED) for one in remembered]
    )
    roots, embedder = memory.known_roots, SignalEmbedder()
    found = []
    for incident in asked:
        causes = rank_alerts(incident, roots=roots)
        scene = scene_of(incident)
        vector = sum(cause.share * embedder.view(scene, cause.component) for cause in causes[:ROOTS])
        matches = memory.similar(incident, now=recall.NOW, limit=NEIGHBOURS)
        found.append(Asked(vector=tuple(vector.tolist()), weighed=weigh(tuple(Action), causes, matches)))  # type: ignore[union-attr]
    return found


def learned(
    known: Sequence[Asked], history: Sequence[Incident], asked: Sequence[Asked], verdicts: Mapping[str, Verdicts]
) -> list[dict[str, float]]:
    """What is believed of ``asked`` after learning from ``history``."""
    pattern = pattern_of(
        [
            Tried(vector=one.vector, believed=NOT_PROPOSED | one.believed, action=_cure(incident, verdicts))
            for one, incident in zip(known, history, strict=True)
        ]
    )
    return [pattern.confidences(one.vector, one.believed) for one in asked]


def _row(
    what: str,
    truth: Sequence[Incident],
    asked: Sequence[Asked],
    beliefs: Sequence[Mapping[str, float]],
    verdicts: Mapping[str, Verdicts],
) -> dict[str, object]:
    before = [_choice(one, first.believed, verdicts) for one, first in zip(truth, asked, strict=True)]
    after = [_choice(one, belief, verdicts) for one, belief in zip(truth, beliefs, strict=True)]
    gains = sorted(_gains(before, after))
    return {
        "cases": what,
        "open_macro": round(actions.macro(before), 4),
        "learned_macro": round(actions.macro(after), 4),
        "gain": round(actions.macro(after) - actions.macro(before), 4),
        "low": round(gains[int(0.05 * DRAWS)], 4),
        "high": round(gains[int(0.95 * DRAWS)], 4),
        "open_primary": round(sum(one.right for one in before) / len(before), 4),
        "learned_primary": round(sum(one.right for one in after) / len(after), 4),
        "open_brier": round(actions.brier(before), 4),
        "learned_brier": round(actions.brier(after), 4),
    }


def _gains(before: Sequence[Choice], after: Sequence[Choice]) -> list[float]:
    random = Random(1)  # noqa: S311 - draws of a bootstrap
    found = []
    for _ in range(DRAWS):
        drawn = random.choices(range(len(before)), k=len(before))
        found.append(actions.macro([after[one] for one in drawn]) - actions.macro([before[one] for one in drawn]))
    return found


def _choice(incident: Incident, believed: Mapping[str, float], verdicts: Mapping[str, Verdicts]) -> Choice:
    first = max(believed, key=believed.__getitem__)
    weighed = Weighed(action=Action(first), confidence=believed[first], because=())
    return actions.judged(incident.fault_type or "", [weighed], verdicts)


def _cure(incident: Incident, verdicts: Mapping[str, Verdicts]) -> str:
    return verdicts[incident.fault_type or ""].primary[0]


if __name__ == "__main__":
    raise SystemExit(main())
