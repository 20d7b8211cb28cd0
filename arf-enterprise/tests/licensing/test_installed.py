# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Licences and lists of revocations in the database: verified first, audited with the change, verified again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from arf_core.canonical import file_digest
from arf_enterprise.audit.entry import Actor
from arf_enterprise.errors import (
    ConflictError,
    LicenseClockError,
    LicenseError,
    LicenseExpired,
    LicenseForged,
    LicenseMalformed,
    LicenseNotYetValid,
    LicenseRevoked,
    LicenseWrongCustomer,
    LicenseWrongProduct,
    LicenseWrongType,
    StoreError,
)
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.licensing.clock import HOME
from arf_enterprise.licensing.entitlement import StoredEntitlement, known_of
from arf_enterprise.licensing.installed import install, install_revocations, installed_key
from arf_enterprise.licensing.licence import Licence
from arf_enterprise.licensing.revocations import MAX_SIZE, Revocation, Revocations, signed_list, verify_list
from arf_enterprise.licensing.testing import DEVELOPMENT, RING, START, STRANGER, VENDOR, development, key_string, signed
from arf_enterprise.licensing.token import Signer
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OTHER_KIND = signed({"key_id": DEVELOPMENT.key_id, "schema": "a/1"}, key=DEVELOPMENT, schema="a/1")


def installed(database: Database, text: str, *, now: datetime = NOW, customer: str | None = None) -> Licence:
    return install(database, text, customer=customer, actor=Actor.of(SYSTEM), now=now, request_id="req_1")


def installed_list(database: Database, data: bytes) -> Revocations:
    return install_revocations(database, data, actor=Actor.of(SYSTEM), now=NOW, request_id="req_1")


def revoked(*ids: str, number: int = 1, signer: Signer = DEVELOPMENT) -> bytes:
    listed = [Revocation(licence_id=name, revoked_at=NOW, reason="refunded") for name in ids]
    return signed_list(listed, number=number, now=NOW, signer=signer)


def records(database: Database) -> list[dict[str, object]]:
    with database.transaction(HOME) as transaction:
        rows = transaction.connection.execute("SELECT body FROM audit_entry").fetchall()
    return [json.loads(row["body"]) for row in rows]


def stored(database: Database, now: datetime = NOW) -> Licence:
    found = StoredEntitlement(database=database, known=lambda: known_of(database, None))
    return found.entitlement(now).licence


@pytest.mark.promise("LIC-2")
def test_installing_is_audited_by_id_and_digest_and_never_by_the_key(database: Database) -> None:
    first, second = development(now=NOW), development(now=NOW, licence_id="lic_second")
    installed(database, first)
    installed(database, f" {first}\n")
    installed(database, second)
    assert stored(database).licence_id == "lic_second"
    said = records(database)
    assert [(record["action"], record["object"]) for record in said] == [
        ("license.installed", "licence/lic_0123456789abcdef"),
        ("license.installed", "licence/lic_second"),
    ]
    assert [(record["before"], record["after"]) for record in said] == [
        (None, file_digest(first.encode())),
        (file_digest(first.encode()), file_digest(second.encode())),
    ]
    text = json.dumps(said)
    assert not any(key[place : place + 8] in text for key in (first, second) for place in range(8, len(key) - 7))


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize(
    ("text", "now", "customer", "error"),
    [
        (key_string(), NOW, None, LicenseForged),
        (key_string(key=STRANGER), NOW, None, LicenseForged),
        ("ARF-ENT-x", NOW, None, LicenseMalformed),
        (OTHER_KIND, NOW, None, LicenseWrongType),
        (development(now=NOW, product="arf-other"), NOW, None, LicenseWrongProduct),
        (development(now=NOW), NOW, "globex", LicenseWrongCustomer),
        (development(now=NOW), NOW - 2 * DAY, None, LicenseNotYetValid),
        (development(now=NOW), NOW + 27 * DAY, None, LicenseExpired),
        (development(now=START), START - DAY, None, LicenseClockError),
    ],
)  # fmt: skip
def test_what_would_start_nothing_is_not_installed(
    database: Database, text: str, now: datetime, customer: str | None, error: type[LicenseError]
) -> None:
    installed(database, development(now=NOW, licence_id="lic_before"))
    with pytest.raises(error) as raised:
        installed(database, text, now=now, customer=customer)
    assert type(raised.value) is error
    assert stored(database).licence_id == "lic_before"


