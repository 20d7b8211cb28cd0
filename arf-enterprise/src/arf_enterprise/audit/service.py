# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The sequencer as a service: a thread of the server that integrates whatever waits, of every tenant.

1. It looks every :data:`POLL_S` seconds: NOTIFY would make all commits of the database queue for one lock.
2. Several servers may run it: a tenant that another one works on is left to that one (``audit.sequencer``).
3. When the database is away or the key cannot sign, it goes on trying, ever more slowly up to :data:`SLOWEST_S`; what
   waits goes on waiting, and nothing is lost. Its state says so.
4. One tenant that fails does not keep the others from theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.rounds import Rounds, round_of
from arf_enterprise.stores.postgres.database import Database

POLL_S: Final = 0.1
SLOWEST_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What waits in a tenant's log: how many entries, and for how many seconds the oldest has."""

    tenant: str
    waiting: int
    oldest_s: float


class Sequencing(Rounds):
    """The service; ``state.entries`` are the leaves it has made."""

    name = "audit-sequencer"
    failed_event = "audit_sequencer_failed"
    slowest_s = SLOWEST_S

    def __init__(
        self, database: Database, *, key: KeyProvider, clock: Callable[[], datetime], poll_s: float = POLL_S
    ) -> None:
        """A service that is not running yet."""
        super().__init__(poll_s=poll_s)
        self._database, self._key, self._clock = database, key, clock

    def step(self) -> int:
        """Integrate what waits, once, of every tenant; how many leaves were made.

        Raises:
            EnterpriseError: the first failure, after every tenant had its turn (rule 4).
        """
        with self._database.transaction(None) as transaction:
            tenants = [str(row["tenant"]) for row in transaction.all("tenants_that_wait")]
        return round_of(tenants, lambda tenant: integrate_all(self._database, tenant, key=self._key, now=self._clock()))


def lag(database: Database, *, now: datetime) -> tuple[Lag, ...]:
    """What waits, of every tenant."""
    return tuple(_lag(database, tenant, now) for tenant in database.tenants())


def _lag(database: Database, tenant: str, now: datetime) -> Lag:
    with database.transaction(tenant) as transaction:
        row = transaction.one("unsequenced_audit_entries", tenant=tenant)
    oldest = row["oldest"]
    return Lag(
        tenant=tenant,
        waiting=int(row["waiting"]),
        oldest_s=0.0 if oldest is None else max(0.0, now.timestamp() - _began(str(oldest))),
    )


def _began(entry_id: str) -> float:
    """The time that an entry's id begins with (``identifiers.new_id``), in seconds."""
    return int(entry_id.partition("_")[2][:12], 16) / 1000
