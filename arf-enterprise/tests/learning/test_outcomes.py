# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Outcomes on a real Postgres: written with the execution, never changed, corrected by people."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from psycopg import sql

from arf_core.errors import FormatError
from arf_core.models.frozen import FrozenMap
from arf_enterprise.errors import ConflictError, NotFound, RequestError, StoreError
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.learning import corrections, outcomes
from arf_enterprise.learning.history import observations
from arf_enterprise.learning.observed import NOTHING, Result
from arf_enterprise.learning.posterior import estimate
from arf_enterprise.learning.switch import Scope, reset
from arf_enterprise.learning.testing_outcomes import CELL, NOW, outcome, person, recorded
from arf_enterprise.stores.postgres.database import Database, Transaction

TABLES = (
    "outcome", "outcome_label", "learning_switch", "learning_reset", "autonomy_proposal", "autonomy_decision",
    "autonomy_end", "autonomy_spend",
)  # fmt: skip


@pytest.mark.promise("LRN-1")
def test_an_outcome_is_there_if_and_only_if_its_execution_is(database: Database) -> None:
    """The transaction that ends the execution fails: no outcome, no audit entry, nothing for the graph."""

    def given_up() -> None:
        with database.transaction("default") as tx:
            outcomes.record(tx, outcome(1))
            raise RuntimeError("the server dies here")

    with pytest.raises(RuntimeError, match="dies"):
        given_up()
    with database.transaction("default") as tx:
        assert outcomes.listed(tx) == ()
        assert _outbox(tx) == 0
        outcomes.record(tx, outcome(1))
    with database.transaction("default") as tx:
        assert outcomes.listed(tx) == (outcome(1),)
        assert _outbox(tx) > 0
    assert [entry["action"] for entry in recorded(database)] == ["outcome.recorded"]


@pytest.mark.promise("LRN-1")
def test_a_run_that_resumes_writes_its_outcome_once_and_no_other(database: Database) -> None:
    for _ in range(3):
        with database.transaction("default") as tx:
            outcomes.record(tx, outcome(1))
    with database.transaction("default") as tx, pytest.raises(ConflictError, match="another outcome"):
        outcomes.record(tx, outcome(1, success=False))
    with database.transaction("default") as tx:
        assert len(outcomes.listed(tx)) == 1
    assert len(recorded(database)) == 1


def test_outcomes_are_listed_newest_first_and_narrowed(database: Database) -> None:
    with database.transaction("default") as tx:
        for number, success in enumerate((True, False, None)):
            outcomes.record(tx, outcome(number, success=success))
        outcomes.record(tx, outcome(3, cell=replace(CELL, action=NOTHING)))
    with database.transaction("default") as tx:
        assert [one.at for one in outcomes.listed(tx)] == sorted((one.at for one in outcomes.listed(tx)), reverse=True)
        assert [one.result for one in outcomes.listed(tx, result="failed")] == [Result.FAILED]
        assert len(outcomes.listed(tx, action="restart_container")) == 3
        assert outcomes.listed(tx, component="nobody") == ()
        assert outcomes.one(tx, outcome(0).execution_id) == outcome(0)
        with pytest.raises(NotFound, match="outcomes list"):
            outcomes.one(tx, "execution-x")


@pytest.mark.promise("LRN-1")
def test_another_tenant_sees_nothing_of_it(database: Database) -> None:
    with database.transaction("acme") as tx:
        outcomes.record(tx, outcome(1))
    with database.transaction("globex") as tx:
        assert outcomes.listed(tx) == ()
        assert observations(tx, now=NOW.replace(year=2027)) == ()


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_changed_or_deleted_by_the_program_or_the_owner(database: Database, table: str) -> None:
    for statement in ("DELETE FROM arf.{}", "UPDATE arf.{} SET tenant = tenant", "TRUNCATE arf.{} CASCADE"):
        with pytest.raises(StoreError), database.transaction("default") as tx:
            tx.connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


@pytest.mark.promise("LRN-1")
def test_a_persons_correction_stands_beside_the_outcome_and_is_audited_without_names(database: Database) -> None:
    alice = person("alice@example.com")
    execution = outcome(1).execution_id
    with database.transaction("default") as tx:
        outcomes.record(tx, outcome(1))
        corrections.label(tx, execution, "failed", reason="it came back", by=alice, request_id="r", now=NOW)
    with database.transaction("default") as tx:
        assert outcomes.one(tx, execution) == outcome(1), "what was verified stays"
        (said,) = corrections.listed(tx, execution)
        assert (said.result, said.reason) == (Result.FAILED, "it came back")
        (seen,) = observations(tx, now=outcome(1).at)
        assert seen.result is Result.FAILED
    labelled = [entry for entry in recorded(database) if entry["action"] == "outcome.labelled"]
    assert labelled[0]["before"] == outcome(1).digest
    assert labelled[0]["details"] == {"was": "succeeded", "is": "failed", "label_id": said.label_id}
    assert "alice" not in json.dumps(labelled)
    assert "it came back" not in json.dumps(labelled)


