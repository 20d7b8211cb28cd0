# SPDX-License-Identifier: Apache-2.0
"""One kill: a run, interrupted at its point, carried on by another server, and looked at."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.governance import approval
from arf_enterprise.stores.postgres.database import Database
from crash_runs.cells import A_PERSON, Cell
from crash_runs.judge import Found, amiss
from crash_runs.lane import Lane, Server
from crash_runs.server import Given
from lib.governed import now, supporter

BOUND_S: Final = 60.0
"""A run that has not ended so long after the kill is stuck."""
STOP_S: Final = 30.0
_POLL_S: Final = 0.02


@dataclass(slots=True)
class _Played:
    """A cell that is being played."""

    lane: Lane
    cell: Cell
    given: Given
    server: Server
    is_killed: bool = False
    is_approved: bool = False

    def status(self) -> dict[str, object]:
        query = "SELECT * FROM execution WHERE intent_id = %s"
        return next(iter(self.lane.rows(query, self.given.intent.intent_id)), {"status": None, "ended_at": None})

    def step(self) -> None:
        """Whatever is to be done now: kill, or approve."""
        if not self.is_killed and self.cell.point != A_PERSON and self.server.stands():
            self.kill()
        if self.cell.scenario.confidence < 0.8 and not self.is_approved:
            self.approve()

    def kill(self) -> None:
        """Kill the victim, and start it, or another server, anew."""
        self.is_killed = True
        if self.cell.victim == "server":
            self.server.kill()
            self.server = self.lane.serve(replace(self.given, point=None))
            self.server.say("submit")  # the client got no answer, and asks another server
            return
        (self.lane.kill_postgres if self.cell.victim == "postgres" else self.lane.kill_target)()
        self.server.say("go")

    def approve(self) -> None:
        """Approve what waits for it, as a person."""
        if self.status()["status"] != "pending_approval":
            return
        database = Database(self.lane.url, size=1)
        database.open()
        with database.transaction("default") as transaction:
            waiting = next(one for one in approval.listed(transaction, now=now()))
            approval.decide(
                transaction, waiting.approval_id, by=supporter(), approve=True, reason="looked at it",
                digest=waiting.digest, request_id="crash", now=now(),
            )  # fmt: skip
        database.close()
        self.is_approved = True
        if self.cell.point == A_PERSON:
            self.kill()
        self.server.say("wake")


def killed(lane: Lane, cell: Cell, number: int, *, hurries: bool = True) -> Found:
    """Kill once, and look: what is amiss is in what was found."""
    lane.prepare(is_sick=cell.scenario.is_sick)
    given = Given(
        url=lane.url, folder=lane.folder, intent=intent_of(cell, number), point=cell.point,
        dies=cell.victim == "server", hurries=hurries,
    )  # fmt: skip
    stops, began = lane.stops(), time.monotonic()
    server = lane.serve(given)
    server.say("submit")
    played = _Played(lane, cell, given, server)
    took = _ended(played)
    is_clean = _stopped(played.server)
    lane.end_servers()
    row = played.status()
    found = Found(
        cell=cell, status=str(row["status"]), stops=lane.stops() - stops, took_s=took, link=lane.link(),
        release=lane.await_service(), row=row, was_killed=played.is_killed,
    )  # fmt: skip
    problems = amiss(lane.rows, found)
    lane.give_back()  # what is left to a person must not spoil the next kill
    if not is_clean:
        problems.append(f"the server did not end in {STOP_S:.0f} s")
    if time.monotonic() - began > BOUND_S * 2:
        problems.append("it took too long")
    return replace(found, amiss=tuple(problems))


def intent_of(cell: Cell, number: int) -> HealingIntent:
    """The intent of a cell, another one each time."""
    return HealingIntent(
        action=cell.scenario.action,  # type: ignore[arg-type]  # the intent makes it one
        component="shop",
        incident_id=f"incident-{number}",
        detected_at=datetime.now(UTC),
        justification="it does not answer",
        confidence=cell.scenario.confidence,
        parameters={},  # type: ignore[arg-type]  # the intent freezes them
        policy_applied="slow-responses",
    )


def _ended(played: _Played) -> float:
    """Play until the run has ended; the seconds from the kill to its end."""
    began, end = time.monotonic(), time.monotonic() + BOUND_S
    killed_at: float | None = None
    while time.monotonic() < end:
        played.step()
        if played.is_killed and killed_at is None:
            killed_at, end = time.monotonic(), time.monotonic() + BOUND_S
        if played.is_killed and played.status()["ended_at"] is not None:
            break
        time.sleep(_POLL_S)
    return time.monotonic() - (killed_at or began)


def _stopped(server: Server) -> bool:
    """Whether the server ends when it is asked to."""
    server.say("stop")
    server.process.join(STOP_S)
    is_clean = server.process.exitcode == 0
    server.kill()
    return is_clean
