# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Advisory locks that are held for as long as this process lives and reaches the database, and not a minute longer.

1. They are held by a connection of their own. When the process dies the connection ends, and Postgres frees the locks.
2. When the machine dies or the network parts, Postgres asks for a sign of life and ends the connection within a minute.
3. When the database was away the locks are gone: whoever holds them asks again.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.rows import dict_row

from arf_enterprise.errors import StoreUnavailable
from arf_enterprise.stores.postgres.database import Row
from arf_enterprise.stores.postgres.queries import queries

CONNECT_S: Final = 10
_KEEPALIVE: Final = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


class HeldLocks:
    """Locks of one class of things, by their numbers. For one thread at a time."""

    def __init__(self, url: str, *, lock_class: int) -> None:
        """No connection is made before the first lock."""
        self._url, self._class = url, lock_class
        self._connection: psycopg.Connection[Row] | None = None
        self._held: set[int] = set()

    def try_hold(self, number: int) -> bool:
        """Whether the lock ``number`` is ours now.

        Raises:
            StoreUnavailable: the database does not answer; no lock is held any more.
        """
        if self.holds(number):
            return True
        if self._ask("try_hold_lock", number):
            self._held.add(number)
        return number in self._held

    def holds(self, number: int) -> bool:
        """Whether the lock ``number`` is still ours (rule 3).

        Raises:
            StoreUnavailable: the database does not answer; no lock is held any more.
        """
        return number in self._held and bool(self._ask("is_lock_held", number))

    def release(self, number: int) -> None:
        """Give the lock ``number`` back."""
        if number in self._held:
            self._held.discard(number)
            self._ask("give_lock_back", number)

    def close(self) -> None:
        """Give all back."""
        self._held.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, query: str, number: int) -> bool:
        parameters = {"lock_class": self._class, "number": number}
        try:
            if self._connection is None:
                self._connection = self._connected()
            row = self._connection.execute(queries()[query].text, parameters).fetchone()
        except psycopg.Error as error:
            self.close()
            raise StoreUnavailable(f"the database does not answer: {type(error).__name__}") from error
        return row is not None and bool(row["answer"])

    def _connected(self) -> psycopg.Connection[Row]:
        return psycopg.Connection[Row].connect(
            self._url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_S,
            application_name="arf-enterprise locks",
            options=_KEEPALIVE,
        )
