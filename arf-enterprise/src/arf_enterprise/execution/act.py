# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Steps 8 and 9: everything is checked again, and then it is done, once.

1. The run holds its target from here to its end, under a fence (``execution.hold``).
2. What was true when it was decided must still be true: licence, stop, policy, the target and its state. What people
   approved is used up here; what the policy lets run alone, it still must.
3. That it is about to be done is durable before it is done. After a crash the target is read back: what was done is not
   done again, what was not is, and what stopped half way is undone.
4. What the target refuses has not happened: that is looked at, not believed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from arf_core.canonical import read_time
from arf_core.models.action import Action
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Progress
from arf_enterprise.errors import (
    ApprovalStale,
    ConflictError,
    EnterpriseError,
    FenceLost,
    PolicyRefused,
    StoreError,
    TargetMoved,
    TargetUnavailable,
)
from arf_enterprise.execution import hold
from arf_enterprise.execution.decide import binding, ruled
from arf_enterprise.execution.documents import blast_of, change_of, ruling_of, target_of
from arf_enterprise.execution.known import known_of
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Granted, Means, Next, record, told, way_of
from arf_enterprise.execution.receipt import receipt
from arf_enterprise.execution.refusing import DECIDED, denial, refuse
from arf_enterprise.execution.run import Carried, Run, Status, note, say
from arf_enterprise.governance import approval, stop
from arf_enterprise.governance.ruling import Ruling, Rung
from arf_enterprise.stores.postgres.database import Transaction

BEGUN: Final = "apply_begun"
APPLIED: Final = "applied"


class Act:
    """The step, for one run."""

    def __init__(self, means: Means, ticket: Ticket, carried: Carried) -> None:
        """Nothing happens yet."""
        self._means, self._ticket, self._carried = means, ticket, carried
        self._since = means.seconds()

    def __call__(self) -> Next:
        """What comes next: ``verify``, ``revert`` (it stopped half way), ``lost`` (nobody can tell), ``end`` (refused).

        Raises:
            StoreError: the database does not answer: to be tried again.
            FenceLost: another server has taken the run up.
        """
        means = self._means
        run, fence = self._held()  # rule 1
        if run.ended_at is not None:
            return "end"
        if APPLIED in run.steps:
            return str(run.steps[APPLIED]["next"])
        try:
            if fence is None:
                return hold.waited(means, run, self._since)
            return _resumed(means, run, fence) if BEGUN in run.steps else _begun(means, run, fence)
        except (StoreError, FenceLost):
            raise
        except EnterpriseError as error:
            give_up(means, run, error)
            return "end"

    def _held(self) -> tuple[Run, Fence | None]:
        """The run and its hold, as the step before has them; that is believed once."""
        carried = self._carried
        run, fence, carried.fence = carried.run, carried.fence, None
        if run is None or fence is None:
            run, fence = hold.take(self._means, self._ticket, until=APPLIED)
            carried.run = run
        return run, fence


def give_up(means: Means, run: Run, error: EnterpriseError) -> None:
    """Refuse ``run`` before anything was done."""
    refuse(means, run, error, step="refused")


def change_in(run: Run) -> Change:
    """The change that was decided on."""
    return change_of(run.step(DECIDED)["change"])  # type: ignore[arg-type]  # as Change.document made it


def _begun(means: Means, run: Run, fence: Fence) -> str:
    """Check again (rule 2), say that it begins, and do it."""
    target, change = target_of(run.step(DECIDED)["target"]), change_in(run)  # type: ignore[arg-type]
    granted = means.granted()
    with means.reached(target, way_of(target, run)) as adapter:
        if adapter.observe().digest != change.before.digest:
            raise TargetMoved(f"{run.component} was changed by somebody else since the change was planned")
        with means.database.transaction(run.tenant) as transaction:
            hold.require(transaction, run, fence)
            _check_again(transaction, granted, run, change, means.clock())
            note(transaction, run, BEGUN, {"fence": fence.number}, now=means.clock())
            say(transaction, run, Status.APPLYING, now=means.clock())
            details = {"fence": fence.number, "change": change.digest, "adapter": change.adapter}
            record(transaction, run, "execution.applying", now=means.clock(), details=details)
        return _apply(means, run, adapter, change, fence)


def _check_again(transaction: Transaction, granted: Granted, run: Run, change: Change, now: datetime) -> None:
    stop.require_clear(transaction, component=run.component, action=run.action)
    known = known_of(transaction, run, now=now, learns=granted.learns, is_final=True)
    if known.target.digest != run.step(DECIDED)["target_digest"]:
        raise ApprovalStale(f"the inventory's entry for {run.component} was changed since the change was planned")
    blast = blast_of(run.step(DECIDED)["blast_radius"])  # type: ignore[arg-type]  # as BlastRadius.document made it
    ruling = ruled(granted, run, known, change, blast, now=now)
    if ruling.rung is Rung.DENY:
        raise denial(ruling)
    if run.approval_id is None:
        if ruling.rung is not Rung.AUTONOMOUS:
            raise PolicyRefused("the policy does not let it run alone any more: it was changed meanwhile")
    else:
        _use(transaction, run, change, ruling, now)


