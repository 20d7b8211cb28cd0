# SPDX-License-Identifier: Apache-2.0
"""How fast the scan is, beside ``ast.parse`` on the same files in the same run. Called by ``scripts/bench``.

Works are done in turns, in a process that has read the files before, and the median of each is kept. ``command`` is
the whole command as a user starts it: a new interpreter that imports the scan and uses all processors.
"""

from __future__ import annotations

import ast
import gc
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from boundary import settings
from boundary.main import scan

_SCRIPT: Final = Path(__file__).resolve().parent.parent / "enforce_oss_constants.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Lines a second of one corpus: ``parse`` is ``ast.parse`` alone in one process."""

    name: str
    lines: int
    parse: float
    one: float
    two: float
    command: float

    def rows(self) -> list[tuple[str, float, float]]:
        """What was measured, its lines a second, and how many times longer it takes than ``ast.parse``."""
        measured = {
            "one process": self.one,
            "two processes": self.two,
            "the whole command": self.command,
        }
        return [(name, rate, self.parse / rate) for name, rate in measured.items()]


def bench(name: str, folders: Sequence[Path], *, times: int = 5) -> Speed:
    """Measure on all Python files below ``folders``, with the settings of their project."""
    chosen = settings.load(folders[0])
    files = sorted(file for folder in folders for file in folder.rglob("*.py") if file.is_file())
    works: dict[str, Callable[[], object]] = {
        "parse": lambda: _parse(files),
        "one": lambda: scan(files, [], chosen, processes=1),
        "two": lambda: scan(files, [], chosen, processes=2),
        "command": lambda: subprocess.run([sys.executable, _SCRIPT, *folders], stdout=subprocess.DEVNULL, check=False),
    }
    taken: dict[str, list[float]] = {what: [] for what in works}
    for _ in range(times):
        for what, work in works.items():
            taken[what].append(_seconds(work))
    lines = sum(file.read_bytes().count(b"\n") for file in files)
    return Speed(name=name, lines=lines, **{what: lines / statistics.median(each) for what, each in taken.items()})


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _parse(files: list[Path]) -> None:
    gc.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            try:
                ast.parse(file.read_bytes())
            except (SyntaxError, ValueError):
                continue
    gc.enable()
