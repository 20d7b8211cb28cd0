# SPDX-License-Identifier: Apache-2.0
"""What each process does: ``python -m crashes.parts NAME FOLDER``, until ``FOLDER/stop`` is there."""

from __future__ import annotations

import base64
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import file_key
from arf_enterprise.errors import OutcomeUnknown, StoreUnavailable
from arf_enterprise.stores.postgres.database import Database, Transaction
from arf_enterprise.stores.postgres.embedded import running
from arf_enterprise.stores.postgres.migrate import migrate
from crashes.journal import PASSPHRASE, TENANT, note

_TABLE: Final = """
CREATE TABLE arf.crash_change (id text PRIMARY KEY, tenant text NOT NULL REFERENCES arf.tenant);
GRANT SELECT, INSERT ON arf.crash_change TO arf_app;
"""


def part(name: str, folder: Path) -> None:
    """Be one of the processes, until ``folder/stop`` is there."""
    if name == "starter":
        _start(folder)
        return
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # connections are lost all the time here
    work = _Sequencer(folder, name).work if name.startswith("sequencer") else _Writer(folder, name).work
    while not _is_over(folder):
        with suppress(OSError, StoreUnavailable):  # Postgres is away: its URL changes when it comes back
            _work_until_moved(folder, work)


def _start(folder: Path) -> None:
    with running(folder / "server") as server:
        if not (folder / "made").exists():
            migrate(server.url("arf_owner"))
            with psycopg.connect(server.url("arf_owner"), autocommit=True) as connection:
                connection.execute(_TABLE)
            (folder / "made").touch()
        fresh = folder / "url.new"
        fresh.write_text(server.url())
        fresh.rename(folder / "url")
        with suppress(ProcessLookupError):
            while os.getppid() != 1:
                os.kill(server.pid, 0)
                time.sleep(0.02)


def _is_over(folder: Path) -> bool:
    """Whether everybody shall end: they were told, or who started them is gone."""
    return (folder / "stop").exists() or os.getppid() == 1


def _work_until_moved(folder: Path, work: Callable[[Database], None]) -> None:
    url = (folder / "url").read_text()
    database = Database(url, size=2, patience_s=2)
    database.open()
    try:
        while not _is_over(folder) and (folder / "url").read_text() == url:
            with suppress(StoreUnavailable):  # the pool finds another connection
                work(database)
    finally:
        database.close()


class _TakenBack(Exception):
    """What a writer raises to take its changes back."""


@dataclass(frozen=True, slots=True)
class _Writer:
    folder: Path
    name: str

    def work(self, database: Database) -> None:
        """One transaction of one or two changes, each with its record; one in ten is taken back."""
        changes = [secrets.token_hex(12) for _ in range(1 + secrets.randbelow(2))]
        try:
            with database.transaction(TENANT) as transaction:
                for change in changes:
                    _change(transaction, change)
                _perhaps_take_back()
        except _TakenBack:
            self._note("taken-back", changes)
        except OutcomeUnknown:
            self._note("unknown", changes)
            raise
        except StoreUnavailable:  # it says that nothing was changed: held against it at the end
            self._note("taken-back", changes)
            raise
        else:
            self._note("acknowledged", changes)

    def _note(self, outcome: str, changes: list[str]) -> None:
        note(self.folder, f"{outcome}.{self.name}", changes)


@dataclass(frozen=True, slots=True)
class _Sequencer:
    folder: Path
    name: str

    def work(self, database: Database) -> None:
        """A pass over what waits; the checkpoint after it is noted."""
        key = file_key(self.folder / "key.pem", PASSPHRASE)
        if integrate_all(database, TENANT, key=key, now=datetime.now(UTC)):
            with database.transaction(TENANT) as transaction:
                latest = transaction.one("latest_audit_checkpoint", tenant=TENANT)
            note(self.folder, f"checkpoints.{self.name}", [base64.b64encode(str(latest["note"]).encode()).decode()])
        time.sleep(0.01)


def _perhaps_take_back() -> None:
    if secrets.randbelow(10) == 0:
        raise _TakenBack


def _change(transaction: Transaction, change: str) -> None:
    transaction.connection.execute("INSERT INTO crash_change (id, tenant) VALUES (%s, %s)", [change, TENANT])
    actor = Actor(issuer="arf", subject="crash", method="system", is_person=False)
    append(
        transaction,
        Entry(actor=actor, action="test.changed", target=change, at=datetime.now(UTC), request_id=change),
    )


if __name__ == "__main__":
    part(sys.argv[1], Path(sys.argv[2]))
