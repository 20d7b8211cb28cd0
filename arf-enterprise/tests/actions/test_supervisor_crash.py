# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The adapter for supervisord when it dies, is late, or is not alone: what was done is told, undone, and done once."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arf_core.models.action import Action, parameters_for
from arf_enterprise.actions.adapter import Change, Fence, Progress
from arf_enterprise.actions.marks import Marks
from arf_enterprise.actions.proving import apply_and_die
from arf_enterprise.actions.supervisor import SupervisorAdapter
from arf_enterprise.actions.testing import FENCE
from arf_enterprise.errors import FenceLost, TargetUnavailable
from lib.supervised import World, supervised

pytestmark = pytest.mark.promise("EXE-6")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with supervised(tmp_path) as made:
        yield made


@pytest.fixture
def adapter(world: World) -> SupervisorAdapter:
    return SupervisorAdapter(world.given)


def planned(adapter: SupervisorAdapter, action: Action, **parameters: object) -> Change:
    return adapter.plan(action, parameters_for(action, parameters), adapter.observe())


@pytest.mark.promise("EXE-2")
def test_killed_at_any_moment_it_can_be_told_and_undone(world: World, adapter: SupervisorAdapter) -> None:
    before, seen = adapter.observe().digest, set()
    for number, later_s in enumerate((0.0, 0.005, 0.02, 0.05, 0.1, 0.3)):
        change = planned(adapter, Action.ROLLBACK)
        _kill_while_applying(world, change, Fence(execution_id=f"run-{number}", number=number), later_s)
        world.settle()
        seen.add(adapter.progress(change, adapter.observe()))
        adapter.revert(change, Fence(execution_id=f"run-{number}", number=number))
        world.settle()
        assert adapter.progress(change, adapter.observe()) is Progress.NOT_APPLIED
        assert adapter.observe().digest == before
        assert world.comes_to("r10")
    assert seen - {Progress.APPLIED}, "none was killed half way: the moments are too late"


@pytest.mark.promise("EXE-3")
def test_a_crash_between_link_and_restart_is_seen_and_undone(
    world: World, adapter: SupervisorAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = planned(adapter, Action.ROLLBACK)
    _die_before_restart(adapter, change, monkeypatch)
    again = SupervisorAdapter(world.given)
    assert again.progress(change, again.observe()) is Progress.OTHER
    again.revert(change, FENCE)
    assert again.observe().digest == change.before.digest
    assert world.comes_to("r10")


def test_what_was_begun_is_finished_and_not_done_twice(
    world: World, adapter: SupervisorAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = planned(adapter, Action.ROLLBACK)
    _die_before_restart(adapter, change, monkeypatch)
    again = SupervisorAdapter(world.given)
    again.apply(change, FENCE)
    assert again.progress(change, again.observe()) is Progress.APPLIED
    assert world.comes_to("r9")


@pytest.mark.promise("EXE-3")
def test_a_file_left_by_a_crash_is_not_nothing_and_is_removed(
    world: World, adapter: SupervisorAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = planned(adapter, Action.SCALE_OUT)
    with monkeypatch.context() as patch:
        patch.setattr("arf_enterprise.actions.supervisor_rpc.Rpc.write", _dead)
        with pytest.raises(SystemExit):
            adapter.apply(change, FENCE)
    assert (world.running.conf / "shop-2.conf").exists()
    again = SupervisorAdapter(world.given)
    assert again.progress(change, again.observe()) is Progress.OTHER
    again.revert(change, FENCE)
    assert not (world.running.conf / "shop-2.conf").exists()
    assert again.progress(change, again.observe()) is Progress.NOT_APPLIED


def test_a_program_that_crashes_by_itself_is_not_taken_for_one_that_was_restarted(
    world: World, adapter: SupervisorAdapter
) -> None:
    before = adapter.observe()
    change = planned(adapter, Action.RESTART_CONTAINER)
    os.kill(world.states()["shop"][1], 9)
    _await_new_life(world, before.version)
    now = adapter.observe()
    assert now.digest == before.digest, "a crash is not somebody's change"
    assert now.version != before.version
    assert adapter.progress(change, now) is Progress.NOT_APPLIED
    adapter.apply(change, FENCE)
    assert adapter.observe().version != now.version, "it was not restarted"


@pytest.mark.promise("EXE-5")
def test_a_run_that_lost_its_hold_does_nothing(adapter: SupervisorAdapter) -> None:
    change = planned(adapter, Action.RESTART_CONTAINER)
    adapter.apply(change, Fence(execution_id="later", number=9))
    version = adapter.observe().version
    late = planned(adapter, Action.ROLLBACK)
    for call in (adapter.apply, adapter.revert):
        with pytest.raises(FenceLost, match="under fence 9"):
            call(late, Fence(execution_id="earlier", number=8))
    assert adapter.observe().version == version


@pytest.mark.promise("EXE-5")
def test_two_processes_never_change_one_target_at_once(world: World, adapter: SupervisorAdapter) -> None:
    change = planned(adapter, Action.RESTART_CONTAINER)
    version = adapter.observe().version
    with (
        Marks(world.folder / "marks", "shop").held(FENCE),
        pytest.raises(TargetUnavailable, match="another process is changing shop"),
    ):
        adapter.apply(change, FENCE)
    assert adapter.observe().version == version


def test_a_mark_that_cannot_be_read_is_not_taken_for_none(world: World, adapter: SupervisorAdapter) -> None:
    change = planned(adapter, Action.RESTART_CONTAINER)
    for text in ("", "{}", '{"change": 1}', "[]"):
        (world.folder / "marks" / "shop.json").write_text(text)
        with pytest.raises(TargetUnavailable, match="cannot be read"):
            adapter.apply(change, FENCE)


def _die_before_restart(adapter: SupervisorAdapter, change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the process died there: the link is switched, nothing was restarted, nothing is recorded."""

    with monkeypatch.context() as patch:
        patch.setattr("arf_enterprise.actions.supervisor_steps.Steps.restart", _dead)
        with pytest.raises(SystemExit):
            adapter.apply(change, FENCE)


def _dead(*_: object, **__: object) -> None:
    raise SystemExit


def _kill_while_applying(world: World, change: Change, fence: Fence, later_s: float) -> None:
    """Another process applies ``change`` and is killed so long after it left its mark."""
    mark = world.folder / "marks" / "shop.json"
    arguments = (SupervisorAdapter, world.given, change, fence)
    process = multiprocessing.get_context("spawn").Process(target=apply_and_die, args=arguments)
    process.start()
    while not (mark.exists() and change.digest in mark.read_text() and f'"{fence.execution_id}"' in mark.read_text()):
        assert process.exitcode is None
        time.sleep(0.001)
    time.sleep(later_s)
    process.kill()
    process.join(60)


def _await_new_life(world: World, version: str | None) -> None:
    end = time.monotonic() + 10
    while SupervisorAdapter(world.given).observe().version == version or not world.is_at_rest():
        assert time.monotonic() < end
        time.sleep(0.05)
