# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Autonomy on a real Postgres: earned, proposed, given by a person, lost by itself, bounded by a budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from arf_core.models.frozen import FrozenMap
from arf_enterprise.errors import ConflictError, NotFound, NotPermitted
from arf_enterprise.identity.local import local_principal
from arf_enterprise.identity.principal import SYSTEM, Principal, Role
from arf_enterprise.learning import autonomy, corrections, outcomes
from arf_enterprise.learning.belief import Cell
from arf_enterprise.learning.earning import BUDGET_PER_DAY, LATELY, Bar, Proposal, cost_of
from arf_enterprise.learning.switch import Mode, Scope, reset, switch
from arf_enterprise.learning.testing_outcomes import CELL, NOW, learns, outcome, person, recorded
from arf_enterprise.stores.postgres.database import Database, Transaction

BAR = Bar(lower=0.6, outcomes=20)
ENOUGH = 40
ALICE = person("alice")
LATER = NOW + timedelta(hours=ENOUGH)


def ran(tx: Transaction, *results: bool, first: int = 0, cell: Cell = CELL) -> None:
    """Executions one after another, each an hour after the last."""
    for number, success in enumerate(results, start=first):
        outcomes.record(tx, outcome(number, success=success, cell=cell))


def earned(tx: Transaction) -> Proposal:
    """What has earned autonomy, and waits for a person."""
    learns(tx)
    ran(tx, *[True] * ENOUGH)
    (waiting,) = autonomy.proposals(tx)
    return waiting


def given(tx: Transaction) -> Proposal:
    """Autonomy that a person gave."""
    waiting = earned(tx)
    return accept(tx, waiting, by=ALICE)


def accept(tx: Transaction, waiting: Proposal, *, by: Principal, yes: bool = True, at: datetime = LATER) -> Proposal:
    return autonomy.decide(tx, waiting.proposal_id, accept=yes, reason="it went well", by=by, request_id="r", now=at)


def lower(tx: Transaction, at: datetime = LATER, cell: Cell = CELL) -> float | None:
    return autonomy.learned(tx, cell.action, cell.kind, cell.component, cell.signature, at).lower


@pytest.mark.promise("LRN-3")
def test_what_went_well_often_enough_is_proposed_and_only_a_person_makes_it_autonomous(database: Database) -> None:
    with database.transaction("default") as tx:
        waiting = earned(tx)
        assert waiting.state == "waiting"
        assert waiting.lower >= BAR.lower
        assert waiting.outcomes >= BAR.outcomes
        assert lower(tx) is None, "a proposal permits nothing"
        accepted = accept(tx, waiting, by=ALICE)
        assert accepted.stands
        assert (lower(tx) or 0) >= BAR.lower
    found = [entry["action"] for entry in recorded(database) if str(entry["action"]).startswith("autonomy.")]
    assert found == ["autonomy.proposed", "autonomy.accepted"]
    assert "alice" not in str(recorded(database))


@pytest.mark.promise("LRN-3")
def test_a_few_good_outcomes_earn_nothing(database: Database) -> None:
    with database.transaction("default") as tx:
        learns(tx)
        ran(tx, *[True] * 8)
        assert autonomy.proposals(tx) == ()
        found = autonomy.learned(tx, CELL.action, CELL.kind, CELL.component, CELL.signature, LATER)
        assert (found.lower, found.outcomes) == (None, 8)
        assert "nobody was asked" in found.says


@pytest.mark.promise("LRN-3")
def test_nothing_is_proposed_while_learning_is_off_and_nothing_autonomous_in_shadow(database: Database) -> None:
    with database.transaction("default") as tx:
        waiting = earned(tx)
        accept(tx, waiting, by=ALICE)
        for mode in (Mode.SHADOW, Mode.OFF):
            switch(tx, mode, by=local_principal(["default"]), request_id="r", now=LATER)
            assert lower(tx) is None
            assert autonomy.consider(tx, replace(CELL, component="cart"), bar=BAR, now=LATER) is None


@pytest.mark.promise("LRN-3")
@pytest.mark.parametrize(
    "who",
    [
        SYSTEM,
        local_principal(["default"]),
        person("bob", Role.OPERATOR),
        person("eve", Role.VIEWER),
        replace(person("robot"), is_agent=True),
    ],
    ids=["the program", "a shell", "an operator", "a viewer", "an agent with an approver's key"],
)
def test_autonomy_is_given_by_a_known_person_who_may_and_by_nobody_else(database: Database, who: Principal) -> None:
    with database.transaction("default") as tx:
        waiting = earned(tx)
        with pytest.raises(NotPermitted):
            accept(tx, waiting, by=who)
        assert autonomy.proposal(tx, waiting.proposal_id).is_open
        assert lower(tx) is None


@pytest.mark.promise("LRN-3")
def test_failures_end_it_in_the_same_transaction_and_it_does_not_come_back_by_itself(database: Database) -> None:
    """Two failures, and it is over at once. Sixty good outcomes later it is proposed again, and waits for a person."""
    with database.transaction("default") as tx:
        standing = given(tx)
    with database.transaction("default") as tx:
        ran(tx, False, False, first=ENOUGH)
        ended = autonomy.proposal(tx, standing.proposal_id)
        assert ended.state == "ended"
        assert "2 of the last 5" in (ended.because or "")
        assert lower(tx, LATER + timedelta(hours=2)) is None
    with database.transaction("default") as tx:
        ran(tx, *[True] * 60, first=ENOUGH + 2)
        newest = autonomy.proposals(tx)[0]
        assert newest.proposal_id != standing.proposal_id
        assert newest.is_open
        assert lower(tx, LATER + timedelta(hours=62)) is None
    assert "autonomy.ended" in {entry["action"] for entry in recorded(database)}


