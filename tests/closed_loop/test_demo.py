# SPDX-License-Identifier: Apache-2.0
"""The closed loop on real parts, as ``scripts/demo-enterprise`` runs it: everything it promises, and what it leaves."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_enterprise.faults import FAULTS
from demo_enterprise.world import missing

SCRIPTS = Path(__file__).parents[2] / "scripts"
COMMAND = [sys.executable, "-m", "demo_enterprise"]
PATIENCE_S = 600.0
needs_the_parts = pytest.mark.skipif(bool(missing()), reason=f"NOT RUN, not installed: {missing()}")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can enter: as root, Postgres runs as another one."""
    made = Path(tempfile.mkdtemp(prefix="arf-loop-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(SCRIPTS), "TMPDIR": str(folder)}


def left_running(folder: Path) -> list[str]:
    """The commands that still run and have to do with ``folder``."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


@needs_the_parts
@pytest.mark.promise("EXE-1")
@pytest.mark.promise("EXE-4")
def test_each_fault_is_alerted_advised_on_remedied_under_control_verified_and_proven(folder: Path) -> None:
    done = subprocess.run(
        COMMAND, env=environment(folder), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stories = re.split(r"fault \d of \d, ", done.stdout)[1:]
    assert len(stories) == len(FAULTS) == 4
    for fault, story in zip(FAULTS, stories, strict=True):
        assert story.startswith(fault.name)
        assert fault.alert in story
        assert f"advice   {fault.action}" in story
        assert ("outcome  succeeded" if fault.helps else "outcome  reverted") in story
    assert "approved by" in stories[1]
    assert "arf verify" in stories[-1]
    assert left_running(folder) == []
    assert list(folder.iterdir()) == []


@needs_the_parts
def test_a_demo_that_is_stopped_in_the_middle_leaves_nothing_behind(folder: Path) -> None:
    with subprocess.Popen(COMMAND, env=environment(folder), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "serving" in line:
                break
        assert len(left_running(folder)) > 5
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE_S) == 130
    assert left_running(folder) == []
    assert list(folder.iterdir()) == []


def test_where_a_program_is_missing_the_demo_says_so_by_name_and_does_not_run(folder: Path) -> None:
    settings = {**environment(folder), "PATH": "/nonexistent"}
    done = subprocess.run(COMMAND, env=settings, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 7
    assert done.stdout.startswith("NOT RUN: ")
    for name in ("haproxy", "prometheus", "apt-get install"):
        assert name in done.stdout
    assert list(folder.iterdir()) == []
