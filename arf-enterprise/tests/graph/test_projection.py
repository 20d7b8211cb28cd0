# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is written in Postgres is in the graph, once, whatever happens in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from arf_core.canonical import write_time
from arf_core.errors import FormatError
from arf_core.testing import MOMENT
from arf_enterprise.app import system_clock
from arf_enterprise.errors import ConflictError, RequestError, StoreUnavailable, TenantError
from arf_enterprise.learning.comparing import graph_in_neo4j, graph_in_postgres
from arf_enterprise.learning.outbox import enqueue_inventory, lag
from arf_enterprise.learning.projection import Projection, enqueue
from arf_enterprise.learning.projector import Horizon, catch_up, project, rebuild
from arf_enterprise.learning.testing import made_outcome
from arf_enterprise.stores.neo4j.graph import GraphStore
from arf_enterprise.stores.neo4j.login import GraphLogin
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets.target import Target
from arf_enterprise.testing import FreshDatabases
from lib.servers.neo4j import GraphServer
from lib.servers.processes import free_port

NOON = MOMENT


def tell(database: Database, kind: str, key: str, document: Mapping[str, object], *, tenant: str = "default") -> None:
    with database.transaction(tenant) as tx:
        enqueue(tx, kind, key, document)


def tell_outcomes(database: Database, numbers: range, *, tenant: str = "default") -> None:
    with database.transaction(tenant) as tx:
        for number in numbers:
            enqueue(tx, "outcome", f"run_{number:06d}", made_outcome(number))


def digests(database: Database, store: GraphStore, *, tenant: str = "default") -> tuple[str, str]:
    with database.transaction(tenant) as tx:
        return graph_in_postgres(tx).digest, graph_in_neo4j(store, tenant).digest


def is_equal(database: Database, store: GraphStore, *, tenant: str = "default") -> bool:
    ours, theirs = digests(database, store, tenant=tenant)
    return ours == theirs


@pytest.mark.promise("LRN-1")
def test_every_kind_of_entity_and_relation_reaches_the_graph(database: Database, store: GraphStore) -> None:
    at = write_time(NOON)
    tell(database, "component", "checkout", {"kind": "service", "depends_on": ["payment", "cart"]})
    tell(database, "change", "deploy-7", {"component": "checkout", "what": "deploy 7", "at": at})
    tell(database, "outcome", "run_1", made_outcome(1))
    tell(database, "label", "label_1", {"execution_id": "run_1", "result": "failed", "at": at})
    assert catch_up(database, store, "default", clock=system_clock) == 7
    graph = graph_in_neo4j(store, "default")
    names = {row.split(b'"')[1].decode() for row in graph.relations}
    assert names == {"DEPENDS_ON", "AFFECTED", "PROPOSED_FOR", "RAN", "RESULTED_IN", "PRECEDED"}
    assert any(b'"said":"failed"' in row and b'"result":"succeeded"' in row for row in graph.nodes)
    assert is_equal(database, store)


@pytest.mark.promise("LRN-1")
def test_what_is_told_in_a_transaction_that_fails_is_never_told(database: Database, store: GraphStore) -> None:
    with pytest.raises(ZeroDivisionError):
        _told_and_failed(database)
    assert catch_up(database, store, "default", clock=system_clock) == 0


def _told_and_failed(database: Database) -> None:
    with database.transaction("default") as tx:
        enqueue(tx, "component", "checkout", {})
        tx.one("known_tenants")
        raise ZeroDivisionError


@pytest.mark.promise("LRN-1")
def test_the_latest_document_is_the_whole_truth(database: Database, store: GraphStore) -> None:
    tell(database, "component", "a", {"kind": "service", "tier": 1, "depends_on": ["b", "c"]})
    catch_up(database, store, "default", clock=system_clock)
    tell(database, "component", "a", {"environment": "staging", "depends_on": ["c", "d"]})
    catch_up(database, store, "default", clock=system_clock)
    graph = graph_in_neo4j(store, "default")
    assert [row for row in graph.nodes if b'"a"' in row] == [
        b'["Component","a",{"environment":"staging","version":%d}]' % _position(database, "a")
    ]
    assert len(graph.relations) == 2
    assert is_equal(database, store)


