# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The graph answers: what healed this before, what depends on it, what changed before it, what fails with it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arf_core.canonical import write_time
from arf_enterprise.app import system_clock
from arf_enterprise.cli.main import run
from arf_enterprise.errors import NotFound, SettingError
from arf_enterprise.identity.principal import Role
from arf_enterprise.learning import questions
from arf_enterprise.learning.projection import enqueue
from arf_enterprise.learning.projector import catch_up
from arf_enterprise.server.testing import Clock, app_on, served
from arf_enterprise.settings import read_settings
from arf_enterprise.stores.neo4j.graph import GraphStore
from arf_enterprise.stores.neo4j.queries import migrations, statements
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases
from lib.servers.neo4j import GraphServer, products

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours: float) -> str:
    return write_time(NOON + timedelta(hours=hours))


def story(database: Database, tenant: str = "default") -> None:
    """Web calls checkout, which calls payment and cart. A deploy of payment breaks checkout; a rollback heals it."""
    with database.transaction(tenant) as tx:
        for component, below in {"web": ["checkout"], "checkout": ["payment", "cart"], "payment": ["db"]}.items():
            enqueue(tx, "component", component, {"kind": "service", "environment": "production", "depends_on": below})
        for number, affected in enumerate((["checkout", "payment"], ["checkout", "payment", "web"], ["checkout"])):
            enqueue(tx, "incident", f"inc_{number}", {"at": at(number), "affected": affected})
        enqueue(tx, "change", "deploy-1", {"component": "payment", "what": "deploy 1", "at": at(-1)})
        enqueue(tx, "change", "deploy-2", {"component": "cart", "what": "deploy 2", "at": at(-200)})
        for number, (action, result) in enumerate((("rollback", "succeeded"), ("restart_container", "failed"))):
            enqueue(tx, "outcome", f"run_{number}", _outcome(number, action, result))
        enqueue(tx, "outcome", "run_2", _outcome(2, "rollback", "succeeded"))
        enqueue(tx, "label", "label_1", {"execution_id": "run_2", "result": "failed"})


def _outcome(number: int, action: str, result: str) -> dict[str, object]:
    return {
        "execution_id": f"run_{number}", "intent_digest": f"sha256:{number:064x}", "incident_id": f"inc_{number}",
        "action": action, "component": "payment", "kind": "service", "environment": "production",
        "signature": "latency" if number < 2 else "errors", "result": result,
        "seconds_to_recover": 41.0 if result == "succeeded" else None, "evidence": {}, "at": at(number + 0.5),
    }  # fmt: skip


@pytest.fixture
def told(database: Database, store: GraphStore) -> GraphStore:
    story(database)
    story(database, "acme")
    for tenant in ("default", "acme"):
        catch_up(database, store, tenant, clock=system_clock)
    return store


@pytest.mark.promise("LRN-5")
def test_what_healed_it_before_is_told_with_what_people_said_of_it(told: GraphStore) -> None:
    found = questions.healed(told, "default", "checkout")
    assert [(one.execution, one.result) for one in found.executions] == [
        ("run_2", "failed"),
        ("run_1", "failed"),
        ("run_0", "succeeded"),
    ]
    assert [(one.action, one.tried, one.succeeded) for one in found.actions] == [
        ("rollback", 2, 1),
        ("restart_container", 1, 0),
    ]
    assert [one.execution for one in questions.healed(told, "default", "checkout", signature="errors").executions] == [
        "run_2"
    ]


@pytest.mark.promise("LRN-5")
def test_what_depends_on_it_is_told_near_first(told: GraphStore) -> None:
    found = questions.depends(told, "default", "db")
    assert [(one.component, one.steps) for one in found] == [("payment", 1), ("checkout", 2), ("web", 3)]
    assert questions.depends(told, "default", "web") == ()


@pytest.mark.promise("LRN-5")
def test_a_circle_of_dependencies_ends(database: Database, store: GraphStore) -> None:
    with database.transaction("default") as tx:
        for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
            enqueue(tx, "component", one, {"depends_on": [other]})
    catch_up(database, store, "default", clock=system_clock)
    assert [(one.component, one.steps) for one in questions.depends(store, "default", "a")] == [("c", 1), ("b", 2)]


@pytest.mark.promise("LRN-5")
def test_what_changed_before_it_is_told_for_what_it_depends_on_too(told: GraphStore) -> None:
    found = questions.changed(told, "default", "checkout", before=NOON)
    assert [(one.change, one.component, one.steps, one.incidents) for one in found] == [("deploy-1", "payment", 1, 2)]
    later = questions.changed(told, "default", "checkout", before=NOON, days=30)
    assert [one.change for one in later] == ["deploy-1", "deploy-2"]
    assert questions.changed(told, "default", "web", before=NOON - timedelta(hours=2), days=1) == ()


@pytest.mark.promise("LRN-5")
def test_what_fails_together_with_it_is_told_with_its_share(told: GraphStore) -> None:
    found = questions.together(told, "default", "checkout")
    assert [(one.component, one.incidents, round(one.share, 2)) for one in found] == [
        ("payment", 2, 0.67),
        ("web", 1, 0.33),
    ]


@pytest.mark.promise("LRN-5")
def test_a_component_that_only_another_tenant_has_is_not_known(told: GraphStore) -> None:
    with pytest.raises(NotFound, match="no component"):
        questions.healed(told, "globex", "checkout")


