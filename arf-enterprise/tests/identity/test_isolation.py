# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Tenants are kept apart by the database itself: one test for each table, made from the catalogue.

A new table that has a tenant is tested without being named here; one without a tenant must be named in
:data:`OF_THE_INSTALLATION`, or these tests fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from arf_enterprise.testing import FreshDatabases

OF_THE_INSTALLATION = {
    "schema_migration": "which migrations were applied",
    "installation": "what the installation is called",
    "tenant": "the names of tenants: foreign keys need them",
    "audit_key": "public keys that signed checkpoints",
    "audit_key_revocation": "which of them are revoked",
    "licence": "the licence is the installation's",
    "licence_revocations": "the vendor's lists",
    "licence_node": "which servers run",
    "licence_seat": "who has a seat, by a name that is hidden",
    "licence_usage": "what a marketplace is told",
    "stop_of_all": "stops of the whole installation, which every tenant is under; they name nobody",
}
"""Tables without rows of tenants, and what they have."""

OF_A_TYPE: dict[str, object] = {
    "text": "sample", "bytea": b"0" * 32, "timestamp with time zone": datetime(2026, 1, 1, tzinfo=UTC), "bigint": 1,
    "integer": 1, "smallint": 1, "boolean": False, "text[]": ["sample"], "xid8": "1", "date": "2026-01-01",
    "real[]": [1.0],
    "jsonb": "{}", "interval": "1 day", "double precision": 1.0, "uuid": "00000000-0000-7000-8000-000000000000",
}  # fmt: skip

COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type
FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
    AND d.oid IS NULL AND a.attidentity = '' AND a.attname <> 'tenant'
"""
TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS is_on, c.relforcerowsecurity AS is_forced,
    EXISTS (SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant') AS has_tenant,
    ARRAY(SELECT pg_get_expr(p.polqual, p.polrelid) || ' / ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
        FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polcmd = '*') AS policies
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'arf' AND c.relkind IN ('r', 'p', 'f', 'm', 'v')
ORDER BY 1
"""
CHECKS = """
SELECT c.relname AS table, k.conname AS name FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'arf' AND k.contype = 'c' AND k.conislocal
"""
OURS = "(tenant = current_tenant())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A database in which the tenant globex has one row in each table."""

    url: str
    superuser_url: str
    rows: dict[str, dict[str, Any]]


def connected(url: str, tenant: str | None = None) -> psycopg.Connection[dict[str, Any]]:
    connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
        url, row_factory=dict_row, autocommit=True, options="-c search_path=arf"
    )
    if tenant is not None:
        connection.execute("SELECT set_config('arf.tenant', %s, false)", [tenant])
    return connection


def tables_of(url: str) -> list[dict[str, Any]]:
    with connected(url) as connection:
        return connection.execute(TABLES).fetchall()


@pytest.fixture(scope="module")
def filled(postgres: FreshDatabases) -> Filled:
    name = postgres.fresh()
    superuser_url = postgres.url(name, login="postgres")
    rows = {}
    with connected(superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")  # samples need no rows that they refer to
        for check in connection.execute(CHECKS).fetchall():  # nor to make sense
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            connection.execute(drop.format(*map(sql.Identifier, (check["table"], check["name"]))))
        for table in tables_of(superuser_url):
            if table["has_tenant"] and table["name"] not in OF_THE_INSTALLATION:
                rows[table["name"]] = put_sample(connection, table["name"])
    return Filled(url=postgres.url(name), superuser_url=superuser_url, rows=rows)


def put_sample(connection: psycopg.Connection[dict[str, Any]], table: str) -> dict[str, Any]:
    columns = connection.execute(COLUMNS, [f"arf.{table}"]).fetchall()
    row: dict[str, Any] = {"tenant": "globex"}
    for column in columns:
        row[column["name"]] = OF_A_TYPE[column["type"]]
    insert(connection, table, row)
    return row


def insert(connection: psycopg.Connection[dict[str, Any]], table: str, row: dict[str, Any]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join([sql.Placeholder()] * len(row)),
    )
    connection.execute(statement, list(row.values()))


def state(url: str, table: str) -> list[Any]:
    with connected(url) as connection:
        statement = sql.SQL("SELECT t::text AS row FROM {} AS t ORDER BY 1").format(sql.Identifier(table))
        return [row["row"] for row in connection.execute(statement)]


def unnamed(url: str) -> set[str]:
    """Tables that have no tenant and are not named as the installation's."""
    return {table["name"] for table in tables_of(url) if not table["has_tenant"]} - set(OF_THE_INSTALLATION)


def unprotected(url: str) -> set[str]:
    """Tables of tenants that the database does not keep apart, by exactly one policy for everything."""
    return {
        table["name"]
        for table in tables_of(url)
        if table["has_tenant"] and table["name"] not in OF_THE_INSTALLATION
        and not (table["is_on"] and table["is_forced"] and policies_of(table) == [f"{OURS} / {OURS}"])
    }  # fmt: skip


def policies_of(table: dict[str, Any]) -> list[str]:
    return [policy.replace("arf.", "") for policy in table["policies"]]


@pytest.mark.promise("SRV-3")
def test_every_table_belongs_to_tenants_or_is_named_as_the_installations(filled: Filled) -> None:
    assert len(filled.rows) >= 6
    assert unnamed(filled.superuser_url) == set(), "a table without a tenant: name it, with its reason"
    assert set(OF_THE_INSTALLATION) <= {table["name"] for table in tables_of(filled.superuser_url)}


@pytest.mark.promise("SRV-3")
def test_row_level_security_is_forced_on_every_table_of_tenants(filled: Filled) -> None:
    assert unprotected(filled.superuser_url) == set()


@pytest.mark.promise("SRV-3")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE arf.planted (tenant text NOT NULL)",
        "CREATE TABLE arf.planted (tenant text); ALTER TABLE arf.planted ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE arf.planted (what text)",
        "CREATE VIEW arf.planted AS SELECT * FROM arf.api_key",
        "CREATE MATERIALIZED VIEW arf.planted AS SELECT key_id FROM arf.api_key",
        "ALTER TABLE arf.api_key NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE arf.api_key DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY planted ON arf.api_key USING (true)",
        "ALTER POLICY own_tenant ON arf.api_key WITH CHECK (true)",
        "ALTER POLICY own_tenant ON arf.api_key USING (true)",
    ],
)
def test_a_table_that_is_not_kept_apart_is_noticed(postgres: FreshDatabases, statement: str) -> None:
    url = postgres.url(postgres.fresh(), login="postgres")
    with connected(url) as connection:
        connection.execute(statement)
    assert len(unnamed(url) | unprotected(url)) == 1


