# SPDX-License-Identifier: Apache-2.0
"""Measures governed execution without the target's own time, beside floors of the same run: no assertions.

::

    python scripts/bench_execution.py [--runs 300] [--single 40] [--targets 48] [--servers 2]

1. *floors*: durable commits of one row, one connection; and bare DBOS: one-step workflows on as many servers, handed
   over by a client, polled as often as ARF does.
2. *submitted → applied*: one run at a time, from the intent's record to the record that the change was made. The
   target is a number in the server's memory: it costs nothing.
3. *executions/s*: all runs at once, on many targets, until every one has succeeded; health is looked at, too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.actions.adapter import Change, Fence, Observation, Progress, Rehearsal, Vitals
from arf_enterprise.execution import engine as engines
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
from arf_enterprise.parts import engine_of, means_of
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets import store as targets
from arf_enterprise.testing import FreshDatabases, scratch_databases

FLOOR_QUEUE: Final = "floor"
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
    targets: int = 48
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
    with _servers(_bare_server, url, plan):
        single, rate = _bare(url, plan)
        yield f"floor, bare DBOS: one-step workflow p50 {single * 1000:.1f} ms, {rate:,.0f}/s by {plan.servers} servers"
    with postgres.database(name) as database:
        _govern(database, plan)
        with _servers(_arf_server, url, plan):
            yield from _ours(database, Line(url), plan, single, rate)


def _commits(url: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)")
        began = time.perf_counter()
        for _ in range(1000):
            connection.execute("INSERT INTO bare (body) VALUES ('x')")
        return 1000 / (time.perf_counter() - began)


def _bare(url: str, plan: Plan) -> tuple[float, float]:
    from dbos import DBOSClient, DBOSPortableJSONSerializer

    client = DBOSClient(system_database_url=url, serializer=DBOSPortableJSONSerializer())
    options: Any = {"workflow_name": "bare", "queue_name": FLOOR_QUEUE}

    def once() -> float:
        began = time.perf_counter()
        client.enqueue(options, "x").get_result(polling_interval_sec=0.005)
        return time.perf_counter() - began

    for _ in range(5):
        once()
    single = statistics.median(once() for _ in range(plan.single))
    began = time.perf_counter()
    handles: list[Any] = [client.enqueue(options, "x") for _ in range(plan.runs)]
    for handle in handles:
        handle.get_result(polling_interval_sec=0.01)
    rate = plan.runs / (time.perf_counter() - began)
    client.destroy()
    return single, rate


def _ours(database: Database, line: Line, plan: Plan, bare_s: float, bare_rate: float) -> Iterator[str]:
    intake = Intake(database=database, line=line, clock=_now)
    for number in range(5):
        _await(database, [_submit(intake, plan, number)])
    numbers = range(5, 5 + plan.single)
    alone = [_submitted_alone(database, intake, plan, number) for number in numbers]
    p50 = statistics.median(_to_applied(database, alone))
    yield f"submitted → applied, one at a time: p50 {p50 * 1000:.1f} ms, {p50 / bare_s:.1f} × a bare one-step workflow"
    began = time.perf_counter()
    runs = [_submit(intake, plan, 1000 + number) for number in range(plan.runs)]
    took_in = time.perf_counter() - began
    _await(database, runs)
    rate = plan.runs / (time.perf_counter() - began)
    yield (
        f"executions, {plan.runs} on {plan.targets} targets, {plan.servers} servers: {rate:,.0f}/s, "
        f"{rate / bare_rate:.2f} × bare DBOS (all taken in after {took_in:.1f} s)"
    )
    line.close()


def _submitted_alone(database: Database, intake: Intake, plan: Plan, number: int) -> str:
    run = _submit(intake, plan, number)
    _await(database, [run])
    return run


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


class _servers:  # noqa: N801 - a context manager, used as a function
    """Servers as processes of their own, ready when the block begins."""

    def __init__(self, work: Callable[[str, Event, Event], None], url: str, plan: Plan) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop, self._ready = context.Event(), [context.Event() for _ in range(plan.servers)]
        self._processes: list[SpawnProcess] = [
            context.Process(target=work, args=(url, ready, self._stop), daemon=True) for ready in self._ready
        ]

    def __enter__(self) -> None:
        for process in self._processes:
            process.start()
        for ready in self._ready:
            if not ready.wait(60):
                raise TimeoutError("a server did not start")

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for process in self._processes:
            process.join(30)
            process.kill()


def _bare_server(url: str, ready: Event, stop: Event) -> None:
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

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

    DBOS.launch()
    DBOS.register_queue(FLOOR_QUEUE, polling_interval_sec=engines.POLL_S)
    ready.set()
    stop.wait()
    os._exit(0)


def _arf_server(url: str, ready: Event, stop: Event) -> None:
    database = Database(url)
    database.open()
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
    means = means_of(database, entitlements, clock=_now)
    means = replace(means, adapter=lambda _, component: known.setdefault(component, _Number()))
    engine = engine_of(url, means, Line(url), _Placed())
    engine.start()
    while not engine.state.is_running:
        time.sleep(0.01)
    ready.set()
    stop.wait()
    os._exit(0)


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