@pytest.mark.promise("LRN-5")
def test_a_name_that_is_cypher_is_only_a_name(told: GraphStore) -> None:
    for name in ("checkout'}) DETACH DELETE c //", "$tenant", "` OR 1=1"):
        with pytest.raises(NotFound):
            questions.depends(told, "default", name)
    assert questions.depends(told, "default", "db")


@pytest.mark.promise("LRN-5")
def test_every_statement_stands_in_a_file_is_described_and_names_its_tenant() -> None:
    assert len(statements()) > 30
    for query in statements().values():
        assert query.description
        assert "tenant: $tenant" in query.text, query.name
        assert "+ $" not in query.text
    assert all(
        query.description and "IF NOT EXISTS" in query.text for steps in migrations().values() for query in steps
    )


def test_one_of_the_graph_servers_can_be_started_here() -> None:
    assert products(), "neither Java and Maven nor arcadedb-embedded: no test of the graph would run"


@pytest.mark.promise("LRN-5")
@pytest.mark.usefixtures("told")
def test_the_api_answers_the_same(database: Database, server: GraphServer, tmp_path: Path) -> None:
    moment = Clock()
    app = app_on(database, tmp_path, clock=moment)
    with GraphStore(server.login) as graph, served(replace(app, graph=graph), moment) as found:
        bearer = found.bearer(Role.VIEWER)
        asked = {"healed": {}, "depends": {}, "together": {}, "changed": {"before": at(0)}}
        for question, more in asked.items():
            answer = found.client.get(
                f"/api/v1/graph/{question}", params={"component": "payment", **more}, headers=bearer
            )
            assert answer.status_code == 200, answer.text
            assert answer.json()["answers"], question
        unknown = found.client.get("/api/v1/graph/healed", params={"component": "nobody"}, headers=bearer)
        assert unknown.status_code == 404
        wrong = {"component": "payment", "before": "yesterday"}
        assert found.client.get("/api/v1/graph/changed", params=wrong, headers=bearer).status_code == 422
        metrics = found.client.get("/metrics", headers=bearer).text
        assert "arf_graph_waiting 0" in metrics
        assert "arf_graph_lag_seconds 0.000" in metrics


def test_without_a_graph_the_api_says_what_to_set(database: Database, tmp_path: Path) -> None:
    moment = Clock()
    with served(app_on(database, tmp_path, clock=moment), moment) as found:
        assert "arf_graph" not in found.client.get("/metrics", headers=found.bearer(Role.VIEWER)).text
        answer = found.client.get("/api/v1/graph/depends", params={"component": "a"}, headers=found.bearer(Role.VIEWER))
    assert answer.status_code == 404
    assert "NEO4J_URI" in answer.text


@pytest.mark.promise("LRN-5")
def test_the_commands_answer_the_same(
    postgres: FreshDatabases,
    server: GraphServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = postgres.fresh()
    environment = {"ARF_DATA": str(tmp_path), "ARF_DATABASE_URL": postgres.url(name), **server.environment}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with postgres.database(name) as database:
        story(database)
    assert _json(capsys, "graph", "status")["is_equal"] is False
    rebuilt = _json(capsys, "graph", "rebuild")
    assert rebuilt["is_equal"] is True
    assert _json(capsys, "graph", "status")["neo4j"]["digest"] == rebuilt["digest"]  # type: ignore[index]
    for question in ("healed", "depends", "together"):
        assert _json(capsys, "graph", question, "payment")["answers"]
    changed = _json(capsys, "graph", "changed", "checkout", "--before", "2026-03-01T12:00:00Z")
    assert [one["change"] for one in changed["answers"]] == ["deploy-1"]  # type: ignore[attr-defined]
    noted = _json(capsys, "graph", "note", "cart", "deploy 9", "--at", "2026-02-28T12:00:00Z")["change"]
    _json(capsys, "graph", "rebuild")
    changed = _json(capsys, "graph", "changed", "checkout", "--before", "2026-03-01T12:00:00Z")
    assert [one["change"] for one in changed["answers"]] == ["deploy-1", noted]  # type: ignore[attr-defined]
    assert run(["graph", "healed", "checkout"]) == 0
    assert "rollback: 1 of 2 succeeded" in capsys.readouterr().out
    assert run(["graph", "depends", "nobody"]) == 6
    monkeypatch.delenv("NEO4J_URI")
    assert run(["graph", "depends", "db"]) == 6
    assert "NEO4J_URI" in capsys.readouterr().err


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    "given",
    [
        {"NEO4J_URI": "http://graph:7474", "NEO4J_PASSWORD": "secret-thing"},
        {"NEO4J_URI": "bolt://neo4j:secret-thing@graph:7687", "NEO4J_PASSWORD": "secret-thing"},
        {"NEO4J_URI": "bolt://", "NEO4J_PASSWORD": "secret-thing"},
        {"NEO4J_URI": "neo4j+s://graph:7687"},
    ],
)
def test_settings_that_name_no_graph_are_refused_and_never_show_the_password(given: dict[str, str]) -> None:
    with pytest.raises(SettingError) as raised:
        read_settings(given)
    assert "secret-thing" not in str(raised.value)
    right = read_settings({"NEO4J_URI": "neo4j+s://graph:7687", "NEO4J_PASSWORD": "secret-thing"})
    assert "secret-thing" not in repr(right)
