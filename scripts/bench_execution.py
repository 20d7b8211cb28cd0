# SPDX-License-Identifier: Apache-2.0
"""Measures governed execution without the target's own time, beside floors of the same run: no assertions.

::

    python scripts/bench_execution.py [--runs 300] [--single 40] [--targets 300] [--servers 2]

1. *floors*: durable commits of one row, one connection; and bare DBOS: one-step workflows, begun on as many servers.
2. *submitted → applied*: one run at a time, from the intent's record to the record that the change was made. The
   target is a number in the server's memory: it costs nothing. Servers take intents as their API does, without HTTP.
3. *executions/s*: all runs at once, each server taking its share, on many targets, until every one has succeeded;
   health is looked at, too.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import uuid4

import psycopg

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.actions.adapter import Change, Fence, Observation, Progress, Rehearsal, Vitals
from arf_enterprise.execution.intake import Intake
from arf_enterprise.execution.intent import of_intent
from arf_enterprise.execution.line import Line
from arf_enterprise.governance import store as policies
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.local import local_principal
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.licensing.sources import provider_of
from arf_enterprise.licensing.testing import development
from arf_enterprise.parts import RUNS_POOL, engine_of, means_of
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets import store as targets
from arf_enterprise.testing import FreshDatabases, scratch_databases
from lib.timing import timed

HANDS: Final = 4
"""How many requests a server takes at once."""
Servers = Sequence["Connection[Any, Any]"]
POLICY: Final = """\
schema: arf.governance-policy/1
rules:
  - {name: all runs alone, when: "true", then: autonomous}