def _use(transaction: Transaction, run: Run, change: Change, ruling: Ruling, now: datetime) -> None:
    if ruling.rung < Rung.REQUIRE_APPROVAL:
        raise PolicyRefused("the policy does not let it run even if approved: it was changed meanwhile")
    decided, asked_at = ruling_of(run.step(DECIDED)["ruling"]), str(run.step(DECIDED)["decided_at"])  # type: ignore[arg-type]
    bound = binding(run, change, decided, policy_digest=ruling.policy_digest, asked_at=read_time(asked_at))
    approval.use(transaction, str(run.approval_id), bound, now=now)


def _apply(means: Means, run: Run, adapter: Adapter, change: Change, fence: Fence) -> str:
    try:
        adapter.apply(change, fence)
    except EnterpriseError as error:
        return _looked_at(means, run, adapter, change, fence, error)  # rule 4
    return _applied(means, run, fence, following=_after(change), by="done")


def _after(change: Change) -> str:
    """What follows a change that was made: a message changes no target, so there is no health to verify."""
    return "keep" if change.action is Action.ALERT_TEAM else "verify"


def _resumed(means: Means, run: Run, fence: Fence) -> str:
    """Read the target back after a crash (rule 3)."""
    match _read_back(means, run):
        case Progress.APPLIED:
            return _applied(means, run, fence, following="verify", by="read back")
        case Progress.NOT_APPLIED:
            return _done_after_all(means, run, fence)
        case Progress.OTHER:
            return _applied(means, run, fence, following="revert", by="read back, half done")
        case None:
            return _applied(means, run, fence, following="lost", by="the target does not tell")


def _read_back(means: Means, run: Run) -> Progress | None:
    """How far it got; None if that cannot be had: a refusal now does not say that nothing happened then."""
    target = target_of(run.step(DECIDED)["target"])  # type: ignore[arg-type]  # as Target.document made it
    try:
        with means.reached(target, way_of(target, run)) as adapter:
            return progress_of(means, adapter, change_in(run))
    except EnterpriseError:
        return None


def _done_after_all(means: Means, run: Run, fence: Fence) -> str:
    target = target_of(run.step(DECIDED)["target"])  # type: ignore[arg-type]  # as Target.document made it
    with means.database.transaction(run.tenant) as transaction:
        stop.require_clear(transaction, component=run.component, action=run.action)
    with means.reached(target, way_of(target, run)) as adapter:
        return _apply(means, run, adapter, change_in(run), fence)


def progress_of(means: Means, adapter: Adapter, change: Change) -> Progress | None:
    """How far ``change`` got; None if the target does not say so within ``patience.answer_s``."""
    end, pause = means.seconds() + means.patience.answer_s, means.patience.poll_s
    while True:
        try:
            return adapter.progress(change, adapter.observe())
        except TargetUnavailable:
            if means.seconds() >= end:
                return None
        means.pause(pause)
        pause = min(pause * 2, hold.SLOWEST_S)


def _looked_at(means: Means, run: Run, adapter: Adapter, change: Change, fence: Fence, error: EnterpriseError) -> str:
    found = progress_of(means, adapter, change)
    if found is Progress.NOT_APPLIED and not isinstance(error, TargetUnavailable):
        raise error  # nothing happened: refused
    if found is Progress.NOT_APPLIED:
        raise ConflictError(f"{run.component} took the change not in time, and shows none of it: {error}") from error
    following = {Progress.APPLIED: _after(change), Progress.OTHER: "revert", None: "lost"}[found]
    return _applied(means, run, fence, following=following, by=f"looked at after {told(error)[0]}")


def _applied(means: Means, run: Run, fence: Fence, *, following: str, by: str) -> str:
    now = means.clock()
    with means.database.transaction(run.tenant) as transaction:
        hold.require(transaction, run, fence)
        note(transaction, run, APPLIED, {"next": following, "by": by, "fence": fence.number}, now=now)
        status = Status.VERIFYING if following in {"verify", "keep"} else Status.REVERTING
        say(transaction, run, status, now=now, receipt=receipt(run, "executed"))
        details = {"next": following, "by": by, "fence": fence.number}
        record(transaction, run, "execution.applied", now=now, details=details, before=change_in(run).before.digest)
    return following
