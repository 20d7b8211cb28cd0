# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Puts entries in order, as leaves of the tenant's tree, and signs a checkpoint: all in one transaction.

1. One sequencer a tenant at a time, by an advisory lock that ends with the transaction: when a server dies, the next
   one goes on.
2. Entries are ordered by transaction, then by position in it. Only settled ones are taken (no transaction that still
   runs could come before them), so no entry can turn up before one that has its place.
3. Leaves, nodes and checkpoint are written together, or not at all.
4. A checkpoint's time is never before the highest time that the installation has seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.verify.merkle import leaf_hash
from arf_enterprise.audit.checkpoint import checkpoint_text, origin_of, signed_note
from arf_enterprise.audit.entry import record_of
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.audit.tree import Growing, Place
from arf_enterprise.stores.postgres.database import Database, Row, Transaction

BATCH: Final = 5000
_KNOWN_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrated:
    """What one pass did: ``added`` leaves, ``size`` of the log after it."""

    added: int
    size: int


def integrate(
    database: Database, tenant: str, *, key: KeyProvider, now: datetime, most: int = BATCH
) -> Integrated | None:
    """Make leaves of at most ``most`` waiting entries; None if another sequencer is at work (rule 1).

    Raises:
        AuditError: the key cannot sign; nothing was written, and the entries go on waiting.
    """
    with database.transaction(tenant) as transaction:
        if not transaction.one("lock_audit_log", tenant=tenant)["is_ours"]:
            return None
        size = int(transaction.one("audit_size", tenant=tenant)["size"])
        rows = transaction.all("settled_audit_entries", tenant=tenant, most=most)  # rule 2
        if not rows:
            return Integrated(added=0, size=size)
        tree = Growing.at(size, lambda places: fetch_nodes(transaction, places))
        for row in rows:
            record = record_of(str(row["body"]), sequence=tree.size, previous=tree.last_leaf)
            tree.add(leaf_hash(record.encode()))
        _store(transaction, tree, size, rows)  # rule 3
        _sign(transaction, tree, key, now)
    return Integrated(added=len(rows), size=tree.size)


def integrate_all(database: Database, tenant: str, *, key: KeyProvider, now: datetime) -> int:
    """Pass after pass until nothing that is settled waits, or another sequencer is at work; how many leaves were made.

    Raises:
        AuditError: as :func:`integrate`.
    """
    total = 0
    while (done := integrate(database, tenant, key=key, now=now)) is not None and done.added:
        total += done.added
    return total


def fetch_nodes(transaction: Transaction, places: frozenset[Place]) -> dict[Place, bytes]:
    """Stored nodes of the transaction's tenant."""
    levels, indexes = zip(*sorted(places), strict=True) if places else ((), ())
    rows = transaction.all("audit_nodes", tenant=transaction.tenant, levels=list(levels), indexes=list(indexes))
    return {(int(row["level"]), int(row["index"])): bytes(row["hash"]) for row in rows}


def _store(transaction: Transaction, tree: Growing, first: int, rows: Sequence[Row]) -> None:
    tenant = transaction.tenant
    transaction.run("add_audit_leaves", tenant=tenant, first=first, **_columns(rows))
    levels, indexes, hashes = map(list, zip(*tree.made, strict=True))
    transaction.run("add_audit_nodes", tenant=tenant, levels=levels, indexes=indexes, hashes=hashes)


def _columns(rows: Sequence[Row]) -> dict[str, list[object]]:
    """What leaves are found by, from the bodies: they are our own text, and what is proven is that text."""
    bodies = [json.loads(row["body"]) for row in rows]
    return {
        "xids": [row["xid"] for row in rows],
        "positions": [row["position"] for row in rows],
        "entry_ids": [row["entry_id"] for row in rows],
        "at": [body["at"] for body in bodies],
        "actions": [body["action"] for body in bodies],
        "objects": [body["object"] for body in bodies],
        "subjects": [body["actor"]["subject"] for body in bodies],
    }


def _sign(transaction: Transaction, tree: Growing, key: KeyProvider, now: datetime) -> None:
    installation = transaction.one("installation")
    at = max(now, installation["highest_time"])  # rule 4
    introduce(transaction, key, at)
    origin = origin_of(str(installation["installation_id"]), str(transaction.tenant))
    text = checkpoint_text(origin, size=tree.size, root=tree.root, at=at)
    transaction.run(
        "add_audit_checkpoint",
        tenant=transaction.tenant,
        size=tree.size,
        signed_at=at,
        key_id=key.key_id,
        note=signed_note(text, name=origin, key=key),
    )


def introduce(transaction: Transaction, key: KeyProvider, now: datetime) -> None:
    """Keep the public key, so that what it signs can be verified after it was replaced."""
    name = ("audit.key", key.key_id)
    if transaction.remembered.get(name) is None:
        transaction.run("add_audit_key", key_id=key.key_id, public_key=key.public_key, now=now)
        transaction.then(lambda: transaction.remembered.put(name, name, seconds=_KNOWN_S))
