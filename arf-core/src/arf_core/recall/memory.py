# SPDX-License-Identifier: Apache-2.0
"""The incident memory: FAISS over embeddings, at most 1,000 incidents of at most 7 days.

Rules:
1. At most ``capacity`` incidents. The oldest by ``occurred_at`` leaves first, and its vector leaves the index with it.
2. An incident of a known id replaces the one before.
3. What is older than ``max_age`` at ``now``, or later than ``now``, is not returned.
4. Vectors are weighted by how telling their dimensions are for what people found (``recall.moments``); an incident
   whose beginning is not known is looked at from each of the few components where it most likely began.
5. Only where people found out what it was (``fault_type``) does an incident tell where incidents begin: a memory that
   believed its own diagnoses would go astray by itself.
6. What is recalled depends on what was remembered and in which order, never on what was recalled in between; and never
   on actions or outcomes.
7. One lock, taken by the public methods only: no private method takes it again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

import numpy as np

from arf_core.constants import MAX_INCIDENT_HISTORY, MAX_RAG_LOOKBACK_DAYS
from arf_core.errors import SettingsError
from arf_core.models.incident import Incident, Match
from arf_core.recall.focus import KnownRoots, known_roots, view_of, views_of, weighted
from arf_core.recall.index import Numbers, Rows, VectorIndex
from arf_core.recall.likeness import Likeness, likeness_of, shared
from arf_core.recall.moments import Array, Findings, Roots
from arf_core.recall.profile import centre_of, scene_of
from arf_core.recall.query import Query, query_of
from arf_core.recall.statistics import PatternCounts, PatternStatistics
from arf_core.seams import Embedder, IncidentMemory

REFRESH_SHARE = 8
"""Weights and direction are computed anew when an eighth of the labelled incidents is new."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Looked:
    """An incident as it is kept: its vector, its traits, and its views where its beginning is known."""

    incident: Incident
    vector: Array
    likeness: Likeness
    is_a_root: bool = False
    views: Array | None = None
    root: int = 0


class AdvisorMemory(IncidentMemory, Protocol):
    """What an advisor asks of a memory beside the seam: what it knows of earlier incidents as a whole."""

    def __len__(self) -> int:
        """How many incidents are kept."""

    @property
    def known_roots(self) -> KnownRoots:
        """What the incidents kept say about where incidents begin."""

    @property
    def statistics(self) -> PatternStatistics:
        """How often each pattern was seen."""

    def remember_all(self, incidents: Iterable[Incident]) -> None:
        """Keep ``incidents``, in this order."""

    def similar(
        self, incident: Incident, *, now: datetime, limit: int, explained: int | None = None
    ) -> tuple[Match, ...]:
        """The most similar remembered incidents, best first; the first ``explained`` (None: all) say why."""


