# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""API keys on a real database: made, known again, ended, recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from arf_enterprise.errors import NotAuthenticated, NotFound, RequestError, StoreError
from arf_enterprise.identity import keys
from arf_enterprise.identity.key import WantedKey
from arf_enterprise.identity.keys import Created
from arf_enterprise.identity.local import local_principal
from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import Operation
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LOCAL = local_principal(["default"])


def make(database: Database, *, tenants: tuple[str, ...] = ("default",), **wanted: Any) -> Created:
    fields: dict[str, Any] = {"subject": "alice", "roles": frozenset({Role.OPERATOR}), **wanted}
    return keys.create(database, WantedKey(**fields), tenants=tenants, by=LOCAL, request_id="r1", now=NOW)


def entries(database: Database, tenant: str = "default") -> list[dict[str, Any]]:
    with database.transaction(tenant) as transaction:
        rows = transaction.connection.execute("SELECT body FROM audit_entry ORDER BY xid, position").fetchall()
    return [json.loads(row["body"]) for row in rows]


def revoke(database: Database, key_id: str, tenant: str = "default") -> None:
    with database.transaction(tenant) as transaction:
        keys.revoke(transaction, key_id, by=LOCAL, request_id="r2", now=NOW)


@pytest.mark.promise("SRV-2")
def test_a_key_is_known_again_with_its_roles(database: Database) -> None:
    made = make(database, operations=frozenset({Operation.ME_READ}))
    (key,) = keys.known(database, made.text, now=NOW)
    assert key == made.keys[0]
    assert key.roles == {Role.OPERATOR}
    assert sorted(key.operations or ()) == ["me.read"]


@pytest.mark.promise("SRV-2")
def test_the_database_has_nothing_of_the_secret(database: Database) -> None:
    made = make(database)
    secret = made.text.split("_", 3)[3]
    with database.transaction("default") as transaction:
        rows = transaction.connection.execute("SELECT k::text AS key FROM api_key AS k").fetchall()
        logs = transaction.connection.execute("SELECT e::text AS entry FROM audit_entry AS e").fetchall()
    text = repr(rows) + repr(logs) + repr(made)
    assert made.keys[0].key_id in text
    assert all(secret[start : start + 8] not in text for start in range(len(secret) - 8))
    assert secret.encode().hex() not in text


def test_no_two_keys_are_alike(database: Database) -> None:
    made = {make(database).text for _ in range(20)}
    assert len({text.split("_", 3)[3] for text in made}) == 20
    assert all(keys.id_in(text) for text in made)


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.upper(),
        lambda text: " " + text,
        lambda text: text.replace("arf_key_", "arf_key_0", 1),
        lambda text: text[:8] + "0" * 32 + text[40:],
        lambda text: text + "\n",
        lambda text: text[:0],
        lambda text: "arf_key_' OR '1'='1_" + text[41:],
    ],
)
def test_a_key_that_differs_in_anything_is_not_known(database: Database, spoil: Any) -> None:
    made = make(database)
    with pytest.raises(NotAuthenticated) as raised:
        keys.known(database, spoil(made.text), now=NOW)
    assert made.text.split("_", 3)[3][:8] not in str(raised.value)


def test_the_secret_of_one_key_does_not_open_another(database: Database) -> None:
    one, other = make(database), make(database)
    mixed = f"arf_{one.keys[0].key_id}_{other.text.split('_', 3)[3]}"
    with pytest.raises(NotAuthenticated, match="wrong"):
        keys.known(database, mixed, now=NOW)


@pytest.mark.promise("SRV-2")
def test_a_key_ends_when_it_says(database: Database) -> None:
    made = make(database, days=1)
    end = NOW + timedelta(days=1)
    assert keys.known(database, made.text, now=end - timedelta(microseconds=1))
    for late in (0, 1):
        with pytest.raises(NotAuthenticated, match="expired"):
            keys.known(database, made.text, now=end + timedelta(seconds=late))


