# SPDX-License-Identifier: Apache-2.0
"""How well is trouble noticed? The NAB score of single series, and fault windows against clean time for a whole system.

Single series are those of the Numenta Anomaly Benchmark (:mod:`arf_core.benchmark.nab`). The system is Online Boutique
with injected faults: a fault counts as noticed by the highest score in the four minutes after its injection, and clean
time is cut into stretches of the same length that touch no fault's surroundings.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from arf_core.benchmark.nab import Scored, best_nab_score, nab_score
from arf_core.benchmark.table import Row
from arf_core.detect.stream import ComponentStream
from arf_core.detect.streaming import ALARM, StreamingDetector

_NAB_BASELINE: Final = "Numenta HTM"
_STREAM_BASELINE: Final = "best of n-sigma and golden signals"
_STRETCH_S: Final = 240
_BEFORE_S: Final = 60
_AFTER_S: Final = 360
_WARM_UP_S: Final = 720
_SAMPLE_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """The highest score of each fault window and of each clean stretch of ``stretch_s`` seconds."""

    faults: tuple[float, ...]
    clean: tuple[float, ...]
    stretch_s: float = float(_STRETCH_S)


def evaluate(data: Path) -> tuple[Row, ...]:
    """The rows of the quality table; ``data`` is the folder of the fault data, one folder a data set."""
    return (*_nab_rows(data / "anomaly_nab"), *_stream_rows(data / "rca_online_boutique"))


def auroc(noticed: Noticed) -> float:
    """The chance that a fault window scores above a clean stretch, ties counting half."""
    pairs = [(fault > clean) + 0.5 * (fault == clean) for fault in noticed.faults for clean in noticed.clean]
    return sum(pairs) / len(pairs)


def recall_at(noticed: Noticed, *, false_alarms_an_hour: float) -> float:
    """The share of faults above the lowest threshold that gives at most so many false alarms an hour."""
    hours = len(noticed.clean) * noticed.stretch_s / 3600.0
    allowed = math.floor(false_alarms_an_hour * hours)
    worst = sorted(noticed.clean, reverse=True)
    threshold = worst[allowed] if allowed < len(worst) else -math.inf
    return sum(fault > threshold for fault in noticed.faults) / len(noticed.faults)


def clean_stretches(times: Sequence[int], faults: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The disjoint four-minute stretches of ``times`` (seconds, a minute apart) that touch no fault's surroundings.

    The first twelve minutes are left out: the detector has no past yet.
    """
    stretch: tuple[int, ...] = ()
    for at in times:
        touched = any(at + _SAMPLE_S > t - _BEFORE_S and at <= t + _AFTER_S for t in faults)
        stretch = () if touched or at < times[0] + _WARM_UP_S else (*stretch, at)
        if len(stretch) * _SAMPLE_S == _STRETCH_S:
            yield stretch
            stretch = ()


def _nab_rows(folder: Path) -> tuple[Row, ...]:
    scored = tuple(_scored(folder))
    windows = sum(len(one.windows) for one in scored)
    best, _ = best_nab_score(scored)
    figures = (("NAB score, fixed threshold", nab_score(scored, threshold=ALARM)), ("NAB score, best threshold", best))
    return tuple(
        Row(
            question="Is a series abnormal?",
            data="NAB",
            metric=metric,
            value=value,
            cases=windows,
            baseline_name=_NAB_BASELINE,
            best_baseline=72.3,
            good=50.0,
            excellent=65.0,
        )
        for metric, value in figures
    )


def _scored(folder: Path) -> Iterator[Scored]:
    labels: dict[str, list[list[str]]] = json.loads((folder / "windows.json").read_text("utf-8"))
    for name, rows in _series(folder / "series.csv.gz").items():
        detector = StreamingDetector()
        scores = [detector.score(value, datetime.fromisoformat(at).replace(tzinfo=UTC)) for at, value in rows]
        times = [at for at, _ in rows]
        windows = tuple(_row_numbers(times, first, last) for first, last in labels[name])
        yield Scored(scores=scores, windows=windows)


def _row_numbers(times: Sequence[str], first: str, last: str) -> tuple[int, int]:
    inside = [row for row, at in enumerate(times) if first <= at <= last]
    return inside[0], inside[-1]


def _series(path: Path) -> dict[str, list[tuple[str, float | None]]]:
    found: dict[str, list[tuple[str, float | None]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for record in csv.DictReader(lines):
            found.setdefault(record["series"], []).append((record["timestamp"], _number(record["value"])))
    return found


def _stream_rows(folder: Path) -> tuple[Row, ...]:
    faults = [json.loads(line) for line in (folder / "faults.jsonl").read_text("utf-8").splitlines()]
    days = sorted({fault["day"] for fault in faults})
    parts = [
        _noticed(folder / f"metrics_{day}.csv.gz", [fault["t"] for fault in faults if fault["day"] == day])
        for day in days
    ]
    both = Noticed(
        faults=tuple(score for part in parts for score in part.faults),
        clean=tuple(score for part in parts for score in part.clean),
    )
    return (
        _stream_row(both, "AUROC", auroc(both), baseline=0.76, good=0.85),
        _stream_row(
            both, "recall, 1 false alarm an hour", recall_at(both, false_alarms_an_hour=1), 0.46, excellent=0.85
        ),
        _stream_row(both, "recall, 3 false alarms an hour", recall_at(both, false_alarms_an_hour=3), 0.71),
    )


def _stream_row(
    noticed: Noticed,
    metric: str,
    value: float,
    baseline: float,
    good: float | None = None,
    excellent: float | None = None,
) -> Row:
    return Row(
        question="Is a system abnormal?",
        data="Online Boutique",
        metric=metric,
        value=value,
        cases=len(noticed.faults),
        baseline_name=_STREAM_BASELINE,
        best_baseline=baseline,
        good=good,
        excellent=excellent,
    )


def _noticed(path: Path, faults: Sequence[int]) -> Noticed:
    stream = ComponentStream()
    scores = {at: stream.score(readings) for at, readings in _moments(path).items()}
    return Noticed(
        faults=tuple(max(score for at, score in scores.items() if t <= at < t + _STRETCH_S) for t in faults),
        clean=tuple(max(scores[at] for at in stretch) for stretch in clean_stretches(tuple(scores), faults)),
    )


def _moments(path: Path) -> Mapping[int, dict[str, dict[str, float | None]]]:
    found: dict[int, dict[str, dict[str, float | None]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for record in csv.DictReader(lines):
            metrics = {name: _number(text) for name, text in record.items() if name not in ("t", "component")}
            found.setdefault(int(record["t"]), {})[record["component"]] = metrics
    return found


def _number(text: str) -> float | None:
    return float(text) if text else None
