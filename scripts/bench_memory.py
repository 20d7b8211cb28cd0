# SPDX-License-Identifier: Apache-2.0
"""Measures persistent recall: recall@10 of the HNSW search against an exact one, and p50 of one question.

::

    python scripts/bench_memory.py [--incidents 100000] [--dimensions 128] [--questions 200] [--tenants 1]

1. *incidents*: made by chance from services and metrics, as an alerting system sees them, and embedded by the open
   edition's embedder. 1,000,000 of them take some minutes and about 4 GB of disk.
2. *load*: by COPY, a process for each core, without an index; then the index is built by parallel workers, with
   progress. Postgres keeps :data:`CACHED_MIB` in its memory: the index of 1,000,000 wants to be there.
3. *recall@10*: of the ten best of an exact search, how many are among the ten found (or are exactly as similar).
4. *p50*: ``PersistentIncidents.similar`` as the program calls it: embedding, search, and reading what was found.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Final

import psycopg

from arf_core.models.incident import Incident, Outcome
from arf_core.models.signal import CallSymptom, Direction, Signal
from arf_core.recall.embedding import SignalEmbedder
from arf_core.vocabulary import sense_of
from arf_enterprise.learning.memory import PersistentIncidents, Tuning
from arf_enterprise.learning.remembered import row_of
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import TENANTS, FreshDatabases, scratch_databases
from lib.timing import timed

START: Final = datetime(2020, 1, 1, tzinfo=UTC)
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES: Final = tuple(f"service-{number}" for number in range(200))
METRICS: Final = tuple(f"{of}_{what}" for of in ("http", "db", "queue", "cache", "node", "disk") for what in (
    "latency", "errors", "cpu_pct", "memory_pct", "rate", "saturation"
))  # fmt: skip
COLUMNS: Final = (
    "tenant", "embedder", "incident_id", "occurred_at", "component", "fault_type", "outcome", "content", "dimensions",
    "embedding",
)  # fmt: skip
CACHED_MIB: Final = 2048
INDEXES: Final = ("memory_vector_near_128", "memory_vector_near_256")
STAGED: Final = """\
CREATE TEMPORARY TABLE staged (
    tenant text, embedder text, incident_id text, occurred_at timestamptz, component text, fault_type text,
    outcome text, content text, dimensions integer, embedding real[]
)"""
KEPT: Final = (
    """
    INSERT INTO arf.memory_vector (tenant, embedder, digest, dimensions, embedding)
    SELECT DISTINCT ON (tenant, embedder, digest)
        tenant, embedder, arf.vector_digest(embedding) AS digest, dimensions, embedding
    FROM staged ORDER BY tenant, embedder, digest
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO arf.memory_incident (
        tenant, embedder, incident_id, occurred_at, component, fault_type, outcome, content, vector
    )
    SELECT tenant, embedder, incident_id, occurred_at, component, fault_type, outcome, content,
        arf.vector_digest(embedding)
    FROM staged
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many incidents, shared among how many tenants, in how many dimensions; how many questions are asked."""

    incidents: int = 100_000
    dimensions: int = 128
    questions: int = 200
    tenants: int = 1


def lines(plan: Plan | None = None) -> Iterator[str]:
    """One line for each thing that is measured."""
    plan = plan or Plan()
    with scratch_databases(cached_mib=CACHED_MIB) as postgres:
        yield from _measured(postgres, plan)


def _measured(postgres: FreshDatabases, plan: Plan) -> Iterator[str]:
    name = postgres.fresh()
    url = postgres.url(name, login="postgres")
    with psycopg.connect(url, autocommit=True) as owner:
        for index in INDEXES:
            owner.execute(f"DROP INDEX arf.{index}")
        took, _ = timed(lambda: _load(owner, url, plan))
        yield f"memory load: {plan.incidents:,} incidents of {plan.dimensions}, {plan.incidents / took:,.0f}/s"
        took, _ = timed(lambda: _build(owner, url))
        size = owner.execute(
            "SELECT pg_relation_size(%s::regclass)", [f"arf.memory_vector_near_{plan.dimensions}"]
        ).fetchone()
        yield f"memory index: {took:,.0f} s, {(size or (0,))[0] / 2**20:,.0f} MiB"
    with postgres.database(name) as database:
        yield from _asked(database, plan)


def _asked(database: Database, plan: Plan) -> Iterator[str]:
    embedder = SignalEmbedder(plan.dimensions)
    near = PersistentIncidents(database, TENANTS[0], embedder)
    exact = PersistentIncidents(database, TENANTS[0], embedder, tuning=Tuning(exact=plan.incidents))
    questions = [replace(one, incident_id="asked", fault_type=None) for one in _incidents(plan.questions, seed=99)]
    for warm in questions[:20]:
        near.similar(warm, now=NOW, limit=10)
    times, hits, wanted, exact_times = [], 0, 0, []
    for number, question in enumerate(questions):
        took, found = timed(lambda question=question: near.similar(question, now=NOW, limit=10))  # type: ignore[misc]
        times.append(took * 1000)
        if number < max(30, plan.questions // 4):
            took, best = timed(lambda question=question: exact.similar(question, now=NOW, limit=10, explained=0))  # type: ignore[misc]
            exact_times.append(took * 1000)
            hits += sum(match.score >= best[-1].score - 2e-5 for match in found)
            wanted += len(best)
    times.sort()
    yield (
        f"memory recall@10: {hits / wanted:.3f} ({wanted} neighbours); p50 {statistics.median(times):.1f} ms, "
        f"p99 {times[len(times) * 99 // 100]:.1f} ms; exact search p50 {statistics.median(exact_times):,.0f} ms"
    )


def _incidents(count: int, *, seed: int) -> Iterator[Incident]:
    chance = random.Random(seed)  # noqa: S311 - test data
    for number in range(count):
        root = chance.choice(SERVICES)
        involved = [root, *chance.sample(SERVICES, k=chance.randint(0, 4))]
        signals = tuple(
            Signal(component=component, metric=metric, kind=sense_of(metric).kind, direction=chance.choice(_WAYS))
            for component in dict.fromkeys(involved)
            for metric in chance.sample(METRICS, k=chance.randint(1, 6))
        )
        yield Incident(
            incident_id=f"inc-{seed}-{number:07d}",
            occurred_at=START + timedelta(seconds=number * 60),
            signals=signals,
            calls=tuple(
                CallSymptom(source=root, target=other, operation="GET", symptom="PD") for other in involved[1:]
            ),
            component=root,
            outcome=chance.choice(_OUTCOMES),
        )


_WAYS: Final = tuple(Direction)
_OUTCOMES: Final = tuple(Outcome)


def _load(owner: psycopg.Connection[tuple[object, ...]], url: str, plan: Plan) -> None:
    parts = os.cpu_count() or 1
    with ProcessPoolExecutor(parts, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(_load_part, url, plan, part, parts) for part in range(parts)]:
            done.result()
    _say("analyze")
    owner.execute("VACUUM ANALYZE arf.memory_incident, arf.memory_vector")


def _load_part(url: str, plan: Plan, part: int, parts: int) -> None:
    """One of ``parts`` equal parts, each from a seed of its own; the first part has what is left over."""
    embedder, tenants = SignalEmbedder(plan.dimensions), TENANTS[: plan.tenants]
    count = plan.incidents // parts + (plan.incidents % parts if part == 0 else 0)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(STAGED)
        with owner.cursor() as cursor, cursor.copy(f"COPY staged ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for number, incident in enumerate(_incidents(count, seed=1 + part)):
                row = row_of(incident, embedder, tenants[number % len(tenants)])
                copy.write_row([row[column] for column in COLUMNS])
                if number % 10_000 == 0:
                    _say(f"part {part}: loaded {number:,} of {count:,}")
        for statement in KEPT:
            owner.execute(statement)


def _build(owner: psycopg.Connection[tuple[object, ...]], url: str) -> None:
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(url, done), daemon=True)
    thread.start()
    try:
        owner.execute("SET maintenance_work_mem = '2GB'")
        owner.execute("SET max_parallel_maintenance_workers = 2")
        owner.execute("SELECT arf.index_memory()")
        _say("vacuum")
        owner.execute("VACUUM ANALYZE arf.memory_incident, arf.memory_vector")
    finally:
        done.set()
        thread.join()


def _watch(url: str, done: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not done.wait(2.0):
            row = connection.execute(
                "SELECT phase, tuples_done, tuples_total FROM pg_stat_progress_create_index"
            ).fetchone()
            if row:
                _say(f"{row[0]}: {row[1]:,} of {row[2]:,}")


def _say(words: str) -> None:
    print(f"\r{words:<70}", end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for field in ("incidents", "dimensions", "questions", "tenants"):
        parser.add_argument(f"--{field}", type=int, default=getattr(Plan(), field))
    for line in lines(Plan(**vars(parser.parse_args()))):
        print(line, flush=True)
