# SPDX-License-Identifier: Apache-2.0
"""Recall of similar incidents, and localisation from alerts, on the Sock Shop alert sets (README of the data, C, B).

The train half is remembered with its labels, the test half asked without: its fault type, instance and service are
taken off before the memory sees it. All incidents are given times within the memory's seven days.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from arf_core.benchmark.table import Row
from arf_core.diagnose.alerts import rank_alerts
from arf_core.ingest.incidents import read_incident
from arf_core.models.incident import Incident, Match
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.memory import InMemoryIncidents

NOW = datetime(2026, 1, 8, tzinfo=UTC)
"""The moment of every question; what is remembered happened a minute apart, the last a minute before."""

DATA = "incidents_sock_shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """The ``remembered`` incidents with labels; the ``truth`` of those asked, and the same ``asked`` without labels."""

    remembered: tuple[Incident, ...]
    truth: tuple[Incident, ...]
    asked: tuple[Incident, ...]


def evaluate(data: Path) -> tuple[Row, ...]:
    """P@1, MRR, P@1-svc and P@1-family of recall; AC@1 and AC@3 of localisation with and without memory."""
    halves = read_halves(data / DATA / "incidents.jsonl.gz")
    memory = remembering(halves.remembered)
    answers = [memory.similar(asked, now=NOW, limit=len(halves.remembered)) for asked in halves.asked]
    return (*_recall_rows(halves.truth, answers), *_localisation_rows(halves, memory))


def read_halves(path: Path) -> Halves:
    """The incidents of a gzipped JSON Lines file whose records say ``split``: train or test."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    incidents = [
        read_incident(record, default_time=NOW - timedelta(minutes=len(records) - number))
        for number, record in enumerate(records)
    ]
    truth = tuple(one for record, one in zip(records, incidents, strict=True) if record["split"] == "test")
    return Halves(
        remembered=tuple(one for record, one in zip(records, incidents, strict=True) if record["split"] == "train"),
        truth=truth,
        asked=tuple(replace(one, component=None, service=None, fault_type=None) for one in truth),
    )


def remembering(incidents: Sequence[Incident]) -> InMemoryIncidents:
    """A memory of the newest ``incidents`` that it can hold."""
    memory = InMemoryIncidents(SignalEmbedder())
    memory.remember_all(incidents)
    return memory


def family(fault_type: str | None) -> str | None:
    """The part before the first hyphen: ``network-loss`` and ``network-delay`` are both ``network``."""
    return None if fault_type is None else fault_type.split("-")[0]


def _recall_rows(truth: Sequence[Incident], answers: Sequence[tuple[Match, ...]]) -> tuple[Row, ...]:
    def first(agrees: Callable[[Incident, Incident], bool]) -> float:
        hits = [bool(found) and agrees(true, found[0].incident) for true, found in zip(truth, answers, strict=True)]
        return sum(hits) / len(hits)

    def row(metric: str, value: float, best: float, good: float | None = None, excellent: float | None = None) -> Row:
        return Row(
            question="recall of similar incidents",
            data=DATA,
            metric=metric,
            value=value,
            cases=len(truth),
            baseline_name="TF-IDF cosine on component + metric + direction",
            best_baseline=best,
            good=good,
            excellent=excellent,
        )

    ranks = [_reciprocal_rank(true, found) for true, found in zip(truth, answers, strict=True)]
    return (
        row("P@1", first(lambda a, b: a.fault_type == b.fault_type), 0.515, 0.55, 0.62),
        row("MRR", sum(ranks) / len(ranks), 0.655),
        row("P@1-svc", first(lambda a, b: (a.fault_type, a.service) == (b.fault_type, b.service)), 0.427),
        row("P@1-family", first(lambda a, b: family(a.fault_type) == family(b.fault_type)), 0.639, None, 0.75),
    )


def _reciprocal_rank(true: Incident, found: tuple[Match, ...]) -> float:
    ranks = (rank for rank, match in enumerate(found, start=1) if match.incident.fault_type == true.fault_type)
    return 1 / next(ranks, float("inf"))


def _localisation_rows(halves: Halves, memory: InMemoryIncidents) -> tuple[Row, ...]:
    roots = memory.known_roots
    learned = [[cause.component for cause in rank_alerts(one, roots=roots)] for one in halves.asked]
    alone = [[cause.component for cause in rank_alerts(one)] for one in halves.asked]

    def share(rankings: Sequence[list[str]], first: int) -> float:
        hits = [true.component in ranking[:first] for true, ranking in zip(halves.truth, rankings, strict=True)]
        return sum(hits) / len(hits)

    def row(metric: str, value: float, name: str, best: float, *, marked: bool = False) -> Row:
        return Row(
            question="localisation from alerts",
            data=DATA,
            metric=metric,
            value=value,
            cases=len(halves.truth),
            baseline_name=name,
            best_baseline=best,
            good=0.55 if marked else None,
            excellent=0.70 if marked else None,
        )

    classifier, rare = "classifier trained on the train half", "weighting rare alerts"
    return (
        row("AC@1 with memory", share(learned, 1), classifier, 0.656, marked=True),
        row("AC@3 with memory", share(learned, 3), classifier, 0.884),
        row("AC@1 without memory", share(alone, 1), rare, 0.473),
        row("AC@3 without memory", share(alone, 3), rare, 0.772),
    )