def _position(database: Database, key: str) -> int:
    with database.transaction("default") as tx:
        rows = tx.all("outbox_latest", tenant="default", last=10**9)
    return next(int(row["position"]) for row in rows if row["key"] == key)


@pytest.mark.promise("LRN-5")
def test_an_inventory_is_told_once_and_who_left_it_depends_on_nothing(database: Database, store: GraphStore) -> None:
    def target(name: str, *below: str) -> Target:
        return Target(component=name, environment="production", tier=2, owner="shop", kind="service", depends_on=below)

    for inventory, told in (
        ([target("web", "checkout"), target("checkout", "cart")], 2),
        ([target("web", "checkout"), target("checkout", "cart")], 0),
        ([target("web", "checkout")], 1),
        ([target("web", "checkout")], 0),
    ):
        with database.transaction("default") as tx:
            assert enqueue_inventory(tx, inventory) == told
        catch_up(database, store, "default", clock=system_clock)
    assert [row for row in graph_in_neo4j(store, "default").relations if b"DEPENDS_ON" in row] == [
        b'["DEPENDS_ON","Component","web","Component","checkout"]'
    ]
    assert is_equal(database, store)


@pytest.mark.promise("LRN-1")
def test_an_older_document_never_overwrites_a_newer_one(database: Database, store: GraphStore) -> None:
    """A projector that was taken for dead writes its batch late, after another has gone on."""
    tell(database, "component", "a", {"kind": "old"})
    tell(database, "component", "a", {"kind": "new"})
    catch_up(database, store, "default", clock=system_clock)
    late = [{"id": "a", "version": 1, "properties": {"kind": "old"}, "depends_on": ["x"]}]
    store.write("default", lambda work: [work.run(name, rows=late) for name in ("put_components", "link_dependencies")])
    assert is_equal(database, store)


@pytest.mark.promise("LRN-1")
@pytest.mark.parametrize("first", ["change", "incident"])
def test_what_preceded_an_incident_is_found_whichever_is_told_first(
    database: Database, store: GraphStore, first: str
) -> None:
    hours = {"just before": -1, "a day before": -24, "too long before": -25, "after": 1, "elsewhere": -1}
    incident = {"at": write_time(NOON), "affected": ["checkout"]}
    if first == "incident":
        tell(database, "incident", "inc", incident)
        catch_up(database, store, "default", clock=system_clock)
    for key, hour in hours.items():
        component = "other" if key == "elsewhere" else "checkout"
        tell(database, "change", key, {"component": component, "what": "deploy", "at": _at(hour)})
        catch_up(database, store, "default", clock=system_clock)
    tell(database, "incident", "inc", incident)
    catch_up(database, store, "default", clock=system_clock)
    before = {row.split(b'"')[5].decode() for row in graph_in_neo4j(store, "default").relations if b"PRECEDED" in row}
    assert before == {"just before", "a day before"}
    assert is_equal(database, store)


def _at(hours: int) -> str:
    return write_time(NOON + timedelta(hours=hours))


@pytest.mark.promise("LRN-1")
def test_an_incident_that_moves_takes_what_preceded_it_with_it(database: Database, store: GraphStore) -> None:
    tell(database, "change", "early", {"component": "checkout", "what": "deploy", "at": _at(-2)})
    tell(database, "change", "late", {"component": "cart", "what": "deploy", "at": _at(3)})
    tell(database, "incident", "inc", {"at": _at(0), "affected": ["checkout"]})
    catch_up(database, store, "default", clock=system_clock)
    tell(database, "incident", "inc", {"at": _at(4), "affected": ["cart"]})
    tell(database, "change", "early", {"component": "search", "what": "deploy", "at": _at(-2)})
    catch_up(database, store, "default", clock=system_clock)
    assert [row for row in graph_in_neo4j(store, "default").relations if b"PRECEDED" in row] == [
        b'["PRECEDED","Change","late","Incident","inc"]'
    ]
    assert is_equal(database, store)


