# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Step 1: admitting an intent, and what callers may ask of the runs that there are.

1. An intent is taken once, however often and from wherever it comes: its digest names its run. Its id with another
   digest is refused.
2. It must be fit to be carried out: sealed and unaltered (``execution.intent``), not about a time too long past or in
   the future, and brought by a person, or by an agent that people have attested.
3. It is taken when its row, and the record of it, are durable; whoever crashes after that loses nothing (``sweep``).
4. What is refused here has no run. That it was refused is recorded, and says which intent.
5. No more wait than the installation takes at once: beyond that, nothing is taken.
6. Undoing a run that succeeded is asked for by a person or agent with the right to; it needs no approval, for it brings
   back what was there, and is refused if somebody changed the target since.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import (
    ConflictError,
    EnterpriseError,
    ExecutionRefused,
    IntentConflict,
    IntentExpired,
    QueueFull,
    StoreUnavailable,
)
from arf_enterprise.execution import hold
from arf_enterprise.execution.intent import Submitted
from arf_enterprise.execution.line import Line, Ticket
from arf_enterprise.execution.means import record
from arf_enterprise.execution.run import Run, Status, note, read, run_of, say
from arf_enterprise.execution.settle import ROLL_BACK
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.agents import require_attested
from arf_enterprise.stores.postgres.database import Database, Transaction

