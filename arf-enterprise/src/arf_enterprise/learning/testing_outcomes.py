# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Outcomes for tests, people, and a policy in force that permits autonomy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from arf_core.models.frozen import FrozenMap
from arf_enterprise.audit.reading import records, size_of
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.testing import signing_key
from arf_enterprise.governance import store as policies
from arf_enterprise.identity.local import local_principal
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.learning.belief import Cell
from arf_enterprise.learning.observed import NOTHING, Observed, Result
from arf_enterprise.learning.outcomes import Outcome
from arf_enterprise.learning.switch import Mode, switch
from arf_enterprise.stores.postgres.database import Database, Transaction

NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY: Final = """
schema: arf.governance-policy/1
approval: {quorum: 1, expires_s: 14400}
autonomous: {success_lower: 0.6, outcomes: 20}
rules:
  - {name: everything may run by itself, when: "true", then: autonomous}
"""
CELL: Final = Cell(action="restart_container", kind="web", component="shop", signature="slow")


def person(subject: str, *roles: Role) -> Principal:
    """Somebody of the tenant ``default`` with a key: an approver and operator, unless other roles are given."""
    given = frozenset(roles or (Role.APPROVER, Role.OPERATOR))
    return Principal(issuer="arf", subject=subject, method="api_key", roles=given, tenants=frozenset({"default"}))


def learns(tx: Transaction, *, now: datetime = NOW) -> None:
    """A policy with autonomy in force, and learning switched on, by way of shadow."""
    by = local_principal(["default"])
    policies.push(tx, POLICY, file="policy.yaml", by=by, request_id="test", now=now)
    for seconds, mode in enumerate((Mode.SHADOW, Mode.ON)):
        switch(tx, mode, by=by, request_id="test", now=now + timedelta(seconds=seconds))


def seen(*results: bool | None, cell: Cell = CELL, apart: timedelta = timedelta(hours=1)) -> list[Observed]:
    """Outcomes of ``cell``, each of an incident of its own, the last one ``apart`` before :data:`NOW`."""
    return [
        Observed(
            action=cell.action,
            component=cell.component,
            kind=cell.kind,
            signature=cell.signature,
            incident_id=f"{cell.action} {cell.component} {number}",
            at=NOW - apart * (len(results) - number),
            result=result_for(result),
        )
        for number, result in enumerate(results)
    ]


def left_alone(*results: bool, cell: Cell = CELL) -> list[Observed]:
    """Controls of the fault of ``cell``: what became of it where nothing was done."""
    return seen(*results, cell=replace(cell, action=NOTHING))


def result_for(success: bool | None) -> Result:  # noqa: FBT001 - the one thing it is about
    """Succeeded, failed, or cannot tell."""
    return Result.CANNOT_TELL if success is None else Result.SUCCEEDED if success else Result.FAILED


def outcome(number: int, *, success: bool | None = True, cell: Cell = CELL, at: datetime | None = None) -> Outcome:
    """The outcome of execution ``number``, an hour after the one before it."""
    return Outcome(
        execution_id=f"execution-{cell.action}-{cell.component}-{number}",
        intent_digest=None if cell.action == NOTHING else f"sha256:{number:064x}",
        incident_id=f"incident-{cell.action}-{cell.component}-{number}",
        action=cell.action,
        component=cell.component,
        kind=cell.kind,
        environment="staging",
        signature=cell.signature,
        result=result_for(success),
        seconds_to_recover=12.5 if success else None,
        evidence=FrozenMap({"waited_s": 300.0, "window_s": 60.0}),
        at=at or NOW + timedelta(hours=number),
    )


def recorded(database: Database) -> list[dict[str, Any]]:
    """The audit log of the tenant ``default``."""
    integrate_all(database, "default", key=signing_key(), now=NOW)
    size = size_of(database, "default")
    return [json.loads(one.text) for one in records(database, "default", first=0, last=size)]
