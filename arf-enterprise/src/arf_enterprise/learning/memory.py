# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Persistent incident memory: the seam of the open edition (``seams.IncidentMemory``) on Postgres and pgvector.

1. No limit of number or age. Several servers share it; each tenant has its own.
2. What resembles what is decided as in the open edition: the same views, weights and doubts, taken from the newest
   :data:`CALIBRATED` incidents, those first of which people found out what they were. They are read again when an
   eighth as many incidents are new.
3. Among at most :data:`EXACT` incidents that pass the filters every one is compared: then answers are exactly those of
   the open edition's memory. Among more, HNSW finds candidates by plain similarity, and only those are compared:
   :data:`CANDIDATES`, and :data:`WEIGHTED` where weights say that dimensions are not equally telling; then it is asked
   for what is near to the weighted question.
4. The HNSW scan goes on until enough rows of this tenant and these filters were found. A search that finds fewer than
   it wanted compares every one.
5. A question without filters is one round trip: how many there are is known from the calibration.
6. It needs pgvector, and says so. Remembering does not: the vectors are there when pgvector comes.
7. Incidents that look exactly the same share one vector: among many equal ones HNSW would find no way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any, Final

import numpy as np

from arf_core.models.incident import Incident, Match
from arf_core.recall.focus import KnownRoots
from arf_core.recall.likeness import likeness_of, shared
from arf_core.recall.memory import REFRESH_SHARE, InMemoryIncidents
from arf_core.recall.moments import Array
from arf_core.recall.profile import centre_of, scene_of
from arf_core.recall.query import Query, query_of
from arf_core.recall.statistics import PatternStatistics
from arf_core.seams import Embedder
from arf_enterprise.errors import StoreSetupError
from arf_enterprise.learning.remembered import NEEDS_VECTOR, Where, embedder_id, incident_of, remember_in, standing
from arf_enterprise.stores.postgres.database import Database, Transaction

