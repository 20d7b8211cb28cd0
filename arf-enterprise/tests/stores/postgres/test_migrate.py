# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Migrations: forward, back to nothing, forward again the same; what is refused; and whose login may do it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from arf_enterprise.errors import SchemaError, StoreUnavailable
from arf_enterprise.stores.postgres import migrate as module
from arf_enterprise.stores.postgres.cluster import SUPERUSER
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.migrate import check, migrate, migrate_down, migrations
from arf_enterprise.testing import FreshDatabases

CATALOGUE = {
    "schemas": "SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname = 'arf'",
    "relations": """
        SELECT relname, relkind::text, relrowsecurity, relforcerowsecurity, relacl::text, reloptions::text
        FROM pg_class WHERE relnamespace = 'arf'::regnamespace""",
    "columns": """
        SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity::text,
            attgenerated::text, attacl::text, pg_get_expr(adbin, adrelid)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'arf'::regnamespace AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v')""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'arf'::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'arf'",
    "policies": "SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(pg_trigger.oid)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'arf'::regnamespace AND NOT tgisinternal""",
    "functions": """
        SELECT proname, proacl::text, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'arf'::regnamespace""",
    "types": """
        SELECT typname, typtype::text FROM pg_type
        WHERE typnamespace = 'arf'::regnamespace AND typtype NOT IN ('c', 'b')""",
    "installation": "SELECT count(*) FROM arf.installation",
}


def catalogue(url: str) -> dict[str, list[str]]:
    """Everything that the schema is, as text."""
    with psycopg.connect(url) as connection:
        return {
            name: sorted(repr(row) for row in connection.execute(statement)) for name, statement in CATALOGUE.items()
        }


