# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Steps 11 and 12: the end of a run, its outcome and the target given back, in one transaction.

1. The outcome is what was verified, not what was intended. It is what learning learns from.
2. A run that needs a person keeps its target: nobody else acts on what is in an unknown state, until a person says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from arf_core.models.frozen import FrozenMap
from arf_enterprise.execution import hold
from arf_enterprise.execution import intent as intents
from arf_enterprise.execution.documents import target_of
from arf_enterprise.execution.known import signature_of
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Means, record
from arf_enterprise.execution.refusing import DECIDED
from arf_enterprise.execution.run import Run, Status, note, say
from arf_enterprise.learning import outcomes
from arf_enterprise.stores.postgres.database import Transaction

ROLL_BACK: Final = "roll_back_asked"
_SETTLED: Final = "outcome"
_RESULTS: Final = {
    Status.SUCCEEDED: "succeeded",
    Status.REVERTED: "reverted",
    Status.FAILED_AND_REVERTED: "failed",
    Status.NEEDS_PERSON: "failed",
    Status.CANNOT_TELL: "cannot_tell",
}
_UNKNOWN: Final = frozenset({Status.NEEDS_PERSON, Status.CANNOT_TELL})


def settle(means: Means, ticket: Ticket, following: str) -> str:
    """End the run: ``following`` is what the last step said. Its status comes back.

    Raises:
        StoreError: the database does not answer: to be tried again.
        FenceLost: another server has taken the run up.
    """
    with means.database.transaction(ticket.tenant) as transaction:
        run = hold.mine(transaction, ticket, lock=True)
        if run.ended_at is not None:
            return run.status.value
        status, says = end(transaction, run, following, now=means.clock())
    if status in _UNKNOWN:
        means.notify("execution.needs_person", run, says)
    return status.value


def end(transaction: Transaction, run: Run, following: str, *, now: datetime) -> tuple[Status, str]:
    """Write the end of ``run``, which the transaction has locked; its status, and what there is to say of it."""
    status, says = _end(run, following)
    note(transaction, run, _SETTLED, {"status": status.value, "says": says}, now=now)
    say(transaction, run, status, now=now, says=says, code=None)
    record(transaction, run, f"execution.{status.value}", now=now, details={"says": says})
    if ROLL_BACK not in run.steps:  # its outcome stands; that a person undid it is in the log
        outcomes.record(transaction, outcome_of(run, status, says, now=now))
    if status not in _UNKNOWN:  # rule 2
        hold.release(transaction, run, now)
    return status, says


def outcome_of(run: Run, status: Status, says: str, *, now: datetime) -> outcomes.Outcome:
    """What learning is told (rule 1)."""
    target = target_of(run.step(DECIDED)["target"])  # type: ignore[arg-type]  # as Target.document made it
    submitted = intents.stored(run.intent).intent
    return outcomes.Outcome(
        execution_id=run.execution_id,
        intent_digest=run.digest,
        incident_id=submitted.incident_id,
        action=submitted.action,
        component=run.component,
        kind=target.kind,
        environment=target.environment,
        signature=signature_of(run),
        result=_RESULTS[status],  # type: ignore[arg-type]  # one of its words
        seconds_to_recover=_since(submitted.detected_at, now) if status is Status.SUCCEEDED else None,
        evidence=FrozenMap(
            {
                "says": says,
                "verified": dict(run.steps.get("verified", {})),
                "believed": submitted.confidence,
                "waited_s": _since(submitted.detected_at, run.created_at),
                "window_s": target.health.window_s,
            }
        ),
        at=now,
    )


def _since(earlier: datetime, later: datetime) -> float:
    """The seconds between two times; none, where another machine's clock is ahead."""
    return max(0.0, (later - earlier).total_seconds())


def _end(run: Run, following: str) -> tuple[Status, str]:
    verified = _says(run, "verified")
    match following:
        case "keep":
            return Status.SUCCEEDED, verified or "it was said: nothing was changed that could be verified"
        case "undone" if ROLL_BACK in run.steps:
            return Status.REVERTED, "undone, because a person asked for it"
        case "undone" if "verified" in run.steps:
            return Status.REVERTED, f"undone, because it did not help: {verified}"
        case "undone":
            return Status.FAILED_AND_REVERTED, "it stopped half way and was undone"
        case "lost":
            return Status.CANNOT_TELL, f"{run.component} does not answer: whether the change was made, nobody can tell"
        case _:
            return Status.NEEDS_PERSON, f"undoing did not work: {_says(run, 'reverted')}"


def _says(run: Run, step: str) -> str:
    """What a step said, in one line."""
    says = run.steps[step].get("says") if step in run.steps else None
    return " ".join(map(str, says)) if isinstance(says, tuple) else str(says or "")
