# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The inventory in the database, on the command line and over HTTP: on a real Postgres and a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from arf_enterprise.errors import ConflictError, RequestError, TargetUnknown
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets import store
from arf_enterprise.testing import FreshDatabases

ALICE = Principal(issuer="arf", subject="alice@example.com", method="api_key", roles=frozenset({Role.ADMIN}))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "hunter2-of-the-test"


def text(*components: str, tier: int = 1, needs: str = "") -> str:
    """An inventory whose targets answer nowhere."""
    lines = ["schema: arf.targets/1", "targets:"]
    for component in components:
        lines += [
            f"  - {{component: {component}, environment: production, tier: {tier}, owner: shop, kind: web,",
            f"     depends_on: [{needs}],",
            "     ways: [{adapter: webhook, actions: [rollback],",
            "             settings: {status: 'http://127.0.0.1:1/s', apply: 'http://127.0.0.1:1/a'},",
            "             credentials: {secret: env:SHOP_SECRET}}],",
            "     health: {probes: [{name: answers, kind: http, is_symptom: true,",
            "                        settings: {url: 'http://127.0.0.1:1/'}}]}}",
        ]
    return "\n".join(lines) + "\n"


def push(database: Database, content: str, *, tenant: str = "default") -> str:
    with database.transaction(tenant) as transaction:
        return store.push(transaction, content, file="t.yaml", by=ALICE, request_id="r1", now=NOW).digest


def entries(database: Database, tenant: str = "default") -> list[dict[str, Any]]:
    """What was recorded of targets, in order."""
    with database.transaction(tenant) as transaction:
        rows = transaction.connection.execute("SELECT body FROM arf.audit_entry ORDER BY position").fetchall()
    found = [json.loads(row["body"]) for row in rows]
    return [one for one in found if one["action"] == "targets.pushed"]


def test_the_latest_version_is_in_force_and_the_earlier_ones_are_kept(database: Database) -> None:
    first, second = push(database, text("a")), push(database, text("a", "b"))
    with database.transaction("default") as transaction:
        assert store.current(transaction).digest == second
        versions = store.history(transaction)
    assert [(one.number, one.digest, one.author, one.file) for one in versions] == [
        (2, second, "alice@example.com", "t.yaml"),
        (1, first, "alice@example.com", "t.yaml"),
    ]
    assert versions[0].pushed_at == NOW


def test_each_push_is_recorded_with_the_digests_before_and_after_and_no_name(database: Database) -> None:
    first, second = push(database, text("a")), push(database, text("b"))
    found = entries(database)
    assert [(one["object"], one["before"], one["after"]) for one in found] == [
        ("targets/1", None, first),
        ("targets/2", first, second),
    ]
    assert "alice" not in json.dumps(found)
    assert "SHOP_SECRET" not in json.dumps(found)


def test_pushing_what_is_in_force_changes_and_records_nothing(database: Database) -> None:
    assert push(database, text("a")) == push(database, text("a"))
    assert len(entries(database)) == 1
    push(database, text("b"))
    push(database, text("a"))
    assert len(entries(database)) == 3


def test_what_is_refused_leaves_no_version_and_no_record(database: Database) -> None:
    with pytest.raises(RequestError, match=r"t\.yaml:3:"):
        push(database, text("a", tier=9))
    with database.transaction("default") as transaction, pytest.raises(TargetUnknown, match="targets push FILE"):
        store.current(transaction)
    assert entries(database) == []


@pytest.mark.promise("SRV-3")
def test_a_tenant_sees_its_own_inventory_and_no_other(database: Database) -> None:
    push(database, text("a"), tenant="acme")
    with database.transaction("globex") as transaction:
        assert transaction.connection.execute("SELECT * FROM arf.targets_version").fetchall() == []
        with pytest.raises(TargetUnknown):
            store.current(transaction)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE arf.targets_version SET content = 'x'",
        "DELETE FROM arf.targets_version",
        "TRUNCATE arf.targets_version",
    ],
)
@pytest.mark.parametrize("login", ["arf_app", "arf_owner"])
def test_a_version_cannot_be_changed_or_removed(postgres: FreshDatabases, login: str, statement: str) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        push(database, text("a"))
    with psycopg.connect(postgres.url(name, login=login)) as connection:
        connection.execute("SELECT set_config('arf.tenant', 'default', false)")
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)):
            connection.execute(statement)


