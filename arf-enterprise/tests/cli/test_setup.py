# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise init``, ``migrate``, ``status`` and ``doctor``, as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from arf_enterprise.stores.postgres.cluster import SUPERUSER
from arf_enterprise.stores.postgres.migrate import migrate_down
from arf_enterprise.testing import FreshDatabases


def command(*words: str, environment: Mapping[str, str], code: int = 0) -> dict[str, Any]:
    """The JSON that the command prints; ``code`` is how it is to exit."""
    done = subprocess.run(
        [sys.executable, "-m", "arf_enterprise.cli", *words, "--json"],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def checks(found: Mapping[str, Any]) -> dict[str, str]:
    return {check["check"]: check["state"] for check in found["checks"]}


def commands_of(found: Mapping[str, Any]) -> dict[str, str]:
    return {check["check"]: check["command"] for check in found["checks"] if check["state"] == "failed"}


def test_an_installation_in_a_folder_is_made_looked_at_and_examined(folder: Path) -> None:
    environment = {"ARF_DATA": str(folder / "arf")}
    before = command("doctor", environment=environment, code=1)
    assert commands_of(before) == {"audit key": "arf-enterprise init", "database": "arf-enterprise init"}
    assert not (folder / "arf").exists()  # looking makes nothing

    made = command("init", environment=environment)
    again = command("init", environment=environment)
    assert made["installation_id"] == again["installation_id"]
    status = command("status", environment=environment)
    assert status["tenants"]["default"] == {
        "audit_records": 0, "waiting": 0, "behind_s": 0.0,
        "open_runs": 0, "runs": {}, "policy": None, "targets": 0, "stops": [],
    }  # fmt: skip
    assert status["licence"]["may_execute"] is False

    examined = command("doctor", environment=environment)
    assert commands_of(examined) == {}
    assert checks(examined)["pgvector"] == "ok"
    unsafe = command("doctor", "--production-readiness", environment=environment, code=8)
    assert {"own database", "audit key apart", "backups", "licence for production"} <= set(commands_of(unsafe))
    assert all(commands_of(unsafe).values())

    (folder / "arf/audit-key.pem").chmod(0o644)
    opened = command("doctor", environment=environment, code=6)
    assert commands_of(opened)["files"] == f"chmod 600 {folder}/arf/audit-key.pem"
    assert subprocess.run(["/bin/sh", "-c", commands_of(opened)["files"]], check=True).returncode == 0
    assert commands_of(command("doctor", environment=environment)) == {}


@pytest.fixture
def theirs(postgres: FreshDatabases, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """A database of their own, with the environment that names it; init has been run."""
    name = postgres.fresh()
    environment = {"ARF_DATA": str(tmp_path), "ARF_DATABASE_URL": postgres.url(name)}
    command("init", environment=environment)
    return name, environment


def test_their_own_database_is_migrated_by_its_owner_and_served_by_a_plain_login(
    postgres: FreshDatabases, theirs: tuple[str, dict[str, str]]
) -> None:
    name, environment = theirs
    owner = postgres.url(name, login="arf_owner")
    assert command("status", environment=environment)["database"] == "external"
    migrate_down(owner)
    assert commands_of(command("doctor", environment=environment, code=7)) == {"schema": "arf-enterprise migrate"}
    assert command("migrate", environment=environment, code=6)["error"]["code"] == "ARF-E-6000"
    applied = command("migrate", environment={**environment, "ARF_DATABASE_OWNER_URL": owner})["applied"]
    assert applied[0] == "0001_foundation"
    assert commands_of(command("doctor", environment=environment)) == {}


@pytest.mark.parametrize(
    ("login", "check", "says"),
    [
        (SUPERUSER, "database login", "CREATE ROLE arf_serve"),
        ("arf_owner", "database login", "CREATE ROLE arf_serve"),
    ],
)
def test_a_login_that_may_too_much_is_examined_as_that(
    postgres: FreshDatabases, theirs: tuple[str, dict[str, str]], login: str, check: str, says: str
) -> None:
    name, environment = theirs
    found = command("doctor", environment={**environment, "ARF_DATABASE_URL": postgres.url(name, login=login)}, code=1)
    assert says in commands_of(found)[check]
    assert postgres.server.passwords[login] not in json.dumps(found)


def test_a_database_that_is_away_is_said_without_its_password(theirs: tuple[str, dict[str, str]]) -> None:
    _, environment = theirs
    away = {**environment, "ARF_DATABASE_URL": "postgresql://arf_app:planted-secret@127.0.0.1:1/arf"}
    for words, code in ((("doctor",), 7), (("doctor", "--production-readiness"), 8), (("status",), 7)):
        found = command(*words, environment=away, code=code)
        assert "nothing listens there" in json.dumps(found)
        assert "planted-secret" not in json.dumps(found)


def test_what_an_owner_takes_off_is_noticed(postgres: FreshDatabases, theirs: tuple[str, dict[str, str]]) -> None:
    name, environment = theirs
    for statement, says in (
        ("ALTER TABLE arf.audit_entry DISABLE TRIGGER ALL", "audit_entry."),
        ("ALTER TABLE arf.audit_checkpoint NO FORCE ROW LEVEL SECURITY", "row-level security of audit_checkpoint"),
    ):
        with psycopg.connect(postgres.url(name, login=SUPERUSER), autocommit=True) as owner:
            owner.execute(sql.SQL(statement))
        found = command("doctor", environment=environment, code=1)
        assert checks(found)["protections"] == "failed"
        assert says in json.dumps(found)
    command("doctor", "--production-readiness", environment=environment, code=8)


def test_a_graph_that_does_not_answer_and_a_memory_without_an_index_are_warnings(
    postgres: FreshDatabases, theirs: tuple[str, dict[str, str]]
) -> None:
    name, environment = theirs
    graph = {"NEO4J_URI": "bolt://127.0.0.1:9", "NEO4J_PASSWORD": "secret"}
    assert checks(command("doctor", environment=environment))["graph"] == "ok"
    with psycopg.connect(postgres.url(name, login=SUPERUSER), autocommit=True) as owner:
        owner.execute("DROP INDEX arf.memory_vector_near_256")
    found = command("doctor", environment={**environment, **graph})
    assert {"graph": "warning", "memory": "warning"}.items() <= checks(found).items()
    assert "SELECT arf.index_memory()" in json.dumps(found)
    assert command("status", environment={**environment, **graph})["tenants"]["default"]["graph"]["waiting"] == 0


def test_a_database_without_pgvector_says_what_needs_it(
    postgres: FreshDatabases, theirs: tuple[str, dict[str, str]]
) -> None:
    name, environment = theirs
    with psycopg.connect(postgres.url(name, login=SUPERUSER), autocommit=True) as owner:
        owner.execute("DROP EXTENSION vector CASCADE")
    found = command("doctor", environment=environment)
    assert checks(found)["pgvector"] == "warning"
    assert "persistent recall needs it" in json.dumps(found)
