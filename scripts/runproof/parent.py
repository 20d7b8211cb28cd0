# SPDX-License-Identifier: Apache-2.0
"""Starts the watched processes, hears their reports, and judges. This process is not watched: it may start others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runproof.data import write_inputs
from runproof.finding import CouldNotRun, Finding, Report, read_report
from runproof.plants import PLANTS

SCRIPT: Final = Path(__file__).resolve().parent.parent / "prove_run.py"
VISITOR: Final = Path(__file__).resolve().with_name("visiting.py")
TIME_LIMIT_S: Final = 600
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a watched process reported, how it exited, and what it wrote to standard error."""

    report: Report
    code: int
    errors: str


@contextmanager
def workplace() -> Iterator[Path]:
    """A temporary folder: data and home to read, ``out`` to write to, ``outside`` for what must not be touched."""
    with tempfile.TemporaryDirectory(prefix="arf-run-proof-") as name:
        folder = Path(name).resolve()
        for part in ("data", "home", "cwd", "tmp", "out", "outside"):
            (folder / part).mkdir()
        yield folder


def run_drive(before: Sequence[str] = ()) -> Heard:
    """Drive everything in a watched process; ``before`` is the command that starts it, such as strace's."""
    with workplace() as folder:
        write_inputs(folder / "data")
        with visited(folder):
            return start(folder, ["--drive", str(folder)], before=before)


@contextmanager
def visited(folder: Path) -> Iterator[None]:
    """With a visitor for the server that the watched process starts: a process of its own, which is not watched."""
    visitor = subprocess.Popen([sys.executable, "-B", str(VISITOR), str(folder)], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        visitor.kill()
        visitor.wait()


def run_plant(name: str) -> Heard:
    """Run one planted escape in a watched process."""
    with workplace() as folder:
        return start(folder, ["--planted", name, str(folder)])


def is_caught(name: str, heard: Heard) -> bool:
    """Whether the detector that should have found the planted escape did."""
    return any(finding.kind == PLANTS[name].kind for finding in heard.report.findings)


def start(folder: Path, arguments: Sequence[str], *, before: Sequence[str] = ()) -> Heard:
    """Start this script anew with ``arguments``, in ``folder``, with a bare environment and a pipe for its report.

    Raises:
        CouldNotRun: it did not end in time, or could not be started.
    """
    reading, writing = os.pipe()
    command = [*before, sys.executable, "-B", str(SCRIPT), *arguments, "--report", str(writing)]
    try:
        with (folder / "out" / "stdout").open("wb") as out, (folder / "out" / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                cwd=folder / "cwd",
                env=_environment(folder),
                pass_fds=(writing,),
            )
        os.close(writing)
        lines = _read_all(reading)
        code = process.wait(TIME_LIMIT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise CouldNotRun(f"{command[0]}: {error}") from error
    return Heard(report=read_report(lines), code=code, errors=(folder / "out" / "stderr").read_text("utf-8", "replace"))


def broken_off(heard: Heard) -> Iterator[Finding]:
    """That a process did not reach its end, which is a finding of its own unless it says why."""
    if not heard.report.ended:
        last = heard.errors.strip().splitlines()[-1:] or ["no message"]
        yield Finding(kind="broken off", what=f"exit {heard.code}: {last[0]}", where="the drive")


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    return {**kept, **own, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as pipe:
        return pipe.read()
