# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Transactions of the program: what a login may be, what a tenant sees, and what becomes of everything that fails."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import (
    ConflictError,
    OutcomeUnknown,
    RequestError,
    StoreError,
    StoreSetupError,
    StoreUnavailable,
)
from arf_enterprise.stores.postgres.cluster import SUPERUSER
from arf_enterprise.stores.postgres.database import Database, Transaction
from arf_enterprise.testing import TENANTS, FreshDatabases

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = Entry(
    actor=Actor(issuer="arf", subject="test", method="system", is_person=False),
    action="test.happened", target="thing/1", at=NOW, request_id="r1",
)  # fmt: skip


@contextmanager
def opened(url: str, **limits: float) -> Iterator[Database]:
    database = Database(url, size=2, **limits)  # type: ignore[arg-type]
    database.open()
    try:
        yield database
    finally:
        database.close()


def entries(database: Database, tenant: str | None) -> int:
    with database.transaction(tenant) as transaction:
        row = transaction.connection.execute("SELECT count(*) AS number FROM audit_entry").fetchone()
    assert row is not None
    return int(row["number"])


def end_all_connections(postgres: FreshDatabases, name: str) -> None:
    with psycopg.connect(postgres.url("postgres", login=SUPERUSER), autocommit=True) as superuser:
        # With a patience it returns when the process has ended, not when it was told to.
        superuser.execute("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = %s", [name])
        end = time.monotonic() + 30
        while superuser.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", [name]).fetchone():
            assert time.monotonic() < end
            time.sleep(0.01)


# --- what is kept ---


def test_a_transaction_sees_what_was_committed_before(database: Database) -> None:
    with database.transaction("default") as transaction:
        assert transaction.run("add_tenant", tenant="new-one") == 1
    with database.transaction("default") as transaction:
        assert [row["tenant"] for row in transaction.all("known_tenants")] == sorted([*TENANTS, "new-one"])


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def give_up() -> None:
        with database.transaction("default") as transaction:
            transaction.run("add_tenant", tenant="never")
            transaction.then(lambda: pytest.fail("what comes after a commit was done without one"))
            raise KeyError

    with pytest.raises(KeyError):
        give_up()
    with database.transaction("default") as transaction:
        assert "never" not in {row["tenant"] for row in transaction.all("known_tenants")}


def test_a_commit_that_the_database_answered_with_a_rollback_is_an_error(database: Database) -> None:
    def swallow() -> None:
        with database.transaction("default") as transaction:
            transaction.run("add_tenant", tenant="swallowed")
            with pytest.raises(psycopg.errors.CheckViolation):
                transaction.run("add_tenant", tenant="NOT A NAME")
            transaction.then(lambda: pytest.fail("what comes after a commit was done without one"))

    with pytest.raises(StoreError, match="rolled the transaction back"):
        swallow()
    with database.transaction("default") as transaction:
        assert "swallowed" not in {row["tenant"] for row in transaction.all("known_tenants")}


