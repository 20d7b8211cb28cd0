# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Step 7: people approve, or the time for it is over."""

from __future__ import annotations

from typing import Final

from arf_enterprise.errors import ApprovalExpired, ApprovalRefused
from arf_enterprise.execution import hold
from arf_enterprise.execution.act import give_up
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Later, Means, Next
from arf_enterprise.governance import approval

NOTHING_LOST_S: Final = 60.0
"""A run looks for itself whether it was approved at least this often: a message that was lost loses nothing."""


def approved(means: Means, ticket: Ticket) -> Next:
    """What comes next: ``act`` or ``end``; or how long nobody need look, if nobody decides before.

    Raises:
        StoreError: the database does not answer: to be tried again.
        FenceLost: another server has taken the run up.
    """
    now = means.clock()
    with means.database.transaction(ticket.tenant) as transaction:
        run = hold.mine(transaction, ticket)
        if run.ended_at is not None:
            return "end"
        state = approval.state(transaction, str(run.approval_id), now)
    match state.kind:
        case approval.Kind.APPROVED | approval.Kind.USED:
            return "act"
        case approval.Kind.WAITING:
            left = (state.binding.expires_at - now).total_seconds()
            return Later(max(0.05, min(left, NOTHING_LOST_S)))
        case approval.Kind.EXPIRED:
            give_up(means, run, ApprovalExpired("nobody approved it in time"))
        case _:
            give_up(means, run, ApprovalRefused("a person rejected it"))
    return "end"
