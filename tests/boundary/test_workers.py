# SPDX-License-Identifier: Apache-2.0
"""Work is spread over processes, and whatever ends one of them without an answer is an error, never a clean result."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from boundary import main as command
from boundary import scanning, workers

HERE = os.getpid()


def killed(portion: int) -> int:
    """End by a signal, except in the parent."""
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return portion


def ended(portion: int) -> int:
    """Leave without an answer and as if all were well, except in the parent."""
    if os.getpid() != HERE:
        os._exit(0)
    return portion


def raised(portion: int) -> int:
    """Fail, except in the parent."""
    if os.getpid() != HERE:
        raise KeyError("scope")
    return portion


def test_results_come_back_in_order() -> None:
    assert workers.spread([1, 2, 3], lambda portion: portion * portion) == [1, 4, 9]


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("work", [killed, ended, raised])
def test_a_process_that_does_not_answer_is_an_error(work: Callable[[int], int]) -> None:
    with pytest.raises(workers.WorkerError):
        workers.spread([1, 2], work)


@pytest.mark.promise("BND-9")
def test_a_failing_parent_leaves_no_process_behind() -> None:
    before = children()
    with pytest.raises(ZeroDivisionError):
        workers.spread([0, 1], lambda portion: 1 // portion)
    assert children() <= before


def children() -> set[str]:
    """The processes that this one started: another test of this process may have one that goes on."""
    listed = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children")
    return set(listed.read_text().split())


@pytest.mark.promise("BND-9")
def test_a_crash_in_another_process_exits_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object) -> list[object]:
        if os.getpid() != HERE:
            os._exit(1)
        return []

    monkeypatch.setattr(scanning, "_MANY", 0)
    monkeypatch.setattr(workers, "possible", lambda: True)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr("boundary.source.judge", crash)
    for name in "abcd":
        (tmp_path / f"{name}.py").write_text("import subprocess\n" * 50)
    assert command.main([str(tmp_path)]) == 2
    assert "not a verdict" in capsys.readouterr().err