@pytest.mark.promise("LRN-3")
def test_a_rollback_of_the_failing_run_takes_nothing_back_because_it_is_one_transaction(database: Database) -> None:
    with database.transaction("default") as tx:
        standing = given(tx)

    def crashed() -> None:
        with database.transaction("default") as tx:
            ran(tx, False, False, first=ENOUGH)
            raise RuntimeError("before the commit")

    with pytest.raises(RuntimeError, match="commit"):
        crashed()
    with database.transaction("default") as tx:
        assert autonomy.proposal(tx, standing.proposal_id).stands
        assert len(outcomes.listed(tx)) == ENOUGH


@pytest.mark.promise("LRN-3")
def test_a_persons_correction_ends_it_as_a_failure_does(database: Database) -> None:
    with database.transaction("default") as tx:
        standing = given(tx)
        for number in (ENOUGH - 1, ENOUGH - 2):
            execution = outcome(number).execution_id
            corrections.label(
                tx, execution, "failed", reason="it came back", by=person("bob"), request_id="r", now=LATER
            )
        assert autonomy.proposal(tx, standing.proposal_id).state == "ended"


@pytest.mark.promise("LRN-3")
def test_what_was_earned_fades_and_without_it_nothing_is_autonomous(database: Database) -> None:
    with database.transaction("default") as tx:
        given(tx)
        assert lower(tx) is not None
        assert lower(tx, LATER + timedelta(days=150)) is None


def test_a_reset_takes_autonomy_away_at_once(database: Database) -> None:
    with database.transaction("default") as tx:
        given(tx)
        reset(tx, Scope(action=CELL.action), by=ALICE, request_id="r", now=LATER)
        assert lower(tx) is None


def test_another_component_or_fault_or_tenant_has_earned_nothing(database: Database) -> None:
    with database.transaction("default") as tx:
        given(tx)
        for cell in (
            replace(CELL, component="cart"),
            replace(CELL, signature="errors"),
            replace(CELL, action="rollback"),
        ):
            assert lower(tx, cell=cell) is None
    with database.transaction("acme") as tx:
        assert lower(tx) is None
        assert autonomy.proposals(tx) == ()


@pytest.mark.promise("LRN-3")
def test_a_proposal_that_no_longer_holds_cannot_be_accepted(database: Database) -> None:
    with database.transaction("default") as tx:
        waiting = earned(tx)
        with pytest.raises(ConflictError, match="no longer holds"):
            accept(tx, waiting, by=ALICE, at=LATER + timedelta(days=300))
        ran(tx, False, False, first=ENOUGH)
        with pytest.raises(ConflictError, match="ended"):
            accept(tx, waiting, by=ALICE)


def test_a_proposal_is_decided_once_and_a_rejected_one_permits_nothing(database: Database) -> None:
    with database.transaction("default") as tx:
        waiting = earned(tx)
        assert accept(tx, waiting, by=ALICE, yes=False).state == "rejected"
        assert lower(tx) is None
        with pytest.raises(ConflictError, match="rejected"):
            accept(tx, waiting, by=ALICE)
        with pytest.raises(NotFound, match="proposals"):
            autonomy.proposal(tx, "proposal_x")


@pytest.mark.promise("LRN-3")
def test_the_budget_of_a_day_stops_autonomy_when_it_is_spent_and_comes_back(database: Database) -> None:
    with database.transaction("default") as tx:
        given(tx)
        found = lower(tx) or 0.0
        cost = cost_of(1.0, found)
        bar = replace(BAR, budget_per_day=2.5 * cost)
        answers = [_alone(tx, f"run-{number}", bar, LATER) for number in range(4)]
        assert answers[:2] == [None, None]
        assert "budget is spent" in (answers[2] or "")
        assert _alone(tx, "run-0", bar, LATER) is None, "the same run costs once"
        assert autonomy.spent(tx, LATER) == pytest.approx(2 * cost)
        assert _alone(tx, "tomorrow", bar, LATER + timedelta(hours=25)) is None


@pytest.mark.promise("LRN-3")
def test_it_is_not_alone_below_the_policys_bar_or_without_autonomy(database: Database) -> None:
    with database.transaction("default") as tx:
        given(tx)
        assert "the policy wants" in (_alone(tx, "a", replace(BAR, lower=0.99), LATER) or "")
        assert "the policy wants" in (_alone(tx, "a", replace(BAR, outcomes=1000), LATER) or "")
        assert _alone(tx, "a", BAR, LATER + timedelta(days=200)) is not None
        assert autonomy.spent(tx, LATER) == 0


def test_without_controls_nobody_knows_and_nothing_is_earned(database: Database) -> None:
    with database.transaction("default") as tx:
        learns(tx)
        for number in range(ENOUGH):
            outcomes.record(tx, replace(outcome(number), evidence=FrozenMap()))
        assert autonomy.proposals(tx) == ()


def test_the_bar_is_that_of_the_policy_in_force(database: Database) -> None:
    with database.transaction("default") as tx:
        assert autonomy.bar_of(tx) is None
        learns(tx)
        assert autonomy.bar_of(tx) == Bar(lower=0.6, outcomes=20, budget_per_day=BUDGET_PER_DAY)
    assert LATELY <= 20


def _alone(tx: Transaction, execution_id: str, bar: Bar, now: datetime) -> str | None:
    return autonomy.may_act_alone(tx, CELL, bar=bar, blast_share=1.0, execution_id=execution_id, now=now)
