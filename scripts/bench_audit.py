# SPDX-License-Identifier: Apache-2.0
"""Measures the audit log against the same Postgres without it, in the same run: medians and ratios, no assertions.

::

    python scripts/bench_audit.py [--writers 8] [--rounds 12] [--commits 100]

1. *append*: WRITERS processes, each committing entries durably, one a transaction; and the same processes committing
   bare rows of the same size. Rounds are short and alternate, so that both meet the same machine.
2. *integrate*: what was appended becomes leaves, nodes and signed checkpoints.
3. *proof*: inclusion proofs at random places.
4. *export*: records streamed in order, and their leaves, chain and root recomputed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.pool import Pool
from typing import Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.verify.merkle import leaf_hash, root_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.proofs import prove_inclusion
from arf_enterprise.audit.reading import records
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases, scratch_databases
from lib.timing import timed

TENANT: Final = "acme"
PERSON: Final = Actor(issuer="https://idp.example", subject="alice@example.com", method="oidc")
BARE_TABLE: Final = "CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text, body text)"
BARE_ROW: Final = "INSERT INTO bare (kind, body) VALUES (%s, %s)"
BODY: Final = "x" * 520
"""As many bytes as the body of the entries has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is done: ``writers`` processes, ``commits`` each in every one of ``rounds``; then ``proofs``."""

    writers: int = 8
    rounds: int = 12
    commits: int = 100
    proofs: int = 500


def lines(plan: Plan | None = None) -> Iterator[str]:
    """One line for each thing that is measured."""
    plan = plan or Plan()
    with scratch_databases() as postgres:
        yield from _measured(postgres, plan)


def _measured(postgres: FreshDatabases, plan: Plan) -> Iterator[str]:
    name = postgres.fresh()
    with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as connection:
        connection.execute(BARE_TABLE)
        connection.execute("GRANT INSERT ON bare TO arf_app")
    yield from _appending(postgres.url(name), plan)
    with postgres.database(name) as database:
        key = LocalKey(Ed25519PrivateKey.generate())
        took, added = timed(lambda: integrate_all(database, TENANT, key=key, now=datetime.now(UTC)))
        yield f"audit integrate: {added} entries, {added / took:,.0f}/s"
        yield _proving(database, added, plan)
        yield from _reading(database, added)


def _appending(url: str, plan: Plan) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(plan.writers)
    rates: dict[str, list[float]] = {kind: [] for kind in WRITERS}
    with context.Pool(plan.writers, initializer=_prepare, initargs=(url, barrier)) as pool:
        for kind in WRITERS:
            _rate(pool, kind, plan)  # the first round warms connections, statements and pages
        for _ in range(plan.rounds):
            for kind in WRITERS:
                rates[kind].append(_rate(pool, kind, plan))
    bare = statistics.median(rates["bare"])
    for kind, found in rates.items():
        ratios = [one / other for one, other in zip(found, rates["bare"], strict=True)]
        yield (
            f"audit append, {kind}: {plan.writers} writers, {statistics.median(found):,.0f} commits/s "
            f"(bare {bare:,.0f}/s), ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _rate(pool: Pool, kind: str, plan: Plan) -> float:
    spans = pool.map(partial(_work, kind, plan.commits), range(plan.writers), chunksize=1)
    began, ended = min(start for start, _ in spans), max(end for _, end in spans)
    return plan.writers * plan.commits / (ended - began)


_STATE: dict[str, object] = {}


def _prepare(url: str, barrier: object) -> None:
    database = Database(url, size=1)
    database.open()
    _STATE.update(database=database, barrier=barrier, bare=psycopg.connect(url, autocommit=True))


def _work(kind: str, commits: int, _number: int) -> tuple[float, float]:
    """Each process takes one task, because all wait for each other."""
    _STATE["barrier"].wait()  # type: ignore[attr-defined]
    began = time.monotonic()
    for number in range(commits):
        WRITERS[kind](number)
    return began, time.monotonic()


def _bare(_number: int) -> None:
    _STATE["bare"].execute(BARE_ROW, ("key.created", BODY))  # type: ignore[attr-defined]


def _append(actor: Actor, number: int) -> None:
    with _STATE["database"].transaction(TENANT) as transaction:  # type: ignore[attr-defined]
        append(
            transaction,
            Entry(
                actor=actor,
                action="key.created",
                target=f"key/{number}",
                at=datetime.now(UTC),
                request_id="request_0190",
                details={"roles": ["operator"], "expires": "2027-01-01T00:00:00.000000Z"},
            ),
        )


WRITERS: Final[dict[str, Callable[[int], None]]] = {
    "bare": _bare,
    "by a program": partial(_append, Actor.of(SYSTEM)),
    "by a person, sealed": partial(_append, PERSON),
}


def _proving(database: Database, size: int, plan: Plan) -> str:
    took = sorted(
        timed(partial(prove_inclusion, database, TENANT, random.randrange(size)))[0]  # noqa: S311 - places, not secrets
        for _ in range(plan.proofs)
    )
    return (
        f"audit proof: {size} records, p50 {took[len(took) // 2] * 1000:.2f} ms, "
        f"p99 {took[len(took) * 99 // 100] * 1000:.2f} ms"
    )


def _reading(database: Database, size: int) -> Iterator[str]:
    took, texts = timed(lambda: [record.text for record in records(database, TENANT, first=0, last=size)])
    yield f"audit read: {len(texts)} records, {len(texts) / took:,.0f}/s"
    took, _ = timed(lambda: root_of(leaf_hash(text.encode()) for text in texts))
    yield f"audit leaves and root, hashing alone: {len(texts) / took:,.0f}/s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for field in ("writers", "rounds", "commits", "proofs"):
        parser.add_argument(f"--{field}", type=int, default=getattr(Plan(), field))
    for line in lines(Plan(**vars(parser.parse_args()))):
        print(line, flush=True)
