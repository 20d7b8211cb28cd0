# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Appending: in the transaction of the change, refused change, whatever callers send."""

from __future__ import annotations

import json

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from arf_core.canonical import canonical_text
from arf_core.errors import InputError
from arf_enterprise.audit.entry import Sealed, body_of, record_of, told
from arf_enterprise.audit.log import append
from arf_enterprise.audit.reading import records, size_of
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.testing import ALICE, entry, log_of, now, signing_key, write
from arf_enterprise.errors import AuditError, StoreError, TenantError
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

TABLES = ["audit_entry", "audit_leaf", "audit_node", "audit_checkpoint", "audit_key", "privacy_class", "privacy_hold"]


@pytest.mark.promise("AUD-1")
def test_a_change_that_fails_leaves_no_record_and_a_record_that_fails_no_change(database: Database) -> None:
    def given_up() -> None:
        with database.transaction("acme") as transaction:
            append(transaction, entry(1))
            raise KeyError

    def without_tenant() -> None:
        with database.transaction("nobody") as transaction:
            transaction.run("add_tenant", tenant="made-with-no-record")
            append(transaction, entry(2))

    with pytest.raises(KeyError):
        given_up()
    with pytest.raises(StoreError):
        without_tenant()
    assert integrate_all(database, "acme", key=signing_key(), now=now()) == 0
    with database.transaction(None) as transaction:
        assert "made-with-no-record" not in {row["tenant"] for row in transaction.all("known_tenants")}


@pytest.mark.promise("AUD-1")
def test_a_change_and_its_record_become_durable_together(database: Database) -> None:
    with database.transaction("acme") as transaction:
        entry_id = append(transaction, entry(1, before="sha256:" + "0" * 64))
        transaction.run("add_tenant", tenant="with-a-record")
    integrate_all(database, "acme", key=signing_key(), now=now())
    (record,) = records(database, "acme", first=0, last=10)
    assert json.loads(record.text)["entry_id"] == entry_id
    with database.transaction(None) as transaction:
        assert "with-a-record" in {row["tenant"] for row in transaction.all("known_tenants")}


def test_without_a_tenant_nothing_is_recorded(database: Database) -> None:
    with pytest.raises(TenantError), database.transaction(None) as transaction:
        append(transaction, entry(1))


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("login", ["arf_app", "arf_owner"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "change", ["UPDATE arf.{} SET tenant = tenant", "DELETE FROM arf.{}", "TRUNCATE arf.{} CASCADE"]
)
def test_the_database_refuses_to_change_what_was_written(
    postgres: FreshDatabases, login: str, table: str, change: str
) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        write(database, "acme", 1)
        integrate_all(database, "acme", key=signing_key(), now=now())
        with database.transaction("acme") as transaction:
            transaction.run("set_privacy_class", tenant="acme", keep_days=1, now=now(), **{"class": "standard"})
            place = {"kind": "class", "target": "standard", "reason": "law", "now": now()}
            transaction.run("place_privacy_hold", tenant="acme", hold_id="hold_1", **place)
    statement = change.format(table).replace(
        "tenant = tenant", "key_id = key_id" if table == "audit_key" else "tenant = tenant"
    )
    with psycopg.connect(postgres.url(name, login=login)) as connection:
        connection.execute("SELECT set_config('arf.tenant', 'acme', false)")
        with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)):
            connection.execute(statement)


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize(
    "table",
    ["audit_entry", "audit_leaf", "audit_node", "audit_checkpoint", "audit_subject", "audit_subject_key",
     "privacy_class", "privacy_hold", "privacy_hold_release"],
)  # fmt: skip
def test_no_tenant_sees_or_writes_a_row_of_another(postgres: FreshDatabases, table: str) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        log_of(database, "acme", 2, actor=ALICE)
        with database.transaction("acme") as transaction:
            transaction.run("set_privacy_class", tenant="acme", keep_days=1, now=now(), **{"class": "standard"})
            place = {"kind": "class", "target": "standard", "reason": "law", "now": now()}
            transaction.run("place_privacy_hold", tenant="acme", hold_id="hold_1", **place)
            transaction.run("release_privacy_hold", tenant="acme", hold_id="hold_1", now=now())
    with psycopg.connect(postgres.url(name)) as connection:
        found = sql.Identifier("arf", table)
        counted = sql.SQL("SELECT count(*) FROM {}").format(found)
        for tenant, is_own in (("globex", False), ("", False), ("acme", True)):
            connection.execute("SELECT set_config('arf.tenant', %s, false)", [tenant])
            assert bool((connection.execute(counted).fetchone() or (0,))[0]) is is_own
        connection.execute(sql.SQL("CREATE TEMP TABLE copied AS SELECT * FROM {}").format(found))
        connection.execute("SELECT set_config('arf.tenant', 'globex', false)")
        into = sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM copied").format(found)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(into)


@given(
    st.text(max_size=40), st.text(max_size=40), st.one_of(st.none(), st.text(max_size=30)), st.integers(0, 2**53 - 1)
)
def test_a_record_is_canonical_whatever_its_texts_hold(
    target: str, key: str, sealed: str | None, sequence: int
) -> None:
    details = {
        'x","request_id":"y': key.encode("utf-8", "replace").decode(),
        "tenant": [{"request_id": '","tenant":"'}],
    }
    one = entry(0, details=details)
    seal = None if sealed is None else sealed.encode("utf-8", "replace").decode()
    body = body_of(one, entry_id="audit_1", tenant="acme", sealed=Sealed(subject=target, text=seal))
    text = record_of(body, sequence=sequence, previous=b"\x01" * 32)
    value = json.loads(text)
    assert canonical_text(value) == text
    assert (value["sequence"], value["previous"], value["tenant"]) == (sequence, "01" * 32, "acme")
    assert {name: value[name] for name in json.loads(body)} == json.loads(body)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", "-"), ("\x1b[2J\x00", "\\x1b[2J\\x00"), ("'; DROP TABLE arf.tenant; --", "'; DROP TABLE arf.tenant; --")],
)
def test_what_callers_send_is_recorded_printable(database: Database, given: str, expected: str) -> None:
    with database.transaction("acme") as transaction:
        append(transaction, entry(1, actor=ALICE, details={"given": given}, personal={"name": given}))
        one = entry(1)
        object.__setattr__(one, "target", given)
        append(transaction, one)
    integrate_all(database, "acme", key=signing_key(), now=now())
    found = [json.loads(record.text) for record in records(database, "acme", first=0, last=2)]
    assert found[1]["object"] == expected
    assert found[0]["details"] == {"given": given}


def test_a_text_without_end_is_cut() -> None:
    assert len(told("x" * 10_000)) == 2000
    assert told("x" * 10_000).endswith("…")


@pytest.mark.parametrize(
    "wrong",
    [{"action": "nodots"}, {"action": "Key.Created"}, {"before": "sha256:12"}, {"details": {"x": float("nan")}},
     {"details": {"x": "y" * 70_000}}, {"details": {"x": "\ud800"}}],
)  # fmt: skip
def test_what_the_program_gets_wrong_is_refused(database: Database, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError), database.transaction("acme") as transaction:
        append(transaction, entry(1, **wrong))  # type: ignore[arg-type]
    assert size_of(database, "acme") == 0


def test_a_body_that_was_made_into_something_else_is_named() -> None:
    with pytest.raises(AuditError, match="record 7"):
        record_of("{}", sequence=7, previous=None)
