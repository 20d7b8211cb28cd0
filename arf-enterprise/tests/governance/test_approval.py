# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Approvals: what they are bound to, who counts, and how they end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.models.frozen import FrozenMap
from arf_enterprise.errors import (
    ApprovalExpired,
    ApprovalRefused,
    ApprovalStale,
    ApprovalUsed,
    EnterpriseError,
    NotFound,
    NotPermitted,
    OwnApproval,
    RequestError,
    TenantError,
)
from arf_enterprise.governance import approval
from arf_enterprise.governance.approval import Kind
from arf_enterprise.governance.approval_state import person_of
from arf_enterprise.governance.testing import NOW, SHOWN, TENANT, Desk, binding, person, sha
from arf_enterprise.identity.principal import Role
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

ALICE, BOB, CAROL = person("alice@example.com"), person("bob@example.com"), person("carol@example.com")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.mark.promise("GOV-2")
def test_an_approval_is_asked_for_given_used_and_recorded(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    assert (asked.kind, asked.given, asked.shown["summary"]) == (Kind.WAITING, 0, SHOWN["summary"])
    approved = desk.say(asked, ALICE, reason="seen the diff")
    assert (approved.kind, approved.given) == (Kind.APPROVED, 1)
    desk.use(asked.approval_id, bound)
    assert desk.look(asked.approval_id).kind is Kind.USED
    assert desk.recorded() == ["approval.asked", "approval.given", "approval.used"]


@pytest.mark.promise("GOV-2")
def test_no_name_and_no_reason_stands_in_the_log_in_the_clear(desk: Desk) -> None:
    desk.say(desk.ask(requester_subject="dave@example.com"), ALICE, reason="alice's own words")
    text = str(desk.entries())
    for hidden in ("dave@example.com", "alice@example.com", "own words"):
        assert hidden not in text


def test_asking_again_for_the_same_execution_gives_the_same_request_and_its_first_expiry(desk: Desk) -> None:
    bound = binding()
    first = desk.ask(bound)
    later = desk.ask(replace(bound, expires_at=bound.expires_at + timedelta(hours=5)))
    assert (later.approval_id, later.expires_at) == (first.approval_id, bound.expires_at)
    assert desk.recorded() == ["approval.asked"]
    with pytest.raises(ApprovalStale, match="another change digest"):
        desk.ask(replace(bound, change_digest=sha("another")))


def test_twenty_who_ask_at_once_for_one_execution_make_one_request(desk: Desk) -> None:
    bound = binding()
    with ThreadPoolExecutor(20) as pool:
        ids = {state.approval_id for state in pool.map(lambda _: desk.ask(bound), range(20))}
    assert len(ids) == 1
    assert desk.recorded() == ["approval.asked"]


@pytest.mark.promise("GOV-2")
@pytest.mark.parametrize(
    "changed",
    [
        {"execution_id": "execution_other"},
        {"intent_digest": sha("other")},
        {"change_digest": sha("other")},
        {"policy_digest": sha("other")},
        {"state_digest": sha("other")},
        {"executor": "kubernetes"},
        {"requester_subject": "somebody"},
        {"requester_issuer": "https://idp.example"},
        {"quorum": 2},
        {"expires_at": NOW + timedelta(hours=2)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_approval_permits_nothing_but_what_it_is_bound_to(desk: Desk, changed: dict[str, Any]) -> None:
    bound = binding()
    asked = desk.ask(bound)
    desk.say(asked, ALICE)
    with pytest.raises(ApprovalStale):
        desk.use(asked.approval_id, replace(bound, **changed))
    desk.use(asked.approval_id, bound)


@pytest.mark.promise("GOV-2")
def test_the_digest_of_an_approval_is_another_for_each_thing_that_is_bound(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    fields = [name for name in bound.__dataclass_fields__ if name not in {"quorum", "expires_at"}]
    others = [replace(bound, **{name: f"other {name}"}) for name in fields]  # type: ignore[arg-type]  # texts alone
    others += [replace(bound, quorum=2), replace(bound, expires_at=NOW + timedelta(days=2))]
    seen = {replace(asked, binding=other, requester_reference=other.requester_subject).digest for other in others}
    seen |= {asked.digest, asked.digest_at(1), replace(asked, shown=FrozenMap({"diff": "other"})).digest}
    assert len(seen) == len(others) + 3


@pytest.mark.promise("GOV-2")
def test_an_approval_of_another_request_is_no_approval_of_this_one(desk: Desk) -> None:
    first, second = desk.ask(), desk.ask()
    with pytest.raises(ApprovalStale):
        desk.say(second, ALICE, digest=first.digest)
    assert desk.look(second.approval_id).given == 0
    assert desk.recorded()[-1] == "approval.refused"


@pytest.mark.promise("GOV-2")
def test_an_approval_of_one_tenant_is_not_there_for_another(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    desk.say(asked, ALICE)
    foreign = Desk(desk.database, tenant="globex")
    with pytest.raises(NotFound):
        foreign.use(asked.approval_id, replace(bound, tenant="globex"))
    with pytest.raises(NotFound):
        foreign.say(asked, person("gus", tenants=frozenset({"globex"})))
    with pytest.raises(TenantError):
        desk.say(desk.ask(), person("gus", tenants=frozenset({"globex"})))
    with pytest.raises(TenantError):
        foreign.ask(bound)


@pytest.mark.promise("GOV-2")
def test_an_agent_that_read_a_persons_key_cannot_approve_what_it_asked_for(desk: Desk) -> None:
    """The key makes it that person; and the person who asks, by whatever way, approves nothing of their own."""
    asked = desk.ask(requester_subject="alice@example.com")
    with pytest.raises(OwnApproval):
        desk.say(asked, ALICE)
    for second in (
        person("alice@example.com", key_id="key_second"),
        person("alice@example.com", issuer="https://idp.example", method="oidc"),
        person(" Alice@Example.COM "),
        person("ａlice@example.com"),
    ):
        with pytest.raises(OwnApproval):
            desk.say(asked, second)
    assert desk.look(asked.approval_id).given == 0
    assert desk.recorded() == ["approval.asked", *["approval.refused"] * 5]


@pytest.mark.promise("GOV-4")
def test_an_agent_decides_nothing_whatever_its_roles_are_called(desk: Desk) -> None:
    asked = desk.ask()
    robot = person("robot-2", *Role, is_agent=True)
    for approve in (True, False):
        with pytest.raises(NotPermitted):
            desk.say(asked, robot, approve=approve)
    for role in set(Role) - {Role.APPROVER}:
        with pytest.raises(NotPermitted):
            desk.say(asked, person("eve", role))
    with pytest.raises(NotPermitted):
        desk.say(asked, person("eve", operations=frozenset({"approvals.read"})))
    assert desk.look(asked.approval_id).votes == ()


@pytest.mark.promise("GOV-2")
def test_a_quorum_is_of_different_people_and_not_of_two_keys_of_one(desk: Desk) -> None:
    bound = binding(quorum=2)
    first = desk.ask(bound)
    second = desk.say(first, ALICE)
    for again in (
        ALICE,
        person("ALICE@example.com", key_id="key_2"),
        person("alice@example.com", issuer="https://idp.example", method="oidc"),
    ):
        with pytest.raises(ApprovalUsed, match="each counts once"):
            desk.say(second, again)
    with pytest.raises(ApprovalRefused, match="1 of 2"):
        desk.use(first.approval_id, bound)
    assert desk.say(second, BOB).kind is Kind.APPROVED
    desk.use(first.approval_id, bound)


@pytest.mark.promise("GOV-2")
def test_who_looked_before_somebody_else_approved_looks_again(desk: Desk) -> None:
    first = desk.ask(quorum=2)
    second = desk.say(first, ALICE)
    with pytest.raises(ApprovalStale):
        desk.say(first, BOB)
    assert desk.say(second, BOB).kind is Kind.APPROVED


@pytest.mark.promise("GOV-2")
def test_one_rejection_ends_it_also_after_the_quorum_and_of_who_looked_before(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    desk.say(asked, ALICE)
    assert desk.say(asked, BOB, approve=False, reason="wrong service").kind is Kind.REJECTED
    with pytest.raises(ApprovalRefused, match="rejected"):
        desk.use(asked.approval_id, bound)
    for approve in (True, False):
        with pytest.raises(ApprovalUsed):
            desk.say(desk.look(asked.approval_id), CAROL, approve=approve)


def test_who_approved_may_still_take_it_back_by_rejecting(desk: Desk) -> None:
    asked = desk.ask()
    approved = desk.say(asked, ALICE)
    assert desk.say(approved, ALICE, approve=False).kind is Kind.REJECTED


@pytest.mark.promise("GOV-4")
def test_at_its_expiry_to_the_microsecond_it_is_expired(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    desk.now = bound.expires_at - timedelta(microseconds=1)
    approved = desk.say(asked, ALICE)
    assert approved.kind is Kind.APPROVED
    desk.now = bound.expires_at
    with pytest.raises(ApprovalExpired):
        desk.say(approved, BOB)
    with pytest.raises(ApprovalExpired):
        desk.say(approved, BOB, approve=False)
    with pytest.raises(ApprovalExpired):
        desk.use(asked.approval_id, bound)
    desk.now = bound.expires_at - timedelta(microseconds=1)  # a clock that goes back brings nothing back
    with pytest.raises(ApprovalExpired):
        desk.use(asked.approval_id, bound)
    assert desk.recorded().count("approval.expired") == 1


@pytest.mark.promise("GOV-4")
def test_the_first_that_sees_an_expiry_records_it_once(desk: Desk) -> None:
    asked = desk.ask()
    desk.now = asked.expires_at

    def see(_: object) -> Kind:
        with desk.database.transaction(TENANT) as transaction:
            return approval.state(transaction, asked.approval_id, desk.now).kind

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(see, range(8))) == {Kind.EXPIRED}
    assert desk.recorded() == ["approval.asked", "approval.expired"]


@pytest.mark.promise("GOV-2")
def test_of_twenty_votes_at_once_exactly_the_quorum_counts(desk: Desk) -> None:
    asked = desk.ask(quorum=2)

    def say(number: int) -> str:
        for _ in range(20):  # who is told to look again does
            try:
                return str(desk.say(desk.look(asked.approval_id), person(f"person-{number}")).kind)
            except ApprovalStale:
                continue
            except EnterpriseError as error:
                return error.code
        return "never"

    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(say, range(20)))
    assert sorted(said) == [*["ARF-E-4143"] * 18, "approved", "waiting"]
    assert desk.look(asked.approval_id).given == 2


@pytest.mark.promise("GOV-2")
def test_of_twenty_votes_of_one_person_at_once_one_counts(desk: Desk) -> None:
    asked = desk.ask(quorum=2)

    def say(number: int) -> str:
        try:
            return str(desk.say(asked, person("alice@example.com", key_id=f"key_{number}")).given)
        except EnterpriseError as error:
            return error.code

    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(say, range(20)))
    assert sorted(said) == ["1", *["ARF-E-4143"] * 19]


@pytest.mark.promise("GOV-2")
def test_of_twenty_uses_at_once_exactly_one_is_permitted(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    desk.say(asked, ALICE)

    def use(_: object) -> str:
        try:
            desk.use(asked.approval_id, bound)
        except EnterpriseError as error:
            return error.code
        return "used"

    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(use, range(20)))
    assert sorted(said) == [*["ARF-E-4143"] * 19, "used"]
    assert desk.recorded().count("approval.used") == 1


@pytest.mark.promise("GOV-2")
def test_a_use_that_is_refused_is_recorded_where_the_caller_lets_it_commit(desk: Desk) -> None:
    bound = binding()
    asked = desk.ask(bound)
    with desk.database.transaction(TENANT) as transaction:
        error = approval.attempt_use(transaction, asked.approval_id, bound, NOW)
    assert isinstance(error, ApprovalRefused)
    action, record = desk.entries("approval.")[-1]
    assert (action, record["details"]["code"]) == ("approval.refused", "ARF-E-4140")


@pytest.mark.promise("GOV-2")
def test_an_approval_given_before_a_restart_is_used_after_it(postgres: FreshDatabases) -> None:
    name, bound = postgres.fresh(), binding(quorum=2)
    with postgres.database(name) as database:
        asked = Desk(database).ask(bound)
        Desk(database).say(asked, ALICE)
    with postgres.database(name) as database:
        desk = Desk(database)
        assert desk.say(desk.look(asked.approval_id), BOB).kind is Kind.APPROVED
    with postgres.database(name) as database:
        Desk(database).use(asked.approval_id, bound)
        with pytest.raises(ApprovalUsed):
            Desk(database).use(asked.approval_id, bound)


@pytest.mark.parametrize(
    "reason",
    ["'); DROP TABLE arf.approval; --", "%(tenant)s", "{0}", "a\x00b", "line\nline", "é" * 3000, "\ud800", "🙂" * 2100],
)
def test_a_reason_is_text_and_nothing_else(desk: Desk, reason: str) -> None:
    decided = desk.say(desk.ask(), ALICE, approve=False, reason=reason)
    (kept,) = decided.votes
    assert kept.reason.isprintable()
    assert 0 < len(kept.reason) <= 2000
    assert desk.look(decided.approval_id).kind is Kind.REJECTED


def test_the_subject_and_the_id_are_text_and_nothing_else(desk: Desk) -> None:
    odd = "'; DELETE FROM arf.approval_vote; --"
    decided = desk.say(desk.ask(), person(odd))
    assert decided.votes[0].subject == odd
    for name in ("' OR true --", "approval_" + "0" * 32, "\x00", "é" * 500):
        with pytest.raises((NotFound, RequestError)):
            desk.look(name)


@pytest.mark.promise("GOV-2")
def test_the_database_itself_keeps_what_was_asked_and_said(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        desk = Desk(database)
        desk.say(desk.ask(), ALICE, approve=False)
        desk.say(desk.ask(), ALICE)
    for login in ("arf_app", "arf_owner"):
        with psycopg.connect(postgres.url(name, login=login), autocommit=True) as connection:
            connection.execute("SELECT set_config('arf.tenant', 'acme', false)")
            for statement in (
                "UPDATE arf.approval SET ended = NULL, ended_at = NULL WHERE ended IS NOT NULL",
                "DELETE FROM arf.approval",
                "UPDATE arf.approval_vote SET approves = true",
                "DELETE FROM arf.approval_vote",
                "TRUNCATE arf.approval CASCADE",
            ):
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)):
                    connection.execute(statement)
    with psycopg.connect(postgres.url(name), autocommit=True) as connection:
        connection.execute("SELECT set_config('arf.tenant', 'acme', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE arf.approval SET quorum = 1")


def test_what_cannot_be_asked_for_is_refused(desk: Desk) -> None:
    for quorum in (0, -1, 21):
        with pytest.raises(RequestError):
            binding(quorum=quorum)
    with pytest.raises(RequestError, match="expired"):
        desk.ask(expires_at=NOW)
    with pytest.raises(RequestError, match="characters"), desk.database.transaction(TENANT) as transaction:
        approval.ask(transaction, binding(), shown={"diff": "x" * 300_000}, now=NOW)


def test_the_summary_is_that_of_what_is_shown_or_of_the_change_in_it(desk: Desk) -> None:
    state = desk.ask()
    assert state.summary == "restart checkout"
    assert replace(state, shown=FrozenMap({"change": {"summary": "scale out"}})).summary == "scale out"
    assert replace(state, shown=FrozenMap({"change": 1})).summary == state.binding.execution_id
    assert state.line()["summary"] == "restart checkout"
    assert "shown" not in state.line()


def test_those_that_wait_are_listed_the_latest_first(desk: Desk) -> None:
    first = desk.ask()
    desk.now = NOW + timedelta(seconds=1)
    second, third = desk.ask(), desk.ask()
    desk.say(third, ALICE, approve=False)
    with desk.database.transaction(TENANT) as transaction:
        waiting = approval.listed(transaction, now=desk.now)
        every = approval.listed(transaction, now=desk.now, only_waiting=False)
        late = approval.listed(transaction, now=NOW + timedelta(days=1))
    assert [state.approval_id for state in waiting] == [second.approval_id, first.approval_id]
    assert {state.approval_id for state in every} == {first.approval_id, second.approval_id, third.approval_id}
    assert late == ()
    with Desk(desk.database, tenant="globex").database.transaction("globex") as transaction:
        assert approval.listed(transaction, now=NOW, only_waiting=False) == ()


@given(st.text(min_size=1).map(str.strip).filter(bool))
def test_a_person_is_the_same_in_upper_and_lower_case(subject: str) -> None:
    assert person_of(f"  {subject} ") == person_of(subject)
    assert person_of(subject.casefold()) == person_of(subject.casefold().casefold())
