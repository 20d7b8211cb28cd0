# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""From Postgres to the graph: :func:`enqueue` in the transaction of a change, and a service that takes it over.

The service is a thread of the server, for every tenant:

1. It looks every :data:`POLL_S` seconds. Several servers may run it: a tenant that another one works on is left to it.
2. When one of the databases is away it goes on trying, ever more slowly up to :data:`SLOWEST_S`; what waits goes on
   waiting, and nothing is lost. Its state says so.
3. One tenant that fails does not keep the others from theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from arf_enterprise.learning.outbox import Lag, enqueue, lag
from arf_enterprise.learning.projector import BATCH, Horizon, project
from arf_enterprise.rounds import Rounds, round_of
from arf_enterprise.stores.postgres.database import Database

if TYPE_CHECKING:  # the driver is loaded by whoever has a graph
    from arf_enterprise.stores.neo4j.graph import GraphStore

__all__ = ["Lag", "Projection", "enqueue", "lag"]

POLL_S: Final = 0.5
SLOWEST_S: Final = 30.0


class Projection(Rounds):
    """The service; ``state.entries`` are those it has taken over."""

    name = "graph-projection"
    failed_event = "graph_projection_failed"
    slowest_s = SLOWEST_S
    hurries = True

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
        super().__init__(poll_s=poll_s)
        self._database, self._store, self._clock, self._batch = database, store, clock, batch
        self._horizons: dict[str, Horizon] = {}

    def step(self) -> int:
        """Take over one batch of every tenant; how many entries that was.

        Raises:
            EnterpriseError: the first failure, after every tenant had its turn (rule 3).
        """
        return round_of(self._database.tenants(), self._project)

    def _project(self, tenant: str) -> int:
        known = self._horizons.get(tenant, Horizon())
        done = project(self._database, self._store, tenant, known, now=self._clock(), most=self._batch)
        if done is None:  # rule 1
            return 0
        count, self._horizons[tenant] = done
        return count