def test_pushes_at_the_same_time_are_versions_one_after_another_or_refused(database: Database) -> None:
    def one(number: int) -> bool:
        try:
            push(database, text(f"c{number}"))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(one, range(16)))
    with database.transaction("default") as transaction:
        versions = store.history(transaction)
    assert [version.number for version in versions] == list(range(sum(done), 0, -1))
    assert len(entries(database)) == sum(done) >= 1


@pytest.fixture
def single(database: Database, tmp_path: Path) -> Iterator[Served]:
    clock = Clock()
    with served(app_on(database, tmp_path, clock=clock), clock) as found:
        yield found


def test_an_inventory_is_put_in_force_and_read_over_http(single: Served) -> None:
    admin, viewer = single.bearer(Role.ADMIN), single.bearer(Role.VIEWER)
    assert single.client.get("/api/v1/targets", headers=viewer).status_code == 404
    given = {"file": "shop.yaml", "content": text("web", needs="db") + text("db").partition("targets:\n")[2]}
    put = single.client.put("/api/v1/targets", headers=admin, json=given)
    assert put.status_code == 200, put.text
    found = single.client.get("/api/v1/targets", headers=viewer).json()
    assert found == put.json()
    assert (found["version"], found["file"], found["author"]) == (1, "shop.yaml", "alice")
    one = single.client.get("/api/v1/targets/db", headers=viewer).json()
    assert one["dependents"] == ["web"]
    assert one["ways"][0]["credentials"] == {"secret": "env:SHOP_SECRET"}
    assert single.client.get("/api/v1/targets/nowhere", headers=viewer).status_code == 404
    assert single.client.put("/api/v1/targets", headers=viewer, json=given).status_code == 403


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"content": text("a", tier=9)}, "targets.yaml:3:"),
        ({"content": text("a").replace("env:SHOP_SECRET", SECRET)}, "never the secret itself"),
        ({"content": 7}, "content must be the text"),
        ({"content": text("a"), "more": 1}, "unknown key"),
        ({"content": text("a"), "file": ""}, "file is"),
        ({}, "lacks 'content'"),
        ([], "must be an object"),
    ],
)
def test_what_is_wrong_with_a_push_is_answered_with_422_and_its_place(single: Served, given: Any, told: str) -> None:
    answer = single.client.put("/api/v1/targets", headers=single.bearer(Role.ADMIN), json=given)
    assert answer.status_code == 422
    assert told in answer.json()["error"]["message"]
    assert SECRET not in answer.text


class Installation:
    """Commands of one installation."""

    def __init__(self, postgres: FreshDatabases, folder: Path) -> None:
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        url = postgres.url(postgres.fresh())
        self._environment = {**kept, "ARF_DATA": str(folder), "ARF_DATABASE_URL": url, "SHOP_SECRET": SECRET}

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "arf_enterprise.cli", *arguments],
            env=self._environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


def test_the_commands_push_list_show_and_check(postgres: FreshDatabases, tmp_path: Path) -> None:
    arf, file = Installation(postgres, tmp_path), tmp_path / "targets.yaml"
    assert "targets push FILE" in arf.run("targets", "list", code=3)
    file.write_text(text("web", needs="db") + text("db").partition("targets:\n")[2])
    assert "version 1 with 2 targets is in force: sha256:" in arf.run("targets", "push", str(file))
    assert "web  production  tier 1  web  rollback" in arf.run("targets", "list")
    shown = json.loads(arf.run("targets", "show", "db", "--json"))
    assert (shown["component"], shown["dependents"]) == ("db", ["web"])
    assert "needed by   web" in arf.run("targets", "show", "db")
    checked = arf.run("targets", "check", "db", code=7)
    assert "FAILS  db  way webhook  the receiver of db: http://127.0.0.1:1/s cannot be reached" in checked
    assert "works  db  probe answers  not ok: " in checked
    assert SECRET not in checked
    assert arf.run("targets", "history").startswith("1  20")
    assert "'nowhere' is not in the inventory" in arf.run("targets", "check", "nowhere", code=3)


def test_the_command_lists_every_mistake_and_changes_nothing(postgres: FreshDatabases, tmp_path: Path) -> None:
    arf, file = Installation(postgres, tmp_path), tmp_path / "targets.yaml"
    file.write_text(text("a", "a", tier=9).replace("env:SHOP_SECRET", SECRET))
    told = arf.run("targets", "push", str(file), code=6).splitlines()
    assert len(told) == 5
    assert all(line.startswith(f"{file}:") for line in told)
    assert SECRET not in "".join(told)
    assert "no inventory was pushed yet" in arf.run("targets", "history")
    assert "cannot be read" in arf.run("targets", "push", str(tmp_path / "missing"), code=6)
