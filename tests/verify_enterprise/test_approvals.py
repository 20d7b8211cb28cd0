# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Approvals that people gave in Enterprise verify in the open edition, and it refuses what they did not give."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.trust import TrustedKeys, read_trusted_keys
from arf_enterprise.audit.testing import signing_key
from arf_enterprise.errors import ApprovalRefused
from arf_enterprise.governance.approval import State
from arf_enterprise.governance.approval_statement import KIND, statement
from arf_enterprise.governance.testing import NOW, TENANT, Desk, binding, person
from arf_enterprise.testing import FreshDatabases

KEY = signing_key()


@pytest.fixture
def desk(postgres: FreshDatabases) -> Iterator[Desk]:
    with postgres.database() as database:
        yield Desk(database)


def trust(tenants: list[str] | None = None) -> TrustedKeys:
    key = {
        "key_id": KEY.key_id,
        "public_key": base64.b64encode(KEY.public_key).decode(),
        "kinds": [KIND],
        "not_before": "2020-01-01T00:00:00.000000Z",
        "not_after": "2100-01-01T00:00:00.000000Z",
        "tenants": tenants,
    }
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": [key]}).encode())])


def stated(desk: Desk, state: State) -> bytes:
    with desk.database.transaction(TENANT) as transaction:
        return statement(transaction, state, key=KEY, now=desk.now)


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("quorum", [1, 2, 5])
@pytest.mark.parametrize("is_used", [True, False])
def test_what_people_approved_verifies_and_names_nobody(desk: Desk, quorum: int, is_used: bool) -> None:
    bound = binding(quorum=quorum, requester_subject="dave@example.com")
    state = desk.ask(bound)
    for number in range(quorum):
        desk.now += timedelta(seconds=1)
        state = desk.say(state, person(f"person-{number}@example.com"))
    if is_used:
        desk.use(state.approval_id, bound)
        state = desk.look(state.approval_id)
    made = stated(desk, state)
    report = verify_bytes(made, name="it", trusted=trust([TENANT]))
    assert report.ok, report.first_bad
    assert b"example.com" not in made
    assert not verify_bytes(made, name="it", trusted=trust(["globex"])).ok
    (fact,) = (one for one in report.proven if "approved" in one)
    assert bound.intent_digest in fact
    assert ("used once" in fact) is is_used


@pytest.mark.promise("VER-1")
def test_the_references_are_those_of_the_audit_log(desk: Desk) -> None:
    state = desk.say(desk.ask(), person("alice@example.com"))
    (vote,) = json.loads(stated(desk, state))["payload"]["votes"]
    (_, record) = desk.entries("approval.given")[0]
    assert vote["reference"] == record["actor"]["subject"]


@pytest.mark.promise("VER-2")
def test_what_was_not_approved_is_not_stated(desk: Desk) -> None:
    waiting = desk.ask(quorum=2)
    half = desk.say(waiting, person("alice@example.com"))
    rejected = desk.say(desk.ask(), person("alice@example.com"), approve=False)
    expired = desk.say(desk.ask(), person("alice@example.com"))
    desk.now = NOW + timedelta(days=1)
    for state in (waiting, half, rejected, desk.look(expired.approval_id)):
        with pytest.raises(ApprovalRefused):
            stated(desk, state)
