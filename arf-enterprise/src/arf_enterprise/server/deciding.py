# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What follows a decision, from wherever it came: the run that waits for it is told, if there is one."""

from __future__ import annotations

from contextlib import suppress

from arf_enterprise.app import App
from arf_enterprise.errors import NotFound
from arf_enterprise.governance import approval
from arf_enterprise.governance.approval import Kind, Said, State
from arf_enterprise.governance.notify import approval_notice


def decide(app: App, tenant: str, said: Said) -> State:
    """Take what somebody said, and tell the run.

    Raises:
        As ``governance.approval.vote``.
    """
    found = approval.vote(app.database, tenant, said, now=app.clock())
    tell_run(app, found)
    return found


def tell_run(app: App, decided: State) -> None:
    """Wake the run that waits for ``decided``; while the quorum is not there it waits on, and people are told."""
    if decided.kind is not Kind.WAITING:
        with suppress(NotFound):  # the decision stands, whether or not a run is there to hear of it
            app.intake.wake(decided.binding.tenant, decided.binding.execution_id)
    elif app.notifier is not None:
        app.notifier.tell(approval_notice(decided))
