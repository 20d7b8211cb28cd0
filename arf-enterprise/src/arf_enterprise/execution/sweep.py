# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Taking up what nobody works on: runs of a server that died, and runs that are in no line.

1. A server lives as long as it holds the advisory lock of its executor id; Postgres frees it when the server dies.
2. What is taken up gets the next attempt. Of several servers that try, one does: the row's attempt says which.
3. A run that nothing was heard of for :data:`IDLE`, and whose attempt is neither in line nor under way, was lost
   between two systems: it is handed over again. A run that waits for approval is under way.
4. A run that never comes to an end, :data:`MOST_ATTEMPTS` times, needs a person; one that waits for people may be taken
   up any number of times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from arf_enterprise.execution.line import Line, Ticket
from arf_enterprise.execution.means import record
from arf_enterprise.execution.run import Run, Status, read, say
from arf_enterprise.stores.postgres.database import Database

LOCK_CLASS: Final = 0x61726578
"""Of the locks of executors: "arex"."""
IDLE: Final = timedelta(seconds=10)
MOST: Final = 1000
MOST_ATTEMPTS: Final = 50
HOPELESS: Final = "it was begun again and again and never came to an end: the servers' logs say why"


def lock_number(executor_id: str) -> int:
    """The number of the lock that the executor of this id holds (31 bits)."""
    return int.from_bytes(hashlib.sha256(executor_id.encode()).digest()[:4]) >> 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Takes up what nobody works on, of every tenant."""

    database: Database
    line: Line
    clock: Callable[[], datetime]

    def __call__(self) -> int:
        """How many runs were taken up.

        Raises:
            StoreError: the database does not answer.
        """
        dead = [ticket for ticket, executor_id in self.line.under_way() if lock_number(executor_id) not in self._live()]
        lost = [ticket for tenant in self.database.tenants() for ticket in self._lost(tenant)]
        return sum(self._taken_up(ticket) for ticket in (*dead, *lost))

    def _live(self) -> frozenset[int]:
        with self.database.transaction(None) as transaction:
            return frozenset(int(row["number"]) for row in transaction.all("held_locks", lock_class=LOCK_CLASS))

    def _lost(self, tenant: str) -> list[Ticket]:
        with self.database.transaction(tenant) as transaction:
            rows = transaction.all("idle_executions", tenant=tenant, since=self.clock() - IDLE, most=MOST)
        tickets = [_ticket(tenant, row) for row in rows]
        known = self.line.known(tickets)
        return [ticket for ticket in tickets if ticket not in known]

    def _taken_up(self, ticket: Ticket) -> bool:
        now, place = self.clock(), {"tenant": ticket.tenant, "execution_id": ticket.execution_id}
        with self.database.transaction(ticket.tenant) as transaction:
            run = read(transaction, ticket.execution_id, lock=True)
            if run.attempt == ticket.attempt and _is_hopeless(run):
                say(transaction, run, Status.NEEDS_PERSON, now=now, says=HOPELESS)
                record(transaction, run, "execution.needs_person", now=now, details={"says": HOPELESS})
                is_ours = 0
            else:
                is_ours = transaction.run("take_execution_up", attempt=ticket.attempt, now=now, **place)
        self.line.take_out(ticket)
        if is_ours:
            self.line.hand_over(replace(ticket, attempt=ticket.attempt + 1))
        return bool(is_ours)


def _is_hopeless(run: Run) -> bool:
    """Whether the run was begun so often that another time helps nobody (rule 4)."""
    return run.ended_at is None and run.attempt >= MOST_ATTEMPTS and run.status is not Status.PENDING_APPROVAL


def _ticket(tenant: str, row: Mapping[str, object]) -> Ticket:
    kind: Literal["run", "back"] = "back" if row["is_roll_back"] else "run"
    return Ticket(kind=kind, tenant=tenant, execution_id=str(row["execution_id"]), attempt=int(str(row["attempt"])))