@pytest.mark.promise("SRV-3")
def test_a_tenant_reads_no_row_of_another(filled: Filled) -> None:
    for tenant in ("acme", "default", "", "' OR true --", None):
        with connected(filled.url, tenant) as connection:
            for table in filled.rows:
                assert rows_seen(connection, table) in (0, None), f"{tenant!r} reads {table}"
    with connected(filled.url, "globex") as connection:
        seen = {table: rows_seen(connection, table) for table in filled.rows}
    assert 1 in seen.values()
    assert {count for count in seen.values() if count is not None} == {1}


def rows_seen(connection: psycopg.Connection[dict[str, Any]], table: str) -> int | None:
    """How many rows are seen, None if the program may not read the table at all."""
    try:
        found = connection.execute(sql.SQL("SELECT count(*) AS rows FROM {}").format(sql.Identifier(table))).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    assert found is not None
    return int(found["rows"])


@pytest.mark.promise("SRV-3")
def test_a_tenant_writes_no_row_as_another(filled: Filled) -> None:
    for tenant in ("acme", ""):
        with connected(filled.url, tenant) as connection:
            for table, row in filled.rows.items():
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    insert(connection, table, row)


@pytest.mark.promise("SRV-3")
def test_a_tenant_changes_and_deletes_no_row_of_another(filled: Filled) -> None:
    before = {table: state(filled.superuser_url, table) for table in filled.rows}
    with connected(filled.url, "acme") as connection:
        for table in filled.rows:
            for statement in statements_of(connection, table):
                try:
                    touched = connection.execute(statement).rowcount
                except psycopg.errors.InsufficientPrivilege:
                    touched = 0
                assert touched == 0, f"{table}: {statement.as_string()}"
    assert {table: state(filled.superuser_url, table) for table in filled.rows} == before


def statements_of(connection: psycopg.Connection[dict[str, Any]], table: str) -> list[sql.Composed]:
    """An update of each column, and a delete."""
    names = connection.execute(
        "SELECT attname AS name FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attgenerated = ''"
        " AND attidentity = '' AND NOT attisdropped",
        [f"arf.{table}"],
    ).fetchall()
    target = sql.Identifier(table)
    updates = [
        sql.SQL("UPDATE {} SET {} = {}").format(target, *[sql.Identifier(column["name"])] * 2) for column in names
    ]
    return [*updates, sql.SQL("DELETE FROM {}").format(target)]


@pytest.mark.promise("SRV-3")
def test_a_tenant_does_not_move_its_row_to_another(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with connected(postgres.url(name, login="postgres")) as connection:
        connection.execute("GRANT UPDATE ON arf.api_key TO arf_app")  # as if a grant had been too wide
        connection.execute("SET session_replication_role = replica")
        insert(connection, "api_key", {**sample_key(), "tenant": "acme"})
    with connected(postgres.url(name), "acme") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE api_key SET tenant = 'globex'")


def sample_key() -> dict[str, Any]:
    return {
        "key_id": "key_" + "0" * 32, "hash": b"0" * 32, "subject": "s", "roles": ["viewer"], "is_agent": False,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC), "expires_at": datetime(2027, 1, 1, tzinfo=UTC),
    }  # fmt: skip


@pytest.mark.promise("SRV-3")
def test_naming_a_key_shows_that_key_alone_and_changes_nothing(filled: Filled) -> None:
    with connected(filled.url, "acme") as connection:
        for named, seen in (("sample", 1), ("sampl", 0), ("", 0), ("%", 0)):
            connection.execute("SELECT set_config('arf.key_id', %s, false)", [named])
            assert rows_seen(connection, "api_key") == seen
        connection.execute("SELECT set_config('arf.key_id', %s, false)", ["sample"])
        assert connection.execute("UPDATE api_key SET revoked_at = now()").rowcount == 0


@pytest.mark.promise("SRV-3")
def test_the_program_may_not_truncate_any_table(filled: Filled) -> None:
    with connected(filled.url, "globex") as connection:
        for table in [*filled.rows, *OF_THE_INSTALLATION]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
