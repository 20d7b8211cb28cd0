# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A run: one intent being carried out, as the database has it; and where it can stand.

::

    accepted ──► refused                 nothing happened
        │  └───► advised                 recorded what would be done
        ├──► pending_approval ──► refused
        └──► applying ──► verifying ──► succeeded ──► (a person) reverting ──► reverted
                 │            └───────► reverting ──► reverted                 it did not help, and was undone
                 └──► reverting ──► failed_and_reverted                        it broke half way, and was undone
                      anything that should be and cannot be: needs_person, cannot_tell
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, cast

from arf_core.canonical import canonical_text, write_time
from arf_core.models.frozen import FrozenMap
from arf_core.strict_json import parse_json
from arf_enterprise.actions.adapter import Fence
from arf_enterprise.errors import NotFound
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Row, Transaction


class Status(StrEnum):
    """Where a run stands."""

    ACCEPTED = "accepted"
    PENDING_APPROVAL = "pending_approval"
    APPLYING = "applying"
    VERIFYING = "verifying"
    REVERTING = "reverting"
    REFUSED = "refused"
    ADVISED = "advised"
    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    FAILED_AND_REVERTED = "failed_and_reverted"
    NEEDS_PERSON = "needs_person"
    CANNOT_TELL = "cannot_tell"


ENDS: Final = frozenset(
    {
        Status.REFUSED,
        Status.ADVISED,
        Status.SUCCEEDED,
        Status.REVERTED,
        Status.FAILED_AND_REVERTED,
        Status.NEEDS_PERSON,
        Status.CANNOT_TELL,
    }
)
"""Where a run ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. ``steps`` has what each step found or did, by its name."""

    tenant: str
    execution_id: str
    digest: str
    intent_id: str
    intent: str
    action: str
    component: str
    wished: Rung
    irreversible_reason: str | None
    issuer: str
    subject: str
    is_agent: bool
    request_id: str
    audit_trail_id: str
    status: Status
    code: str | None
    says: str | None
    receipt: str | None
    approval_id: str | None
    attempt: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    steps: Mapping[str, FrozenMap]

    @property
    def requester(self) -> Principal:
        """Who submitted the intent, without roles: they are not asked for again."""
        return Principal(issuer=self.issuer, subject=self.subject, method="api_key", is_agent=self.is_agent)

    def step(self, name: str) -> FrozenMap:
        """What the step found.

        Raises:
            NotFound: it did not end yet.
        """
        if name not in self.steps:
            raise NotFound(f"the run {self.execution_id} has no step {name}")
        return self.steps[name]

    def document(self) -> dict[str, object]:
        """What callers read."""
        return {
            "schema": "arf.execution/1",
            "execution_id": self.execution_id,
            "intent_id": self.intent_id,
            "digest": self.digest,
            "action": self.action,
            "component": self.component,
            "mode": self.wished.label,
            "status": self.status.value,
            "code": self.code,
            "says": self.says,
            "approval_id": self.approval_id,
            "audit_trail_id": self.audit_trail_id,
            "created_at": write_time(self.created_at),
            "updated_at": write_time(self.updated_at),
            "ended_at": None if self.ended_at is None else write_time(self.ended_at),
        }


@dataclass(slots=True)
class Carried:
    """What one step knows of its run and hands to the next one in this process, so that it is not read again.

    It may have grown old: each step that writes asks first whether the attempt, and the hold, still are the latest.
    """

    run: Run | None = None
    fence: Fence | None = None


def read(transaction: Transaction, execution_id: str, *, lock: bool = False) -> Run:
    """The run, with its steps; locked until the transaction ends, if that is asked for.

    Raises:
        NotFound: there is none of that id in the tenant.
    """
    query = "lock_execution" if lock else "execution"
    row = transaction.maybe(query, tenant=transaction.tenant, execution_id=execution_id)
    if row is None:
        raise NotFound(f"there is no run {execution_id!r:.60}")
    return run_of(row, steps_of(transaction, execution_id))


def run_of(row: Row, steps: Mapping[str, FrozenMap] | None = None) -> Run:
    """The run in a row."""
    known: dict[str, Any] = dict(row)
    return Run(
        **{
            **known,
            "wished": Rung[known["wished"].upper()],
            "status": Status(known["status"]),
            "steps": steps or {},
        }
    )


def steps_of(transaction: Transaction, execution_id: str) -> dict[str, FrozenMap]:
    """What the steps of a run found, in the order in which they ended."""
    rows = transaction.all("execution_steps", tenant=transaction.tenant, execution_id=execution_id)
    return {str(row["step"]): _document(str(row["document"])) for row in rows}


def note(transaction: Transaction, run: Run, step: str, document: Mapping[str, object], *, now: datetime) -> None:
    """Write down what ``step`` found, unless that is known."""
    transaction.later(
        "add_execution_step",
        tenant=run.tenant,
        execution_id=run.execution_id,
        step=step,
        document=canonical_text(document),
        now=now,
    )


def say(
    transaction: Transaction,
    run: Run,
    status: Status,
    *,
    now: datetime,
    code: str | None = None,
    says: str | None = None,
    receipt: str | None = None,
    approval_id: str | None = None,
) -> None:
    """Where ``run`` stands now."""
    transaction.later(
        "say_execution",
        tenant=run.tenant,
        execution_id=run.execution_id,
        status=status.value,
        code=code,
        says=says,
        now=now,
        is_end=status in ENDS,
        approval_id=approval_id,
        receipt=receipt,
    )


@lru_cache(maxsize=256)
def _document(text: str) -> FrozenMap:
    return FrozenMap(cast("Mapping[str, object]", parse_json(text, what="a step of a run")))
