# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The line that runs wait in for a server, and the messages to those that wait: what any process may use.

1. A run is handed over under an id of its own for each attempt, so that one that is taken up again never meets what is
   left of an earlier attempt. What happened is in the run's own rows; the line carries ids alone, no content.
2. Handing over twice is harmless: an id is in the line once.
3. The line is DBOS's, in the schema ``dbos`` of the same database.
4. What is handed over in a process that carries runs out is begun there if it has room, and is never in the line then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from arf_enterprise.stores.postgres.engine_schema import line_reached

if TYPE_CHECKING:
    from dbos import DBOSClient

QUEUE: Final = "arf.executions"
WORKFLOWS: Final = {"run": "arf.carry_out", "back": "arf.roll_back"}
TOPIC: Final = "decided"
VERSION: Final = "1"
"""Of the runbook: a server takes up runs of its own version alone."""
_ID: Final = re.compile(r"(run|back):([a-z0-9][a-z0-9_-]{0,62}):(exe_[0-9a-f]{32}):([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One attempt at a run, or at rolling one back."""

    kind: Literal["run", "back"]
    tenant: str
    execution_id: str
    attempt: int

    @property
    def text(self) -> str:
        """Its id in the line."""
        return f"{self.kind}:{self.tenant}:{self.execution_id}:{self.attempt}"

    @classmethod
    def read(cls, text: str) -> Ticket | None:
        """The ticket that the id is of, None if it is none of ours."""
        found = _ID.fullmatch(text)
        if found is None:
            return None
        kind: Any = found[1]
        return cls(kind=kind, tenant=found[2], execution_id=found[3], attempt=int(found[4]))


class Line:
    """Hands runs over, from whichever process. Safe to share between threads; connects at its first use."""

    def __init__(self, url: str) -> None:
        """``url`` is where the program connects to."""
        self._url = url
        self._client: DBOSClient | None = None
        self._begin: Callable[[Ticket], bool] | None = None

    @contextmanager
    def served_by(self, begin: Callable[[Ticket], bool]) -> Iterator[None]:
        """As long as the block lasts, what is handed over here is begun here, where ``begin`` does so (rule 4)."""
        self._begin = begin
        try:
            yield
        finally:
            self._begin = None

    def hand_over(self, ticket: Ticket) -> None:
        """Begin what ``ticket`` is for, or put it in the line (rules 2 and 4).

        Raises:
            StoreUnavailable: the database does not answer; the sweep hands it over later.
        """
        if (begin := self._begin) is not None and begin(ticket):
            return
        options: Any = {
            "workflow_name": WORKFLOWS[ticket.kind],
            "queue_name": QUEUE,
            "workflow_id": ticket.text,
            "app_version": VERSION,
        }
        with line_reached():
            self._connected().enqueue(options, ticket.tenant, ticket.execution_id, ticket.attempt)

    def wake(self, ticket: Ticket) -> None:
        """Tell a run that waits that somebody decided; a run that no longer waits takes no harm.

        Raises:
            StoreUnavailable: the database does not answer; the run looks by itself within a minute.
        """
        with line_reached():
            self._connected().send(ticket.text, "decided", TOPIC)

    def under_way(self) -> list[tuple[Ticket, str]]:
        """What servers work on, with the executor id of each.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with line_reached():
            found = self._connected().list_workflows(
                status="PENDING", app_version=VERSION, load_input=False, load_output=False
            )
        tickets = ((Ticket.read(one.workflow_id), str(one.executor_id)) for one in found)
        return [(ticket, executor) for ticket, executor in tickets if ticket is not None]

    def known(self, tickets: Sequence[Ticket]) -> frozenset[Ticket]:
        """Those of ``tickets`` that are in the line or under way.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if not tickets:
            return frozenset()
        with line_reached():
            found = self._connected().list_workflows(
                workflow_ids=[ticket.text for ticket in tickets],
                status=["PENDING", "ENQUEUED", "DELAYED"],
                load_input=False,
                load_output=False,
            )
        ids = {one.workflow_id for one in found}
        return frozenset(ticket for ticket in tickets if ticket.text in ids)

    def take_out(self, ticket: Ticket) -> None:
        """Take ``ticket`` out of the line, wherever it is.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with line_reached():
            self._connected().cancel_workflow(ticket.text)

    def close(self) -> None:
        """Give back the connections."""
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def _connected(self) -> DBOSClient:
        if self._client is None:
            from dbos import DBOSClient, DBOSPortableJSONSerializer

            self._client = DBOSClient(
                system_database_url=self._url, serializer=DBOSPortableJSONSerializer(), retry_connection_errors=False
            )
        return self._client
