# SPDX-License-Identifier: Apache-2.0
"""Kills writers, sequencers and Postgres at random points during writes, and then looks whether anything is amiss.

::

    python scripts/crash_audit.py --kills 100

Writers put changes into a table of their own, each with its audit record in the same transaction, and note in a journal
what was acknowledged, taken back, or left unknown. Two sequencers take turns. After each kill -9 whatever died is
started again, and must make progress. At the end:

1. no change without its record, no record without its change;
2. everything acknowledged is there; nothing that was taken back is;
3. no entry was lost: each is one leaf, and none waits;
4. the log verifies with ``arf_core.verify``: every leaf recomputes, every checkpoint that was ever acknowledged is
   signed, has the root of its size and leads to the next one, and leaves prove that they are in it;
5. nothing waited for ever: after each kill the next acknowledged write came in time, and no lock is left.
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import psycopg

from arf_core.verify.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from arf_core.verify.notes import check_note, read_checkpoint, read_note, read_note_key
from arf_enterprise.audit.checkpoint import note_key, origin_of
from arf_enterprise.audit.entry import Actor, Entry, record_of
from arf_enterprise.audit.log import append
from arf_enterprise.audit.sequencer import fetch_nodes, integrate_all
from arf_enterprise.audit.signing import LocalKey, create_key_file, file_key
from arf_enterprise.audit.tree import consistency_proof, inclusion_proof
from arf_enterprise.errors import OutcomeUnknown, StoreUnavailable
from arf_enterprise.stores.postgres.database import Database, Transaction
from arf_enterprise.stores.postgres.embedded import running
from arf_enterprise.stores.postgres.migrate import migrate

TENANT: Final = "default"
WRITERS: Final = 3
SEQUENCERS: Final = 2
VICTIMS: Final = {"writer": 8, "sequencer": 4, "postmaster": 4, "backend": 2, "starter": 2}
"""Who is killed, and how often among twenty."""
PATIENCE_S: Final = 60.0
PROOFS: Final = 300
_PASSPHRASE: Final = b"of a test"
_TABLE: Final = """
CREATE TABLE arf.crash_change (id text PRIMARY KEY, tenant text NOT NULL REFERENCES arf.tenant);
GRANT SELECT, INSERT ON arf.crash_change TO arf_app;
"""


@dataclass(slots=True)
class Figures:
    """What a run did and found; ``amiss`` says what must not be."""

    kills: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    records: int = 0
    acknowledged: int = 0
    unknown: int = 0
    unknown_but_there: int = 0
    taken_back: int = 0
    checkpoints: int = 0
    inclusions: int = 0
    slowest_s: float = 0.0
    amiss: list[str] = field(default_factory=list)

    def expect(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - what is expected
        """Note what is amiss, unless it ``holds``."""
        if not holds:
            self.amiss.append(otherwise)

    def table(self) -> str:
        """The figures, a line each."""
        killed = ", ".join(f"{name} {number}" for name, number in sorted(self.kills.items()))
        rows = (
            ("kill -9", f"{self.kills.total()} ({killed})"),
            ("changes / records", f"{self.changes} / {self.records}"),
            ("acknowledged, all there", str(self.acknowledged)),
            ("outcome unknown, of which there", f"{self.unknown}, {self.unknown_but_there}"),
            ("taken back, none there", str(self.taken_back)),
            ("checkpoints, each consistent with the next", str(self.checkpoints)),
            ("leaves proven to be in the last", str(self.inclusions)),
            ("longest from a kill to the next write", f"{self.slowest_s:.2f} s"),
            ("amiss", "; ".join(self.amiss) or "nothing"),
        )
        return "\n".join(f"{name:<44} {value}" for name, value in rows)


def run(folder: Path, *, kills: int, seed: int) -> Figures:
    """Kill ``kills`` times in ``folder``, which must not exist, and look at what is left."""
    chance, figures = random.Random(seed), Figures()  # noqa: S311 - a dice, not a secret
    folder.mkdir(mode=0o711)
    (folder / "journal").mkdir()
    create_key_file(folder / "key.pem", _PASSPHRASE)
    with _crew(folder) as crew:
        for _ in range(kills):
            crew.wait_for("acknowledged.*")
            time.sleep(chance.uniform(0, 0.2))
            victim = chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
            figures.kills[victim] += 1
            figures.slowest_s = max(figures.slowest_s, crew.kill(victim, chance))
        crew.finish()
        _look(folder, figures, chance)
    return figures


@dataclass(slots=True)
class _Crew:
    """The processes at work."""

    folder: Path
    starter: subprocess.Popen[bytes]
    others: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        self.others[name] = _spawn(self.folder, name)

    def wait_for(self, what: str) -> float:
        """Until something of the journals named ``what`` was noted; how long that took."""
        began, before = time.monotonic(), _size(self.folder, what)
        while _size(self.folder, what) == before:
            if time.monotonic() - began > PATIENCE_S:
                raise TimeoutError(f"nothing was {what} in {PATIENCE_S} s: something waits for ever")
            self._raise_if_ended()
            time.sleep(0.005)
        return time.monotonic() - began

    def wait_for_all(self) -> float:
        """Until every writer has had a change acknowledged; how long that took."""
        return sum(self.wait_for(f"acknowledged.{name}") for name in self.others if name.startswith("writer"))

    def kill(self, victim: str, chance: random.Random) -> float:
        """Kill one ``victim``, start it again, and say how long it was until the next write."""
        if victim in {"writer", "sequencer"}:
            name = chance.choice([name for name in self.others if name.startswith(victim)])
            _end(self.others[name])
            self.start(name)
            return self.wait_for(f"acknowledged.{name}" if victim == "writer" else "checkpoints.*")
        server = _server(self.folder)
        if victim == "backend":
            os.kill(chance.choice(_backends(server)), signal.SIGKILL)
            return self.wait_for_all()
        os.kill(server if victim == "postmaster" else self.starter.pid, signal.SIGKILL)
        self.starter.wait(timeout=PATIENCE_S)
        self.starter = _started(self.folder)
        return self.wait_for_all()

    def finish(self) -> None:
        """Let everybody finish what they do; only Postgres goes on."""
        self.wait_for_all()
        (self.folder / "stop").touch()
        for process in self.others.values():
            if process.wait(timeout=PATIENCE_S):
                raise RuntimeError(f"a process ended with {process.returncode}: {_said(self.folder)}")

    def _raise_if_ended(self) -> None:
        for name, process in self.others.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended by itself with {process.returncode}: {_said(self.folder)}")


@contextmanager
def _crew(folder: Path) -> Iterator[_Crew]:
    crew = _Crew(folder=folder, starter=_started(folder))
    try:
        for number in range(WRITERS):
            crew.start(f"writer{number}")
        for number in range(SEQUENCERS):
            crew.start(f"sequencer{number}")
        yield crew
    finally:
        for process in (*crew.others.values(), crew.starter):
            _end(process)


def _spawn(folder: Path, name: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "errors").open("ab") as errors:
        return subprocess.Popen([sys.executable, __file__, "--part", name, str(folder)], env=environment, stderr=errors)


def _started(folder: Path) -> subprocess.Popen[bytes]:
    (folder / "url").unlink(missing_ok=True)
    process, end = _spawn(folder, "starter"), time.monotonic() + PATIENCE_S
    while not (folder / "url").exists():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Postgres does not come up again: {_said(folder)}")
        time.sleep(0.005)
    return process


def _said(folder: Path) -> str:
    return (folder / "errors").read_text(errors="replace")[-3000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(timeout=PATIENCE_S)


def _size(folder: Path, what: str) -> int:
    return sum(file.stat().st_size for file in (folder / "journal").glob(what))


def _server(folder: Path) -> int:
    return int((folder / "server/lock").read_text().split()[0])


def _backends(server: int) -> list[int]:
    """The processes of ``server`` that serve the program."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    titles = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, title in titles.items() if b"arf_app" in title]


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
        _note(self.folder, f"{outcome}.{self.name}", changes)