def test_a_login_that_answers_before_it_has_written_is_told_otherwise(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with psycopg.connect(postgres.url(name, login=SUPERUSER), autocommit=True) as superuser:
        superuser.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    with opened(postgres.url(name)) as database, database.transaction(None) as transaction:
        row = transaction.connection.execute("SHOW synchronous_commit").fetchone()
    assert row == {"synchronous_commit": "on"}


# --- what fails ---


@pytest.mark.parametrize(
    ("statement", "kind", "says"),
    [
        ("INSERT INTO tenant (tenant) VALUES ('default')", ConflictError, "tenant_pkey"),
        ("INSERT INTO tenant (tenant) VALUES ('NO')", StoreError, "tenant_tenant_check"),
        ("SELECT 'a secret'::integer", StoreError, "InvalidTextRepresentation"),
        ("DELETE FROM tenant", StoreError, "permission denied for table tenant"),
        ("SELECT nextval('no_such')", StoreError, "UndefinedTable"),
        ("SELECT nothing", StoreError, "UndefinedColumn"),
        ("SELECT pg_sleep(30)", StoreUnavailable, "a statement took too long"),
        ("SET TRANSACTION READ ONLY; INSERT INTO tenant VALUES ('b')", StoreUnavailable, "can only be read"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", StoreUnavailable, "nothing was changed"),
    ],
)
def test_every_kind_of_failure_is_one_of_ours_and_quotes_no_value(
    postgres: FreshDatabases, statement: str, kind: type[StoreError], says: str
) -> None:
    with opened(postgres.url(postgres.fresh()), statement_s=0.3) as database:
        with pytest.raises(kind, match=says) as refused, database.transaction("default") as transaction:
            transaction.connection.execute(statement)
        assert type(refused.value) is kind
        assert "a secret" not in str(refused.value)
        assert entries(database, "default") == 0  # and the pool goes on


def test_a_text_that_no_database_can_keep_is_the_callers_mistake(database: Database) -> None:
    with pytest.raises(RequestError, match="NUL character"), database.transaction(TENANTS[0]) as transaction:
        transaction.maybe("execution", tenant=TENANTS[0], execution_id="exe_\0")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://arf_app:wrong@{host}/arf", "refuses the login or its password"),
        ("postgresql://arf_app:{password}@{host}/none", "no such login or database"),
        ("postgresql://nobody@127.0.0.1:1/none", "nothing listens there"),
        ("postgresql://arf_app:se@cret@nohost.invalid/arf", "the host is not known"),
        ("postgresql://arf_app:{password}@{host}/arf?sslmode=require", "TLS with it failed"),
    ],
)
def test_why_the_database_does_not_answer_is_said_and_no_piece_of_a_password(
    postgres: FreshDatabases, url: str, says: str
) -> None:
    password = postgres.server.passwords["arf_app"]
    database = Database(url.format(host=f"127.0.0.1:{postgres.server.port}", password=password))
    with pytest.raises(StoreUnavailable, match=says) as failed:
        database.open()
    assert not any(piece in str(failed.value) for piece in (password, "wrong", "cret"))
    database.close()


def test_a_url_that_cannot_be_read_is_refused_without_being_quoted() -> None:
    with pytest.raises(StoreError) as refused:
        Database("postgresql://u:hidden%zz@h/d").open()
    assert "hidden" not in str(refused.value)


def test_a_connection_lost_in_the_middle_says_that_nothing_was_changed(postgres: FreshDatabases) -> None:
    name = postgres.fresh()

    def lose() -> None:
        with database.transaction("default") as transaction:
            append(transaction, ENTRY)
            end_all_connections(postgres, name)
            transaction.all("known_tenants")

    with opened(postgres.url(name)) as database:
        with pytest.raises(StoreUnavailable, match="nothing was changed") as lost:
            lose()
        assert not isinstance(lost.value, OutcomeUnknown)
        assert entries(database, "default") == 0


def test_a_connection_lost_in_the_commit_says_that_the_outcome_is_unknown(postgres: FreshDatabases) -> None:
    name = postgres.fresh()

    def lose() -> None:
        with database.transaction("default") as transaction:
            append(transaction, ENTRY)
            end_all_connections(postgres, name)

    with opened(postgres.url(name)) as database:
        with pytest.raises(OutcomeUnknown, match="whether it did is unknown"):
            lose()
        assert entries(database, "default") == 0


def test_a_pool_without_a_free_connection_says_so_in_time(postgres: FreshDatabases) -> None:
    with (
        opened(postgres.url(postgres.fresh()), patience_s=0.5) as database,
        database.transaction("default"),
        database.transaction("default"),
        pytest.raises(StoreUnavailable, match="no connection was free"),
        database.transaction("default"),
    ):
        pass


