# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""kill -9 of a server, Postgres or the target in the middle of a run; servers that share work; one that was frozen.

A sample of the matrix; all of it with ``ARF_FULL=1``, or by ``python scripts/crash_matrix.py --full``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from crash_matrix import folder_of_ours, kills
from crash_runs.cells import Cell, every, sample
from crash_runs.judge import ORDERS, Found, amiss
from crash_runs.kill import intent_of
from crash_runs.lane import Lane, Server, lane
from crash_runs.server import Given

CELLS = list(every() if os.environ.get("ARF_FULL") else sample())
PATIENCE_S = 60.0


@pytest.fixture
def installation() -> Iterator[Lane]:
    with folder_of_ours() as folder:
        (folder / "target").mkdir()
        with lane(folder) as made:
            yield made


def cell_at(point: str) -> Cell:
    return next(cell for cell in every() if (cell.point, cell.victim) == (point, "server"))


def given_for(made: Lane, cell: Cell, number: int, *, stops_at: bool = False) -> Given:
    intent = intent_of(cell, number)
    return Given(url=made.url, folder=made.folder, intent=intent, point=cell.point if stops_at else None)


def row_of(made: Lane, given: Given) -> dict[str, object]:
    rows = made.rows("SELECT * FROM execution WHERE intent_id = %s", given.intent.intent_id)
    return rows[0] if rows else {"ended_at": None, "attempt": None, "status": None}


def ended(made: Lane, given: Given) -> dict[str, object]:
    end = time.monotonic() + PATIENCE_S
    while (row := row_of(made, given))["ended_at"] is None:
        assert time.monotonic() < end, f"it stands at {row['status']}"
        time.sleep(0.05)
    return row


def stands(server: Server) -> None:
    end = time.monotonic() + PATIENCE_S
    while not server.stands():
        assert time.monotonic() < end, "its point was never reached"
        time.sleep(0.02)


@contextmanager
def standing_still(server: Server) -> Iterator[None]:
    assert server.process.pid is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


@pytest.mark.promise("EXE-2")
@pytest.mark.promise("SRV-4")
def test_whatever_is_killed_a_run_ends_once_and_everything_it_did_is_recorded() -> None:
    with folder_of_ours() as folder:
        found = list(kills(folder, CELLS))
    assert len(found) == len(CELLS)
    assert not [(one.cell.point, one.cell.victim, one.amiss) for one in found if one.amiss]
    assert {one.cell.victim for one in found} == {"server", "postgres", "target"}


@pytest.mark.promise("EXE-2")
@pytest.mark.parametrize("point", ["after the dry run", "apply_begun, committed", "while health is watched"])
def test_a_frozen_server_that_wakes_after_its_run_was_taken_over_does_nothing_more(
    installation: Lane, point: str
) -> None:
    """It was cut off, not dead: its lock went with its connections, another server ended the run, and it goes on."""
    cell, before = cell_at(point), installation.stops()
    given = given_for(installation, cell, 1, stops_at=True)
    sleeper = installation.serve(given)
    sleeper.say("submit")
    stands(sleeper)
    with standing_still(sleeper):
        installation.rows("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        installation.serve(replace(given, point=None))
        row = ended(installation, given)
        sleeper.say("go")
    sleeper.say("stop")  # it ends when whatever it still wanted to do is over
    sleeper.process.join(PATIENCE_S)
    assert sleeper.process.exitcode == 0
    found = Found(
        cell=cell, status=str(row["status"]), stops=installation.stops() - before, took_s=0.0,
        link=installation.link(), release=installation.await_service(), was_killed=True,
        row=row_of(installation, given),
    )  # fmt: skip
    assert amiss(installation.rows, found) == []
    assert (found.status, found.stops) == ("succeeded", 1)
    assert str(found.row["attempt"]) > "1"


@pytest.mark.promise("SRV-4")
def test_two_servers_on_one_database_share_the_runs_and_each_run_is_one_servers(installation: Lane) -> None:
    cell = cell_at("handed over")
    given = [given_for(installation, cell, number) for number in range(2)]
    servers = [installation.serve(one) for one in given]
    for number, one in enumerate(given):
        with standing_still(servers[1 - number]):
            servers[number].say("submit")
            assert ended(installation, one)["status"] == "succeeded"
    query = "SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE workflow_uuid LIKE 'run:%%'"
    assert len(installation.rows(query)) == 2


def test_what_is_amiss_is_seen() -> None:
    """The comparison itself is no comparison that cannot fail."""
    cell = cell_at("handed over")
    found = Found(
        cell=cell, status="succeeded", stops=2, took_s=0.0, link="r9", release="r10", was_killed=True,
        row={"ended_at": "now", "execution_id": "exe_1", "approval_id": None},
    )  # fmt: skip

    def rows(query: str, *_: object) -> list[dict[str, object]]:
        if "target_hold" in query:
            return [{"component": "shop"}]
        if "execution_step" in query:
            return [{"step": "decided"}]
        return [{"action": action} for action in ORDERS["succeeded"] if action != "execution.decided"]

    seen = amiss(rows, found)
    for what in ("a second effect", "the link", "the log has", "decided: 1 rows, 0 records", "held by a run"):
        assert any(what in one for one in seen), (what, seen)
    assert amiss(rows, replace(found, was_killed=False)) == ["its point was never reached"]
    assert amiss(rows, replace(found, status="verifying")) == ["stuck: it stands at verifying"]


def test_the_sample_has_every_victim_and_every_scenario_and_the_matrix_is_large() -> None:
    assert {cell.victim for cell in sample()} == {"server", "postgres", "target"}
    assert {cell.scenario.name for cell in sample()} == {cell.scenario.name for cell in every()}
    assert len(list(every())) * 2 >= 300