@pytest.mark.promise("LIC-1")
def test_whoever_writes_to_the_database_writes_no_licence(database: Database) -> None:
    with database.transaction(HOME) as transaction:
        transaction.run(
            "install_licence", licence_id="lic_x", digest=f"sha256:{'0' * 64}", key=key_string(key=STRANGER), now=NOW
        )
    with pytest.raises(LicenseForged):
        stored(database)


def test_what_was_installed_is_neither_changed_nor_deleted(postgres: FreshDatabases, database: Database) -> None:
    installed(database, development(now=NOW))
    installed_list(database, revoked("lic_other"))
    with database.transaction(None) as transaction:
        name = transaction.connection.execute("SELECT current_database() AS name").fetchall()[0]["name"]
    tables = ("licence", "licence_revocations", "licence_seat")
    with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as owner:
        owner.execute("INSERT INTO arf.licence_seat VALUES ('2027-01-01', decode(repeat('00', 32), 'hex'))")
        for table in tables:
            for statement in ("DELETE FROM arf.{}", "TRUNCATE arf.{}"):
                with pytest.raises(psycopg.errors.RestrictViolation):
                    owner.execute(statement.format(table).encode())
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("UPDATE arf.licence SET key = 'x'")
    with pytest.raises(StoreError, match="denied"), database.transaction(None) as transaction:
        transaction.connection.execute("DELETE FROM licence")
    with database.transaction(HOME) as transaction:
        assert installed_key(transaction) == development(now=NOW)


@pytest.mark.promise("LIC-1")
def test_a_revoked_licence_stops_and_cannot_be_installed_again(database: Database) -> None:
    text = development(now=NOW)
    installed(database, text)
    installed_list(database, revoked("lic_0123456789abcdef"))
    with pytest.raises(LicenseRevoked):
        stored(database)
    with pytest.raises(LicenseRevoked):
        installed(database, text)


@pytest.mark.promise("LIC-1")
def test_an_older_list_does_not_take_the_place_of_a_newer_one(database: Database) -> None:
    installed(database, development(now=NOW))
    newer = revoked("lic_0123456789abcdef", number=7)
    installed_list(database, newer)
    for number in (1, 6, 7):
        with pytest.raises(ConflictError, match="list 7"):
            installed_list(database, revoked("lic_other", number=number))
    assert installed_list(database, newer).number == 7
    with pytest.raises(LicenseRevoked):
        stored(database)
    installed_list(database, revoked("lic_other", number=8))
    assert stored(database).licence_id == "lic_0123456789abcdef"
    actions = [record["action"] for record in records(database)]
    assert actions == ["license.installed", "license.revocations_installed", "license.revocations_installed"]


def test_not_even_a_program_that_forgot_to_look_puts_an_older_list_into_the_database(database: Database) -> None:
    installed_list(database, revoked(number=7))
    with pytest.raises(ConflictError), database.transaction(HOME) as transaction:
        transaction.run("add_licence_revocations", is_development=True, number=6, list=b"{}", now=NOW)


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (revoked("lic_1", signer=STRANGER), LicenseForged),
        (revoked("lic_1", signer=VENDOR).replace(b"lic_1", b"lic_2"), LicenseForged),
        (revoked("lic_1").replace(b"arf.licence-revocations/1", b"arf.policy-pack/1"), LicenseWrongType),
        (revoked("lic_1")[:-10], LicenseMalformed),
        (revoked("lic_1") + b" " * MAX_SIZE, LicenseMalformed),
        (b"", LicenseMalformed),
    ],
)
def test_a_list_that_was_forged_altered_or_cut_is_refused(data: bytes, error: type[LicenseError]) -> None:
    with pytest.raises(error) as raised:
        verify_list(data, keyring=RING)
    assert type(raised.value) is error


def test_a_list_names_each_licence_once_in_order() -> None:
    both = [Revocation(licence_id=name, revoked_at=NOW, reason="…") for name in ("lic_b", "lic_a", "lic_b")]
    with pytest.raises(LicenseMalformed):
        verify_list(signed_list(both, number=1, now=NOW, signer=VENDOR), keyring=RING)
    found = verify_list(signed_list(both[:2], number=1, now=NOW, signer=VENDOR), keyring=RING)
    assert list(found.revoked) == ["lic_a", "lic_b"]
    assert not found.is_development
