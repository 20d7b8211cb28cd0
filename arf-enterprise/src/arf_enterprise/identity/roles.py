# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What each role may do: one table, and nothing else decides.

1. What does not stand in the table is not permitted.
2. An agent never acts as an approver or an admin, whatever its key or token says.
3. A key may be narrower than its roles (``Principal.operations``), never wider.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from arf_enterprise.errors import NotPermitted
from arf_enterprise.identity.principal import Principal, Role


class Operation(StrEnum):
    """What can be asked for. Every route declares one of them."""

    ME_READ = "me.read"
    KEYS_LIST = "keys.list"
    KEYS_CREATE = "keys.create"
    KEYS_REVOKE = "keys.revoke"
    TENANTS_LIST = "tenants.list"
    TENANTS_ADD = "tenants.add"
    LICENSE_READ = "license.read"
    LICENSE_INSTALL = "license.install"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    PRIVACY_ERASE = "privacy.erase"
    METRICS_READ = "metrics.read"
    INTENTS_SUBMIT = "intents.submit"
    EXECUTIONS_READ = "executions.read"
    EXECUTIONS_ROLL_BACK = "executions.roll_back"
    APPROVALS_READ = "approvals.read"
    APPROVALS_DECIDE = "approvals.decide"
    STOP_READ = "stop.read"
    STOP_PRESS = "stop.press"
    STOP_LIFT = "stop.lift"
    POLICY_READ = "policy.read"
    POLICY_WRITE = "policy.write"
    POLICY_APPROVE = "policy.approve"
    TARGETS_READ = "targets.read"
    TARGETS_WRITE = "targets.write"
    AGENTS_READ = "agents.read"
    AGENTS_ATTEST = "agents.attest"
    OUTCOMES_READ = "outcomes.read"
    OUTCOMES_LABEL = "outcomes.label"
    LEARNING_READ = "learning.read"
    LEARNING_CHANGE = "learning.change"
    GRAPH_READ = "graph.read"
    ADMINISTER = "installation.administer"


_EVERYONE: Final = frozenset(Role)
_ADMIN: Final = frozenset({Role.ADMIN})
_OPERATORS: Final = frozenset({Role.OPERATOR, Role.ADMIN})
_APPROVERS: Final = frozenset({Role.APPROVER})
_OVERSIGHT: Final = frozenset({Role.AUDITOR, Role.ADMIN})

TABLE: Final[Mapping[Operation, frozenset[Role]]] = MappingProxyType(
    {
        Operation.ME_READ: _EVERYONE,
        Operation.KEYS_LIST: _OVERSIGHT,
        Operation.KEYS_CREATE: _ADMIN,
        Operation.KEYS_REVOKE: _ADMIN,
        Operation.TENANTS_LIST: _EVERYONE,
        Operation.TENANTS_ADD: _ADMIN,
        Operation.LICENSE_READ: _EVERYONE,
        Operation.LICENSE_INSTALL: _ADMIN,
        Operation.AUDIT_READ: _OVERSIGHT,
        Operation.AUDIT_EXPORT: _OVERSIGHT,
        Operation.PRIVACY_ERASE: _ADMIN,
        Operation.METRICS_READ: _EVERYONE,
        Operation.INTENTS_SUBMIT: _OPERATORS,
        Operation.EXECUTIONS_READ: _EVERYONE,
        Operation.EXECUTIONS_ROLL_BACK: _OPERATORS,
        Operation.APPROVALS_READ: _EVERYONE,
        Operation.APPROVALS_DECIDE: _APPROVERS,
        Operation.STOP_READ: _EVERYONE,
        Operation.STOP_PRESS: frozenset({Role.OPERATOR, Role.APPROVER, Role.ADMIN}),
        Operation.STOP_LIFT: frozenset({Role.APPROVER, Role.ADMIN}),
        Operation.POLICY_READ: _EVERYONE,
        Operation.POLICY_WRITE: frozenset({Role.POLICY_AUTHOR, Role.ADMIN}),
        Operation.POLICY_APPROVE: frozenset({Role.APPROVER, Role.ADMIN}),
        Operation.TARGETS_READ: _EVERYONE,
        Operation.TARGETS_WRITE: _ADMIN,
        Operation.AGENTS_READ: _EVERYONE,
        Operation.AGENTS_ATTEST: _ADMIN,
        Operation.OUTCOMES_READ: _EVERYONE,
        Operation.OUTCOMES_LABEL: _OPERATORS,
        Operation.LEARNING_READ: _EVERYONE,
        Operation.LEARNING_CHANGE: _ADMIN,
        Operation.GRAPH_READ: _EVERYONE,
        Operation.ADMINISTER: _ADMIN,
    }
)
"""Operation → the roles that permit it."""

NEVER_AN_AGENT: Final = frozenset({Role.APPROVER, Role.ADMIN})
"""Roles that are a person's (rule 2)."""


def permits(role: Role, operation: Operation) -> bool:
    """Whether ``role`` permits ``operation`` (rule 1)."""
    return role in TABLE.get(operation, frozenset())


def may(principal: Principal, operation: Operation) -> bool:
    """Whether one of the principal's roles permits ``operation``, and its key is not narrower."""
    if principal.operations is not None and operation not in principal.operations:  # rule 3
        return False
    return any(permits(role, operation) for role in effective(principal.roles, is_agent=principal.is_agent))


def effective(roles: frozenset[Role], *, is_agent: bool) -> frozenset[Role]:
    """The roles that count (rule 2)."""
    return roles - NEVER_AN_AGENT if is_agent else roles


def require(principal: Principal, operation: Operation) -> None:
    """Nothing, if ``principal`` may do ``operation``.

    Raises:
        NotPermitted: it may not; the message names the roles that may.
    """
    if not may(principal, operation):
        needed = ", ".join(sorted(TABLE.get(operation, frozenset()))) or "no role"
        raise NotPermitted(f"{operation} is permitted to {needed}, and not to this caller")