@pytest.mark.promise("LRN-1")
def test_no_tenant_is_seen_in_the_graph_of_another(database: Database, store: GraphStore) -> None:
    """The same names in two tenants: rebuilding one leaves the other alone, and no relation leads across."""
    for tenant in ("acme", "globex"):
        tell_outcomes(database, range(20), tenant=tenant)
        catch_up(database, store, tenant, clock=system_clock)
    before = graph_in_neo4j(store, "globex").digest
    tell(database, "component", "checkout", {"depends_on": ["secret"]}, tenant="acme")
    rebuild(database, store, "acme", clock=system_clock)
    assert graph_in_neo4j(store, "globex").digest == before
    assert is_equal(database, store, tenant="acme")
    assert graph_in_neo4j(store, "default").nodes == ()
    assert _across(store) == 0


def _across(store: GraphStore) -> int:
    with store._session() as session:  # no tenant could ask this
        row = session.run("MATCH (a)-[r]->(b) WHERE a.tenant <> b.tenant RETURN count(r) AS n").single()
    return int(row["n"]) if row else -1


@pytest.mark.promise("LRN-1")
def test_a_graph_from_an_old_backup_catches_up(database: Database, neo4j: GraphServer, tmp_path: Path) -> None:
    with GraphStore(neo4j.login) as store:
        tell_outcomes(database, range(300))
        catch_up(database, store, "default", clock=system_clock)
        old = graph_in_neo4j(store, "default").digest
        neo4j.stop()
        neo4j.copy_data(tmp_path / "backup")
        neo4j.start()
        tell_outcomes(database, range(200, 600))
        catch_up(database, store, "default", clock=system_clock)
        neo4j.stop()
        neo4j.put_back(tmp_path / "backup")
        neo4j.start()
        assert graph_in_neo4j(store, "default").digest == old
        assert catch_up(database, store, "default", clock=system_clock) > 0
        assert is_equal(database, store)


@pytest.mark.promise("LRN-1")
def test_a_graph_of_another_history_is_emptied_and_filled_again(postgres: FreshDatabases, store: GraphStore) -> None:
    """Postgres itself was restored from an old backup: the graph has what never happened."""
    name = postgres.fresh()
    with postgres.database(name) as restored, postgres.database() as lost:
        tell_outcomes(lost, range(60))
        catch_up(lost, store, "default", clock=system_clock)
        tell_outcomes(restored, range(1000, 1010))
        catch_up(restored, store, "default", clock=system_clock)
        assert is_equal(restored, store)
        assert not any(b"run_000059" in row for row in graph_in_neo4j(store, "default").nodes)


@pytest.mark.promise("LRN-1")
def test_a_rebuild_that_was_broken_off_is_finished_by_whoever_comes_next(database: Database, store: GraphStore) -> None:
    tell_outcomes(database, range(40))
    catch_up(database, store, "default", clock=system_clock)
    store.write("default", lambda work: work.run("begin_emptying", epoch="of one that was killed"))
    stray = [{"id": "stray", "version": 10**12, "properties": {"kind": "made up"}, "depends_on": []}]
    store.write("default", lambda work: work.run("put_components", rows=stray))
    assert not is_equal(database, store)
    with Projection(database, store, clock=system_clock, poll_s=0.01) as service:
        _until(lambda: is_equal(database, store), service)