autonomous: {success_lower: 0, outcomes: 0}
"""
TARGET: Final = """\
  - component: service-{0}
    environment: test
    tier: 3
    owner: team
    kind: web
    ways:
      - adapter: webhook
        actions: [restart_container]
        settings: {{status: "http://127.0.0.1:9/", apply: "http://127.0.0.1:9/", revert: "http://127.0.0.1:9/"}}
        credentials: {{secret: "file:/dev/null"}}
    health:
      window_s: 5
      interval_s: 0.1
      settle_s: 0
      sustained_s: 0
      probes: [{{name: it is there, kind: adapter, is_symptom: true, settings: {{}}}}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many runs at once, and one at a time; on how many targets, by how many servers."""

    runs: int = 300
    single: int = 40
    targets: int = 300
    servers: int = 2


def lines(plan: Plan | None = None) -> Iterator[str]:
    """One line for each thing that is measured."""
    plan = plan or Plan()
    with scratch_databases() as postgres:
        yield from _measured(postgres, plan)


def _measured(postgres: FreshDatabases, plan: Plan) -> Iterator[str]:
    name = postgres.fresh()
    url = postgres.url(name)
    yield f"floor, durable commits of one row, one connection: {_commits(postgres.url(name, login='arf_owner')):,.0f}/s"
    with _servers(_bare_server, url, plan) as servers:
        single, rate = _bare(servers, plan)
        yield f"floor, bare DBOS: one-step workflow p50 {single * 1000:.1f} ms, {rate:,.0f}/s by {plan.servers} servers"
    with postgres.database(name) as database:
        _govern(database, plan)
        with _servers(_arf_server, url, plan) as servers:
            yield from _ours(database, servers, plan, single, rate)


def _commits(url: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)")
        began = time.perf_counter()
        for _ in range(1000):
            connection.execute("INSERT INTO bare (body) VALUES ('x')")
        return 1000 / (time.perf_counter() - began)


def _bare(servers: Servers, plan: Plan) -> tuple[float, float]:
    for number in range(5):
        _told(servers, [number])
    single = statistics.median(timed(partial(_told, servers, [number]))[0] for number in range(plan.single))
    took, _ = timed(partial(_told, servers, list(range(1000, 1000 + plan.runs))))
    return single, plan.runs / took


def _ours(database: Database, servers: Servers, plan: Plan, bare_s: float, bare_rate: float) -> Iterator[str]:
    for number in range(5):
        _await(database, _told(servers, [number]))
    alone = []
    for number in range(5, 5 + plan.single):
        alone += (runs := _told(servers, [number]))
        _await(database, runs)
    p50 = statistics.median(_to_applied(database, alone))
    yield f"submitted → applied, one at a time: p50 {p50 * 1000:.1f} ms, {p50 / bare_s:.1f} × a bare one-step workflow"
    began = time.perf_counter()
    took_in, runs = timed(partial(_told, servers, list(range(1000, 1000 + plan.runs))))
    _await(database, runs)
    rate = plan.runs / (time.perf_counter() - began)
    yield (
        f"executions, {plan.runs} on {plan.targets} targets, {plan.servers} servers: {rate:,.0f}/s, "
        f"{rate / bare_rate:.2f} × bare DBOS (all taken in after {took_in:.1f} s)"
    )


def _told(servers: Servers, numbers: list[int]) -> list[str]:
    """What the servers say when each has done its share of ``numbers``; a single one is each server's in turn."""
    shares = [numbers[place :: len(servers)] for place in range(len(servers))]
    if len(numbers) == 1:
        shares = [numbers if place == numbers[0] % len(servers) else [] for place in range(len(servers))]
    for server, share in zip(servers, shares, strict=True):
        server.send(share)
    return [said for server in servers for said in server.recv()]


def _submit(intake: Intake, plan: Plan, number: int) -> str:
    intent = HealingIntent(
        action="restart_container",  # type: ignore[arg-type]  # the intent makes it one
        component=f"service-{number % plan.targets}",
        incident_id=f"incident-{number}",
        detected_at=_now(),
        justification="it does not answer",
        confidence=0.9,
        parameters={},  # type: ignore[arg-type]  # the intent freezes them
    )
    caller = Caller(principal=local_principal(["default"]), tenant="default", request_id="bench")
    return intake.submit(of_intent(intent), Rung.AUTONOMOUS, by=caller).execution_id


def _await(database: Database, runs: list[str]) -> None:
    query = "SELECT count(*) AS open FROM execution WHERE execution_id = ANY(%s) AND ended_at IS NULL"
    while True:
        with database.transaction("default") as transaction:
            row = transaction.connection.execute(query, [runs]).fetchone()
        if row == {"open": 0}:
            return
        time.sleep(0.02)


def _to_applied(database: Database, runs: list[str]) -> list[float]:
    """The seconds of each from its record to the record that the change was made."""
    query = """
        SELECT extract(epoch FROM step.at - run.created_at)::float AS took, run.status
        FROM execution AS run JOIN execution_step AS step USING (tenant, execution_id)
        WHERE step.step = 'applied' AND run.execution_id = ANY(%s)
    """
    with database.transaction("default") as transaction:
        rows = transaction.connection.execute(query, [runs]).fetchall()
    if {str(row["status"]) for row in rows} != {"succeeded"} or len(rows) != len(runs):
        raise RuntimeError("not every run succeeded")
    return [float(row["took"]) for row in rows]


def _govern(database: Database, plan: Plan) -> None:
    inventory = "schema: arf.targets/1\ntargets:\n" + "".join(TARGET.format(number) for number in range(plan.targets))
    by = local_principal(["default"])
    with database.transaction("default") as transaction:
        policies.push(transaction, POLICY, file="policy.yaml", by=by, request_id="bench", now=_now())
        targets.push(transaction, inventory, file="targets.yaml", by=by, request_id="bench", now=_now())


@contextmanager
def _servers(work: Callable[[str, Plan, Connection], None], url: str, plan: Plan) -> Iterator[Servers]:
    """Servers as processes of their own: each is told numbers, and says what came of them."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(plan.servers)]
    processes = [context.Process(target=work, args=(url, plan, theirs), daemon=True) for _, theirs in pipes]
    for process in processes:
        process.start()
    for ours, _ in pipes:
        ours.recv()
    try:
        yield [ours for ours, _ in pipes]
    finally:
        for process in processes:
            process.kill()
            process.join()


def _bare_server(url: str, plan: Plan, talk: Connection) -> None:
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

    del plan
    DBOS(
        config=DBOSConfig(
            name="arf",
            system_database_url=url,
            executor_id=f"floor-{os.getpid()}",
            run_migrations=False,
            serializer=DBOSPortableJSONSerializer(),
            application_version="floor",
            log_level="ERROR",
        )
    )

    @DBOS.step()
    async def step(text: str) -> str:
        return text

    @DBOS.workflow(name="bare")
    async def bare(text: str) -> str:
        return await step(text)

    async def one() -> str:
        with SetWorkflowID(str(uuid4())):
            handle = await DBOS.start_workflow_async(bare, "x")
        return await handle.get_result()

    async def serve() -> None:
        DBOS.launch()
        talk.send("ready")
        while True:
            numbers = await asyncio.to_thread(talk.recv)
            talk.send(await asyncio.gather(*(one() for _ in numbers)))

    asyncio.run(serve())


def _arf_server(url: str, plan: Plan, talk: Connection) -> None:
    database, work, line = Database(url), Database(url, size=RUNS_POOL), Line(url)
    database.open()
    work.open()
    folder = Path("/nonexistent")
    settings = Settings(
        data=folder,
        license_key=development(now=_now()),
        license_file=folder,
        audit_key_file=folder,
        audit_passphrase_file=folder,
    )
    entitlements = Entitlements(provider_of(settings, database), clock=_now)
    known: dict[str, _Number] = {}
    means = means_of(work, entitlements, clock=_now)
    means = replace(means, adapter=lambda _, component: known.setdefault(component, _Number()))
    engine = engine_of(url, means, line, _Placed())
    engine.start()
    while not engine.state.is_running:
        time.sleep(0.01)
    intake = Intake(database=database, line=line, clock=_now)
    hands = ThreadPoolExecutor(HANDS)
    talk.send("ready")
    while True:
        talk.send(list(hands.map(partial(_submit, intake, plan), talk.recv())))


class _Placed:
    """A server that has its place."""

    def refusal(self) -> str | None:
        """None."""
        return None


@dataclass(slots=True)
class _Number:
    """A target that costs nothing: a number, which a change makes greater. Each server has its own."""

    name: ClassVar[str] = "webhook"
    actions: ClassVar[frozenset[Action]] = frozenset(Action)
    done: set[str] = field(default_factory=set)

    def observe(self) -> Observation:
        return Observation(state=FrozenMap({"release": "r1"}), vitals=Vitals(exists=True, wanted=1, ready=1))

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        del parameters
        words = FrozenMap({"do": "restart", "planned": time.monotonic_ns()})
        return Change(
            action=action, adapter=self.name, before=observed, forward=words, inverse=words, summary="one more",
            undo_summary="one less",
        )  # fmt: skip

    def rehearse(self, change: Change) -> Rehearsal:
        return Rehearsal(diff=(change.summary,), undo_diff=("one less",), by="nothing")

    def apply(self, change: Change, fence: Fence) -> None:
        del fence
        self.done.add(change.digest)

    def revert(self, change: Change, fence: Fence) -> None:
        del fence
        self.done.discard(change.digest)

    def progress(self, change: Change, observed: Observation) -> Progress:
        del observed
        return Progress.APPLIED if change.digest in self.done else Progress.NOT_APPLIED

    def close(self) -> None:
        return


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for one in ("runs", "single", "targets", "servers"):
        parser.add_argument(f"--{one}", type=int, default=getattr(Plan(), one))
    for line in lines(Plan(**vars(parser.parse_args()))):
        print(line, flush=True)
