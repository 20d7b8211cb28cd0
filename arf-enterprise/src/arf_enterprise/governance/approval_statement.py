# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""An approval as an artifact for third parties: ``arf.approval/1``, a signed statement that `arf verify` verifies.

The form is docs/contracts/approval/1. It is signed with the audit key, in a domain of its own; it has no name of a
person, only the references that the audit log has for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_enterprise.audit import evidence
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.errors import ApprovalRefused
from arf_enterprise.governance.approval_state import Kind, State
from arf_enterprise.stores.postgres.database import Transaction

KIND: Final = "arf.approval/1"


def statement(transaction: Transaction, state: State, *, key: KeyProvider, now: datetime) -> bytes:
    """The statement that ``state`` was approved, and perhaps used, signed with ``key``, as a file.

    Raises:
        ApprovalRefused: it is not approved: there is nothing to be stated.
        AuditError: the key cannot be used now.
    """
    if state.kind not in {Kind.APPROVED, Kind.USED}:
        raise ApprovalRefused(f"{state.approval_id} is {state.kind}: only an approval that was given is exported")
    transaction.run("add_audit_key", key_id=key.key_id, public_key=key.public_key, now=now)
    return evidence.statement(KIND, _payload(state), tenant=state.binding.tenant, key=key, now=now)


def _payload(state: State) -> dict[str, object]:
    """What is bound and who approved it; the tenant is the statement's."""
    used_at = state.ended_at if state.kind is Kind.USED else None
    votes = [
        {"issuer": vote.issuer, "reference": vote.reference, "digest": vote.digest, "at": write_time(vote.given_at)}
        for vote in state.approvals
    ]
    bound = {name: value for name, value in state.bound().items() if name != "tenant"}
    return {**bound, "votes": votes, "used_at": None if used_at is None else write_time(used_at)}