CALIBRATED: Final = 1000
EXACT: Final = 5000
CANDIDATES: Final = 100
WEIGHTED: Final = 400
BREADTH: Final = 130
"""How many candidates HNSW keeps while it searches (``hnsw.ef_search``)."""
MOST_SCANNED: Final = 100_000
ASKED_EVERY_S: Final = 5.0
"""How often it is asked whether much is new."""
INDEXED: Final = {128: "similar_128", 256: "similar_256"}
"""The query by the dimensions that have an index."""
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How a search is done; the defaults are the constants above."""

    exact: int = EXACT
    candidates: int = CANDIDATES
    weighted: int = WEIGHTED
    breadth: int = BREADTH


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calibration:
    """What is known from the newest incidents (rule 2), up to number ``latest``; ``weights`` are 1 if ``is_plain``."""

    roots: KnownRoots
    statistics: PatternStatistics
    weights: Array
    is_plain: bool
    latest: int
    incidents: int
    total: int
    has_vector: bool
    asked_at: float


class PersistentIncidents:
    """The memory of one tenant. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        tenant: str,
        embedder: Embedder,
        *,
        tuning: Tuning | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """The memory that ``tenant`` has in ``database``, in vectors of ``embedder``; ``seconds`` is a clock."""
        self._database, self._tenant, self._embedder = database, tenant, embedder
        self._tuning, self._seconds = tuning or Tuning(), seconds
        self._lock = Lock()
        self._known: _Calibration | None = None

    def __len__(self) -> int:
        with self._database.transaction(self._tenant) as transaction:
            return int(transaction.one("memory_size", **self._mine())["incidents"])

    @property
    def known_roots(self) -> KnownRoots:
        """What the newest incidents say about where incidents begin."""
        with self._database.transaction(self._tenant) as transaction:
            return self._calibrated(transaction).roots

    @property
    def statistics(self) -> PatternStatistics:
        """How often each pattern was seen among the newest incidents."""
        with self._database.transaction(self._tenant) as transaction:
            return self._calibrated(transaction).statistics

    def remember(self, incident: Incident) -> None:
        """Keep ``incident``, which replaces one of the same id."""
        self.remember_all((incident,))

    def remember_all(self, incidents: Iterable[Incident]) -> None:
        """Keep ``incidents``, in this order, all or none."""
        with self._database.transaction(self._tenant) as transaction:
            remember_in(transaction, incidents, self._embedder)

    def similar(
        self,
        incident: Incident,
        *,
        now: datetime,
        limit: int,
        explained: int | None = None,
        where: Where | None = None,
    ) -> tuple[Match, ...]:
        """At most ``limit`` remembered incidents that resemble ``incident`` (itself left out), best first.

        None is later than ``now``. The first ``explained`` of them (all, if it is None) say ``why``.

        Raises:
            StoreSetupError: the database has no pgvector (rule 6).
            StoreUnavailable: it does not answer.
        """
        if limit < 1:
            return ()
        with self._database.transaction(self._tenant) as transaction:
            known = self._calibrated(transaction)
            if not known.has_vector and standing(transaction).vector is None:  # rule 6
                raise StoreSetupError(NEEDS_VECTOR)
            query = query_of(incident, known.roots)
            found = self._search(transaction, query, known, self._filters(where or Where(), now), limit)
        seen = [likeness_of(incident, focus) for focus in query.foci]
        return tuple(
            Match(
                incident=past,
                score=score,
                age_s=(now - past.occurred_at).total_seconds(),
                why=shared(seen[view], likeness_of(past, past.component or centre_of(scene_of(past))))
                if explained is None or place < explained
                else (),
            )
            for place, (score, view, past) in enumerate(found)
        )

    def _search(
        self, transaction: Transaction, query: Query, known: _Calibration, filters: dict[str, Any], limit: int
    ) -> list[tuple[float, int, Incident]]:
        """(score, row of the query, incident), best first; among equals the later remembered first."""
        if not query.foci:
            return []
        candidates = self._tuning.candidates if known.is_plain else self._tuning.weighted
        breadth = max(self._tuning.breadth, candidates)
        transaction.later("memory_search_settings", breadth=breadth, most_scanned=MOST_SCANNED)
        counted = self._counted(transaction, known, filters)
        name = "similar_exact" if counted <= self._tuning.exact else self._indexed()  # rule 3
        most = limit + 1 if counted > self._tuning.exact else min(limit + 1, counted)
        asked = {**filters, "weights": _text(known.weights), "most": most, "candidates": max(candidates, most)}
        pairs = []
        for view, (vector, doubt) in enumerate(zip(query.vectors, query.doubts.tolist(), strict=True)):
            directed = {**asked, "vector": _text(vector), "direction": _text(vector * known.weights)}
            rows = transaction.all(name, **directed)
            if len(rows) < most:  # rule 4
                rows = transaction.all("similar_exact", **directed)
            pairs += [(_less(float(row["score"]), doubt), int(row["number"]), view, row["content"]) for row in rows]
        return _best(pairs, query.incident_id, limit)

    def _counted(self, transaction: Transaction, known: _Calibration, filters: dict[str, Any]) -> int:
        """How many pass the filters: exactly up to the limit of an exact search, and more than that beyond (rule 5)."""
        most = self._tuning.exact + 1
        if (
            known.total >= most
            and filters["since"] == _EARLIEST
            and not filters["component"]
            and not filters["outcome"]
        ):
            return most
        return int(transaction.one("memory_count", **filters, most=most)["incidents"])

    def _indexed(self) -> str:
        return INDEXED.get(self._embedder.dimensions, "similar_exact")

    def _filters(self, where: Where, now: datetime) -> dict[str, Any]:
        until = now if where.until is None else min(now, where.until)
        return {
            **self._mine(),
            "since": where.since or _EARLIEST,
            "until": until,
            "component": where.component,
            "outcome": None if where.outcome is None else where.outcome.value,
        }

    def _calibrated(self, transaction: Transaction) -> _Calibration:
        """What is known, read again where an eighth as many incidents are new (rule 2)."""
        now = self._seconds()
        with self._lock:
            known = self._known
        if known is not None and now - known.asked_at < ASKED_EVERY_S:
            return known
        if known is None or self._fresh(transaction, known) * REFRESH_SHARE >= max(REFRESH_SHARE, known.incidents):
            known = self._calibrate(transaction, now)
        with self._lock:
            self._known = replace(known, asked_at=now)
        return known

    def _fresh(self, transaction: Transaction, known: _Calibration) -> int:
        row = transaction.one("memory_fresh", **self._mine(), after=known.latest, most=CALIBRATED)
        return int(row["incidents"])

    def _calibrate(self, transaction: Transaction, now: float) -> _Calibration:
        size = transaction.one("memory_size", **self._mine())
        rows = transaction.all("memory_newest", **self._mine(), most=CALIBRATED)
        newest = InMemoryIncidents(self._embedder, capacity=CALIBRATED)
        newest.remember_all(incident_of(row["content"]) for row in rows)
        roots = newest.known_roots
        weights = np.ones(self._embedder.dimensions) if roots.weights is None else roots.weights
        return _Calibration(
            roots=roots, statistics=newest.statistics, weights=weights, is_plain=bool((weights == 1.0).all()),
            latest=int(size["latest"]), incidents=len(rows), total=int(size["incidents"]), asked_at=now,
            has_vector=standing(transaction).vector is not None,
        )  # fmt: skip

    def _mine(self) -> dict[str, Any]:
        return {"tenant": self._tenant, "embedder": embedder_id(self._embedder)}


def _best(pairs: list[tuple[float, int, int, str]], asked: str, limit: int) -> list[tuple[float, int, Incident]]:
    found: list[tuple[float, int, Incident]] = []
    taken: set[int] = set()
    for score, number, view, content in sorted(pairs, reverse=True):
        if number in taken:
            continue
        taken.add(number)
        past = incident_of(content)
        if past.incident_id != asked:
            found.append((score, view, past))
        if len(found) == limit:
            break
    return found


def _less(score: float, doubt: float) -> float:
    return round(max(-1.0, min(1.0, score - doubt)), 5)


def _text(vector: Array) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(map(str, np.asarray(vector, dtype=np.float32).tolist())) + "]"
