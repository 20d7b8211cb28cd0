# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Step 11, where it did not help: it is undone, and that it was is verified.

1. Undoing needs no licence and no approval, and no stop keeps it from being done: it brings back what people had.
2. It is undone when the target is again what it was before; the target says so, nobody else. Looking as before is not
   enough for that after a crash: undoing may have stopped half way, too.
3. What cannot be undone, or does not answer for too long, needs a person, who is told at once.
"""

from __future__ import annotations

from typing import Final

from arf_enterprise.actions.adapter import Adapter, Change, Fence, Progress
from arf_enterprise.errors import ConflictError, EnterpriseError, FenceLost, StoreError, TargetUnavailable
from arf_enterprise.execution import hold
from arf_enterprise.execution.act import change_in
from arf_enterprise.execution.documents import target_of
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Means, Next, record, told, way_of
from arf_enterprise.execution.refusing import DECIDED
from arf_enterprise.execution.run import Run, Status, note, say

BEGUN: Final = "revert_begun"
REVERTED: Final = "reverted"


class Revert:
    """The step, for one run."""

    def __init__(self, means: Means, ticket: Ticket) -> None:
        """Nothing happens yet."""
        self._means, self._ticket = means, ticket
        self._since = means.seconds()

    def __call__(self) -> Next:
        """What comes next: ``undone``, ``stuck`` (a person is needed), or ``end``.

        Raises:
            StoreError: the database does not answer: to be tried again.
            FenceLost: another server has taken the run up.
        """
        means = self._means
        run, fence = hold.take(means, self._ticket, until=REVERTED)
        if run.ended_at is not None:
            return "end"
        if REVERTED in run.steps:
            return str(run.steps[REVERTED]["next"])
        if fence is None:
            return _waited(means, run, self._since)
        _begin(means, run, fence)
        following, says = _undone(means, run, change_in(run), fence)
        return _written(means, run, fence, following, says)


def _waited(means: Means, run: Run, since: float) -> Next:
    try:
        return hold.waited(means, run, since)
    except ConflictError:
        return "stuck"


def _written(means: Means, run: Run, fence: Fence, following: str, says: str) -> str:
    now, before = means.clock(), change_in(run).before.digest
    with means.database.transaction(run.tenant) as transaction:
        hold.require(transaction, run, fence)
        note(transaction, run, REVERTED, {"next": following, "says": says}, now=now)
        details = {"next": following, "says": says, "fence": fence.number}
        record(transaction, run, "execution.reverted", now=now, details=details, after=before)
    return following


def _begin(means: Means, run: Run, fence: Fence) -> None:
    now = means.clock()
    with means.database.transaction(run.tenant) as transaction:
        hold.require(transaction, run, fence)
        if BEGUN not in run.steps:
            note(transaction, run, BEGUN, {"fence": fence.number}, now=now)
            record(transaction, run, "execution.reverting", now=now, details={"fence": fence.number})
        say(transaction, run, Status.REVERTING, now=now)


def _undone(means: Means, run: Run, change: Change, fence: Fence) -> tuple[str, str]:
    if change.inverse is None:
        return "stuck", f"it cannot be undone: {change.irreversible_because}"
    target = target_of(run.step(DECIDED)["target"])  # type: ignore[arg-type]  # as Target.document made it
    end, pause = means.seconds() + max(means.patience.answer_s, target.health.window_s), means.patience.poll_s
    while True:
        try:
            with means.reached(target, way_of(target, run)) as adapter:
                if (says := _tried(adapter, change, fence)) is None:
                    return "undone", f"{run.component} is as it was before"
        except (StoreError, FenceLost):
            raise
        except TargetUnavailable as error:
            says = told(error)[1]
        except EnterpriseError as error:
            return "stuck", told(error)[1]  # rule 3
        if means.seconds() >= end:
            return "stuck", says
        means.pause(pause)
        pause = min(pause * 2, hold.SLOWEST_S)


def _tried(adapter: Adapter, change: Change, fence: Fence) -> str | None:
    """Why it is not undone yet; None if it is (rule 2)."""
    if adapter.progress(change, adapter.observe()) is Progress.NOT_APPLIED:
        return None
    adapter.revert(change, fence)
    is_undone = adapter.observe().digest == change.before.digest
    return None if is_undone else "the target is not again what it was before"
