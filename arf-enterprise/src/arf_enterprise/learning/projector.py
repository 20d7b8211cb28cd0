# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""From the outbox in Postgres to the graph in Neo4j, which may be away for hours.

1. The outbox is written in the transactions of the changes (``learning.outbox``), and has all that ever was.
2. Entries are taken in the order of their places, and only up to where those are settled: no transaction that still
   runs could yet take an earlier one.
3. Every write can be repeated with the same result; what is older never overwrites what is newer. A batch and the place
   that it leads to are written in one transaction of Neo4j. So nothing is lost, and nothing doubled.
4. The place is kept in the graph itself: a graph from an old backup goes on from where it was. A graph that is at a
   place which Postgres does not have is of another history: it is emptied and filled again.
5. Emptying says so in the graph before it begins, and is finished by whoever finds it unfinished.
6. One projector a tenant at a time, by an advisory lock that ends with its transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from arf_enterprise.errors import ConflictError
from arf_enterprise.learning.entities import KINDS, NODES, Rows, rows_of
from arf_enterprise.learning.outbox import told_of, waiting
from arf_enterprise.stores.postgres.database import Database, Row, Transaction

if TYPE_CHECKING:  # the driver is loaded by whoever has a graph
    from arf_enterprise.stores.neo4j.graph import GraphStore, Statements

BATCH: Final = 1000
GONE_AT_ONCE: Final = 5000
Progress = Callable[[int, int], None]
"""Called with how many entries were taken, and how many there are."""
_PLURALS: Final = {kind: f"{kind}s" for kind in KINDS}
_LINKS: Final[Mapping[str, tuple[str, ...]]] = {
    "component": ("drop_dependencies", "link_dependencies"),
    "incident": ("drop_affected", "link_affected"),
    "intent": ("drop_proposed", "link_proposed"),
    "execution": ("drop_ran", "link_ran"),
    "outcome": ("drop_resulted", "link_resulted"),
}
_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "incident": ("drop_changes_before", "link_changes_before"),
    "change": ("drop_incidents_after", "link_incidents_after"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the graph of a tenant is: the ``position`` in the outbox, and the id of the entry that stands there."""

    position: int
    entry: str
    epoch: str
    is_emptying: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Up to where places are settled (``last``), and what is seen but may not be: until transaction ``next`` began."""

    settled: int = 0
    last: int = 0
    next: int = 0

    def seen(self, row: Row) -> Horizon:
        """The horizon after another look (rule 2): what was seen is settled once all that ran then have ended."""
        last, oldest, following = int(row["last"]), int(row["oldest"]), int(row["next"])
        if oldest >= following:
            return Horizon(settled=last, last=last, next=following)
        if oldest >= self.next:
            return Horizon(settled=max(self.settled, self.last), last=last, next=following)
        return self


def project(
    database: Database, store: GraphStore, tenant: str, horizon: Horizon, *, now: datetime, most: int = BATCH
) -> tuple[int, Horizon] | None:
    """Take at most ``most`` entries over; how many, and the horizon for the next time. None: another one is at it.

    Raises:
        StoreUnavailable, StoreError: one of the two databases does not answer, or refused; nothing is lost.
        ConflictError: the graph was changed by another projector meanwhile; the next time finds where it is.
    """
    with database.transaction(tenant) as transaction:
        if not transaction.one("outbox_lock", tenant=tenant)["is_ours"]:  # rule 6
            return None
        place = _place(transaction, store, tenant)
        horizon = horizon.seen(transaction.one("outbox_horizon", tenant=tenant))
        rows = transaction.all(
            "outbox_after", tenant=tenant, after=place.position, last=horizon.settled, most=most
        )  # rule 2
        if rows:
            store.write(tenant, lambda work: _apply(work, place, rows))
        reached = int(rows[-1]["position"]) if rows else place.position
        transaction.run("set_projected", tenant=tenant, position=reached, now=now)
    return len(rows), horizon


def catch_up(
    database: Database,
    store: GraphStore,
    tenant: str,
    *,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> int:
    """Take over everything that is settled; how many entries that was.

    Raises:
        ConflictError: another projector is at it.
        StoreUnavailable, StoreError: as :func:`project`.
    """
    total, horizon = 0, Horizon()
    while True:
        if (done := project(database, store, tenant, horizon, now=clock())) is None:
            raise ConflictError(f"another server writes the graph of {tenant}: it catches up by itself")
        count, horizon = done
        total += count
        if progress is not None:
            progress(total, total + waiting(database, tenant))
        if not count:
            return total


def rebuild(
    database: Database,
    store: GraphStore,
    tenant: str,
    *,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> int:
    """Empty the graph of the tenant, and fill it from Postgres; how many entries were taken.

    Raises:
        ConflictError, StoreUnavailable, StoreError: as :func:`catch_up`. Whoever projects next goes on (rule 5).
    """
    with database.transaction(tenant) as transaction:
        if not transaction.one("outbox_lock", tenant=tenant)["is_ours"]:
            raise ConflictError(f"another server writes the graph of {tenant}: ask again in a moment")
        _empty(store, tenant)
        transaction.run("set_projected", tenant=tenant, position=0, now=clock())
    return catch_up(database, store, tenant, clock=clock, progress=progress)


def _place(transaction: Transaction, store: GraphStore, tenant: str) -> Place:
    """Where the graph is, after it was emptied if it must be (rules 4 and 5)."""
    place = _asked(store, tenant)
    if place.is_emptying or not _is_known(transaction, tenant, place):
        _empty(store, tenant)
        place = _asked(store, tenant)
    return place


def _asked(store: GraphStore, tenant: str) -> Place:
    fresh = secrets.token_hex(8)
    (row,) = store.write(tenant, lambda work: work.run("projection", epoch=fresh))
    return Place(
        position=int(row["position"]), entry=str(row["entry"]), epoch=str(row["epoch"]),
        is_emptying=bool(row["is_emptying"]),
    )  # fmt: skip


def _is_known(transaction: Transaction, tenant: str, place: Place) -> bool:
    if place.position == 0:
        return True
    row = transaction.maybe("outbox_at", tenant=tenant, position=place.position)
    return row is not None and row["entry_id"] == place.entry


def _empty(store: GraphStore, tenant: str) -> None:
    epoch = secrets.token_hex(8)
    store.write(tenant, lambda work: work.run("begin_emptying", epoch=epoch))
    for kind in NODES:
        while _gone(store, tenant, _PLURALS[kind]):
            pass
    store.write(tenant, lambda work: work.run("end_emptying", epoch=epoch))


def _gone(store: GraphStore, tenant: str, plural: str) -> int:
    (row,) = store.write(tenant, lambda work: work.run(f"empty_{plural}", most=GONE_AT_ONCE))
    return int(row["gone"])


def _apply(work: Statements, place: Place, rows: Sequence[Row]) -> None:
    """One batch, and the place that it leads to (rule 3)."""
    to = {"to": int(rows[-1]["position"]), "entry": str(rows[-1]["entry_id"])}
    (found,) = work.run("advance_projection", epoch=place.epoch, **{"from": place.position}, **to)
    if not found["advanced"]:
        raise ConflictError("another projector has moved the graph meanwhile")
    written = rows_of(map(told_of, rows))
    for kind in KINDS:
        _run(work, (f"put_{_PLURALS[kind]}",), written.get(kind, []))
    for steps in (_LINKS, _ORDER):
        for kind, names in steps.items():
            _run(work, names, written.get(kind, []))


def _run(work: Statements, names: Iterable[str], rows: Rows) -> None:
    if rows:
        for name in names:
            work.run(name, rows=rows)
