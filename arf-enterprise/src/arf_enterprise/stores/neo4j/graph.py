# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Transactions on Neo4j, by named statements only, with short patience.

1. Whatever is written can be written again with the same result, so a commit whose answer was lost
   (``IncompleteCommit``, which the driver does not retry) is done again.
2. Nothing waits for long: connections, their acquisition and retries have :data:`PATIENCE_S`; a connection is looked at
   before it is used. Otherwise a server that is frozen would hold its callers for minutes.
3. Constraints and indexes are made before the first write. Every migration can be run again.
4. Foreign exceptions become ours (``translate``). The password is in no ``repr`` and no message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Self, TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction, NotificationMinimumSeverity, Session
from neo4j.exceptions import IncompleteCommit

from arf_enterprise.stores.neo4j.login import GraphLogin
from arf_enterprise.stores.neo4j.queries import migrations, statements
from arf_enterprise.stores.neo4j.translate import translated

Row = dict[str, Any]
PATIENCE_S: Final = 3.0
STATEMENT_S: Final = 30.0
TIMES: Final = 3
"""How often a write is tried whose commit was not answered."""
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Statements:
    """What can be done in a transaction of ``tenant``: run statements by their names."""

    _transaction: ManagedTransaction
    tenant: str

    def run(self, name: str, /, **parameters: object) -> Sequence[Row]:
        """The rows of the statement, all of them."""
        result = self._transaction.run(statements()[name].text, {**parameters, "tenant": self.tenant})
        return [record.data() for record in result]


class GraphStore:
    """Connections to one Neo4j. Safe to share between threads; none is made before it is used."""

    def __init__(self, login: GraphLogin, *, patience_s: float = PATIENCE_S) -> None:
        """Connections by ``login``, with the patience of rule 2 in seconds."""
        self._login, self._patience_s = login, patience_s
        self._driver: Driver | None = None
        self._is_migrated = False
        self._lock = Lock()

    def __enter__(self) -> Self:
        """Use it for the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close after the block."""
        self.close()

    def close(self) -> None:
        """End every connection."""
        with self._lock:
            driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def read(self, tenant: str, name: str, /, **parameters: object) -> Sequence[Row]:
        """The rows of a statement that changes nothing.

        Raises:
            StoreUnavailable, StoreSetupError, StoreError: as ``translate`` has them.
        """
        with translated(), self._session() as session:
            return session.execute_read(lambda work: Statements(work, tenant).run(name, **parameters))

    def write(self, tenant: str, work: Callable[[Statements], _Found]) -> _Found:
        """What ``work`` returns, done in one transaction, perhaps more than once (rule 1).

        Raises:
            StoreUnavailable, StoreSetupError, StoreError: as ``translate`` has them.
        """
        with translated():
            for _ in range(TIMES - 1):
                try:
                    return self._written(tenant, work)
                except IncompleteCommit:  # rule 1
                    continue
            return self._written(tenant, work)

    def migrate(self) -> None:
        """Make constraints and indexes that are missing (rule 3); nothing if it was done before.

        Raises:
            StoreUnavailable, StoreSetupError, StoreError: as ``translate`` has them.
        """
        if self._is_migrated:
            return
        with translated(), self._session() as session:
            for steps in migrations().values():
                for step in steps:
                    session.run(step.text).consume()
        self._is_migrated = True

    def _written(self, tenant: str, work: Callable[[Statements], _Found]) -> _Found:
        self.migrate()
        with self._session() as session:
            return session.execute_write(lambda transaction: work(Statements(transaction, tenant)))

    def _session(self) -> Session:
        with self._lock:
            if self._driver is None:
                self._driver = _driver(self._login, self._patience_s)
            driver = self._driver
        return driver.session(database=self._login.database)


def _driver(login: GraphLogin, patience_s: float) -> Driver:
    return GraphDatabase.driver(
        login.uri,
        auth=(login.user, login.password),
        connection_timeout=patience_s,
        connection_acquisition_timeout=patience_s,
        max_transaction_retry_time=patience_s,
        liveness_check_timeout=0,
        max_connection_pool_size=20,
        keep_alive=True,
        telemetry_disabled=True,
        notifications_min_severity=NotificationMinimumSeverity.OFF,
        user_agent="arf-enterprise",
    )
