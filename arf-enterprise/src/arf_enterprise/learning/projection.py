# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""From Postgres to the graph: :func:`enqueue` in the transaction of a change, and a service that takes it over.

The service is a thread of the server, for every tenant:

1. It looks every :data:`POLL_S` seconds. Several servers may run it: a tenant that another one works on is left to it.
2. When one of the databases is away it goes on trying, ever more slowly up to :data:`SLOWEST_S`; what waits goes on
   waiting, and nothing is lost. Its state says so.
3. One tenant that fails does not keep the others from theirs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self

from arf_enterprise.errors import EnterpriseError
from arf_enterprise.learning.outbox import Lag, enqueue, lag
from arf_enterprise.learning.projector import BATCH, Horizon, project
from arf_enterprise.stores.postgres.database import Database

if TYPE_CHECKING:  # the driver is loaded by whoever has a graph
    from arf_enterprise.stores.neo4j.graph import GraphStore

__all__ = ["Lag", "Projection", "State", "enqueue", "lag"]

POLL_S: Final = 0.5
SLOWEST_S: Final = 30.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How the service stands: entries it has taken over, failures in a row, and what the last one was."""

    is_running: bool = False
    entries: int = 0
    failures: int = 0
    error: str | None = None


class Projection:
    """The service, from :meth:`start` to :meth:`stop`, or for the block of ``with Projection(…):``."""

    def __init__(
        self,
        database: Database,
        store: GraphStore,
        *,
        clock: Callable[[], datetime],
        poll_s: float = POLL_S,
        batch: int = BATCH,
    ) -> None:
        """A service that is not running yet."""
        self._database, self._store, self._clock = database, store, clock
        self._poll_s, self._batch = poll_s, batch
        self._horizons: dict[str, Horizon] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.state = State()

    def __enter__(self) -> Self:
        """Start, for the block."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop after the block."""
        self.stop()

    def start(self) -> None:
        """Begin."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="graph-projection", daemon=True)
        self.state = State(is_running=True)
        self._thread.start()

    def stop(self) -> None:
        """End, when the batch that is under way is finished."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.state = State(entries=self.state.entries, failures=self.state.failures, error=self.state.error)

    def step(self) -> int:
        """Take over one batch of every tenant; how many entries that was.

        Raises:
            EnterpriseError: the first failure, after every tenant had its turn (rule 3).
        """
        with self._database.transaction(None) as transaction:
            tenants = [str(row["tenant"]) for row in transaction.all("known_tenants")]
        taken, failed = 0, list[EnterpriseError]()
        for tenant in tenants:
            try:
                taken += self._project(tenant)
            except EnterpriseError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return taken

    def _project(self, tenant: str) -> int:
        known = self._horizons.get(tenant, Horizon())
        done = project(self._database, self._store, tenant, known, now=self._clock(), most=self._batch)
        if done is None:  # rule 1
            return 0
        count, self._horizons[tenant] = done
        return count

    def _run(self) -> None:
        pause = self._poll_s
        while not self._stop.wait(pause):
            try:
                taken = self.step()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: it outlives whatever happens (rule 2)
                self._failed(error)
                pause = min(pause * 2 or self._poll_s, SLOWEST_S)
            else:
                self.state = State(is_running=True, entries=self.state.entries + taken)
                pause = 0.0 if taken else self._poll_s

    def _failed(self, error: Exception) -> None:
        told = str(error) if isinstance(error, EnterpriseError) else type(error).__name__
        if self.state.error != told:
            _LOG.warning(
                "graph_projection_failed", extra={"error": told}, exc_info=not isinstance(error, EnterpriseError)
            )
        self.state = State(is_running=True, entries=self.state.entries, failures=self.state.failures + 1, error=told)
