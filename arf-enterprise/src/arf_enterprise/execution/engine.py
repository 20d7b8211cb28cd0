# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The engine: takes runs from the line and carries them out, durably, as one of several servers on one database.

DBOS Transact is underneath. The rules that came out of running it (shared facts; each has a test):

1. Each process has an executor id of its own, and holds an advisory lock on it for as long as it lives.
2. A dead server's runs are taken up by us: every :data:`SWEEP_S` seconds, those whose executor holds no lock any more,
   and those that are in no line at all (a crash between accepting a run and handing it over).
3. A run that is taken up gets a new attempt, so two servers never work under one id. What was done is in the run's rows
   and on the target, not in DBOS: the steps find it there, and a fence keeps the slower server out.
4. A server with room begins what is handed over to it at once; without room it goes to the line, which is for whichever
   server looks next. Workflows are ``async`` and begun on our own loop: a waiting one neither blocks the exit nor is
   ended by it. (A synchronous start would be; and looking into the line more often than :data:`POLL_S` would cost each
   idle server a seventh of a core.)
5. The version of the runbook is set by hand, and what is stored is JSON, ids alone.
6. Waiting holds no slot: the line is unlimited, and how many steps work at once is bounded here. A server without room
   is one that has :data:`ROOM` steps to do.
7. While the database is away a step waits and tries again; it is never given up for that.
8. A server without a place of the licence takes no run; it takes some up as soon as it has one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from arf_enterprise.errors import FenceLost, StoreError
from arf_enterprise.execution import runbook
from arf_enterprise.execution.line import QUEUE, TOPIC, VERSION, WORKFLOWS, Line, Ticket
from arf_enterprise.execution.means import Means, Next
from arf_enterprise.execution.sweep import lock_number
from arf_enterprise.stores.postgres.engine_schema import line_reached
from arf_enterprise.stores.postgres.held import HeldLocks

if TYPE_CHECKING:
    from dbos import DBOS

