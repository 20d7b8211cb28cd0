# SPDX-License-Identifier: Apache-2.0
"""How fast the scan is, with the time of ``ast.parse`` on the same files as its floor. Called by
``scripts/bench``."""

from __future__ import annotations

import ast
import gc
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from boundary import settings
from boundary.main import scan


@dataclass(frozen=True, slots=True)
class Speed:
    """Lines a second: ``parse`` is ``ast.parse`` alone in one process, ``parse_parallel`` in as many as the scan
    uses."""

    lines: int
    parse: float
    parse_parallel: float
    scan_one_process: float
    scan: float


def bench(folder: Path, *, processes: int = 2) -> Speed:
    """Measure on all Python files below ``folder``."""
    files = [file for file in sorted(folder.rglob("*.py")) if file.is_file()]
    chosen = settings.Settings(folder)
    lines, alone = _timed(lambda: _parse(files))
    halves = [files[n::processes] for n in range(processes)]
    _, together = _timed(lambda: _parse_parallel(halves))
    _, one = _timed(lambda: scan(files, [], chosen, processes=1).lines)
    _, many = _timed(lambda: scan(files, [], chosen, processes=processes).lines)
    return Speed(lines, lines / alone, lines / together, lines / one, lines / many)


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _parse_parallel(halves: list[list[Path]]) -> int:
    with ProcessPoolExecutor(len(halves)) as pool:
        return sum(pool.map(_parse, halves))


def _parse(files: list[Path]) -> int:
    gc.disable()
    lines = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            data = file.read_bytes()
            lines += data.count(b"\n")
            try:
                ast.parse(data)
            except (SyntaxError, ValueError):
                continue
    gc.enable()
    return lines
