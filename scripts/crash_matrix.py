# SPDX-License-Identifier: Apache-2.0
"""Kills a server, Postgres or the target at every point of a run, and looks whether anything is amiss.

::

    python scripts/crash_matrix.py                     # a sample, a kill for each kind of interruption
    python scripts/crash_matrix.py --full --each 2     # every victim at every point, twice
    python scripts/crash_matrix.py --full --write      # the same once, and docs/crash-matrix.md says what was found

``crash_runs.cells`` has the points, ``crash_runs.judge`` what is looked at. ``--lanes`` installations are at work side
by side, each with its own Postgres and target; ``--lane`` is one of them, and prints a line for each kill. Exit 1 if
anything is amiss.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from crash_runs.adoption import adopted_s
from crash_runs.cells import Cell, every, sample
from crash_runs.document import About, Kill, page
from crash_runs.judge import Found
from crash_runs.kill import killed
from crash_runs.lane import lane
from crash_runs.log import verified

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/crash-matrix.md"
ADOPTIONS: Final = 3


def kills(folder: Path, cells: Sequence[Cell]) -> Iterator[Found]:
    """Kill once for each of ``cells``, in one installation in ``folder``, whose log is verified at the end."""
    (folder / "target").mkdir()
    with lane(folder) as made:
        for number, cell in enumerate(cells):
            yield killed(made, cell, number)
        verified(made.url, folder)


@contextmanager
def folder_of_ours() -> Iterator[Path]:
    """A folder that is gone afterwards; as root, Postgres runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="arf-crash-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Kill, say what was found, and exit with 1 if anything is amiss."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="every victim at every point")
    parser.add_argument("--each", type=int, default=1, help="how often")
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--lane", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help=f"keep what was found in {PAGE.name}")
    given = parser.parse_args()
    cells = list(every() if given.full else sample()) * given.each
    if given.lane is None:
        raise SystemExit(_drive(given, len(cells)))
    with folder_of_ours() as folder:
        for found in kills(folder, cells[given.lane :: given.lanes]):
            print(Kill.of(found).line(), flush=True)


def _drive(given: argparse.Namespace, wanted: int) -> bool:
    """Whether anything is amiss."""
    lanes = [_started(number) for number in range(given.lanes)]
    with ThreadPoolExecutor(given.lanes) as readers:
        found = [kill for some in readers.map(lambda one: list(_read(one.stdout)), lanes) for kill in some]
    logs = sum(not one.wait() for one in lanes)
    with folder_of_ours() as folder:
        adopted = adopted_s(folder, ADOPTIONS)
    about = About(
        command=" ".join(("python", "scripts/crash_matrix.py", *sys.argv[1:])), date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        each=given.each, adopted_s=adopted, logs=logs,
    )  # fmt: skip
    text = page(found, about)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)
    return len(found) != wanted or logs != given.lanes or any(kill.amiss for kill in found)


def _started(number: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, *sys.argv[1:], "--lane", str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _read(lines: IO[str] | None) -> Iterator[Kill]:
    for line in lines or ():
        kill = Kill.read(line)
        print(f"{kill.scenario} | {kill.point} | {kill.victim}: {kill.status} {kill.amiss or ''}", file=sys.stderr)
        yield kill


if __name__ == "__main__":
    main()
