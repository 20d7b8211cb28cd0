# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Migrations: forward, back to nothing, forward again; and what is refused."""

from __future__ import annotations

import threading

import psycopg
import pytest

from arf_enterprise.errors import SchemaError
from arf_enterprise.stores.postgres import migrate as module
from arf_enterprise.stores.postgres.migrate import check, migrate, migrate_down, migrations
from arf_enterprise.testing import FreshDatabases

OBJECTS = """
SELECT n.nspname || '.' || c.relname || ':' || c.relkind::text FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'arf' AND c.relname NOT LIKE 'schema_migration%'
UNION SELECT p.proname || '()' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'arf'
ORDER BY 1
"""


def objects(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(row[0]) for row in connection.execute(OBJECTS)]


def test_the_schema_goes_down_to_nothing_and_comes_back_the_same(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    full = objects(url)
    assert len(full) > 3
    assert len(migrate_down(url)) == len(migrations())
    assert objects(url) == []
    assert len(migrate(url)) == len(migrations())
    assert objects(url) == full
    check(url)


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
    for work in (check, migrate):
        with pytest.raises(SchemaError, match="9999"):
            work(url)


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE arf.schema_migration SET digest = 'sha256:00' WHERE version = 1")
    with pytest.raises(SchemaError, match="0001_foundation was changed"):
        check(url)


def test_an_empty_database_says_how_to_mend_it(postgres: FreshDatabases) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA arf CASCADE")
    with pytest.raises(SchemaError, match="arf-enterprise migrate"):
        check(url)


def test_a_schema_that_lacks_the_newest_step_is_refused(
    postgres: FreshDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.url(postgres.fresh(), login="arf_owner")
    newer = module.Migration(version=9000, name="later", up="SELECT 1", down="SELECT 1")
    monkeypatch.setattr(module, "migrations", lambda: (*migrations(), newer))
    with pytest.raises(SchemaError, match="9000_later"):
        check(url)