def test_a_pool_goes_on_after_the_server_has_ended_its_connections(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with opened(postgres.url(name)) as database:
        for _ in range(3):
            with database.transaction("default"), database.transaction("default"):
                pass
            end_all_connections(postgres, name)
            with database.transaction("default") as transaction:  # no failure: it was noticed before
                assert len(transaction.all("known_tenants")) == len(TENANTS)


def test_a_lock_that_another_holds_is_not_waited_for_for_ever(postgres: FreshDatabases) -> None:
    def add(database: Database) -> None:
        with database.transaction("default") as transaction:
            transaction.run("add_tenant", tenant="both")

    with (
        opened(postgres.url(postgres.fresh()), lock_s=0.2) as database,
        database.transaction("default") as holder,
    ):
        holder.run("add_tenant", tenant="both")
        with pytest.raises(ConflictError, match="lock timeout"):
            add(database)


def test_two_that_wait_for_each_other_are_parted(postgres: FreshDatabases) -> None:
    both_have_one = threading.Barrier(2)

    def add(database: Database, first: str, second: str) -> bool:
        try:
            with database.transaction("default") as transaction:
                transaction.run("add_tenant", tenant=first)
                both_have_one.wait(timeout=30)
                transaction.run("add_tenant", tenant=second)
        except ConflictError:
            return False
        return True

    with opened(postgres.url(postgres.fresh())) as database, ThreadPoolExecutor(2) as threads:
        done = [threads.submit(add, database, *pair) for pair in (("a", "b"), ("b", "a"))]
        assert sorted(one.result() for one in done) == [False, True]


def test_a_transaction_that_does_nothing_is_ended(postgres: FreshDatabases) -> None:
    def idle(database: Database) -> None:
        with database.transaction("default") as transaction:
            append(transaction, ENTRY)
            transaction.all("known_tenants")
            time.sleep(0.6)
            transaction.all("known_tenants")

    with opened(postgres.url(postgres.fresh()), idle_s=0.2) as database:
        with pytest.raises(StoreUnavailable, match="nothing was changed"):
            idle(database)
        assert entries(database, "default") == 0


# --- tenants ---


def test_a_connection_never_carries_a_tenant_to_the_next_transaction(postgres: FreshDatabases) -> None:
    database = Database(postgres.url(postgres.fresh()), size=1)
    database.open()
    with database.transaction("acme") as transaction:
        append(transaction, ENTRY)
    assert [entries(database, tenant) for tenant in ("acme", "globex", None)] == [1, 0, 0]

    for scope in (False, True):  # also where something in a transaction has set it for the whole session
        with database.transaction("globex") as transaction:
            transaction.connection.execute("SELECT set_config('arf.tenant', 'acme', %s)", [scope])
        assert [entries(database, tenant) for tenant in ("globex", None, "acme")] == [0, 0, 1]

    with pytest.raises(KeyError), database.transaction("acme"):
        raise KeyError
    assert entries(database, None) == 0
    database.close()


def test_a_row_for_another_tenant_than_the_transactions_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match="row-level security"), database.transaction("acme") as transaction:
        transaction.connection.execute(
            "INSERT INTO audit_checkpoint (tenant, size, signed_at, key_id, note) VALUES ('globex', 1, now(), '', '')"
        )


@pytest.mark.parametrize("tenant", ["acme'; SET ROLE postgres; --", "acme\\", "%s", "'||current_user||'", "é\x01"])
def test_a_tenant_is_a_value_whatever_it_says(database: Database, tenant: str) -> None:
    with database.transaction(tenant) as transaction:
        row = transaction.connection.execute("SELECT arf.current_tenant() AS tenant, current_user AS me").fetchone()
    assert row == {"tenant": tenant, "me": "arf_app"}


def test_a_tenant_with_an_impossible_name_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match="refused"), database.transaction("default") as transaction:
        transaction.run("add_tenant", tenant="'; DROP TABLE tenant; --")


# --- logins ---


@pytest.mark.parametrize("login", ["arf_owner", SUPERUSER])
def test_a_login_that_owns_or_may_everything_is_refused(postgres: FreshDatabases, login: str) -> None:
    database = Database(postgres.url(postgres.fresh(), login=login))
    with pytest.raises(StoreSetupError, match="row-level security"):
        database.open()
    database.close()


