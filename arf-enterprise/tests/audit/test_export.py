# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Exports that third parties verify offline; and what an owner of the database can do, and how it shows."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys, read_trusted_keys
from arf_enterprise.audit.export import export
from arf_enterprise.audit.proofs import latest, prove_consistency, prove_inclusion, signed
from arf_enterprise.audit.reading import Span
from arf_enterprise.audit.testing import ALICE, asked, log_of, now
from arf_enterprise.audit.trusting import revoke, trusted_keys
from arf_enterprise.errors import RequestError
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases


def keys_of(database: Database, tenants: list[str] | None = None) -> TrustedKeys:
    """What a third party was given."""
    with database.transaction("acme") as transaction:
        return read_trusted_keys([("keys", json.dumps(trusted_keys(transaction, tenants=tenants)).encode())])


def report_on(data: bytes, keys: TrustedKeys) -> Report:
    return verify_bytes(data, name="export.arfa", trusted=keys)


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("span", [None, Span(first=0, last=1), Span(first=3, last=8), Span(first=10, last=11)])
def test_every_window_of_the_log_verifies(database: Database, tmp_path: Path, span: Span | None) -> None:
    log_of(database, "acme", 7, actor=ALICE)
    log_of(database, "acme", 4)
    done = export(database, "acme", tmp_path / "log.arfa", span=span)
    report = report_on((tmp_path / "log.arfa").read_bytes(), keys_of(database))
    assert report.ok, report.first_bad
    assert report.count == len(done.span) == (11 if span is None else len(span))


@pytest.mark.promise("AUD-2")
def test_a_long_log_is_exported_in_parts_under_one_checkpoint(database: Database, tmp_path: Path) -> None:
    log_of(database, "acme", 50)
    with database.transaction("acme") as transaction:
        since = latest(transaction)
    log_of(database, "acme", 70)
    written: list[int] = []
    done = export(database, "acme", tmp_path / "log.arfa", since=since, progress=written.append, part_bytes=10_000)
    assert len(done.files) > 3
    assert sum(written) == 120
    for file in done.files:
        report = report_on(file.read_bytes(), keys_of(database))
        assert report.ok, report.first_bad
    again = export(database, "acme", tmp_path / "again.arfa", since=since, part_bytes=10_000)
    assert [file.read_bytes() for file in again.files] == [file.read_bytes() for file in done.files]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        file.name for file in (*done.files, *again.files)
    ), "nothing half-written is left"


OWNER = {
    "edited": ("UPDATE arf.audit_entry SET body = replace(body, 'key/4', 'key/x') WHERE position = 5", "4"),
    "deleted": ("SET session_replication_role = replica; DELETE FROM arf.audit_entry WHERE position = 5", "5"),
    "swapped": (
        """UPDATE arf.audit_entry AS a SET body = b.body FROM arf.audit_entry AS b
        WHERE (a.position, b.position) IN ((4, 5), (5, 4))""",
        "3",
    ),
}


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("story", OWNER)
def test_an_owner_who_disables_the_triggers_is_found_out_and_the_place_is_named(
    postgres: FreshDatabases, tmp_path: Path, story: str
) -> None:
    name = postgres.fresh()
    statement, place = OWNER[story]
    with postgres.database(name) as database:
        log_of(database, "acme", 9)
        with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
            for table in ("audit_entry", "audit_leaf"):
                owner.execute(f"ALTER TABLE arf.{table} DISABLE TRIGGER USER")
            owner.execute(statement)
        export(database, "acme", tmp_path / "log.arfa")
        report = report_on((tmp_path / "log.arfa").read_bytes(), keys_of(database))
    assert not report.ok
    assert report.first_bad is not None
    assert place in f"{report.first_bad.where} {report.first_bad.what}", report.first_bad


@pytest.mark.promise("AUD-2")
def test_a_tail_that_was_cut_off_shows_against_a_checkpoint_that_was_kept(
    postgres: FreshDatabases, tmp_path: Path
) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        log_of(database, "acme", 4)
        log_of(database, "acme", 4)
        with database.transaction("acme") as transaction:
            kept = latest(transaction)
        with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("DELETE FROM arf.audit_leaf WHERE sequence >= 4")
            owner.execute("DELETE FROM arf.audit_checkpoint WHERE size > 4")
        with pytest.raises(RequestError, match="records are missing"):
            export(database, "acme", tmp_path / "log.arfa", since=kept)
        export(database, "acme", tmp_path / "log.arfa")
        report = report_on((tmp_path / "log.arfa").read_bytes(), keys_of(database))
    assert report.ok, "by itself it is a log"
    assert any("cut off" in one for one in report.not_proven), "and that is said"


def test_an_export_of_another_tenant_does_not_pass(database: Database, tmp_path: Path) -> None:
    log_of(database, "acme", 2)
    log_of(database, "globex", 2)
    export(database, "globex", tmp_path / "log.arfa")
    assert not report_on((tmp_path / "log.arfa").read_bytes(), keys_of(database, ["acme"])).ok
    with database.transaction("globex") as transaction:
        foreign = latest(transaction)
    with pytest.raises(RequestError, match="globex"):
        export(database, "acme", tmp_path / "other.arfa", since=foreign)


@pytest.mark.promise("AUD-2")
def test_what_a_revoked_key_signs_from_then_on_does_not_verify(database: Database, tmp_path: Path) -> None:
    log_of(database, "acme", 2)
    export(database, "acme", tmp_path / "before.arfa")
    with database.transaction("acme") as transaction:
        (key,) = transaction.all("audit_keys")
        revoke(transaction, str(key["key_id"]), revoked_from=now(), asked=asked())
    log_of(database, "acme", 2)
    export(database, "acme", tmp_path / "after.arfa")
    keys = keys_of(database)
    assert report_on((tmp_path / "before.arfa").read_bytes(), keys).ok
    after = report_on((tmp_path / "after.arfa").read_bytes(), keys)
    assert not after.ok
    assert "revoked" in str(after.first_bad)


@pytest.mark.promise("AUD-2")
def test_proofs_of_inclusion_and_consistency_verify(database: Database) -> None:
    log_of(database, "acme", 5)
    log_of(database, "acme", 8)
    keys = keys_of(database)
    for data in (prove_inclusion(database, "acme", 0), prove_inclusion(database, "acme", 12)):
        assert report_on(data, keys).ok
        assert not report_on(data.replace(b"key/", b"Key/"), keys).ok
    assert report_on(prove_consistency(database, "acme", 5, 13), keys).ok
    for first, second, said in ((13, 5, "smaller one first"), (4, 13, "nearest there is: 5")):
        with pytest.raises(RequestError, match=said):
            prove_consistency(database, "acme", first, second)
    with pytest.raises(RequestError, match="the last is 12"):
        prove_inclusion(database, "acme", 13)


def test_what_cannot_be_exported_is_said(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no record yet"):
        export(database, "acme", tmp_path / "log.arfa")
    log_of(database, "acme", 1)
    with pytest.raises(RequestError, match="no record in this window"):
        export(database, "acme", tmp_path / "log.arfa", span=Span(first=7, last=9))
    with pytest.raises(RequestError, match="no checkpoint"):
        signed("hello")