@pytest.mark.promise("LRN-1")
def test_a_rebuild_gives_the_same_graph_and_says_how_far_it_is(database: Database, store: GraphStore) -> None:
    tell_outcomes(database, range(300))
    tell_outcomes(database, range(100))
    catch_up(database, store, "default", clock=system_clock)
    before, said = graph_in_neo4j(store, "default").digest, list[tuple[int, int]]()
    rebuild(database, store, "default", clock=system_clock, progress=lambda done, total: said.append((done, total)))
    assert graph_in_neo4j(store, "default").digest == before
    assert said[-1][0] == said[-1][1] == max(done for done, _ in said)
    assert {total for _, total in said} == {said[-1][1]}


@pytest.mark.promise("LRN-1")
def test_an_entry_that_commits_after_a_later_one_is_not_skipped(database: Database, store: GraphStore) -> None:
    """It took its place first and commits last: until then nothing beyond it is taken over."""
    horizon = Horizon()
    with database.transaction("default") as slow:
        enqueue(slow, "component", "slow", {})
        slow.all("known_tenants")  # sent, not committed
        tell(database, "component", "quick", {})
        for _ in range(3):
            done = project(database, store, "default", horizon, now=NOON)
            assert done is not None
            count, horizon = done
            assert count == 0
    taken = 0
    for _ in range(3):
        done = project(database, store, "default", horizon, now=NOON)
        assert done is not None
        count, horizon = done
        taken += count
    assert taken == 2
    assert is_equal(database, store)


@pytest.mark.promise("LRN-1")
def test_two_projectors_do_not_get_in_each_others_way(postgres: FreshDatabases, store: GraphStore) -> None:
    name = postgres.fresh()
    with postgres.database(name) as one, postgres.database(name) as other:
        tell_outcomes(one, range(500))
        with (
            Projection(one, store, clock=system_clock, poll_s=0.01, batch=50) as first,
            Projection(other, store, clock=system_clock, poll_s=0.01, batch=50) as second,
        ):
            _until(lambda: sum(one.waiting for one in lag(other, now=system_clock())) == 0, first)
        assert first.state.entries + second.state.entries == 3 * 500 + 97 + 1
        assert is_equal(one, store)


@pytest.mark.promise("LRN-1")
def test_while_another_one_projects_a_rebuild_is_refused(database: Database, store: GraphStore) -> None:
    with database.transaction("default") as tx:
        assert tx.one("outbox_lock", tenant="default")["is_ours"]
        with pytest.raises(ConflictError, match="default"):
            rebuild(database, store, "default", clock=system_clock)
        with pytest.raises(ConflictError, match="default"):
            catch_up(database, store, "default", clock=system_clock)


@pytest.mark.promise("LRN-1")
def test_while_the_graph_is_away_everything_waits_and_says_so(database: Database) -> None:
    away = GraphLogin(uri=f"bolt://127.0.0.1:{free_port()}", user="neo4j", password="not shown anywhere")
    with (
        GraphStore(away, patience_s=0.2) as store,
        Projection(database, store, clock=system_clock, poll_s=0.01) as service,
    ):
        tell_outcomes(database, range(10))
        _until(lambda: service.state.failures > 1, service)
        (waiting,) = [one for one in lag(database, now=system_clock() + timedelta(hours=3)) if one.tenant == "default"]
        assert waiting.waiting == 10 * 3 + 10 + 1
        assert waiting.oldest_s > 3600 * 2.9
        assert "Neo4j does not answer" in str(service.state.error)
        assert "not shown anywhere" not in repr(away) + str(service.state)


