# SPDX-License-Identifier: Apache-2.0
"""Root-cause localisation on real faults (README of the data, B): Online Boutique and PetShop.

AC@k is the share of cases whose root is among the first k; Avg@5 the mean of AC@1 … AC@5.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from arf_core.benchmark.table import Row
from arf_core.diagnose.rank import rank
from arf_core.ingest.windows import Baseline, read_baseline, read_edges, read_window
from arf_core.models.root_cause import RootCause
from arf_core.models.window import Window

ONLINE_BOUTIQUE: Final = "rca_online_boutique"
PETSHOP: Final = "rca_petshop"
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A ``window`` with a known answer: the ``root`` component and the type of the injected fault."""

    case_id: str
    fault_type: str
    root: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    baseline_name: str
    best: float
    good: float | None = None
    excellent: float | None = None


def evaluate(data: Path) -> tuple[Row, ...]:
    """AC@1, AC@3 and Avg@5 of both systems; of Online Boutique with and without its call graph."""
    boutique, petshop = online_boutique(data), petshops(data)
    return (
        *_rows(f"{ONLINE_BOUTIQUE}, without topology", [without_edges(case) for case in boutique], _BOUTIQUE_MARKS),
        *_rows(f"{ONLINE_BOUTIQUE}, with topology", boutique, _BOUTIQUE_MARKS),
        *_rows(PETSHOP, petshop, _PETSHOP_MARKS),
    )


def online_boutique(data: Path) -> tuple[Case, ...]:
    """The cases of Online Boutique with the call graph; nobody alerted."""
    edges = read_edges((data / ONLINE_BOUTIQUE / "edges.json").read_bytes())
    return _cases(data / ONLINE_BOUTIQUE / "cases.jsonl.gz", lambda _record: Baseline(edges=edges))


def petshops(data: Path) -> tuple[Case, ...]:
    """The cases of PetShop: normal operation and the call graph come from the scenario, the alert from the case."""
    baselines: dict[str, Baseline] = {}

    def of_scenario(record: dict[str, Any]) -> Baseline:
        name = str(record["scenario"])
        if name not in baselines:
            with gzip.open(data / PETSHOP / f"normal_{name}.json.gz") as file:
                baselines[name] = read_baseline(file.read())
        return baselines[name]

    return _cases(data / PETSHOP / "cases.jsonl.gz", of_scenario)


def without_edges(case: Case) -> Case:
    """The same case, its call graph unknown."""
    return replace(case, window=replace(case.window, edges=()))


def place_of_root(case: Case, causes: Sequence[RootCause]) -> int:
    """The place of the right answer, from 1; one past the last if it is not there."""
    return next((cause.rank for cause in causes if cause.component == case.root), len(causes) + 1)


def accuracy(places: Sequence[int], k: int) -> float:
    """AC@k: the share of ``places`` up to ``k``."""
    return sum(place <= k for place in places) / len(places)


def average_accuracy(places: Sequence[int]) -> float:
    """Avg@5: the mean of AC@1 to AC@5."""
    return sum(accuracy(places, k) for k in range(1, 6)) / 5


def _cases(path: Path, baseline_of: Callable[[dict[str, Any]], Baseline]) -> tuple[Case, ...]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return tuple(
        Case(
            case_id=record["id"],
            fault_type=record["fault_type"],
            root=record["root"],
            window=read_window(record, baseline=baseline_of(record), default_time=_LONG_AGO),
        )
        for record in records
    )


def _rows(name: str, cases: Sequence[Case], marks: dict[str, _Marks]) -> list[Row]:
    places = [place_of_root(case, rank(case.window)) for case in cases]
    values = {"AC@1": accuracy(places, 1), "AC@3": accuracy(places, 3), "Avg@5": average_accuracy(places)}
    return [
        Row(
            question="localisation",
            data=name,
            metric=metric,
            value=value,
            cases=len(cases),
            baseline_name=marks[metric].baseline_name,
            best_baseline=marks[metric].best,
            good=marks[metric].good,
            excellent=marks[metric].excellent,
        )
        for metric, value in values.items()
    ]


_GOLDEN = "golden signals"
_BOUTIQUE_MARKS: Final = {
    "AC@1": _Marks(baseline_name=_GOLDEN, best=0.821, good=0.80, excellent=0.90),
    "AC@3": _Marks(baseline_name="BARO", best=0.929),
    "Avg@5": _Marks(baseline_name=_GOLDEN, best=0.921, excellent=0.95),
}
_PETSHOP_MARKS: Final = {
    "AC@1": _Marks(baseline_name="MAD traversal", best=0.654, good=0.50, excellent=0.70),
    "AC@3": _Marks(baseline_name="MAD traversal", best=0.827, excellent=0.90),
    "Avg@5": _Marks(baseline_name="deepest anomalous callee", best=0.735),
}
