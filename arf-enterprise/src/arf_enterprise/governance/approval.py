# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Approvals: asked for, given or rejected by people, and used once. ``governance.approval_state`` has the rules.

1. Whatever happens to a request is recorded in the same transaction: ``approval.asked``, ``.given``, ``.rejected``,
   ``.used``, ``.expired``, and ``.refused`` for what did not count.
2. So that a refused attempt is recorded, too, the transaction must commit: :func:`vote` and :func:`attempt_use` do not
   raise inside it. :func:`decide` and :func:`use` do, for callers whose own record says what happened.
3. Whoever votes or uses holds the row of the request: of twenty at once, each sees what the one before did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arf_core.models.frozen import FrozenMap
from arf_enterprise.audit.entry import told
from arf_enterprise.errors import AccessError, ApprovalRefused, NotPermitted, RequestError, TenantError
from arf_enterprise.governance import approval_rows as rows
from arf_enterprise.governance.approval_state import Binding, Kind, State, Vote, why_no_use, why_no_vote, why_stale
from arf_enterprise.governance.recording import record, record_refusal
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import SYSTEM, Principal
from arf_enterprise.identity.roles import Operation, require
from arf_enterprise.stores.postgres.database import Database, Transaction

__all__ = (
    "Binding", "Kind", "Said", "State", "Vote", "ask", "attempt", "attempt_use", "decide", "listed", "look", "state",
    "use", "vote",
)  # fmt: skip

