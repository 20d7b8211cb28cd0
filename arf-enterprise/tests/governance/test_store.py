# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Versions of the policy in a real database: nobody approves their own, and nothing is in force by accident."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import psycopg
import pytest

from arf_core.policy.document import Place
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import (
    ConflictError,
    NotFound,
    NotPermitted,
    OwnApproval,
    PolicyMissing,
    RequestError,
    StoreError,
)
from arf_enterprise.governance import store
from arf_enterprise.governance.facts import Ran
from arf_enterprise.governance.gate import Situation, rule_on
from arf_enterprise.governance.requests import facts_in, node_of
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.governance.templates import template
from arf_enterprise.identity.local import local_principal
from arf_enterprise.identity.principal import SYSTEM, Principal, Role
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


def person(subject: str, *roles: Role, issuer: str = "arf") -> Principal:
    return Principal(issuer=issuer, subject=subject, method="api_key", roles=frozenset(roles))


ALICE = person("alice@example.com", Role.POLICY_AUTHOR)
BOB = person("bob@example.com", Role.APPROVER)
ROOT = local_principal(["default"])


def push(
    database: Database, name: str = "approve", *, by: Principal = ALICE, tenant: str = "default", now: datetime = NOW
) -> store.Pushed:
    text = template(name) if "\n" not in name else name
    with database.transaction(tenant) as transaction:
        return store.push(transaction, text, file=f"{name[:9]}.yaml", by=by, request_id="test", now=now)


def decide(
    database: Database, digest: str, *, by: Principal = BOB, approve: bool = True, tenant: str = "default",
    reason: str = "agreed", now: datetime = NOW,
) -> int:  # fmt: skip
    with database.transaction(tenant) as transaction:
        return store.decide(transaction, digest, by=by, approve=approve, reason=reason, request_id="test", now=now)


def in_force(database: Database, tenant: str = "default") -> str:
    with database.transaction(tenant) as transaction:
        return store.current(transaction).digest


def audited(database: Database, tenant: str = "default") -> list[tuple[str, str | None, str | None]]:
    with database.transaction(tenant) as transaction:
        rows = transaction.connection.execute("SELECT body FROM audit_entry ORDER BY xid, position").fetchall()
    found = [json.loads(row["body"]) for row in rows]
    return [(one["action"], one["before"], one["after"]) for one in found]


@pytest.mark.promise("GOV-1")
def test_without_a_policy_nothing_is_permitted(database: Database) -> None:
    with pytest.raises(PolicyMissing, match="no governance policy is in force"):
        in_force(database)
    push(database)
    with pytest.raises(PolicyMissing):
        in_force(database)


@pytest.mark.promise("GOV-1")
def test_a_version_is_in_force_once_a_second_person_approved_it_and_every_step_is_recorded(database: Database) -> None:
    first = push(database)
    assert not first.is_in_force
    assert decide(database, first.policy.digest) == 1
    assert in_force(database) == first.policy.digest
    second = push(database, "advise")
    third = push(database, "observe")
    decide(database, third.policy.digest, approve=False, reason="too little")
    assert in_force(database) == first.policy.digest
    decide(database, second.policy.digest)
    assert in_force(database) == second.policy.digest
    one, two, three = (pushed.policy.digest for pushed in (first, second, third))
    assert audited(database) == [
        ("policy.pushed", None, one),
        ("policy.approved", None, one),
        ("policy.pushed", one, two),
        ("policy.pushed", one, three),
        ("policy.rejected", one, three),
        ("policy.approved", one, two),
    ]
    with database.transaction("default") as transaction:
        listed = [version.document() for version in store.history(transaction)]
    assert [(version["version"], version["state"]) for version in listed] == [
        (3, "rejected"), (2, "approved"), (1, "approved"),
    ]  # fmt: skip
    assert (listed[0]["author"], listed[0]["decision"]) == (
        "alice@example.com",
        {"verdict": "rejected", "issuer": "arf", "by": "bob@example.com", "reason": "too little",
         "at": "2026-01-07T12:00:00.000000Z"},
    )  # fmt: skip


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    "subject",
    ["alice@example.com", "Alice@Example.COM", "alice@example.com ", "\uff41lice@example.com", "ALICE@EXAMPLE.COM"],
)
@pytest.mark.parametrize("issuer", ["arf", "https://idp.example.com"])
def test_an_author_cannot_approve_the_own_version_under_any_spelling(
    database: Database, subject: str, issuer: str
) -> None:
    pushed = push(database)
    with pytest.raises(OwnApproval):
        decide(database, pushed.policy.digest, by=person(subject, Role.APPROVER, Role.ADMIN, issuer=issuer))
    with pytest.raises(PolicyMissing):
        in_force(database)
    assert decide(database, pushed.policy.digest, by=person(subject, Role.APPROVER), approve=False) == 1


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    "by",
    [
        ROOT,
        replace(BOB, is_agent=True),
        replace(BOB, method="system"),
        person("carol", Role.OPERATOR, Role.POLICY_AUTHOR, Role.AUDITOR, Role.VIEWER),
        replace(BOB, operations=frozenset({"policy.read"})),
    ],
)
def test_who_is_no_known_person_with_the_right_role_approves_nothing(database: Database, by: Principal) -> None:
    pushed = push(database)
    for approve in (True, False):
        with pytest.raises(NotPermitted):
            decide(database, pushed.policy.digest, by=by, approve=approve)


