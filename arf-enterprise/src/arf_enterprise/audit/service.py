# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The sequencer as a service: a thread of the server that integrates whatever waits, of every tenant.

1. It looks every :data:`POLL_S` seconds: NOTIFY would make all commits of the database queue for one lock.
2. Several servers may run it: a tenant that another one works on is left to that one (``audit.sequencer``).
3. When the database is away or the key cannot sign, it goes on trying, ever more slowly up to :data:`SLOWEST_S`; what
   waits goes on waiting, and nothing is lost. Its state says so.
4. One tenant that fails does not keep the others from theirs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.stores.postgres.database import Database

POLL_S: Final = 0.1
SLOWEST_S: Final = 5.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How the service stands: leaves it has made, failures in a row, and what the last one was."""

    is_running: bool = False
    leaves: int = 0
    failures: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What waits in a tenant's log: how many entries, and for how many seconds the oldest has."""

    tenant: str
    waiting: int
    oldest_s: float


class Sequencing:
    """The service, from :meth:`start` to :meth:`stop`, or for the block of ``with Sequencing(…):``."""

    def __init__(
        self, database: Database, *, key: KeyProvider, clock: Callable[[], datetime], poll_s: float = POLL_S
    ) -> None:
        """A service that is not running yet."""
        self._database, self._key, self._clock, self._poll_s = database, key, clock, poll_s
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
        self._thread = threading.Thread(target=self._run, name="audit-sequencer", daemon=True)
        self.state = State(is_running=True)
        self._thread.start()

    def stop(self) -> None:
        """End, when what is under way is finished."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.state = State(leaves=self.state.leaves, failures=self.state.failures, error=self.state.error)

    def step(self) -> int:
        """Integrate what waits, once, of every tenant; how many leaves were made.

        Raises:
            EnterpriseError: the first failure, after every tenant had its turn (rule 4).
        """
        with self._database.transaction(None) as transaction:
            tenants = [str(row["tenant"]) for row in transaction.all("tenants_that_wait")]
        made, failed = 0, list[EnterpriseError]()
        for tenant in tenants:
            try:
                made += integrate_all(self._database, tenant, key=self._key, now=self._clock())
            except EnterpriseError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return made

    def _run(self) -> None:
        pause = self._poll_s
        while not self._stop.wait(pause):
            try:
                made = self.step()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: it outlives whatever happens (rule 3)
                self._failed(error)
                pause = min(pause * 2, SLOWEST_S)
            else:
                self.state = State(is_running=True, leaves=self.state.leaves + made)
                pause = self._poll_s

    def _failed(self, error: Exception) -> None:
        told = str(error) if isinstance(error, EnterpriseError) else type(error).__name__
        if self.state.error != told:
            _LOG.warning(
                "audit_sequencer_failed", extra={"error": told}, exc_info=not isinstance(error, EnterpriseError)
            )
        self.state = State(is_running=True, leaves=self.state.leaves, failures=self.state.failures + 1, error=told)


def lag(database: Database, *, now: datetime) -> tuple[Lag, ...]:
    """What waits, of every tenant."""
    with database.transaction(None) as transaction:
        tenants = [str(row["tenant"]) for row in transaction.all("known_tenants")]
    return tuple(_lag(database, tenant, now) for tenant in tenants)


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
