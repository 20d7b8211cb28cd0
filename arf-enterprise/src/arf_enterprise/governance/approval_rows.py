# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Approvals as the database keeps them: rows to states and back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from arf_core.canonical import canonical_text
from arf_core.models.frozen import FrozenMap
from arf_core.strict_json import parse_json
from arf_enterprise.audit.privacy import lookup_of
from arf_enterprise.errors import NotFound
from arf_enterprise.governance.approval_state import Binding, State, Vote, kind_at
from arf_enterprise.stores.postgres.database import Transaction

MOST: Final = 200
_ID: Final = re.compile(r"approval_[0-9a-f]{32}")
_BOUND: Final = (
    "tenant", "execution_id", "intent_digest", "change_digest", "policy_digest", "state_digest", "executor",
    "requester_issuer", "requester_subject", "quorum", "expires_at",
)  # fmt: skip
_SAID: Final = ("issuer", "subject", "reference", "approves", "digest", "reason", "given_at")


def add(transaction: Transaction, approval_id: str, binding: Binding, shown: FrozenMap, now: datetime) -> bool:
    """Keep a new request; whether its execution had none yet."""
    added = transaction.run(
        "add_approval",
        approval_id=approval_id,
        shown=canonical_text(shown),
        asked_at=now,
        requester_reference=reference_of(transaction, binding.requester_subject),
        **{name: getattr(binding, name) for name in _BOUND},
    )
    return bool(added)


def read(transaction: Transaction, approval_id: str, now: datetime, *, locked: bool = False) -> State:
    """The request as it stands at ``now``; ``locked``: nobody else changes it before the transaction has ended.

    Raises:
        NotFound: the tenant has no such request.
    """
    place = {"tenant": transaction.tenant, "approval_id": approval_id}
    is_one = _ID.fullmatch(approval_id) is not None
    row = transaction.maybe("approval_locked" if locked else "approval", **place) if is_one else None
    if row is None:
        raise NotFound(f"there is no request for approval {approval_id!r:.80}")
    return _states(transaction, [row], now)[0]


def of_execution(transaction: Transaction, execution_id: str, now: datetime) -> State:
    """The request of an execution that has one."""
    row = transaction.one("approval_of_execution", tenant=transaction.tenant, execution_id=execution_id)
    return _states(transaction, [row], now)[0]


def latest(transaction: Transaction, *, now: datetime, only_waiting: bool) -> tuple[State, ...]:
    """The latest :data:`MOST` requests, the latest first."""
    rows = transaction.all("approvals", tenant=transaction.tenant, only_waiting=only_waiting, now=now, most=MOST)
    return _states(transaction, rows, now)


def add_vote(transaction: Transaction, approval_id: str, vote: Vote) -> None:
    """Keep what somebody said."""
    said = {name: getattr(vote, name) for name in _SAID}
    transaction.run("add_approval_vote", tenant=transaction.tenant, approval_id=approval_id, person=vote.person, **said)


def end(transaction: Transaction, approval_id: str, ended: str, now: datetime) -> bool:
    """End the request; whether it had not ended before."""
    return bool(
        transaction.run("end_approval", tenant=transaction.tenant, approval_id=approval_id, ended=ended, at=now)
    )


def reference_of(transaction: Transaction, subject: str) -> str:
    """What the audit log calls ``subject`` (``audit.privacy``), from now on if it had no name for them."""
    place = {"tenant": transaction.tenant, "lookup": lookup_of(transaction, subject)}
    if (row := transaction.maybe("audit_subject_by_lookup", **place)) is None:
        transaction.run("add_audit_subject", ref=f"subject_{secrets.token_hex(12)}", **place)
        row = transaction.one("audit_subject_by_lookup", **place)
    return str(row["ref"])


def _states(transaction: Transaction, rows: Sequence[Mapping[str, Any]], now: datetime) -> tuple[State, ...]:
    ids = [row["approval_id"] for row in rows]
    votes = transaction.all("approval_votes", tenant=transaction.tenant, approval_ids=ids) if ids else ()
    return tuple(
        _state(row, (vote for vote in votes if vote["approval_id"] == row["approval_id"]), now) for row in rows
    )


def _state(row: Mapping[str, Any], said: Iterable[Mapping[str, Any]], now: datetime) -> State:
    votes = tuple(Vote(**{name: vote[name] for name in _SAID}) for vote in said)
    given = sum(vote.approves for vote in votes)
    shown = parse_json(row["shown"].encode(), what="what approvers see")
    return State(
        approval_id=row["approval_id"],
        binding=Binding(**{name: row[name] for name in _BOUND}),
        requester_reference=row["requester_reference"],
        shown=FrozenMap(cast("Mapping[str, object]", shown)),
        asked_at=row["asked_at"],
        kind=kind_at(row["ended"], given=given, quorum=row["quorum"], expires_at=row["expires_at"], now=now),
        votes=votes,
        ended_at=row["ended_at"],
    )