@dataclass(frozen=True, slots=True)
class _Sequencer:
    folder: Path
    name: str

    def work(self, database: Database) -> None:
        """A pass over what waits; the checkpoint after it is noted."""
        key = file_key(self.folder / "key.pem", _PASSPHRASE)
        if integrate_all(database, TENANT, key=key, now=datetime.now(UTC)):
            with database.transaction(TENANT) as transaction:
                latest = transaction.one("latest_audit_checkpoint", tenant=TENANT)
            _note(self.folder, f"checkpoints.{self.name}", [base64.b64encode(str(latest["note"]).encode()).decode()])
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


def _note(folder: Path, name: str, words: list[str]) -> None:
    with (folder / "journal" / name).open("ab", buffering=0) as journal:
        journal.write("".join(f"{word}\n" for word in words).encode())


def _noted(folder: Path, outcome: str) -> set[str]:
    files = (folder / "journal").glob(f"{outcome}.*")
    return {line for file in files for line in file.read_text().splitlines()}


def _look(folder: Path, figures: Figures, chance: random.Random) -> None:
    key = file_key(folder / "key.pem", _PASSPHRASE)
    with running(folder / "server") as server:  # as a guest
        database = Database(server.url())
        database.open()
        try:
            integrate_all(database, TENANT, key=key, now=datetime.now(UTC))
            with database.transaction(TENANT) as transaction:
                leaves = _compare(transaction, folder, figures)
                _verify(transaction, leaves, _noted(folder, "checkpoints"), key, figures, chance)
        finally:
            database.close()


