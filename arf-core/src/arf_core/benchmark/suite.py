# SPDX-License-Identifier: Apache-2.0
"""Every benchmark in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from arf_core.benchmark import actions, anomaly, localisation, recall
from arf_core.benchmark.table import Row
from arf_core.errors import InputError

QUESTIONS: Mapping[str, Callable[[Path], tuple[Row, ...]]] = {
    "detection": anomaly.evaluate,
    "localisation": localisation.evaluate,
    "recall": recall.evaluate,
    "actions": actions.evaluate,
}


def run(data: Path, questions: Iterable[str] = ()) -> tuple[Row, ...]:
    """The rows of the named questions, or of all.

    Raises:
        InputError: an unknown question, data that is not there, or nothing measured: an empty table is a failure.
    """
    names = tuple(questions) or tuple(QUESTIONS)
    if unknown := [name for name in names if name not in QUESTIONS]:
        raise InputError(f"{unknown[0]!r} is not a benchmark: they are {', '.join(QUESTIONS)}")
    try:
        rows = tuple(row for name in names for row in QUESTIONS[name](data))
    except FileNotFoundError as error:
        raise InputError(f"the benchmark data is not complete: {error.filename} is not there") from error
    if not rows:
        raise InputError(f"nothing was measured on {data}: an empty table is a failure")
    return rows


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    head = "| question | data | metric | ARF | best baseline | good | excellent | verdict | cases |\n"
    return head + "|---|---|---|---|---|---|---|---|---|\n" + "".join(map(_line, rows))


def _line(row: Row) -> str:
    baseline = "" if row.best_baseline is None else f"{row.best_baseline:.3g} {row.baseline_name}"
    marks = " | ".join("" if mark is None else f"{mark:g}" for mark in (row.good, row.excellent))
    value = f"**{row.value:.3f}**" if abs(row.value) < 10 else f"**{row.value:.1f}**"
    cells = (row.question, row.data, row.metric, value, baseline, marks, row.verdict, str(row.cases))
    return f"| {' | '.join(cells)} |\n"