@pytest.mark.promise("GOV-1")
def test_who_may_not_write_pushes_nothing(database: Database) -> None:
    with pytest.raises(NotPermitted):
        push(database, by=person("carol", Role.OPERATOR, Role.APPROVER))
    assert audited(database) == []


@pytest.mark.promise("GOV-1")
def test_only_the_very_first_version_from_the_machine_itself_needs_no_second_person(database: Database) -> None:
    first = push(database, by=ROOT)
    assert first.is_in_force
    assert in_force(database) == first.policy.digest
    assert [action for action, _, _ in audited(database)] == ["policy.pushed", "policy.approved"]
    second = push(database, "advise", by=ROOT)
    assert not second.is_in_force
    assert in_force(database) == first.policy.digest
    push(database, by=ALICE, tenant="acme")
    assert not push(database, "advise", by=ROOT, tenant="acme").is_in_force


@pytest.mark.promise("GOV-1")
def test_a_version_that_was_overtaken_cannot_be_approved_whatever_the_clock_says(database: Database) -> None:
    old = push(database, "approve", now=NOW + timedelta(days=30))
    new = push(database, "advise", now=NOW - timedelta(days=30))
    decide(database, new.policy.digest, now=NOW - timedelta(days=60))
    with pytest.raises(ConflictError, match="came into force meanwhile"):
        decide(database, old.policy.digest)
    assert in_force(database) == new.policy.digest
    decide(database, old.policy.digest, approve=False)
    again = push(database, "approve", now=NOW - timedelta(days=90))
    decide(database, again.policy.digest, now=NOW - timedelta(days=90))
    assert in_force(database) == again.policy.digest


@pytest.mark.promise("GOV-1")
def test_the_same_policy_is_not_pushed_twice_nor_decided_twice(database: Database) -> None:
    pushed = push(database)
    with pytest.raises(ConflictError, match="waits to be approved"):
        push(database, template("approve") + "# a comment changes nothing\n")
    decide(database, pushed.policy.digest)
    with pytest.raises(ConflictError, match="is in force"):
        push(database)
    for approve in (True, False):
        with pytest.raises(NotFound):
            decide(database, pushed.policy.digest, approve=approve)
    with pytest.raises(NotFound):
        decide(database, "sha256:" + "0" * 64)


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize("reason", ["", "  ", "a\x1b[2J", "a" * 2001])
def test_a_decision_has_a_reason_that_can_be_read(database: Database, reason: str) -> None:
    pushed = push(database)
    with pytest.raises(RequestError, match="a decision has a reason"):
        decide(database, pushed.policy.digest, reason=reason)


@pytest.mark.promise("GOV-1")
def test_another_tenant_sees_approves_and_follows_nothing_of_it(database: Database) -> None:
    pushed = push(database, tenant="acme")
    decide(database, pushed.policy.digest, tenant="acme")
    with pytest.raises(PolicyMissing):
        in_force(database, "globex")
    waiting = push(database, "advise", tenant="acme")
    with pytest.raises(NotFound):
        decide(database, waiting.policy.digest, tenant="globex")
    with database.transaction("globex") as transaction:
        assert store.history(transaction) == ()
        with pytest.raises(NotFound):
            store.by_digest(transaction, pushed.policy.digest)


