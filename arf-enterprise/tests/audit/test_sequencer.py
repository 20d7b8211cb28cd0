# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The sequencer: order, nothing lost or doubled, takeover, two at once, keys that change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from arf_core.errors import VerificationError
from arf_core.verify.merkle import leaf_hash, root_of
from arf_core.verify.notes import check_note, read_checkpoint, read_note, read_note_key
from arf_enterprise.audit.log import append
from arf_enterprise.audit.proofs import latest
from arf_enterprise.audit.reading import records, size_of
from arf_enterprise.audit.sequencer import integrate, integrate_all
from arf_enterprise.audit.service import Sequencing, lag
from arf_enterprise.audit.testing import entry, log_of, now, signing_key, write
from arf_enterprise.audit.trusting import note_keys
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases


def whole(database: Database, tenant: str) -> list[dict[str, object]]:
    """Every record, with chain, numbers and root recomputed."""
    found = list(records(database, tenant, first=0, last=size_of(database, tenant), page=700))
    values = [json.loads(record.text) for record in found]
    leaves = [leaf_hash(record.text.encode()) for record in found]
    assert [value["sequence"] for value in values] == list(range(len(found)))
    assert [value["previous"] for value in values] == [None, *(leaf.hex() for leaf in leaves[:-1])]
    with database.transaction(tenant) as transaction:
        checkpoint = latest(transaction).checkpoint
    assert (checkpoint.size, checkpoint.root) == (len(found), root_of(leaves))
    assert len({value["entry_id"] for value in values}) == len(values)
    return values


def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about in 20 seconds")


@pytest.mark.promise("AUD-2")
def test_writers_and_two_sequencers_at_once_leave_no_gap_and_no_double(postgres: FreshDatabases) -> None:
    with postgres.database(size=14) as database:
        with (
            Sequencing(database, key=signing_key(), clock=now, poll_s=0.01),
            Sequencing(database, key=signing_key(), clock=now, poll_s=0.013),
        ):
            writers = [threading.Thread(target=_write_some, args=(database, number)) for number in range(8)]
            for thread in writers:
                thread.start()
            for thread in writers:
                thread.join()
            eventually(lambda: size_of(database, "acme") == 8 * 40)
        values = whole(database, "acme")
        of_one = [value["object"] for value in values if str(value["request_id"]) == "r3"]
        assert of_one == [f"key/{number}" for number in range(40)], "a writer's entries keep their order"


def _write_some(database: Database, writer: int) -> None:
    for start in range(0, 40, 2):
        with database.transaction("acme") as transaction:
            for number in (start, start + 1):
                one = entry(number)
                object.__setattr__(one, "request_id", f"r{writer}")
                append(transaction, one)


@pytest.mark.promise("AUD-2")
def test_a_long_transaction_holds_the_order_and_loses_nothing(database: Database) -> None:
    opened, may_end = threading.Event(), threading.Event()

    def long() -> None:
        with database.transaction("acme") as transaction:
            append(transaction, entry(1))
            transaction.one("audit_size", tenant="acme")
            opened.set()
            assert may_end.wait(20)

    thread = threading.Thread(target=long)
    thread.start()
    assert opened.wait(20)
    write(database, "acme", 3)
    assert integrate_all(database, "acme", key=signing_key(), now=now()) == 0, "an earlier one still runs"
    (waits,) = [one for one in lag(database, now=now()) if one.tenant == "acme"]
    assert waits.waiting == 3
    assert waits.oldest_s >= 0
    may_end.set()
    thread.join()
    assert integrate_all(database, "acme", key=signing_key(), now=now()) == 4
    assert [value["object"] for value in whole(database, "acme")] == ["key/1", "key/0", "key/1", "key/2"]


def test_the_order_of_a_transaction_is_that_of_its_appends_also_in_many_passes(database: Database) -> None:
    write(database, "acme", 23)
    while (done := integrate(database, "acme", key=signing_key(), now=now(), most=5)) and done.added:
        assert done.added <= 5
    assert [value["object"] for value in whole(database, "acme")] == [f"key/{number}" for number in range(23)]


def test_ten_thousand_entries_make_one_log(database: Database) -> None:
    write(database, "acme", 10_000)
    assert integrate_all(database, "acme", key=signing_key(), now=now()) == 10_000
    assert len(whole(database, "acme")) == 10_000


