# SPDX-License-Identifier: Apache-2.0
"""Milestones run in order, and what does not exist never passes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from v3_milestones import MILESTONES, Milestone, State, exit_code, judge

GOOD = (sys.executable, "-c", "pass")
BAD = (sys.executable, "-c", "print('it broke'); raise SystemExit(3)")


def made(name: str, folder: Path, *commands: tuple[str, ...], exists: bool = True) -> Milestone:
    if exists:
        (folder / name).write_text("", encoding="utf-8")
    return Milestone(name=name, title=name, subject=name, commands=commands)


@pytest.mark.promise("BND-8")
def test_a_milestone_passes_when_every_command_does(tmp_path: Path) -> None:
    (verdict,) = judge([made("V1", tmp_path, GOOD, GOOD)], tmp_path)
    assert (verdict.state, verdict.ran, verdict.because) == (State.PASSED, 2, "2 of 2 checks")


@pytest.mark.promise("BND-8")
def test_a_later_one_cannot_pass_while_an_earlier_one_fails(tmp_path: Path) -> None:
    verdicts = list(judge([made("V1", tmp_path, BAD), made("V2", tmp_path, GOOD)], tmp_path))
    assert [verdict.state for verdict in verdicts] == [State.FAILED, State.BLOCKED]
    assert "exited 3: it broke" in verdicts[0].because
    assert verdicts[1].ran == 0
    assert exit_code(verdicts, None) == 1


@pytest.mark.promise("BND-8")
def test_what_does_not_exist_is_not_built_and_what_is_built_on_it_is_blocked(tmp_path: Path) -> None:
    verdicts = list(judge([made("V1", tmp_path, GOOD, exists=False), made("V2", tmp_path, GOOD)], tmp_path))
    assert [verdict.state for verdict in verdicts] == [State.NOT_BUILT, State.BLOCKED]
    assert exit_code(verdicts, None) == 1


def test_a_subject_that_nothing_checks_fails(tmp_path: Path) -> None:
    (verdict,) = judge([made("V1", tmp_path)], tmp_path)
    assert verdict.state is State.FAILED


def test_not_built_is_no_failure_unless_it_is_required(tmp_path: Path) -> None:
    verdicts = list(judge([made("V1", tmp_path, GOOD), made("V2", tmp_path, exists=False)], tmp_path))
    assert exit_code(verdicts, None) == 0
    assert exit_code(verdicts, "V1") == 0
    assert exit_code(verdicts, "V2") == 1


def test_the_milestones_are_those_of_the_plan_in_their_order() -> None:
    assert [milestone.name for milestone in MILESTONES] == ["V3.0", "V3.1", "V3.2", "V3.3"]
    assert MILESTONES[0].commands
