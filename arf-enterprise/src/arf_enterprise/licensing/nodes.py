# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The places that a licence has for servers: as many run executions at once, the others read.

1. A place is a numbered advisory lock, held by the server that runs executions. A dead server's place is free at once,
   one of a server that cannot be reached any more within a minute (``stores.postgres.held``).
2. A server asks again at each beat: it takes one that became free, and gives back one that the licence no longer has.
3. The table says who holds which place; that it is held, only the lock says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from arf_enterprise.errors import StoreUnavailable
from arf_enterprise.stores.postgres.database import Database

LOCK_CLASS: Final = 0x61726C6E  # "arln"


class Locks(Protocol):
    """Locks by number, held while this process lives (``stores.postgres.held.HeldLocks``)."""

    def try_hold(self, number: int) -> bool:
        """Whether the lock is ours now."""

    def release(self, number: int) -> None:
        """Give the lock back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A place that is held, by which server, since when, and when that server was last seen."""

    place: int
    node_id: str
    held_since: datetime
    seen_at: datetime


class Node:
    """This server, as one of those that a licence has places for. For one thread at a time."""

    def __init__(self, database: Database, locks: Locks, *, node_id: str) -> None:
        """It has no place before its first beat."""
        self._database, self._locks, self._node_id = database, locks, node_id
        self._refusal: str | None = "this server has not asked for its place yet"
        self.place: int | None = None

    def refusal(self) -> str | None:
        """Why this server may not run executions, None if it may."""
        return self._refusal

    def beat(self, *, nodes: int, now: datetime) -> int | None:
        """Hold, take or give back a place (rule 2); its number, None if all ``nodes`` are held by others."""
        try:
            self.place = self._place(nodes)
            self._refusal = None if self.place is not None else self._why(nodes)
            if self.place is not None:
                with self._database.transaction(None) as transaction:
                    transaction.run("say_licence_node", place=self.place, node_id=self._node_id, now=now)
        except StoreUnavailable as error:
            self.place, self._refusal = None, f"the database does not answer, so no place is sure: {error}"
        return self.place

    def _place(self, nodes: int) -> int | None:
        if self.place is not None and self.place > nodes:
            self._locks.release(self.place)
            self.place = None
        wanted = range(1, nodes + 1) if self.place is None else (self.place, *range(1, nodes + 1))
        return next((place for place in wanted if self._locks.try_hold(place)), None)

    def _why(self, nodes: int) -> str:
        names = ", ".join(holder.node_id for holder in holders(self._database)) or "none"
        return f"it has {nodes} places for servers, held by {names}: this server ({self._node_id}) reads only"


def holders(database: Database) -> Sequence[Holder]:
    """The places that are held now (rule 3)."""
    with database.transaction(None) as transaction:
        rows = transaction.all("licence_nodes", lock_class=LOCK_CLASS)
    return [Holder(**row) for row in rows]