def _compare(transaction: Transaction, folder: Path, figures: Figures) -> list[bytes]:
    """Changes against records against journals (1, 2, 3); the leaves of the log."""
    changes = Counter(str(row["id"]) for row in transaction.connection.execute("SELECT id FROM crash_change"))
    records, leaves = _leaves(transaction, figures)
    acknowledged, unknown, back = (_noted(folder, outcome) for outcome in ("acknowledged", "unknown", "taken-back"))
    figures.changes, figures.records = changes.total(), records.total()
    figures.acknowledged, figures.unknown, figures.taken_back = len(acknowledged), len(unknown), len(back)
    figures.unknown_but_there = len(unknown & set(changes))
    figures.expect(
        changes == records, f"changes and records differ: {len(changes - records)}, {len(records - changes)}"
    )
    figures.expect(acknowledged <= set(changes), f"lost though acknowledged: {len(acknowledged - set(changes))}")
    figures.expect(not back & set(changes), f"there though taken back: {len(back & set(changes))}")
    waiting = transaction.one("unsequenced_audit_entries", tenant=TENANT)["waiting"]
    figures.expect(waiting == 0, f"{waiting} entries wait for ever")
    locks = transaction.connection.execute("SELECT count(*) AS locks FROM pg_locks WHERE NOT granted").fetchone()
    figures.expect(locks == {"locks": 0}, f"locks are waited for: {locks}")
    return leaves


def _leaves(transaction: Transaction, figures: Figures) -> tuple[Counter[str], list[bytes]]:
    records, leaves = Counter[str](), list[bytes]()
    for row in transaction.all("audit_records", tenant=TENANT, first=0, last=2**62):
        previous = leaves[-1] if leaves else None
        leaf = leaf_hash(record_of(str(row["body"]), sequence=len(leaves), previous=previous).encode())
        figures.expect(row["sequence"] == len(leaves), f"leaf {row['sequence']} stands at {len(leaves)}")
        figures.expect(bytes(row["hash"]) == leaf, f"leaf {len(leaves)} does not recompute")
        leaves.append(leaf)
        records[json.loads(row["body"])["object"]] += 1
    return records, leaves


def _verify(
    transaction: Transaction,
    leaves: list[bytes],
    acknowledged: set[str],
    key: LocalKey,
    figures: Figures,
    chance: random.Random,
) -> None:
    """Checkpoints, their signatures, and the proofs between them (4)."""
    origin = origin_of(str(transaction.one("installation")["installation_id"]), TENANT)
    known = read_note_key(note_key(origin, key.public_key))
    rows = transaction.connection.execute("SELECT note FROM audit_checkpoint ORDER BY size").fetchall()
    notes = [str(row["note"]).encode() for row in rows]
    stored = {base64.b64encode(note).decode() for note in notes}
    figures.expect(acknowledged <= stored, f"acknowledged checkpoints are gone: {len(acknowledged - stored)}")
    points = []
    for note in map(read_note, notes):
        check_note(note, [known])
        points.append(read_checkpoint(note.text))
    figures.checkpoints = len(points)
    for first, second in pairwise(points):
        proof = consistency_proof(first.size, second.size, lambda places: fetch_nodes(transaction, places))
        check_consistency(
            first=first.size, first_root=first.root, second=second.size, second_root=second.root, proof=proof
        )
    last = points[-1]
    figures.expect(last.size == len(leaves), f"the last checkpoint has {last.size} leaves of {len(leaves)}")
    figures.expect(last.root == root_of(leaves), "the last checkpoint has another root than its leaves")
    for index in chance.sample(range(last.size), min(PROOFS, last.size)):
        path = inclusion_proof(index, last.size, lambda places: fetch_nodes(transaction, places))
        check_inclusion(leaves[index], index=index, size=last.size, proof=path, root=last.root)
        figures.inclusions += 1


def main() -> None:
    """Run, print the table, and exit with 1 if anything is amiss."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        part(given.part, given.folder)
        return
    base = Path(tempfile.mkdtemp(prefix="arf-crash-"))
    base.chmod(0o711)  # as root, Postgres runs as another user
    try:
        figures = run(base / "run", kills=given.kills, seed=given.seed)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(figures.table())
    raise SystemExit(bool(figures.amiss))


if __name__ == "__main__":
    main()
