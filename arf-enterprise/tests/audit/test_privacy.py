# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Personal data: sealed, shown to who they are about, erased, held, run out; while every proof holds."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.trust import read_trusted_keys
from arf_enterprise.audit.export import export
from arf_enterprise.audit.log import append
from arf_enterprise.audit.privacy import MEMORY_S, unseal
from arf_enterprise.audit.reading import records, size_of
from arf_enterprise.audit.retention import data_of, erase, expire, hold, holds, keep, reference_of, release
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.testing import ALICE, PROGRAM, asked, entry, log_of, now, signing_key
from arf_enterprise.audit.trusting import trusted_keys
from arf_enterprise.errors import ConflictError, RequestError
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

SECRET = "alice@example.com"


def everything(postgres: FreshDatabases, name: str) -> str:
    """Every value of every table of the database, as text."""
    with psycopg.connect(postgres.url(name, login="postgres")) as connection:
        tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'arf'")]
        text = sql.SQL("SELECT t::text FROM {} AS t")
        return "\n".join(
            str(row) for table in tables for row in connection.execute(text.format(sql.Identifier("arf", table)))
        )


@pytest.mark.promise("AUD-4")
def test_no_name_stands_anywhere_in_the_database(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        with database.transaction("acme") as transaction:
            append(transaction, entry(1, actor=ALICE, personal={"ip": "203.0.113.7"}))
        integrate_all(database, "acme", key=signing_key(), now=now())
    found = everything(postgres, name)
    assert "key/1" in found
    assert SECRET not in found
    assert SECRET.encode().hex() not in found
    assert "203.0.113.7" not in found


@pytest.mark.promise("AUD-4")
def test_a_person_is_told_what_the_log_has_of_them_and_after_the_erasure_nobody_is(
    database: Database, tmp_path: Path
) -> None:
    with database.transaction("acme") as transaction:
        append(transaction, entry(1, actor=ALICE, personal={"ip": "203.0.113.7"}))
        append(transaction, entry(2))
    integrate_all(database, "acme", key=signing_key(), now=now())
    before = verified(database, tmp_path / "before.arfa")
    ref, own = data_of(database, "acme", SECRET)
    assert [(one.sequence, one.personal) for one in own] == [
        (0, {"personal": {"ip": "203.0.113.7"}, "subject": SECRET})
    ]
    with database.transaction("acme") as transaction:
        assert erase(transaction, SECRET, asked=asked()) == ref
    integrate_all(database, "acme", key=signing_key(), now=now())
    with pytest.raises(RequestError):
        data_of(database, "acme", SECRET)
    after = verified(database, tmp_path / "after.arfa")
    assert after[: len(before)] == before, "records and hashes stay as they are"
    last = json.loads(after[-1])
    assert (last["action"], last["object"]) == ("privacy.erased", ref)
    assert SECRET not in after[-1]


def verified(database: Database, file: Path) -> list[str]:
    """The records of an export that `arf verify` finds nothing wrong with."""
    export(database, "acme", file)
    with database.transaction("acme") as transaction:
        keys = read_trusted_keys([("keys", json.dumps(trusted_keys(transaction)).encode())])
    report = verify_bytes(file.read_bytes(), name=file.name, trusted=keys)
    assert report.ok, report.first_bad
    return [one.text for one in records(database, "acme", first=0, last=size_of(database, "acme"))]


def test_who_comes_back_after_an_erasure_is_somebody_new(database: Database) -> None:
    log_of(database, "acme", 1, actor=ALICE)
    with database.transaction("acme") as transaction:
        first = erase(transaction, SECRET, asked=asked())
    log_of(database, "acme", 1, actor=ALICE)
    with database.transaction("acme") as transaction:
        assert reference_of(transaction, SECRET) != first


@pytest.mark.promise("AUD-4")
def test_what_another_process_still_writes_after_an_erasure_nobody_can_read(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as here, postgres.database(name) as there:
        log_of(there, "acme", 1, actor=ALICE)
        with here.transaction("acme") as transaction:
            erase(transaction, SECRET, asked=asked())
        log_of(there, "acme", 1, actor=ALICE)
        with pytest.raises(RequestError):
            data_of(here, "acme", SECRET)
        with here.transaction("acme") as transaction:
            (left,) = transaction.connection.execute("SELECT count(*) AS n FROM audit_subject_key")
        assert left["n"] == 0, "the key that it was sealed under is gone"
        late = there.remembered.clock() + MEMORY_S + 1
        there.remembered.clock = lambda: late
        log_of(there, "acme", 1, actor=ALICE)
        ref, own = data_of(here, "acme", SECRET)
        assert ref.startswith("subject_")
        assert [one.personal is not None for one in own] == [True], "after that time, it is somebody new"


def test_a_key_that_was_rolled_back_is_not_remembered(database: Database) -> None:
    def given_up() -> None:
        with database.transaction("acme") as transaction:
            append(transaction, entry(1, actor=ALICE))
            raise KeyError

    with pytest.raises(KeyError):
        given_up()
    log_of(database, "acme", 1, actor=ALICE)
    _, own = data_of(database, "acme", SECRET)
    assert own[0].personal is not None


def test_what_is_sealed_opens_for_its_own_entry_and_key_alone(database: Database) -> None:
    log_of(database, "acme", 2, actor=ALICE)
    one, other = (json.loads(record.text) for record in records(database, "acme", first=0, last=2))
    assert one["sealed"] != other["sealed"]
    with database.transaction("acme") as transaction:
        (row,) = transaction.all("audit_subject_keys", tenant="acme", ref=one["actor"]["subject"])
    key = bytes(row["key"])
    assert json.loads(unseal(key, one["sealed"], entry_id=one["entry_id"]))["subject"] == SECRET
    for wrong, entry_id in ((key, other["entry_id"]), (bytes(32), one["entry_id"])):
        with pytest.raises(ValueError, match="another key or for another entry"):
            unseal(wrong, one["sealed"], entry_id=entry_id)


@pytest.mark.promise("AUD-4")
@pytest.mark.parametrize(("kind", "target"), [("subject", SECRET), ("class", "standard")])
def test_what_is_held_for_the_law_is_not_erased_until_it_is_released(
    database: Database, kind: str, target: str
) -> None:
    log_of(database, "acme", 1, actor=ALICE)
    with database.transaction("acme") as transaction:
        keep(transaction, "standard", 1, asked=asked())
        hold_id = hold(transaction, kind, target, reason="case 12", asked=asked())  # type: ignore[arg-type]
    later = asked()
    object.__setattr__(later, "at", now() + timedelta(days=100))
    with pytest.raises(ConflictError, match="case 12"), database.transaction("acme") as transaction:
        erase(transaction, SECRET, asked=asked())
    with database.transaction("acme") as transaction:
        assert expire(transaction, asked=later) == {}
        release(transaction, hold_id, asked=asked())
        assert holds(transaction) == []
        erase(transaction, SECRET, asked=asked())
    integrate_all(database, "acme", key=signing_key(), now=now())
    actions = [json.loads(one.text)["action"] for one in records(database, "acme", first=0, last=99)]
    assert actions[1:] == ["privacy.class_set", "privacy.held", "privacy.released", "privacy.erased"]


@pytest.mark.promise("AUD-4")
def test_a_class_runs_out_by_months_and_others_stay(database: Database) -> None:
    with database.transaction("acme") as transaction:
        append(transaction, entry(1, actor=ALICE))
        append(transaction, entry(2, actor=ALICE, retention="security"))
        keep(transaction, "standard", 30, asked=asked(PROGRAM))
        assert expire(transaction, asked=asked()) == {}, "this month is not over"
        later = asked()
        object.__setattr__(later, "at", now() + timedelta(days=70))
        assert expire(transaction, asked=later) == {"standard": 1}
    integrate_all(database, "acme", key=signing_key(), now=now())
    _, own = data_of(database, "acme", SECRET)
    assert [one.personal is None for one in own] == [True, False]


def test_nothing_is_known_of_a_stranger(database: Database) -> None:
    with pytest.raises(RequestError, match="knows nothing"), database.transaction("acme") as transaction:
        erase(transaction, "mallory", asked=asked())