SWEEP_S: Final = 3.0
POLL_S: Final = 0.1
PLACE_S: Final = 0.2
SLOWEST_S: Final = 5.0
MOST_AT_ONCE: Final = 8
ROOM: Final = 64
RECOVERIES: Final = 1_000_000
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How the engine stands: whether it takes runs, how many sweeps it made, runs it took up, and its last error."""

    is_running: bool = False
    sweeps: int = 0
    taken_up: int = 0
    error: str | None = None


class _Count:
    """A number that several threads count."""

    def __init__(self) -> None:
        self.number, self._lock = 0, threading.Lock()

    def add(self, more: int) -> None:
        with self._lock:
            self.number += more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """DBOS at work, and its workflows by the kind of ticket."""

    dbos: type[DBOS]
    workflows: Mapping[str, Callable[[str, str, int], Coroutine[Any, Any, None]]]


class Engine:
    """Carries runs out from :meth:`start` to :meth:`stop`. There is one in a process."""

    def __init__(
        self,
        means: Means,
        *,
        url: str,
        executor_id: str,
        locks: HeldLocks,
        line: Line,
        sweep: Callable[[], int],
        has_place: Callable[[], bool],
    ) -> None:
        """``locks`` has the one of rule 1, ``sweep`` is rule 2, ``line`` rule 4, ``has_place`` rule 8."""
        self._means, self._url, self.executor_id = means, url, executor_id
        self._locks, self._line, self._sweep, self._has_place = locks, line, sweep, has_place
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._workers = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="execution")
        self._to_do = _Count()
        self.state = State()

    @property
    def is_alive(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin, as soon as there is a place (rule 8)."""
        self._stop.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="execution-engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take nothing new; what is under way is taken up by another server, or by the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    async def _main(self) -> None:
        try:
            while (begun := await self._begun()) is None:
                if await asyncio.to_thread(self._stop.wait, PLACE_S):
                    return
            await self._serve(begun)
        finally:
            self._workers.shutdown(cancel_futures=True)
            self._locks.close()

    async def _serve(self, begun: _Begun) -> None:
        try:
            self.state = State(is_running=True)
            with self._line.served_by(partial(self._take, begun, asyncio.get_running_loop())):
                while not await asyncio.to_thread(self._stop.wait, SWEEP_S):
                    await asyncio.to_thread(self._swept)
        finally:
            self.state = replace(self.state, is_running=False)
            begun.dbos.destroy(destroy_registry=True)

    def _take(self, begun: _Begun, loop: asyncio.AbstractEventLoop, ticket: Ticket) -> bool:
        """Begin the run of ``ticket``, if there is room (rule 4)."""
        if self._to_do.number >= ROOM or loop.is_closed():
            return False
        self._to_do.add(1)
        asyncio.run_coroutine_threadsafe(self._start(begun, ticket), loop)
        return True

    async def _start(self, begun: _Begun, ticket: Ticket) -> None:
        """Begin a workflow. If that cannot be, the sweep finds that the run is in no line (rule 2)."""
        from dbos import SetWorkflowID

        work = begun.workflows[ticket.kind]
        try:
            with _edge(ticket), SetWorkflowID(ticket.text), line_reached():
                await begun.dbos.start_workflow_async(work, ticket.tenant, ticket.execution_id, ticket.attempt)
        finally:
            self._to_do.add(-1)

    async def _begun(self) -> _Begun | None:
        """DBOS at work; None if that is to be tried again: there is no place, or the database went (rules 7 and 8)."""
        try:
            return await self._launched() if self._has_place() and self._is_alive() else None
        except StoreError as error:
            self.state = replace(self.state, error=str(error))
            return None

    def _is_alive(self) -> bool:
        """Rule 1; a lock that was lost with the database is held anew."""
        return self._locks.try_hold(lock_number(self.executor_id))

    async def _launched(self) -> _Begun:
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        config = DBOSConfig(
            name="arf",
            system_database_url=self._url,
            executor_id=self.executor_id,
            application_version=VERSION,
            run_migrations=False,
            serializer=DBOSPortableJSONSerializer(),
            log_level="ERROR",
        )
        DBOS(config=config)

        async def carry_out(tenant: str, execution_id: str, attempt: int) -> None:
            await self._carry_out(Ticket(kind="run", tenant=tenant, execution_id=execution_id, attempt=attempt))

        async def roll_back(tenant: str, execution_id: str, attempt: int) -> None:
            await self._roll_back(Ticket(kind="back", tenant=tenant, execution_id=execution_id, attempt=attempt))

        workflows = {
            kind: DBOS.workflow(name=WORKFLOWS[kind], max_recovery_attempts=RECOVERIES)(work)
            for kind, work in (("run", carry_out), ("back", roll_back))
        }
        try:
            with line_reached():
                DBOS.launch()
                await DBOS.register_queue_async(QUEUE, polling_interval_sec=POLL_S)
        except StoreError:
            DBOS.destroy(destroy_registry=True)
            raise
        return _Begun(dbos=DBOS, workflows=workflows)

    async def _carry_out(self, ticket: Ticket) -> None:
        with _edge(ticket):
            await runbook.carry_out(self._means, ticket, step=self._step, later=asyncio.sleep, message=_message)

    async def _roll_back(self, ticket: Ticket) -> None:
        with _edge(ticket):
            await runbook.roll_back(self._means, ticket, step=self._step, later=asyncio.sleep)

    async def _step(self, work: Callable[[], Next]) -> Next:
        pause = 0.1
        while True:
            self._to_do.add(1)
            try:
                return await asyncio.get_running_loop().run_in_executor(self._workers, work)  # rule 6
            except StoreError as error:  # rule 7
                self.state = replace(self.state, error=str(error))
            finally:
                self._to_do.add(-1)
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_S)

    def _swept(self) -> None:
        try:
            self._is_alive()
            found = self._sweep()
        except Exception as error:  # noqa: BLE001 - the edge of the thread: it outlives whatever happens
            _LOG.warning("execution_sweep_failed", extra={"error": type(error).__name__})
            self.state = replace(self.state, error=type(error).__name__)
        else:
            sweeps, taken_up = self.state.sweeps + 1, self.state.taken_up + found
            self.state = replace(self.state, sweeps=sweeps, taken_up=taken_up)


@contextmanager
def _edge(ticket: Ticket) -> Iterator[None]:
    """A run that another server took up is that server's: here it is over (rule 3).

    What nobody expected ends here, too: DBOS would keep its text, which may quote what is a tenant's. The sweep begins
    the run again.
    """
    try:
        yield
    except FenceLost as error:
        _LOG.info("execution_taken_up_elsewhere", extra={"execution_id": ticket.execution_id, "error": str(error)})
    except Exception as error:  # noqa: BLE001 - the edge of the workflow
        place = traceback.extract_tb(error.__traceback__)[-1]
        known = {"execution_id": ticket.execution_id, "error": type(error).__name__}
        _LOG.error("execution_failed", extra={**known, "place": f"{place.filename}:{place.lineno}"})


async def _message(seconds: float) -> None:
    from dbos import DBOS

    await DBOS.recv_async(TOPIC, timeout_seconds=seconds)