def has_schema(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'arf'").fetchone() is not None


def test_the_schema_goes_down_to_nothing_and_comes_back_the_same(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    full = catalogue(url)
    assert all(full[part] for part in ("relations", "columns", "constraints", "policies", "triggers", "functions"))
    assert len(migrate_down(url)) == len(migrations())
    assert not has_schema(url)
    assert len(migrate(url)) == len(migrations())
    assert catalogue(url) == full
    check(url)


def test_each_step_goes_back_by_itself(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    known = migrations()
    seen = [catalogue(url)]
    for step in reversed(known[1:]):
        before = known[known.index(step) - 1]
        assert migrate_down(url, to=before.version) == (step,)
        seen.append(catalogue(url))
        with pytest.raises(SchemaError, match=f"lacks {step.version:04d}"):
            check(url)
    assert len({repr(one) for one in seen}) == len(seen)
    migrate(url)
    assert catalogue(url) == seen[0]


def test_two_that_start_together_migrate_once(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    migrate_down(url)
    applied: list[int] = []
    threads = [threading.Thread(target=lambda: applied.append(len(migrate(url)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [0, 0, 0, len(migrations())]


def test_a_newer_schema_is_refused(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO arf.schema_migration (version, name, digest) VALUES (9999, 'future', 'sha256:')"
        )
    for work in (check, migrate, migrate_down):
        with pytest.raises(SchemaError, match="9999"):
            work(url)


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE arf.schema_migration SET digest = 'sha256:00' WHERE version = 1")
    for work in (check, migrate, migrate_down):
        with pytest.raises(SchemaError, match="0001_foundation was changed"):
            work(url)


def test_an_empty_database_says_how_to_mend_it(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    migrate_down(url)
    with pytest.raises(SchemaError, match="arf-enterprise migrate"):
        check(url)


def test_a_step_that_fails_leaves_nothing_and_those_before_it_stay(
    postgres: FreshDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    before = catalogue(url)
    broken = module.Migration(version=9000, name="later", up="CREATE TABLE arf.half (); SELECT nothing", down="")
    monkeypatch.setattr(module, "migrations", lambda: (*migrations(), broken))
    with pytest.raises(SchemaError, match="9000_later"):
        check(url)
    with pytest.raises(SchemaError, match="9000_later was refused, and nothing of it was kept"):
        migrate(url)
    assert catalogue(url) == before


def test_a_migration_does_not_wait_for_ever(postgres: FreshDatabases, monkeypatch: pytest.MonkeyPatch) -> None:
    name = postgres.fresh()
    url = postgres.url(name, login="arf_owner")
    monkeypatch.setattr(module, "LOCK_S", 0.2)
    with psycopg.connect(url) as reader:
        reader.execute("SELECT * FROM arf.installation")
        with pytest.raises(StoreUnavailable, match="stop the servers"):
            migrate_down(url)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [module._LOCK])
        with pytest.raises(StoreUnavailable, match="another arf-enterprise migrates"):
            migrate(url)


def test_every_table_of_a_tenant_keeps_tenants_apart_also_from_its_owner(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """
            SELECT relname, relrowsecurity AND relforcerowsecurity,
                EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)
            FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE relnamespace = 'arf'::regnamespace AND relkind = 'r' AND attname = 'tenant' AND relname <> 'tenant'
            """
        ).fetchall()
    assert len(rows) > 5
    assert [row for row in rows if row[1:] != (True, True)] == []


# --- a database of theirs: plain logins, and what a superuser runs once ---


def theirs(postgres: FreshDatabases, *, rights: str = "") -> tuple[str, psycopg.Connection[tuple[object, ...]]]:
    """An empty database, a login that owns nothing yet, and the superuser's connection to it."""
    name = postgres.fresh()
    superuser = psycopg.connect(postgres.url(name, login=SUPERUSER), autocommit=True)
    superuser.execute("DROP SCHEMA arf CASCADE")
    superuser.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'p' " + rights).format(sql.Identifier(f"owner_{name}")))
    return f"postgresql://owner_{name}:p@127.0.0.1:{postgres.server.port}/{name}", superuser


def test_a_login_without_the_right_to_create_is_told_the_statement_that_gives_it(postgres: FreshDatabases) -> None:
    url, superuser = theirs(postgres)
    with superuser:
        with pytest.raises(SchemaError, match="as a superuser run ") as refused:
            migrate(url)
        statement = str(refused.value).partition("as a superuser run ")[2]
        assert statement.startswith("GRANT CREATE ON DATABASE ")
        superuser.execute(statement)
    assert len(migrate(url)) == len(migrations())
    check(url)


@contextmanager
def without_the_role(superuser: psycopg.Connection[tuple[object, ...]]) -> Iterator[None]:
    """A server that has never seen ARF: the role has another name meanwhile."""
    superuser.execute("ALTER ROLE arf_app RENAME TO arf_app_elsewhere")
    try:
        yield
    finally:
        if superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = 'arf_app'").fetchone():
            superuser.execute(sql.SQL("ALTER ROLE arf_app RENAME TO {}").format(sql.Identifier(f"arf_app_{uuid4()}")))
        superuser.execute("ALTER ROLE arf_app_elsewhere RENAME TO arf_app")


def test_without_the_role_and_without_createrole_the_statement_that_makes_it_is_said(
    postgres: FreshDatabases,
) -> None:
    url, superuser = theirs(postgres)
    with superuser, without_the_role(superuser), pytest.raises(SchemaError, match="CREATE ROLE arf_app NOLOGIN;"):
        migrate(url)


def test_an_owner_with_createrole_makes_the_role(postgres: FreshDatabases) -> None:
    url, superuser = theirs(postgres, rights="CREATEROLE")
    with superuser:
        name = sql.Identifier(superuser.info.dbname)
        superuser.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO PUBLIC").format(name))
        with without_the_role(superuser):
            assert len(migrate(url)) == len(migrations())
            assert len(migrate_down(url)) == len(migrations())


def test_a_plain_owner_migrates_and_a_plain_member_serves(postgres: FreshDatabases) -> None:
    url, superuser = theirs(postgres)
    with superuser:
        name, owner = sql.Identifier(superuser.info.dbname), sql.Identifier(f"owner_{superuser.info.dbname}")
        superuser.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
        login = f"serve_{superuser.info.dbname}"
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'p'").format(sql.Identifier(login)))
        migrate(url)
        app_url = url.replace("owner_", "serve_", 1)
        with pytest.raises(SchemaError, match=f"GRANT arf_app TO {login}"):
            check(app_url)
        superuser.execute(sql.SQL("GRANT arf_app TO {}").format(sql.Identifier(login)))
    check(app_url)
    database = Database(app_url)
    database.open()
    with database.transaction("default") as transaction:
        assert [row["tenant"] for row in transaction.all("known_tenants")] == ["default"]
    database.close()


def test_the_statements_of_the_documentation_prepare_a_database(postgres: FreshDatabases) -> None:
    page = (Path(__file__).parents[4] / "docs/database.md").read_text(encoding="utf-8")
    statements = page.partition("```sql\n")[2].partition("```")[0]
    name = postgres.fresh()
    for role in ("arf_owner", "arf_serve"):
        statements = statements.replace(role, f"{role}_{name}")
    statements = statements.replace("DATABASE arf ", f"DATABASE {name}_own ")
    where = f"127.0.0.1:{postgres.server.port}/{name}_own"
    with (
        psycopg.connect(postgres.url("postgres", login=SUPERUSER), autocommit=True) as superuser,
        without_the_role(superuser),
    ):
        for statement in statements.strip().split(";\n"):
            superuser.execute(statement.removesuffix(";"))
        migrate(f"postgresql://arf_owner_{name}:choose-one@{where}")
        served = f"postgresql://arf_serve_{name}:choose-another@{where}"
        check(served)
        database = Database(served)
        database.open()
        database.close()