OLDEST: Final = timedelta(hours=24)
AHEAD: Final = timedelta(minutes=5)
MOST_OPEN: Final = 10_000
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes intents. ``oldest`` and ``most_open`` are the limits of rules 2 and 5."""

    database: Database
    line: Line
    clock: Callable[[], datetime]
    oldest: timedelta = OLDEST
    most_open: int = MOST_OPEN

    def submit(self, submitted: Submitted, wished: Rung, *, by: Caller, irreversible_reason: str | None = None) -> Run:
        """The run of the intent: a new one, or the one it has already.

        ``irreversible_reason`` is why it is wanted even if it cannot be undone; without one, that is refused.

        Raises:
            ExecutionRefused: it is not taken; the subclass says why, and that is recorded.
            QueueFull: too much waits.
        """
        try:
            run, is_new = self._admitted(submitted, wished, irreversible_reason, by)
        except ExecutionRefused as error:
            self.refused(by, error, about={"intent_id": submitted.intent_id, "digest": submitted.digest})
            raise
        if is_new:
            self._hand_over(Ticket(kind="run", tenant=by.tenant, execution_id=run.execution_id, attempt=run.attempt))
        return run

    def refused(self, by: Caller, error: EnterpriseError, *, about: Mapping[str, object]) -> None:
        """Record that an intent was refused before it had a run (rule 4)."""
        entry = Entry(
            actor=Actor.of(by.principal),
            action="intent.refused",
            target=f"intent/{about.get('intent_id') or 'unknown'}",
            at=self.clock(),
            request_id=by.request_id,
            details={"code": error.code, "because": str(error), **about},
        )
        with self.database.transaction(by.tenant) as transaction:
            append(transaction, entry)

    def roll_back(self, execution_id: str, *, reason: str, by: Caller) -> Run:
        """Begin to undo a run that succeeded (rule 6).

        Raises:
            NotFound: there is no such run.
            ConflictError: it has not succeeded, or is being undone already.
        """
        now = self.clock()
        with self.database.transaction(by.tenant) as transaction:
            run = read(transaction, execution_id, lock=True)
            if run.status is not Status.SUCCEEDED:
                raise ConflictError(f"the run is {run.status}: only one that succeeded can be rolled back")
            note(transaction, run, ROLL_BACK, {"reason": reason}, now=now)
            say(transaction, run, Status.REVERTING, now=now)
            attempt = {"tenant": by.tenant, "execution_id": execution_id, "attempt": run.attempt, "now": now}
            transaction.run("take_execution_up", **attempt)
            actor = Actor.of(by.principal)
            record(transaction, run, "execution.roll_back_asked", now=now, actor=actor, details={"reason": reason})
            run = read(transaction, execution_id)
        self._hand_over(Ticket(kind="back", tenant=by.tenant, execution_id=execution_id, attempt=run.attempt))
        return run

    def release(self, execution_id: str, *, reason: str, by: Caller) -> Run:
        """Give back the target of a run that needed a person, once one has looked.

        Raises:
            NotFound: there is no such run.
            ConflictError: it does not need a person.
        """
        now = self.clock()
        with self.database.transaction(by.tenant) as transaction:
            run = read(transaction, execution_id, lock=True)
            if run.status not in {Status.NEEDS_PERSON, Status.CANNOT_TELL}:
                raise ConflictError(f"the run is {run.status}: it does not need a person")
            hold.release(transaction, run, now)
            actor = Actor.of(by.principal)
            record(transaction, run, "execution.released", now=now, actor=actor, details={"reason": reason})
        return run

    def wake(self, tenant: str, execution_id: str) -> None:
        """Tell a run that somebody decided about it; if that cannot be told now, it looks by itself."""
        with self.database.transaction(tenant) as transaction:
            run = read(transaction, execution_id)
        try:
            self.line.wake(Ticket(kind="run", tenant=tenant, execution_id=execution_id, attempt=run.attempt))
        except StoreUnavailable as error:
            _LOG.warning("execution_not_woken", extra={"execution_id": execution_id, "error": str(error)})

    def _admitted(self, submitted: Submitted, wished: Rung, reason: str | None, by: Caller) -> tuple[Run, bool]:
        now = self.clock()
        try:
            with self.database.transaction(by.tenant) as transaction:
                if (known := self._known(transaction, submitted)) is not None:
                    return known, False
                require_attested(transaction, by.principal, now)
                _check_time(submitted, now, self.oldest)
                self._check_room(transaction)
                return self._added(transaction, submitted, wished, reason, by, now), True
        except _Quicker:
            with self.database.transaction(by.tenant) as transaction:
                known = self._known(transaction, submitted)
            if known is None:
                raise StoreUnavailable("another request took this intent, and its run cannot be read yet") from None
            return known, False

    def _added(
        self,
        transaction: Transaction,
        submitted: Submitted,
        wished: Rung,
        reason: str | None,
        by: Caller,
        now: datetime,
    ) -> Run:
        intent, execution_id = submitted.intent, new_id("exe", now)
        entry_id = append(transaction, _entry(submitted, execution_id, wished, by, now))
        added = transaction.maybe(
            "add_execution",
            tenant=by.tenant,
            execution_id=execution_id,
            digest=submitted.digest,
            intent_id=submitted.intent_id,
            intent=submitted.text,
            action=intent.action.value,
            component=intent.component,
            wished=wished.label,
            irreversible_reason=reason,
            issuer=by.principal.issuer,
            subject=by.principal.subject,
            is_agent=by.principal.is_agent,
            request_id=by.request_id,
            audit_trail_id=entry_id,
            now=now,
        )
        if added is None:  # another one was quicker, and this transaction's record of it must not stand
            raise _Quicker
        return run_of(added)

    def _known(self, transaction: Transaction, submitted: Submitted) -> Run | None:
        row = transaction.maybe("execution_of_intent", tenant=transaction.tenant, intent_id=submitted.intent_id)
        if row is None:
            return None
        if row["digest"] != submitted.digest:  # rule 1
            raise IntentConflict(f"{submitted.intent_id} is known with another digest")
        return run_of(row)

    def _check_room(self, transaction: Transaction) -> None:
        row = transaction.one("open_executions", tenant=transaction.tenant, most=self.most_open)
        if int(row["waiting"]) >= self.most_open:
            raise QueueFull(f"{self.most_open} runs have not ended yet: no more are taken at once")

    def _hand_over(self, ticket: Ticket) -> None:
        try:
            self.line.hand_over(ticket)
        except StoreUnavailable as error:  # rule 3
            _LOG.warning("execution_not_handed_over", extra={"execution_id": ticket.execution_id, "error": str(error)})


class _Quicker(Exception):
    """Another request took the same intent at the same time."""


def _check_time(submitted: Submitted, now: datetime, oldest: timedelta) -> None:
    detected_at = submitted.intent.detected_at
    if detected_at < now - oldest:
        raise IntentExpired(f"it is about {detected_at.isoformat()}: that is longer than {oldest} past")
    if detected_at > now + AHEAD:
        raise IntentExpired(f"it is about {detected_at.isoformat()}: that time has not come")


def _entry(submitted: Submitted, execution_id: str, wished: Rung, by: Caller, now: datetime) -> Entry:
    intent = submitted.intent
    return Entry(
        actor=Actor.of(by.principal),
        action="intent.submitted",
        target=f"execution/{execution_id}",
        at=now,
        request_id=by.request_id,
        after=submitted.digest,
        details={
            "intent_id": submitted.intent_id,
            "action": intent.action.value,
            "component": intent.component,
            "mode": wished.label,
            "incident_id": intent.incident_id,
        },
    )