@pytest.mark.promise("GOV-1")
def test_mistakes_are_refused_before_anything_is_kept(database: Database) -> None:
    with pytest.raises(RequestError, match="lacks the key 'rules'"):
        push(database, "schema: arf.governance-policy/1\n")
    with database.transaction("default") as transaction:
        assert store.history(transaction) == ()


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize("altered", ["content = replace(content, 'quorum: 2', 'quorum: 1')", "content = 'schema: 1'"])
def test_a_policy_that_was_altered_in_the_database_is_no_policy(postgres: FreshDatabases, altered: str) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        decide(database, push(database).policy.digest)
        with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as owner:
            owner.execute("ALTER TABLE arf.policy_version DISABLE TRIGGER only_grows")
            owner.execute("ALTER TABLE arf.policy_version NO FORCE ROW LEVEL SECURITY")
            assert owner.execute(f"UPDATE arf.policy_version SET {altered}").rowcount == 1  # noqa: S608
        with pytest.raises(PolicyMissing, match=r"cannot be read|digests differ"):
            in_force(database)


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_version SET author = 'bob'",
        "DELETE FROM policy_version",
        "TRUNCATE policy_version CASCADE",
        "UPDATE policy_decision SET verdict = 'approved'",
        "DELETE FROM policy_decision",
        "INSERT INTO policy_decision VALUES ('default', 1, 'approved', 'x', 'ALICE@example.com', 'why', now())",
        "INSERT INTO policy_decision VALUES ('default', 1, 'first', 'x', 'bob', 'why', now())",
        "INSERT INTO policy_decision VALUES ('acme', 1, 'approved', 'x', 'bob', 'why', now())",
    ],
)
def test_the_database_itself_refuses_to_be_rewritten(database: Database, statement: str) -> None:
    push(database)
    with pytest.raises(StoreError), database.transaction("default") as transaction:
        transaction.connection.execute(statement)
    with pytest.raises(PolicyMissing):
        in_force(database)


@pytest.mark.promise("GOV-1")
def test_of_many_who_decide_at_once_one_does(database: Database) -> None:
    pushed = push(database)
    together = Barrier(6)

    def one(number: int) -> bool:
        together.wait()
        try:
            decide(database, pushed.policy.digest, by=person(f"bob-{number}", Role.APPROVER), approve=number % 2 == 0)
        except (NotFound, ConflictError):
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(one, range(6))) == 1
    assert len(audited(database)) == 2


@pytest.mark.promise("GOV-1")
def test_of_many_who_count_for_a_rate_at_once_no_more_pass_than_it_allows(database: Database) -> None:
    """The caller's side of a rate, as the runbook has it: count, rule, record, in one transaction, one at a time."""
    text = """schema: arf.governance-policy/1
rules: [{name: all, when: "true", then: require_approval}]
rates: [{name: few, each: [component], at_most: 3, per: hour}]
"""
    asked = {"action": "rollback", "component": "web", "environment": "production", "tier": 1, "confidence": 0.9}
    problems: list[str] = []
    policy = store.read_policy(text, file="p.yaml")
    facts = facts_in(node_of(asked, Place(file="asked", line=1, column=1)), problems)
    assert problems == []
    together = Barrier(8)

    def one(_number: int) -> bool:
        together.wait()
        with database.transaction("default") as transaction:
            store.one_at_a_time(transaction)
            rows = transaction.connection.execute(
                "SELECT count(*) AS ran FROM audit_entry WHERE body LIKE '%%execution.applying%%'"
            ).fetchone()
            ran = Ran(action="rollback", component="web", environment="production", at=NOW)
            recent = (ran,) * int((rows or {})["ran"])
            ruling = rule_on(policy, Situation(facts=facts, wished=Rung.AUTONOMOUS, now=NOW, recent=recent))
            if ruling.rung is not Rung.DENY:
                entry = Entry(
                    actor=Actor.of(SYSTEM), action="execution.applying", target="x/1", at=NOW, request_id="test"
                )
                append(transaction, entry)
            return ruling.code is None

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(8))) == 3
