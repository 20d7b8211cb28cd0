# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Persistent memory recalls what the open edition's memory recalls, for ever, of its own tenant alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from arf_core.models.incident import Incident, Match, Outcome
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.memory import InMemoryIncidents
from arf_core.seams import IncidentMemory
from arf_core.testing import MOMENT, made_incident
from arf_enterprise.errors import StoreSetupError
from arf_enterprise.learning.memory import PersistentIncidents, Tuning
from arf_enterprise.learning.remembered import Where, standing
from arf_enterprise.learning.testing import made_incidents
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

LATER = MOMENT + timedelta(days=2)


def memory_of(database: Database, tenant: str = "default", **options: object) -> PersistentIncidents:
    return PersistentIncidents(database, tenant, SignalEmbedder(), **options)  # type: ignore[arg-type]


def ids(matches: Iterable[Match]) -> list[str]:
    return [match.incident.incident_id for match in matches]


@pytest.mark.promise("LRN-4")
def test_a_thousand_incidents_have_the_same_neighbours_as_in_the_open_edition(database: Database) -> None:
    """FAISS compares in 32 bits; pgvector sums in another order: only what is equal to 4 digits may change places."""
    known, ours, theirs = made_incidents(1000), memory_of(database), InMemoryIncidents(SignalEmbedder())
    ours.remember_all(known)
    theirs.remember_all(known)
    for one in made_incidents(60, seed=8):
        asked = replace(one, incident_id="asked", fault_type=None)
        expected = theirs.similar(asked, now=LATER, limit=10)
        found = ours.similar(asked, now=LATER, limit=10)
        assert [match.score for match in found] == pytest.approx([match.score for match in expected], abs=2e-5)
        decided = {match.incident.incident_id for match in expected if match.score > expected[-1].score + 4e-5}
        assert decided <= set(ids(found))
        words = {match.incident.incident_id: match.why for match in expected}
        assert all(words.get(match.incident.incident_id, match.why) == match.why for match in found)


@pytest.mark.promise("LRN-4")
def test_it_fits_the_seam_of_the_open_edition(database: Database) -> None:
    memory: IncidentMemory = memory_of(database)
    memory.remember(made_incident("known"))
    found = memory.similar(made_incident("asked"), now=MOMENT + timedelta(hours=1), limit=1)
    assert ids(found) == ["known"]
    assert found[0].age_s == 3600


@pytest.mark.promise("LRN-4")
def test_what_it_knows_of_roots_and_patterns_is_what_the_open_edition_knows(database: Database) -> None:
    known, ours, theirs = made_incidents(200), memory_of(database), InMemoryIncidents(SignalEmbedder())
    ours.remember_all(known)
    theirs.remember_all(known)
    assert ours.statistics == theirs.statistics
    assert ours.known_roots.incidents == theirs.known_roots.incidents
    assert ours.known_roots.direction == pytest.approx(theirs.known_roots.direction)


@pytest.mark.promise("LRN-4")
def test_nothing_is_forgotten_by_number_or_age(database: Database) -> None:
    memory = memory_of(database)
    old = replace(made_incident("ten years old"), occurred_at=MOMENT - timedelta(days=3650))
    memory.remember_all([old, *made_incidents(1500)])
    assert len(memory) == 1501
    found = memory.similar(made_incident("asked"), now=MOMENT, limit=3)
    assert "ten years old" in ids(found)


