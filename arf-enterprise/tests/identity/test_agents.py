# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Agents that people vouch for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from arf_core.errors import FormatError
from arf_enterprise.errors import NotAttested, NotFound, NotPermitted, RequestError
from arf_enterprise.governance.testing import NOW, TENANT, Desk, person, sha
from arf_enterprise.identity import agents
from arf_enterprise.identity.agents import Agent, WantedAgent
from arf_enterprise.identity.principal import SYSTEM, Principal, Role
from arf_enterprise.stores.postgres.database import Database

ADMIN = person("ada@example.com", Role.ADMIN)
ROBOT = person("robot", Role.OPERATOR, is_agent=True)


def wanted(**changed: Any) -> WantedAgent:
    fields: dict[str, Any] = {
        "issuer": "arf", "subject": "robot", "name": "remediator", "version": "1.2.0",
        "description_digest": sha("what it does"),
    }  # fmt: skip
    return WantedAgent(**{**fields, **changed})


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def attest(desk: Desk, by: Principal = ADMIN, **changed: Any) -> Agent:
    with desk.database.transaction(desk.tenant) as transaction:
        return agents.attest(transaction, wanted(**changed), by=by, request_id="r1", now=desk.now)


def require(desk: Desk, who: Principal) -> None:
    with desk.database.transaction(desk.tenant) as transaction:
        agents.require_attested(transaction, who, desk.now)


@pytest.mark.promise("GOV-2")
def test_a_person_needs_no_attestation_and_an_agent_does(desk: Desk) -> None:
    require(desk, person("alice@example.com", Role.OPERATOR))
    for who in (ROBOT, SYSTEM):
        with pytest.raises(NotAttested):
            require(desk, who)
    made = attest(desk)
    require(desk, ROBOT)
    with desk.database.transaction(TENANT) as transaction:
        assert agents.listed(transaction) == (made,)


@pytest.mark.promise("GOV-2")
def test_an_attestation_is_of_one_agent_in_one_tenant_for_its_time(desk: Desk) -> None:
    attest(desk, days=2)
    for other in (
        person("robot-2", Role.OPERATOR, is_agent=True),
        person("robot", Role.OPERATOR, is_agent=True, issuer="https://idp.example"),
        person("ROBOT", Role.OPERATOR, is_agent=True),
    ):
        with pytest.raises(NotAttested):
            require(desk, other)
    with pytest.raises(NotAttested):
        require(Desk(desk.database, tenant="globex"), ROBOT)
    desk.now = NOW + timedelta(days=2) - timedelta(microseconds=1)
    require(desk, ROBOT)
    for now in (NOW + timedelta(days=2), NOW - timedelta(seconds=1)):
        desk.now = now
        with pytest.raises(NotAttested):
            require(desk, ROBOT)


@pytest.mark.promise("GOV-2")
def test_an_attestation_that_is_taken_back_holds_no_more_and_another_one_does(desk: Desk) -> None:
    first, second = attest(desk), attest(desk, version="1.3.0")
    for agent_id, holds in ((first.agent_id, True), (second.agent_id, False)):
        with desk.database.transaction(TENANT) as transaction:
            agents.revoke(transaction, agent_id, by=ADMIN, request_id="r2", now=NOW)
        with desk.database.transaction(TENANT) as transaction:
            found = {agent.agent_id: agent.holds(NOW) for agent in agents.listed(transaction)}
        assert found[agent_id] is False
        if holds:
            require(desk, ROBOT)
        else:
            with pytest.raises(NotAttested):
                require(desk, ROBOT)
    for unknown in (first.agent_id, "agent_" + "0" * 32, "\x00", "' OR true --"):
        with pytest.raises(NotFound), desk.database.transaction(TENANT) as transaction:
            agents.revoke(transaction, unknown, by=ADMIN, request_id="r3", now=NOW)
    assert desk.recorded("agent.") == ["agent.attested", "agent.attested", "agent.revoked", "agent.revoked"]


@pytest.mark.promise("GOV-2")
def test_an_agent_attests_nobody(desk: Desk) -> None:
    with pytest.raises(NotPermitted):
        attest(desk, by=person("robot", *Role, is_agent=True))
    with pytest.raises(NotAttested):
        require(desk, ROBOT)


def test_what_was_vouched_for_is_in_the_record(desk: Desk) -> None:
    attest(desk)
    (_, record) = desk.entries("agent.")[0]
    assert record["details"]["description_digest"] == sha("what it does")
    assert (record["details"]["name"], record["details"]["version"]) == ("remediator", "1.2.0")
    assert "ada@example.com" not in str(record)


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": ""}, {"subject": "a\x00"}, {"issuer": ""}, {"name": "x" * 201}, {"version": "1\n"},
        {"description_digest": "md5:0"}, {"days": 0}, {"days": 367},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_attested_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((FormatError, RequestError)):
        wanted(**changed)