HOLDER = """
import sys, time
from arf_enterprise.stores.postgres.database import Database
database = Database(sys.argv[1]); database.open()
with database.transaction("acme") as transaction:
    assert transaction.one("lock_audit_log", tenant="acme")["is_ours"]
    print("held", flush=True); time.sleep(60)
"""


@pytest.mark.promise("AUD-2")
def test_when_the_sequencer_is_killed_another_takes_over(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        write(database, "acme", 5)
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, postgres.url(name)], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert integrate(database, "acme", key=signing_key(), now=now()) is None
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
        eventually(lambda: integrate_all(database, "acme", key=signing_key(), now=now()) == 5)
        whole(database, "acme")


def test_a_database_that_was_restored_from_a_dump_goes_on(postgres: FreshDatabases) -> None:
    """There, transaction numbers begin again at small ones, and what is stored has numbers that are yet to come."""
    name = postgres.fresh()
    with postgres.database(name) as database:
        log_of(database, "acme", 3)
        write(database, "acme", 2)
        with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
            owner.execute("SET session_replication_role = replica")
            for table in ("audit_entry", "audit_leaf"):
                moved = sql.SQL("UPDATE {} SET xid = (xid::text::bigint + 1000000)::text::xid8")
                owner.execute(moved.format(sql.Identifier("arf", table)))
        write(database, "acme", 4)
        assert integrate_all(database, "acme", key=signing_key(), now=now()) == 6
        write(database, "acme", 1)
        assert integrate_all(database, "acme", key=signing_key(), now=now()) == 1
        assert len(whole(database, "acme")) == 10


@pytest.mark.promise("AUD-2")
def test_after_the_key_was_changed_older_checkpoints_still_verify(database: Database) -> None:
    notes = []
    for name in ("first", "second"):
        write(database, "acme", 2)
        integrate_all(database, "acme", key=signing_key(name), now=now())
        with database.transaction("acme") as transaction:
            notes.append(read_note(latest(transaction).note.encode()))
            keys = [read_note_key(text) for text in note_keys(transaction, "acme")]
    assert len(keys) == 2
    for note in notes:
        check_note(note, keys)
    with pytest.raises(VerificationError):
        check_note(notes[1], keys[:1])


def test_the_checkpoint_of_a_tenant_is_not_one_of_another(database: Database) -> None:
    log_of(database, "acme", 1)
    log_of(database, "globex", 1)
    with database.transaction("acme") as transaction:
        note = read_note(latest(transaction).note.encode())
    with database.transaction("globex") as transaction:
        keys = [read_note_key(text) for text in note_keys(transaction, "globex")]
    with pytest.raises(VerificationError):
        check_note(note, keys)


def test_a_checkpoint_is_never_dated_before_the_highest_time_that_was_seen(database: Database) -> None:
    write(database, "acme", 1)
    integrate_all(database, "acme", key=signing_key(), now=now() - timedelta(days=365))
    with database.transaction("acme") as transaction:
        text = latest(transaction).checkpoint.extensions
        highest = transaction.one("installation")["highest_time"]
    assert text == (f"arf.time {highest:%Y-%m-%dT%H:%M:%S.%f}Z",)


def test_the_service_outlives_a_database_that_was_away(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with (
        postgres.database(name) as database,
        Sequencing(database, key=signing_key(), clock=now, poll_s=0.01) as service,
    ):
        write(database, "acme", 1)
        eventually(lambda: size_of(database, "acme") == 1)
        with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            )
        eventually(lambda: _written(database))
        eventually(lambda: size_of(database, "acme") == 2)
        assert service.state.is_running
    assert not service.state.is_running


def _written(database: Database) -> bool:
    try:
        write(database, "acme", 1)
    except Exception:  # noqa: BLE001 - the connection that was ended is replaced
        return False
    return True


def test_a_checkpoint_says_what_was_signed(database: Database) -> None:
    log_of(database, "acme", 3)
    with database.transaction("acme") as transaction:
        found = latest(transaction)
    assert read_checkpoint(read_note(found.note.encode()).text) == found.checkpoint
    assert found.checkpoint.origin.endswith("/acme")