@pytest.mark.promise("LRN-1")
def test_killed_again_and_again_during_ten_thousand_outcomes_nothing_is_lost_and_nothing_doubled(
    database: Database, neo4j: GraphServer
) -> None:
    done = threading.Event()

    def write() -> None:
        for first in range(0, 10_000, 50):
            tell_outcomes(database, range(first, first + 50))
        done.set()

    writer = threading.Thread(target=write)
    with GraphStore(neo4j.login) as store, Projection(database, store, clock=system_clock, poll_s=0.01) as service:
        writer.start()
        for _ in range(3):
            begun = service.state.entries
            _until(lambda begun=begun: service.state.entries > begun + 3000, service)  # type: ignore[misc]
            neo4j.kill()
            neo4j.start()
        writer.join()
        _until(lambda: sum(one.waiting for one in lag(database, now=system_clock())) == 0, service, patience_s=300)
        assert done.is_set()
        after = graph_in_neo4j(store, "default")
        assert is_equal(database, store)
    with GraphStore(neo4j.login) as store:
        for label, count in (("Outcome", 10_000), ("Execution", 10_000), ("Intent", 10_000), ("Incident", 97)):
            assert sum(row.startswith(f'["{label}"'.encode()) for row in after.nodes) == count
        rebuild(database, store, "default", clock=system_clock)
        assert graph_in_neo4j(store, "default").digest == after.digest


@pytest.mark.promise("LRN-1")
def test_a_graph_that_freezes_holds_nobody_for_long(database: Database, neo4j: GraphServer) -> None:
    with GraphStore(neo4j.login, patience_s=2.0) as store:
        tell_outcomes(database, range(10))
        catch_up(database, store, "default", clock=system_clock)
        tell_outcomes(database, range(10, 20))
        neo4j.freeze()
        try:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="Neo4j"):
                catch_up(database, store, "default", clock=system_clock)
            held = time.monotonic() - began
        finally:
            neo4j.thaw()
        assert held < 45, "the driver's own patience is a minute and more"
        _again(lambda: catch_up(database, store, "default", clock=system_clock))
        assert is_equal(database, store)


@pytest.mark.parametrize(
    ("kind", "key", "document", "wrong"),
    [
        ("person", "alice", {}, "no entity of the kind"),
        ("component", "", {}, "no key"),
        ("component", "a", {"owner": "alice@example.com"}, "owner"),
        ("component", "a", {"depends_on": "b"}, "depends_on"),
        ("component", "a", {"tier": {"n": 1}}, "tier"),
        ("incident", "a", {"at": "yesterday"}, "at"),
    ],
)
def test_what_is_no_document_of_its_kind_is_refused_before_anything_is_written(
    database: Database, kind: str, key: str, document: dict[str, object], wrong: str
) -> None:
    with pytest.raises((RequestError, FormatError), match=wrong), database.transaction("default") as tx:
        enqueue(tx, kind, key, document)


def test_without_a_tenant_nothing_is_told(database: Database) -> None:
    with pytest.raises(TenantError), database.transaction(None) as tx:
        enqueue(tx, "component", "a", {})


@pytest.mark.parametrize(
    "statement", ["UPDATE arf.outbox SET key = 'b'", "DELETE FROM arf.outbox", "TRUNCATE arf.outbox"]
)
@pytest.mark.parametrize("login", ["arf_app", "arf_owner"])
def test_the_outbox_only_grows(database: Database, postgres: FreshDatabases, statement: str, login: str) -> None:
    tell(database, "component", "a", {})
    with database.transaction("default") as tx:
        name = str((tx.connection.execute("SELECT current_database() AS name").fetchone() or {})["name"])
    with psycopg.connect(postgres.url(name, login=login)) as connection:
        connection.execute("SELECT set_config('arf.tenant', 'default', true)")
        with pytest.raises((errors.InsufficientPrivilege, errors.RestrictViolation)):
            connection.execute(statement.encode())


def _until(is_so: Callable[[], bool], service: Projection, *, patience_s: float = 120.0) -> None:
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, service.state
        time.sleep(0.05)


def _again(work: Callable[[], object], *, patience_s: float = 60.0) -> None:
    """Until it does not find the server away any more."""
    end = time.monotonic() + patience_s
    while True:
        try:
            work()
            return
        except StoreUnavailable:
            assert time.monotonic() < end
            time.sleep(0.2)