@pytest.mark.promise("SRV-2")
def test_a_revoked_key_ends_at_once_and_for_good(database: Database) -> None:
    made = make(database)
    key_id = made.keys[0].key_id
    revoke(database, key_id)
    with pytest.raises(NotAuthenticated, match="revoked"):
        keys.known(database, made.text, now=NOW)
    with pytest.raises(NotFound, match=key_id):
        revoke(database, key_id)
    with pytest.raises(StoreError), database.transaction("default") as transaction:
        transaction.connection.execute("UPDATE api_key SET revoked_at = NULL")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM arf.api_key", "TRUNCATE arf.api_key", "UPDATE arf.api_key SET revoked_at = NULL"]
)
def test_not_even_the_owner_takes_a_key_away_or_back(postgres: FreshDatabases, statement: str) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        revoke(database, make(database).keys[0].key_id)
    with (
        psycopg.connect(postgres.url(name, login="postgres")) as connection,
        pytest.raises(psycopg.errors.RestrictViolation),
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    "column", ["hash", "roles", "tenant", "key_id", "expires_at", "is_agent", "subject", "operations"]
)
def test_the_program_cannot_change_what_a_key_is(database: Database, column: str) -> None:
    make(database)
    statement = sql.SQL("UPDATE api_key SET {} = {}").format(*[sql.Identifier(column)] * 2)
    with pytest.raises(StoreError, match="denied"), database.transaction("default") as transaction:
        transaction.connection.execute(statement)


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("role", [Role.APPROVER, Role.ADMIN])
def test_an_agents_key_is_never_an_approvers_or_admins(database: Database, role: Role) -> None:
    with pytest.raises(RequestError, match="agent"):
        make(database, roles=frozenset({role, Role.VIEWER}), is_agent=True)
    with pytest.raises(StoreError, match="check"), database.transaction("default") as transaction:
        transaction.run(
            "add_api_key", tenant="default", key_id="key_" + "0" * 32, hash=b"0" * 32, subject="robot",
            roles=[role.value], operations=None, is_agent=True, created_at=NOW, expires_at=NOW + timedelta(days=1),
        )  # fmt: skip


@pytest.mark.promise("AUD-1")
def test_each_creation_and_revocation_is_recorded_in_its_own_transaction(database: Database) -> None:
    made = make(database)
    key_id = made.keys[0].key_id
    revoke(database, key_id)
    created, revoked = entries(database)
    assert (created["action"], created["object"]) == ("key.created", f"key/{key_id}")
    assert created["details"]["roles"] == ["operator"]
    assert (revoked["action"], revoked["object"], revoked["request_id"]) == ("key.revoked", f"key/{key_id}", "r2")
    assert created["actor"]["method"] == "local"


@pytest.mark.promise("AUD-1")
def test_no_record_no_key(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise StoreError("the log is full")

    monkeypatch.setattr(keys, "append", fail)
    with pytest.raises(StoreError, match="full"):
        make(database)
    with database.transaction("default") as transaction:
        assert keys.listed(transaction) == ()


@pytest.mark.promise("SRV-3")
def test_a_key_of_two_tenants_ends_in_one_and_stays_in_the_other(database: Database) -> None:
    made = make(database, tenants=("acme", "globex"))
    assert [key.tenant for key in keys.known(database, made.text, now=NOW)] == ["acme", "globex"]
    revoke(database, made.keys[0].key_id, "acme")
    assert [key.tenant for key in keys.known(database, made.text, now=NOW)] == ["globex"]
    assert [entry["action"] for entry in entries(database, "acme")] == ["key.created", "key.revoked"]
    assert [entry["action"] for entry in entries(database, "globex")] == ["key.created"]


@pytest.mark.promise("SRV-3")
def test_a_tenant_sees_and_ends_its_own_keys_only(database: Database) -> None:
    other = make(database, tenants=("globex",)).keys[0].key_id
    with database.transaction("acme") as transaction:
        assert keys.listed(transaction) == ()
    with pytest.raises(NotFound):
        revoke(database, other, "acme")
    with database.transaction("globex") as transaction:
        assert [key.revoked_at for key in keys.listed(transaction)] == [None]


def test_a_key_for_a_tenant_that_is_not_there_is_refused(database: Database) -> None:
    with pytest.raises(NotFound, match="nobody"):
        make(database, tenants=("nobody",))
    with pytest.raises(RequestError, match="no tenant"):
        make(database, tenants=())


@pytest.mark.promise("SRV-2")
def test_when_a_key_was_used_is_noted_to_the_hour(database: Database) -> None:
    made = make(database)
    for minutes, expected in ((0, 3), (20, 3), (70, 4)):
        now = NOW + timedelta(minutes=minutes)
        (key,) = keys.known(database, made.text, now=now)
        keys.touch(database, key, now=now)
        (after,) = keys.known(database, made.text, now=now)
        assert after.last_used_at == datetime(2026, 1, 2, expected, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": " alice"}, "subject"),
        ({"subject": "a\x00b"}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"roles": frozenset()}, "roles"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"operations": frozenset()}, "operations"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_the_rule(database: Database, wanted: dict[str, Any], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        make(database, **wanted)
