# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Transactions of the program: what a login may be, and what a tenant sees."""

from __future__ import annotations

import psycopg
import pytest

from arf_enterprise.errors import StoreError, StoreSetupError, StoreUnavailable
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.queries import parse, queries
from arf_enterprise.testing import TENANTS, FreshDatabases


def test_a_transaction_sees_what_was_committed_before(database: Database) -> None:
    with database.transaction("default") as transaction:
        assert transaction.run("add_tenant", tenant="new-one") == 1
    with database.transaction("default") as transaction:
        assert [row["tenant"] for row in transaction.all("known_tenants")] == sorted([*TENANTS, "new-one"])


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def give_up() -> None:
        with database.transaction("default") as transaction:
            transaction.run("add_tenant", tenant="never")
            raise KeyError

    with pytest.raises(KeyError):
        give_up()
    with database.transaction("default") as transaction:
        assert "never" not in {row["tenant"] for row in transaction.all("known_tenants")}


@pytest.mark.parametrize("login", ["arf_owner", "postgres"])
def test_a_login_that_could_get_past_row_level_security_is_refused(postgres: FreshDatabases, login: str) -> None:
    database = Database(postgres.url(postgres.fresh(), login=login))
    with pytest.raises(StoreSetupError, match="row-level security"):
        database.open()
    database.close()


def test_the_program_can_not_change_the_schema_or_become_its_owner(postgres: FreshDatabases) -> None:
    for statement in ("CREATE TABLE arf.more ()", "SET ROLE arf_owner", "ALTER ROLE arf_app BYPASSRLS"):
        with (
            psycopg.connect(postgres.url(postgres.fresh())) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)  # type: ignore[arg-type]


def test_a_tenant_with_an_impossible_name_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match="refused"), database.transaction("default") as transaction:
        transaction.run("add_tenant", tenant="'; DROP TABLE tenant; --")


def test_a_database_that_does_not_answer_is_said() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable):
        database.open()
    database.close()


def test_every_query_is_described_and_named_once() -> None:
    assert all(query.description for query in queries().values())


@pytest.mark.parametrize("text", ["-- a --\nSELECT 1", "-- a --\n-- says what\n"])
def test_a_query_without_description_or_statement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no description, or no statement"):
        list(parse(text))
