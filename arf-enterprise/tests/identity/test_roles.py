# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Roles: what each may do stands here a second time, so that the table cannot change unnoticed."""

from __future__ import annotations

import pytest

from arf_enterprise.errors import NotPermitted
from arf_enterprise.identity.principal import SYSTEM, Principal, Role
from arf_enterprise.identity.roles import TABLE, Operation, may, permits, require

READS = "executions approvals stop policy targets agents outcomes learning graph".split()
EVERYONE = {"me.read", "tenants.list", "license.read", "metrics.read", *(f"{name}.read" for name in READS)}
OVERSIGHT = {"keys.list", "audit.read", "audit.export"}
OPERATOR = {"intents.submit", "executions.roll_back", "outcomes.label", "stop.press"}
APPROVER = {"approvals.decide", "stop.press", "stop.lift", "policy.approve"}
AUTHOR = {"policy.write"}
ADMIN = {
    "keys.create", "keys.revoke", "tenants.add", "license.install", "privacy.erase", "installation.administer",
    "targets.write", "agents.attest", "learning.change",
}  # fmt: skip
EXPECTED = {
    Role.VIEWER: EVERYONE,
    Role.OPERATOR: EVERYONE | OPERATOR,
    Role.POLICY_AUTHOR: EVERYONE | AUTHOR,
    Role.APPROVER: EVERYONE | APPROVER,
    Role.AUDITOR: EVERYONE | OVERSIGHT,
    Role.ADMIN: EVERYONE | OVERSIGHT | OPERATOR | (APPROVER - {"approvals.decide"}) | AUTHOR | ADMIN,
}


def caller(*roles: Role, is_agent: bool = False, operations: frozenset[str] | None = None) -> Principal:
    return Principal(
        issuer="arf", subject="s", method="api_key", roles=frozenset(roles), is_agent=is_agent, operations=operations
    )


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("role", Role)
def test_a_role_permits_what_it_should_and_nothing_else(role: Role, operation: Operation) -> None:
    is_permitted = operation.value in EXPECTED[role]
    assert permits(role, operation) is is_permitted
    if is_permitted:
        require(caller(role), operation)
    else:
        with pytest.raises(NotPermitted, match=operation.value):
            require(caller(role), operation)


def test_every_operation_stands_in_the_table() -> None:
    assert set(TABLE) == set(Operation)
    assert all(roles <= set(Role) and roles for roles in TABLE.values())


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("operation", Operation)
def test_an_agent_with_an_admins_or_approvers_role_may_do_nothing_by_it(operation: Operation) -> None:
    assert not may(caller(Role.ADMIN, Role.APPROVER, is_agent=True), operation)


@pytest.mark.parametrize("operation", Operation)
def test_nobody_without_a_role_may_do_anything(operation: Operation) -> None:
    assert not may(caller(), operation)
    assert not may(SYSTEM, operation)


@pytest.mark.promise("SRV-2")
def test_a_key_that_is_narrower_than_its_roles_may_do_only_what_it_names() -> None:
    narrow = caller(Role.ADMIN, operations=frozenset({"audit.read"}))
    assert [operation for operation in Operation if may(narrow, operation)] == [Operation.AUDIT_READ]


def test_a_key_cannot_be_wider_than_its_roles() -> None:
    assert not may(caller(Role.VIEWER, operations=frozenset({"keys.create"})), Operation.KEYS_CREATE)