class InMemoryIncidents:
    """Keeps incidents in this process and finds similar ones; safe to share between threads."""

    def __init__(
        self,
        embedder: Embedder,
        *,
        capacity: int = MAX_INCIDENT_HISTORY,
        max_age: timedelta = timedelta(days=MAX_RAG_LOOKBACK_DAYS),
    ) -> None:
        """An empty memory.

        Raises:
            SettingsError: a capacity or an age that is not positive, or beyond the sealed limits.
        """
        _check_limits(capacity, max_age)
        self._embedder, self._capacity, self._max_age = embedder, capacity, max_age
        self._lock = Lock()
        self._kept: dict[int, _Looked] = {}
        self._numbers: dict[str, int] = {}
        self._by_age: list[tuple[datetime, int]] = []
        self._next = 0
        self._counts = PatternCounts()
        self._findings, self._roots = Findings(embedder.dimensions), Roots(embedder.dimensions)
        self._changes = 0
        self._weights: Array = np.ones(embedder.dimensions)
        self._known_roots = KnownRoots(embedder=embedder)
        self._index = VectorIndex(embedder.dimensions)

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """What is kept, oldest first."""
        with self._lock:
            return tuple(self._kept[number].incident for _, number in self._by_age)

    @property
    def statistics(self) -> PatternStatistics:
        """How often each pattern was seen among the incidents kept."""
        with self._lock:
            return self._counts.snapshot

    @property
    def known_roots(self) -> KnownRoots:
        """What the incidents kept say about where incidents begin: what ``diagnose.alerts`` ranks with."""
        with self._lock:
            return self._known_roots

    def remember(self, incident: Incident) -> None:
        """Keep ``incident``, which replaces one of the same id; the oldest leaves if there are too many."""
        looked = self._look_at(incident)
        with self._lock:
            self._keep(looked)
            if self._changes * REFRESH_SHARE >= max(REFRESH_SHARE, len(self._kept)):
                self._refresh()

    def remember_all(self, incidents: Iterable[Incident]) -> None:
        """Keep ``incidents`` in this order, and compute weights and direction once, at the end."""
        looked = [self._look_at(incident) for incident in incidents]
        with self._lock:
            for one in looked:
                self._keep(one)
            if self._changes:
                self._refresh()

    def similar(
        self, incident: Incident, *, now: datetime, limit: int, explained: int | None = None
    ) -> tuple[Match, ...]:
        """At most ``limit`` remembered incidents that resemble ``incident`` (itself left out), best first.

        The first ``explained`` of them (all, if it is None) say ``why``: words for people cost more than the search.

        The score is the cosine similarity in [-1, 1], less the doubt about the component it was seen from
        (``recall.query``).
        """
        with self._lock:
            roots = self._known_roots
        query = query_of(incident, roots)
        with self._lock:
            found = self._search(query, now, limit)
        seen = [likeness_of(incident, focus) for focus in query.foci]
        return tuple(
            Match(
                incident=kept.incident,
                score=score,
                age_s=(now - kept.incident.occurred_at).total_seconds(),
                why=shared(seen[view], kept.likeness) if explained is None or place < explained else (),
            )
            for place, (score, view, kept) in enumerate(found)
        )

    def _look_at(self, incident: Incident) -> _Looked:
        scene = scene_of(incident)
        focus = incident.component or centre_of(scene)
        likeness = likeness_of(incident, focus)
        if incident.fault_type is None or incident.component is None or focus not in scene.components:
            vector = view_of(self._embedder, incident, scene, focus)
            return _Looked(incident=incident, vector=vector, likeness=likeness)
        views, root = views_of(self._embedder, incident, scene), scene.components.index(focus)
        return _Looked(incident=incident, vector=views[root], likeness=likeness, is_a_root=True, views=views, root=root)

    def _keep(self, looked: _Looked) -> None:
        incident = looked.incident
        if (known := self._numbers.get(incident.incident_id)) is not None:
            self._forget(known)
        number, self._next = self._next, self._next + 1
        self._numbers[incident.incident_id] = number
        self._count(looked, 1)
        self._kept[number] = replace(looked, views=None)
        insort(self._by_age, (incident.occurred_at, number))
        self._index.add(_rows_for_index(looked.vector[None], self._weights), np.array([number]))
        if len(self._kept) > self._capacity:
            self._forget(self._by_age[0][1])

    def _forget(self, number: int) -> None:
        leaving = self._kept.pop(number)
        incident = leaving.incident
        del self._numbers[incident.incident_id]
        del self._by_age[bisect_left(self._by_age, (incident.occurred_at, number))]
        self._index.remove(number)
        self._count(self._look_at(incident) if leaving.is_a_root else leaving, -1)

    def _count(self, looked: _Looked, step: int) -> None:
        self._counts.add(looked.incident, step)
        if looked.incident.fault_type is not None:
            self._findings.add(looked.incident.fault_type, looked.vector, step)
            self._changes += 1
        if looked.views is not None:
            self._roots.add(looked.views, looked.root, step)
            self._changes += len(looked.views) > 1

    def _refresh(self) -> None:
        self._changes = 0
        self._weights = self._findings.weights()
        seen = [kept.vector for kept in self._kept.values() if kept.is_a_root]
        self._known_roots = known_roots(self._embedder, self._roots, self._weights, seen)
        self._index = VectorIndex(self._embedder.dimensions)
        if self._kept:
            vectors = np.array([kept.vector for kept in self._kept.values()])
            self._index.add(_rows_for_index(vectors, self._weights), np.array(list(self._kept)))

    def _search(self, query: Query, now: datetime, limit: int) -> list[tuple[float, int, _Looked]]:
        """(score, row of the query, incident), best first; among equals the later remembered first."""
        found: list[tuple[float, int, _Looked]] = []
        taken: set[int] = set()
        earliest = now - self._max_age
        wanted = min(len(self._kept), limit + 1 + self._outside(earliest, now))
        if limit < 1 or not wanted or not query.foci:
            return found
        scores, numbers = self._index.search(_rows_for_index(query.vectors, self._weights), wanted)
        for score, number, view in sorted(_pairs(scores, numbers, query.doubts), reverse=True):
            kept = self._kept[number]
            incident = kept.incident
            if (
                number in taken
                or incident.incident_id == query.incident_id
                or not earliest <= incident.occurred_at <= now
            ):
                continue
            taken.add(number)
            found.append((score, view, kept))
            if len(found) == limit:
                break
        return found

    def _outside(self, earliest: datetime, now: datetime) -> int:
        """How many incidents kept are too old, or later than ``now``: so many more have to be looked for."""
        if not self._by_age or (earliest <= self._by_age[0][0] and self._by_age[-1][0] <= now):
            return 0
        first = bisect_left(self._by_age, earliest, key=_time)
        return len(self._by_age) - max(0, bisect_right(self._by_age, now, key=_time) - first)


def _check_limits(capacity: int, max_age: timedelta) -> None:
    if not 1 <= capacity <= MAX_INCIDENT_HISTORY:
        raise SettingsError(f"a memory of {capacity} incidents is not possible: from 1 to {MAX_INCIDENT_HISTORY} are")
    if not timedelta(0) < max_age <= timedelta(days=MAX_RAG_LOOKBACK_DAYS):
        raise SettingsError(f"a memory of {max_age} is not possible: up to {MAX_RAG_LOOKBACK_DAYS} days are")


def _rows_for_index(vectors: Array, weights: Array) -> Rows:
    return weighted(vectors, weights).astype(np.float32)


def _pairs(scores: Rows, numbers: Numbers, doubts: Array) -> Iterator[tuple[float, int, int]]:
    """(score less doubt, number of the incident, row) of everything that was found.

    Rounded to what 32 bits hold on every processor, so that near ties fall the same way everywhere.
    """
    for view, doubt in enumerate(doubts.tolist()):
        for score, number in zip(scores[view].tolist(), numbers[view].tolist(), strict=True):
            less = score - doubt
            yield round(less if -1.0 <= less <= 1.0 else max(-1.0, min(1.0, less)), 5), number, view


def _time(entry: tuple[datetime, int]) -> datetime:
    return entry[0]
