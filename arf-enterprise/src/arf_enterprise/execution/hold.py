# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Holding a target: one run at a time acts on it, whichever server the run is on.

1. A hold is a row; a run that holds its target keeps it over a crash, and whoever takes the run up takes the hold anew.
2. Each taking raises the fence. A server that was away (frozen, cut off) while its run was taken up elsewhere finds
   another fence, or a later attempt at the run, and neither writes nor acts any more.
3. The run's row is locked first, then the target's: whatever was written before is seen, and nobody waits in a circle.
4. Who waits for a target asks again and again; nobody waits longer than they are willing to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from arf_enterprise.actions.adapter import Fence
from arf_enterprise.errors import ConflictError, FenceLost
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Later, Means
from arf_enterprise.execution.run import Run, read
from arf_enterprise.stores.postgres.database import Transaction

SLOWEST_S: Final = 1.0
"""Seconds between two looks at most."""


def mine(transaction: Transaction, ticket: Ticket, *, lock: bool = False) -> Run:
    """The run that ``ticket`` is the latest attempt at.

    Raises:
        FenceLost: there is a later attempt (rule 2).
    """
    run = read(transaction, ticket.execution_id, lock=lock)
    _check_latest(run.execution_id, now=run.attempt, ours=ticket.attempt)
    return run


def still_mine(transaction: Transaction, run: Run) -> None:
    """Nothing, if the attempt that read ``run`` still is the latest, and is so until the transaction ends.

    Raises:
        FenceLost: there is a later attempt (rule 2).
    """
    row = transaction.one("lock_attempt", tenant=run.tenant, execution_id=run.execution_id)
    _check_latest(run.execution_id, now=int(row["attempt"]), ours=run.attempt)


def take(means: Means, ticket: Ticket, *, until: str) -> tuple[Run, Fence | None]:
    """The run, and its hold on its target; None if another run holds that (rule 4), or the step ``until`` has ended.

    Raises:
        FenceLost: there is a later attempt.
    """
    with means.database.transaction(ticket.tenant) as transaction:
        run = mine(transaction, ticket, lock=True)  # rule 3
        if run.ended_at is not None or until in run.steps:
            return run, None
        return run, held(transaction, run, now=means.clock())


def held(transaction: Transaction, run: Run, *, now: datetime) -> Fence | None:
    """The hold of ``run``, which the transaction has locked, on its target; None if another run holds that."""
    place = {"tenant": run.tenant, "component": run.component, "now": now}
    row = transaction.maybe("hold_target", execution_id=run.execution_id, **place)
    if row is None and transaction.run("know_target", **place):
        row = transaction.maybe("hold_target", execution_id=run.execution_id, **place)
    return None if row is None else Fence(execution_id=run.execution_id, number=int(row["fence"]))


def waited(means: Means, run: Run, since: float) -> Later:
    """What a run does that found its target held, and has waited ``since`` (of ``means.seconds``).

    Raises:
        ConflictError: it has waited for longer than ``patience.hold_s``.
    """
    so_far = means.seconds() - since
    if so_far >= means.patience.hold_s:
        raise ConflictError(f"{run.component} was held by another run for {so_far:.0f} s")
    return Later(min(SLOWEST_S, max(means.patience.poll_s, so_far / 4)))


def require(transaction: Transaction, run: Run, fence: Fence) -> None:
    """Nothing, if the run still holds its target with ``fence``, and does so until the transaction ends.

    Raises:
        FenceLost: it does not (rule 2).
    """
    still_mine(transaction, run)  # rule 3
    held = transaction.maybe(
        "still_holds_target",
        tenant=run.tenant,
        component=run.component,
        execution_id=run.execution_id,
        fence=fence.number,
    )
    if held is None:
        raise FenceLost(f"the run {run.execution_id} was taken up by another server, which holds {run.component}")


def release(transaction: Transaction, run: Run, now: datetime) -> None:
    """Give the target back, if the run holds it."""
    transaction.run(
        "release_target", tenant=run.tenant, component=run.component, execution_id=run.execution_id, now=now
    )


def _check_latest(execution_id: str, *, now: int, ours: int) -> None:
    if now != ours:
        raise FenceLost(f"the run {execution_id} was taken up by another server: its attempt {now}, ours is {ours}")