MOST_SHOWN: Final = 262_144
"""Characters of canonical JSON that approvers are shown at most."""
MOST_REASON: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says to a request: that they approve or reject what ``digest`` is of, and why."""

    approval_id: str
    by: Principal
    approve: bool
    digest: str
    reason: str
    request_id: str


def ask(transaction: Transaction, binding: Binding, *, shown: Mapping[str, object], now: datetime) -> str:
    """Ask people to approve what ``binding`` is; ``shown`` is what they see: summary, diff, undo, blast, reasons.

    Returns the id of the request. It is asked once for each execution: a second time gives the same id, and the expiry
    of the first time counts.

    Raises:
        ApprovalStale: the execution has asked for the approval of something else.
        TenantError: the transaction is of another tenant.
        RequestError: ``shown`` is too long, or it would be expired when it is asked.
        InputError: ``shown`` is no JSON.
    """
    frozen = _checked(transaction, binding, shown, now)
    if rows.add(transaction, new_id("approval", now), binding, frozen, now):
        asked = rows.of_execution(transaction, binding.execution_id, now)
        details = {key: value for key, value in asked.bound().items() if key not in {"tenant", "approval_id"}}
        _record(transaction, asked, "approval.asked", by=SYSTEM, now=now, after=asked.digest, details=details)
        return asked.approval_id
    known = rows.of_execution(transaction, binding.execution_id, now)
    if stale := why_stale(known, replace(binding, expires_at=known.binding.expires_at)):
        raise stale
    return known.approval_id


def state(transaction: Transaction, approval_id: str, now: datetime) -> State:
    """How the request stands at ``now``; the first that sees it expired records that.

    Raises:
        NotFound: the tenant has no such request.
    """
    return _settled(transaction, rows.read(transaction, approval_id, now), now)


def look(transaction: Transaction, approval_id: str, now: datetime) -> State:
    """As :func:`state`, but nothing is recorded: for showing it.

    Raises:
        NotFound: the tenant has no such request.
    """
    return rows.read(transaction, approval_id, now)


def listed(transaction: Transaction, *, now: datetime, only_waiting: bool = True) -> tuple[State, ...]:
    """The requests of the tenant, the latest first, at most 200: those that are not decided, or all."""
    return rows.latest(transaction, now=now, only_waiting=only_waiting)


def vote(database: Database, tenant: str, said: Said, *, now: datetime) -> State:
    """Take what somebody said, in a transaction of its own; what does not count is recorded (rule 2).

    Raises:
        As :func:`decide`.
    """
    with database.transaction(tenant) as transaction:
        found = attempt(transaction, said, now=now)
    if isinstance(found, Exception):
        raise found
    return found


def attempt(transaction: Transaction, said: Said, *, now: datetime) -> State | ApprovalRefused | AccessError:
    """Take what somebody said, or record why it does not count: the state after it, or the error to be raised.

    Raises:
        NotFound: the tenant has no such request: there is nothing to record it on.
    """
    held = _settled(transaction, rows.read(transaction, said.approval_id, now, locked=True), now)  # 3
    if (error := _why_not(transaction, held, said)) is not None:
        target, details = _target(held), {"approves": said.approve}
        record_refusal(
            transaction, target, error, by=said.by, request_id=told(said.request_id), now=now, details=details
        )
        return error
    _take(transaction, held, said, now)
    return rows.read(transaction, said.approval_id, now)


def decide(
    transaction: Transaction,
    approval_id: str,
    *,
    by: Principal,
    approve: bool,
    reason: str,
    digest: str,
    request_id: str,
    now: datetime,
) -> State:
    """Approve or reject, as ``by``, what ``digest`` is of; the state after it.

    Raises:
        NotFound: the tenant has no such request.
        NotPermitted, TenantError: ``by`` is an agent, no approver, or of another tenant.
        ApprovalExpired, OwnApproval, ApprovalUsed, ApprovalStale: it does not count.
    """
    said = Said(
        approval_id=approval_id, by=by, approve=approve, digest=digest, reason=reason, request_id=request_id
    )  # fmt: skip
    found = attempt(transaction, said, now=now)
    if isinstance(found, Exception):
        raise found
    return found


def use(transaction: Transaction, approval_id: str, binding: Binding, now: datetime) -> None:
    """Use the approval for what ``binding`` is, once.

    Raises:
        NotFound: the tenant has no such request.
        ApprovalExpired, ApprovalUsed, ApprovalStale, ApprovalRefused: it does not permit that.
    """
    if (error := attempt_use(transaction, approval_id, binding, now)) is not None:
        raise error


def attempt_use(transaction: Transaction, approval_id: str, binding: Binding, now: datetime) -> ApprovalRefused | None:
    """As :func:`use`; what it would raise is recorded and returned, so that the record outlives the attempt (rule 2).

    Raises:
        NotFound: the tenant has no such request.
    """
    held = _settled(transaction, rows.read(transaction, approval_id, now, locked=True), now)  # 3
    if (error := why_no_use(held, binding)) is not None:
        record_refusal(transaction, _target(held), error, by=SYSTEM, request_id=told(binding.execution_id), now=now)
        return error
    rows.end(transaction, approval_id, Kind.USED, now)
    _record(transaction, held, "approval.used", by=SYSTEM, now=now, details={"approvals": held.given})
    return None


def _checked(transaction: Transaction, binding: Binding, shown: Mapping[str, object], now: datetime) -> FrozenMap:
    if binding.tenant != transaction.tenant:
        raise TenantError(f"an approval of {binding.tenant!r:.80} was asked for in a transaction of another tenant")
    if binding.expires_at <= now:
        raise RequestError("the approval would be expired when it is asked for")
    frozen = FrozenMap(shown)
    if len(frozen.written()) > MOST_SHOWN:
        raise RequestError(f"what approvers see has more than {MOST_SHOWN} characters: shorten its difference")
    return frozen


def _settled(transaction: Transaction, found: State, now: datetime) -> State:
    """``found``, recorded as expired if it is and nobody did that before."""
    is_news = found.kind is Kind.EXPIRED and found.ended_at is None
    if is_news and rows.end(transaction, found.approval_id, Kind.EXPIRED, now):
        _record(transaction, found, "approval.expired", by=SYSTEM, now=now, details={"approvals": found.given})
    return replace(found, ended_at=now) if is_news else found


def _why_not(transaction: Transaction, held: State, said: Said) -> ApprovalRefused | AccessError | None:
    """Why it does not count; who may is asked before what they say."""
    if transaction.tenant not in said.by.tenants:
        return TenantError("the caller does not belong to the tenant of the request")
    try:
        if not said.by.is_agent:
            require(said.by, Operation.APPROVALS_DECIDE)
    except NotPermitted as error:
        return error
    return why_no_vote(held, by=said.by, approve=said.approve, digest=said.digest)


def _take(transaction: Transaction, held: State, said: Said, now: datetime) -> None:
    reason = told(said.reason)[:MOST_REASON] if said.reason else ""
    given = Vote(
        issuer=told(said.by.issuer),
        subject=said.by.subject,
        reference=rows.reference_of(transaction, said.by.subject),
        approves=said.approve,
        digest=said.digest,
        reason=reason,
        given_at=now,
    )
    rows.add_vote(transaction, held.approval_id, given)
    if not said.approve:
        rows.end(transaction, held.approval_id, Kind.REJECTED, now)
    record(
        transaction,
        "approval.given" if said.approve else "approval.rejected",
        _target(held),
        by=said.by,
        request_id=told(said.request_id),
        now=now,
        after=said.digest,
        details={"position": held.given, "quorum": held.binding.quorum, "execution_id": held.binding.execution_id},
        personal={"reason": reason},
    )


def _record(
    transaction: Transaction,
    found: State,
    action: str,
    *,
    by: Principal,
    now: datetime,
    after: str | None = None,
    details: Mapping[str, object],
) -> None:
    request_id = told(found.binding.execution_id)
    record(transaction, action, _target(found), by=by, request_id=request_id, now=now, after=after, details=details)


def _target(found: State) -> str:
    return f"approval/{found.approval_id}"