@pytest.mark.promise("LRN-2")
def test_somebody_who_calls_every_failure_a_success_is_not_believed(database: Database) -> None:
    """Mallory labels twenty failures as successes; learning believes two, until a second person says so, too."""
    with database.transaction("default") as tx:
        for number in range(20):
            outcomes.record(tx, outcome(number, success=False, at=NOW.replace(hour=number)))
            _label(tx, number, "mallory")
        later = NOW.replace(day=3)
        assert estimate(CELL, observations(tx, now=later), now=later).succeeded == 2
        for number in range(20):
            _label(tx, number, "bob")
        assert estimate(CELL, observations(tx, now=later), now=later).succeeded == 20


def test_only_people_correct_and_only_with_a_result_and_a_reason(database: Database) -> None:
    with database.transaction("default") as tx:
        outcomes.record(tx, outcome(1))
        execution = outcome(1).execution_id
        with pytest.raises(RequestError, match="people"):
            corrections.label(tx, execution, "failed", reason="r", by=SYSTEM, request_id="r", now=NOW)
        with pytest.raises(RequestError, match="no result"):
            corrections.label(tx, execution, "great", reason="r", by=person("al"), request_id="r", now=NOW)
        with pytest.raises(FormatError):
            corrections.label(tx, execution, "failed", reason="", by=person("al"), request_id="r", now=NOW)
        with pytest.raises(NotFound):
            corrections.label(tx, "nothing", "failed", reason="r", by=person("al"), request_id="r", now=NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"result": "great"},
        {"action": "explode"},
        {"intent_digest": None},
        {"action": NOTHING},
        {"seconds_to_recover": -1.0},
        {"seconds_to_recover": float("nan")},
    ],
)
def test_an_outcome_that_cannot_be_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        replace(outcome(1), **changed)  # type: ignore[arg-type]  # that is the point


def test_evidence_comes_back_as_it_went_in(database: Database) -> None:
    evidence = FrozenMap({"waited_s": 1.0, "says": ("a", "é", "\u2028"), "answers": {"http": {"ok": None, "ms": 1e-7}}})
    with database.transaction("default") as tx:
        outcomes.record(tx, replace(outcome(1), evidence=evidence))
    with database.transaction("default") as tx:
        assert outcomes.one(tx, outcome(1).execution_id).evidence == evidence


def test_words_of_a_target_that_postgres_cannot_keep_do_not_keep_a_run_from_its_end(database: Database) -> None:
    """A target answers with a NUL byte: the outcome is written all the same, once, and shows where it was."""
    ended = replace(outcome(1), evidence=FrozenMap({"says": "cut\x00here"}))
    for _ in range(2):
        with database.transaction("default") as tx:
            outcomes.record(tx, ended)
    with database.transaction("default") as tx:
        assert outcomes.one(tx, ended.execution_id).evidence == {"says": "cut\ufffdhere"}


@pytest.mark.promise("LRN-2")
def test_a_reset_takes_what_was_learned_out_and_deletes_nothing(database: Database) -> None:
    other = replace(CELL, component="cart")
    with database.transaction("default") as tx:
        outcomes.record(tx, outcome(1))
        outcomes.record(tx, outcome(1, cell=other))
    now = NOW.replace(day=2)
    with database.transaction("default") as tx:
        reset(tx, Scope(component="shop"), by=person("al"), request_id="r", now=now)
        assert [one.component for one in observations(tx, now=now)] == ["cart"]
        assert len(outcomes.listed(tx)) == 2
        outcomes.record(tx, outcome(2, at=now.replace(day=3)))
        assert len(observations(tx, now=now.replace(day=4))) == 2
    assert "learning.reset" in {entry["action"] for entry in recorded(database)}


def _label(tx: Transaction, number: int, who: str) -> None:
    execution = outcome(number).execution_id
    corrections.label(tx, execution, "succeeded", reason="it was well", by=person(who), request_id="r", now=NOW)


def _outbox(tx: Transaction) -> int:
    row = tx.connection.execute("SELECT count(*) AS number FROM arf.outbox").fetchone()
    return int(row["number"]) if row else 0