@pytest.mark.promise("LRN-4")
def test_another_server_recalls_what_this_one_remembers(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as one, postgres.database(name) as other:
        here, there = memory_of(one), memory_of(other)
        assert there.similar(made_incident("asked"), now=LATER, limit=5) == ()
        here.remember(made_incident("known"))
        assert ids(there.similar(made_incident("asked"), now=LATER, limit=5)) == ["known"]


@pytest.mark.promise("LRN-4")
def test_an_incident_of_a_known_id_replaces_the_one_before(database: Database) -> None:
    memory = memory_of(database)
    memory.remember(made_incident("known"))
    memory.remember(replace(made_incident("known"), fault_type="bad deploy", outcome=Outcome.HEALED))
    assert len(memory) == 1
    (found,) = memory.similar(made_incident("asked"), now=LATER, limit=5)
    assert found.incident.fault_type == "bad deploy"


@pytest.mark.promise("LRN-4")
@pytest.mark.parametrize("exact", [5000, 10], ids=["compared one by one", "found by HNSW"])
def test_filters_let_pass_what_they_name_and_nothing_else(database: Database, exact: int) -> None:
    known, memory = made_incidents(400), memory_of(database, tuning=Tuning(exact=exact))
    memory.remember_all(known)
    asked = replace(known[5], incident_id="asked")
    since, until = MOMENT + timedelta(seconds=100), MOMENT + timedelta(seconds=300)
    for where, passes in (
        (Where(component="service-3"), lambda one: one.component == "service-3"),
        (Where(outcome=Outcome.HEALED), lambda one: one.outcome is Outcome.HEALED),
        (Where(since=since, until=until), lambda one: since <= one.occurred_at <= until),
        (Where(component="service-1", outcome=Outcome.NOT_HEALED, since=since),
         lambda one: one.component == "service-1" and one.outcome is Outcome.NOT_HEALED and one.occurred_at >= since),
    ):  # fmt: skip
        wanted = {one.incident_id for one in known if passes(one)}
        found = memory.similar(asked, now=LATER, limit=400, where=where)
        assert set(ids(found)) == wanted
        assert wanted
    assert all(one.occurred_at <= until for one in _past(memory.similar(asked, now=until, limit=400)))


@pytest.mark.promise("LRN-4")
def test_what_repeats_a_thousand_times_neither_hides_itself_nor_anything_else(database: Database) -> None:
    """The same alert again and again is one picture in the index: many copies would be an island to HNSW."""
    memory, others = memory_of(database, tuning=Tuning(exact=5)), made_incidents(300)
    repeated = [replace(one, incident_id=f"{one.incident_id}-{number}") for one in others[:4] for number in range(250)]
    memory.remember_all([*others[4:], *repeated])
    with database.transaction("default") as tx:
        row = tx.connection.execute("SELECT count(*) AS pictures FROM memory_vector").fetchone()
    assert row is not None
    assert row["pictures"] <= len(others)
    exactly = memory_of(database)
    for one in others[::12]:
        asked = replace(one, incident_id="asked")
        found, best = (known.similar(asked, now=LATER, limit=100) for known in (memory, exactly))
        assert found[0].score == best[0].score
        assert sum(match.score >= best[-1].score - 2e-5 for match in found) >= 99


def _past(matches: Iterable[Match]) -> list[Incident]:
    return [match.incident for match in matches]


@pytest.mark.promise("LRN-4")
def test_a_small_tenant_beside_a_large_one_still_finds_everything_it_has(database: Database) -> None:
    """HNSW looks at the neighbours of all tenants: the scan goes on, and nobody sees what is another's."""
    large, small = memory_of(database, "acme"), memory_of(database, "globex", tuning=Tuning(exact=5))
    large.remember_all(made_incidents(2000))
    own = [replace(one, incident_id=f"own-{one.incident_id}") for one in made_incidents(30, seed=9)]
    small.remember_all(own)
    found = small.similar(replace(own[0], incident_id="asked"), now=LATER, limit=30)
    assert set(ids(found)) == {one.incident_id for one in own}
    assert memory_of(database, "default").similar(own[0], now=LATER, limit=5) == ()


@pytest.mark.promise("LRN-4")
@pytest.mark.parametrize("is_found", [False, True], ids=["of unknown findings", "weighted by findings"])
def test_with_hnsw_the_nearest_are_those_of_an_exact_search(database: Database, is_found: bool) -> None:
    known = [one if is_found else replace(one, fault_type=None) for one in made_incidents(2500)]
    exact, near = memory_of(database), memory_of(database, tuning=Tuning(exact=100))
    exact.remember_all(known)
    hits = total = 0
    for one in made_incidents(30, seed=11):
        asked = replace(one, incident_id="asked", fault_type=None)
        expected = exact.similar(asked, now=LATER, limit=10, explained=0)
        found = near.similar(asked, now=LATER, limit=10, explained=0)
        hits += sum(match.score >= expected[-1].score - 2e-5 for match in found)
        total += len(expected)
    assert hits / total >= 0.95


@pytest.mark.promise("LRN-4")
def test_without_pgvector_recall_says_what_it_needs_and_remembering_goes_on(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
        owner.execute("DROP EXTENSION vector CASCADE")
    with postgres.database(name) as database:
        memory = memory_of(database)
        memory.remember(made_incident("known"))
        assert len(memory) == 1
        with pytest.raises(StoreSetupError, match="CREATE EXTENSION vector"):
            memory.similar(made_incident("asked"), now=LATER, limit=1)
        with database.transaction(None) as tx:
            assert "pgvector" in str(standing(tx).says)
    with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
        owner.execute("CREATE EXTENSION vector")
        with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as again:
            again.execute("SELECT arf.index_memory()")
    with postgres.database(name) as database:
        assert ids(memory_of(database).similar(made_incident("asked"), now=LATER, limit=1)) == ["known"]
        with database.transaction(None) as tx:
            assert standing(tx).says is None


def test_where_pgvector_stands_in_a_schema_of_its_own_it_is_found(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
        owner.execute("CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC")
        owner.execute("ALTER EXTENSION vector SET SCHEMA extensions")
    with postgres.database(name) as database:
        memory = memory_of(database)
        memory.remember(made_incident("known"))
        assert ids(memory.similar(made_incident("asked"), now=LATER, limit=1)) == ["known"]