@pytest.mark.parametrize(
    ("rights", "says"),
    [
        ("", None),
        ("BYPASSRLS", "has BYPASSRLS"),
        ("CREATEROLE", "has CREATEROLE"),
        ("REPLICATION", "has REPLICATION"),
        ("IN ROLE arf_owner", "owns the schema"),
        ("IN ROLE pg_write_all_data", "reads or writes everything"),
        ("IN ROLE pg_execute_server_program", "reads or writes everything"),
        ("SUPERUSER", "superuser"),
        ("NOINHERIT", "GRANT arf_app TO"),
    ],
)
def test_a_login_may_be_no_more_than_a_member_of_arf_app(
    postgres: FreshDatabases, rights: str, says: str | None
) -> None:
    name = postgres.fresh()
    login = sql.Identifier(f"login_{name}_{len(rights)}")
    with psycopg.connect(postgres.url(name, login=SUPERUSER), autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'p' " + rights).format(login))
        superuser.execute(sql.SQL("GRANT arf_app TO {}").format(login))
        if rights == "NOINHERIT" and superuser.info.server_version >= 160_000:
            superuser.execute(sql.SQL("GRANT arf_app TO {} WITH INHERIT FALSE").format(login))
    url = f"postgresql://login_{name}_{len(rights)}:p@127.0.0.1:{postgres.server.port}/{name}"
    if says is None:
        with opened(url) as database:
            assert entries(database, "acme") == 0
        return
    with pytest.raises(StoreSetupError, match=says):
        Database(url).open()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE arf.more ()",
        "CREATE FUNCTION arf.more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE arf_owner",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE arf_app BYPASSRLS",
        "ALTER TABLE arf.audit_entry DISABLE TRIGGER ALL",
        "ALTER TABLE arf.audit_entry NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY own_tenant ON arf.audit_entry",
        "DROP SCHEMA arf CASCADE",
        "SET session_replication_role = replica",
        "UPDATE arf.schema_migration SET digest = ''",
        "COPY arf.tenant TO PROGRAM 'cat'",
    ],
)
def test_the_program_can_not_change_the_schema_or_become_its_owner(postgres: FreshDatabases, statement: str) -> None:
    name = postgres.fresh()
    for prologue in ("", "RESET ROLE; ", "RESET SESSION AUTHORIZATION; "):
        with psycopg.connect(postgres.url(name)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(prologue + statement)


def test_a_temporary_table_does_not_stand_before_a_table_of_ours(database: Database) -> None:
    with database.transaction("default") as transaction:
        transaction.connection.execute("CREATE TEMPORARY TABLE tenant (tenant text, created_at timestamptz)")
        assert len(transaction.all("known_tenants")) == len(TENANTS)


# --- much, and meanwhile ---


def test_a_stream_of_much_takes_little_memory_and_may_be_left_in_the_middle(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    fill = "INSERT INTO arf.tenant SELECT 't' || n FROM generate_series(1, 300000) AS n"
    with psycopg.connect(postgres.url(name, login="arf_owner")) as owner:
        owner.execute(fill)
    with opened(postgres.url(name)) as database, database.transaction(None) as transaction:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        number = sum(1 for _ in transaction.stream("known_tenants"))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert number == 300_000 + len(TENANTS)
        assert grown < 20_000  # KiB: all of them would take more than 100 MB
        left = transaction.stream("known_tenants")
        both = transaction.stream("known_tenants")
        assert next(left)["tenant"] == next(both)["tenant"]
        del left
        assert len(list(both)) == number - 1


def test_what_was_prepared_before_a_migration_is_prepared_again_after_it(postgres: FreshDatabases) -> None:
    name = postgres.fresh()

    def ask(transaction: Transaction) -> object:
        return transaction.connection.execute("SELECT * FROM arf.growing").fetchall()

    with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as owner:
        owner.execute("CREATE TABLE arf.growing (number integer); GRANT SELECT ON arf.growing TO arf_app")
        database = Database(postgres.url(name), size=1)
        database.open()
        for _ in range(5):
            with database.transaction(None) as transaction:
                assert ask(transaction) == []
        owner.execute("ALTER TABLE arf.growing ADD COLUMN more text; INSERT INTO arf.growing VALUES (1, 'a')")
        with pytest.raises(StoreUnavailable, match="schema was changed"), database.transaction(None) as transaction:
            ask(transaction)
        with database.transaction(None) as transaction:
            assert ask(transaction) == [{"number": 1, "more": "a"}]
        database.close()


def test_threads_share_a_pool(database: Database) -> None:
    def work(number: int) -> None:
        with database.transaction("acme" if number % 2 else "globex") as transaction:
            append(transaction, ENTRY)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(100)))
    assert (entries(database, "acme"), entries(database, "globex")) == (50, 50)
