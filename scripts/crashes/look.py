# SPDX-License-Identifier: Apache-2.0
"""Looks at what is left after the kills; the numbers are those of ``scripts/crash_audit.py``."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from arf_core.verify.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from arf_core.verify.notes import check_note, read_checkpoint, read_note, read_note_key
from arf_enterprise.audit.checkpoint import note_key, origin_of
from arf_enterprise.audit.entry import record_of
from arf_enterprise.audit.sequencer import fetch_nodes, integrate_all
from arf_enterprise.audit.signing import LocalKey, file_key
from arf_enterprise.audit.tree import consistency_proof, inclusion_proof
from arf_enterprise.stores.postgres.database import Database, Transaction
from arf_enterprise.stores.postgres.embedded import running
from crashes.figures import Figures
from crashes.journal import PASSPHRASE, TENANT, noted

PROOFS: Final = 300


def look(folder: Path, figures: Figures, chance: random.Random) -> None:
    """Compare what is in the database with what was noted, and verify the log; what is amiss is in ``figures``."""
    key = file_key(folder / "key.pem", PASSPHRASE)
    with running(folder / "server") as server:  # as a guest
        database = Database(server.url())
        database.open()
        try:
            integrate_all(database, TENANT, key=key, now=datetime.now(UTC))
            with database.transaction(TENANT) as transaction:
                leaves = _compare(transaction, folder, figures)
                _verify(transaction, leaves, noted(folder, "checkpoints"), key, figures, chance)
        finally:
            database.close()


def _compare(transaction: Transaction, folder: Path, figures: Figures) -> list[bytes]:
    """Changes against records against journals (1, 2, 3); the leaves of the log."""
    changes = Counter(str(row["id"]) for row in transaction.connection.execute("SELECT id FROM crash_change"))
    records, leaves = _leaves(transaction, figures)
    acknowledged, unknown, back = (noted(folder, outcome) for outcome in ("acknowledged", "unknown", "taken-back"))
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
