# SPDX-License-Identifier: Apache-2.0
"""What is wrapped around a server's parts so that it stops at a point: the product has no hook for this.

At its point a server that is to die kills itself; otherwise the thread tells the driver and waits until whoever had to
be killed is there again.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Observation, Progress, Rehearsal
from arf_enterprise.actions.releases import Releases
from arf_enterprise.actions.supervisor_rpc import Rpc
from arf_enterprise.execution.line import Line, Ticket
from arf_enterprise.stores.postgres.database import Database, Row, Transaction
from crash_runs.cells import TAKEN, WINDOW


@dataclass(slots=True)
class Point:
    """Where this server is interrupted, once: ``tell`` says that it stands there, and ``go`` lets it go on."""

    name: str | None
    dies: bool
    tell: Callable[[], None]
    doing: str = ""
    go: threading.Event = field(default_factory=threading.Event)
    was_reached: threading.Event = field(default_factory=threading.Event)

    def reach(self, name: str) -> None:
        """Stop here if this is the point."""
        if name != self.name or self.was_reached.is_set():
            return
        self.was_reached.set()
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        self.tell()
        self.go.wait()


@dataclass(frozen=True, slots=True)
class Watched(Transaction):
    """A transaction that knows which steps were noted in it."""

    noted: list[str] = field(default_factory=list)

    def maybe(self, name: str, /, **parameters: object) -> Row | None:
        """As a transaction does."""
        if name == "add_execution":
            self.noted.append(TAKEN)
        return Transaction.maybe(self, name, **parameters)

    def later(self, name: str, /, **parameters: object) -> None:
        """As a transaction does."""
        if name == "add_execution_step":
            self.noted.append(str(parameters["step"]))
        Transaction.later(self, name, **parameters)


class StoppingDatabase(Database):
    """Stops before and after the commit of a step."""

    def __init__(self, url: str, point: Point) -> None:
        """It is opened as any other."""
        super().__init__(url)
        self._point = point

    @contextmanager
    def transaction(self, tenant: str | None) -> Iterator[Transaction]:
        """As a database does."""
        with super().transaction(tenant) as given:
            known = (given._connection, given.tenant, given.remembered, given._unsent, given._afterwards)  # noqa: SLF001
            watched = Watched(*known)
            yield watched
            for step in watched.noted:
                self._point.reach(f"{step}, before its commit")
        for step in watched.noted:
            self._point.reach(f"{step}, committed")


class StoppingLine(Line):
    """Stops when a run was handed over."""

    def __init__(self, url: str, point: Point) -> None:
        """It connects as any other."""
        super().__init__(url)
        self._point = point

    def hand_over(self, ticket: Ticket) -> None:
        """As a line does."""
        super().hand_over(ticket)
        self._point.reach("handed over")


class StoppingAdapter:
    """Stops around what changes the target."""

    name: ClassVar[str] = "supervisor"
    actions: ClassVar[frozenset[Action]] = frozenset()

    def __init__(self, inner: Adapter, point: Point) -> None:
        """``inner`` does the work."""
        self._inner, self._point = inner, point

    def observe(self) -> Observation:
        """As the adapter does."""
        return self._inner.observe()

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """As the adapter does."""
        return self._inner.plan(action, parameters, observed)

    def rehearse(self, change: Change) -> Rehearsal:
        """As the adapter does."""
        self._point.reach("before the dry run")
        found = self._inner.rehearse(change)
        self._point.reach("after the dry run")
        return found

    def apply(self, change: Change, fence: Fence) -> None:
        """As the adapter does."""
        with self._around("apply"):
            self._inner.apply(change, fence)

    def revert(self, change: Change, fence: Fence) -> None:
        """As the adapter does."""
        with self._around("revert"):
            self._inner.revert(change, fence)

    def progress(self, change: Change, observed: Observation) -> Progress:
        """As the adapter does."""
        return self._inner.progress(change, observed)

    def close(self) -> None:
        """As the adapter does."""
        self._inner.close()

    @contextmanager
    def _around(self, doing: str) -> Iterator[None]:
        self._point.doing = doing
        self._point.reach(f"before {doing}")
        yield
        self._point.reach(f"after {doing}")


def stop_inside(point: Point) -> None:
    """From now on this process stops between the single requests to the target, too."""
    write, switch = Rpc.write, Releases.switch
    asked = {"stopProcess": "stop was asked", "startProcess": "start was asked"}

    def writing(self: Rpc, method: str, *parameters: str | bool, tolerated: tuple[int, ...] = ()) -> None:
        write(self, method, *parameters, tolerated=tolerated)
        if method in asked:
            point.reach(f"{point.doing}: {asked[method]}")

    def switching(self: Releases, before: str, after: str) -> None:
        switch(self, before, after)
        point.reach(f"{point.doing}: link switched")

    patched: Any = (Rpc, Releases)
    patched[0].write, patched[1].switch = writing, switching


def asking(ask: Callable[..., Any], point: Point) -> Callable[..., Any]:
    """``ask``, stopping while health is watched after something was done."""

    def stopping(*given: object) -> object:
        if point.doing:
            point.reach(WINDOW)
        return ask(*given)

    return stopping
