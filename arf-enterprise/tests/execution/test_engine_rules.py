# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What was learned by running DBOS, each as a test of our engine: the numbers are those of its rules (engine.py)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import requires
from pathlib import Path

import pytest

import arf_enterprise.execution
from arf_enterprise.execution import engine as engines
from arf_enterprise.execution.engine import MOST_AT_ONCE
from arf_enterprise.execution.line import QUEUE, VERSION, Ticket
from arf_enterprise.execution.run import Status
from arf_enterprise.execution.sweep import HOPELESS, LOCK_CLASS, MOST_ATTEMPTS, Sweep, lock_number
from arf_enterprise.licensing import entitlement
from arf_enterprise.stores.postgres.database import Row
from arf_enterprise.testing import FreshDatabases
from lib.governed import World, decide, engine_on, governed, now, working

PATIENCE_S = 30.0


def workflows(world: World) -> list[Row]:
    """What DBOS knows, in the order in which it was told."""
    with world.app.database.transaction(None) as transaction:
        return list(
            transaction.connection.execute(
                "SELECT state.*, given.inputs AS given FROM dbos.workflow_status AS state"
                " LEFT JOIN dbos.workflow_input AS given USING (workflow_uuid) ORDER BY created_at"
            ).fetchall()
        )


def held(world: World) -> set[int]:
    with world.app.database.transaction(None) as transaction:
        return {int(row["number"]) for row in transaction.all("held_locks", lock_class=LOCK_CLASS)}


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.promise("SRV-4")
def test_1_each_engine_has_an_executor_id_of_its_own_and_holds_a_lock_on_it_while_it_lives(world: World) -> None:
    first, second = engine_on(world.app), engine_on(world.app)
    assert first.executor_id != second.executor_id
    with working(world.app) as engine:
        until(lambda: lock_number(engine.executor_id) in held(world))
    until(lambda: lock_number(engine.executor_id) not in held(world))


@pytest.mark.promise("SRV-4")
def test_2_and_3_what_a_dead_server_had_is_taken_up_under_a_new_attempt_once(world: World) -> None:
    run = world.submit("rollback")
    lost = Ticket(kind="run", tenant="default", execution_id=run.execution_id, attempt=1)
    with world.app.database.transaction(None) as transaction:
        transaction.connection.execute(
            "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = 'node_dead' WHERE workflow_uuid = %s",
            [lost.text],
        )
    sweep = Sweep(database=world.app.database, line=world.app.line, clock=world.app.clock)
    assert [sweep(), sweep()] == [1, 0]
    found = {row["workflow_uuid"]: row["status"] for row in workflows(world)}
    assert found == {lost.text: "CANCELLED", lost.text.removesuffix("1") + "2": "ENQUEUED"}


def test_2_what_is_in_no_line_is_handed_over(world: World) -> None:
    """A server died between accepting a run and handing it over."""
    run = world.submit("rollback")
    with world.app.database.transaction(None) as transaction:
        transaction.connection.execute("DELETE FROM dbos.workflow_status")
    later = Sweep(database=world.app.database, line=world.app.line, clock=lambda: now() + timedelta(minutes=1))
    assert later() == 1
    (row,) = workflows(world)
    assert row["workflow_uuid"] == f"run:default:{run.execution_id}:2"


def test_2_what_never_comes_to_an_end_needs_a_person_and_keeps_its_target(world: World) -> None:
    run = world.submit()
    with world.app.database.transaction("default") as transaction:
        transaction.connection.execute("UPDATE arf.execution SET attempt = %s", [MOST_ATTEMPTS])
        transaction.connection.execute("DELETE FROM dbos.workflow_status")
    later = Sweep(database=world.app.database, line=world.app.line, clock=lambda: now() + timedelta(minutes=1))
    assert [later(), later()] == [0, 0]
    found = world.ended(run)
    assert (found["status"], found["says"]) == ("needs_person", HOPELESS)
    assert world.actions()[-1] == "execution.needs_person"
    assert not workflows(world)


@pytest.mark.promise("EXE-2")
def test_4_and_7_a_run_that_waits_survives_restarts_and_keeps_no_engine_from_ending(world: World) -> None:
    with working(world.app):
        run = world.submit("rollback")
        world.reached(run, Status.PENDING_APPROVAL)
    for _ in range(2):
        with working(world.app) as engine:
            time.sleep(0.3)
        assert not engine.is_alive
        assert world.reached(run, Status.PENDING_APPROVAL)["ended_at"] is None
    assert not [row for row in workflows(world) if row["status"] == "ERROR"]
    with working(world.app):
        decide(world, run, approve=True)
        assert world.ended(run)["status"] == "succeeded"


def test_4_a_server_with_room_begins_a_run_at_once_and_leaves_it_as_it_is_when_it_ends(world: World) -> None:
    with working(world.app) as engine:
        until(lambda: engine.state.is_running)
        run = world.submit("rollback")
        world.reached(run, Status.PENDING_APPROVAL)
    (row,) = workflows(world)
    assert (row["queue_name"], row["status"], row["executor_id"]) == (None, "PENDING", engine.executor_id)


def test_4_without_room_a_run_goes_to_the_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with working(world.app) as engine:
        until(lambda: engine.state.is_running)
        monkeypatch.setattr(engines, "ROOM", 0)
        run = world.submit()
        assert world.ended(run)["status"] == "succeeded"
    (row,) = workflows(world)
    assert row["queue_name"] == QUEUE


def test_5_and_6_the_version_is_ours_and_what_is_stored_is_json_and_ids_alone(world: World) -> None:
    with working(world.app):
        run = world.submit()
        world.ended(run)
    rows = workflows(world)
    assert rows
    for row in rows:
        assert row["application_version"] == VERSION
        assert run.execution_id in json.dumps(json.loads(row["given"] or row["inputs"]))
        assert "shop" not in str(row)


def test_6_and_8_waiting_holds_no_slot(world: World) -> None:
    with working(world.app):
        waiting = [world.submit("rollback") for _ in range(MOST_AT_ONCE + 2)]
        for run in waiting:
            world.reached(run, Status.PENDING_APPROVAL)
        assert world.ended(world.submit())["status"] == "succeeded"


def test_a_run_never_needs_two_connections_at_once(
    postgres: FreshDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise as many runs as the pool has connections keep each other from going on. The licence is asked anew."""
    monkeypatch.setattr(entitlement, "REMEMBERED", timedelta(0))
    with postgres.database(size=1) as database, governed(database, tmp_path) as world, working(world.app):
        assert world.ended(world.submit())["status"] == "succeeded"
        run = world.submit("rollback")
        world.reached(run, Status.PENDING_APPROVAL)
        decide(world, run, approve=True)
        assert world.ended(run)["status"] == "succeeded"


def test_9_nothing_polls_for_a_result_and_nothing_is_of_the_enterprise_edition_of_dbos() -> None:
    folder = Path(next(iter(arf_enterprise.execution.__path__)))
    assert not [file.name for file in folder.glob("*.py") if "get_result" in file.read_text(encoding="utf-8")]
    named = [one for one in requires("arf-enterprise") or () if one.startswith("dbos")]
    assert named
    assert not any("enterprise" in one for one in named)
