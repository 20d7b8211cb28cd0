# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Puts entries in order, as leaves of the tenant's tree, and signs a checkpoint: all in one transaction.

1. One sequencer a tenant at a time, by an advisory lock that ends with the transaction: when a server dies, the next
   one goes on.
2. Entries are ordered by transaction, then by position in it. Only settled ones are taken (below the oldest transaction
   that still runs), so no entry can turn up before one that has its place.
3. Leaves, nodes and checkpoint are written together, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from arf_core.strict_json import parse_json
from arf_core.verify.merkle import leaf_hash
from arf_enterprise.audit.checkpoint import checkpoint_text, origin_of, signed_note
from arf_enterprise.audit.entry import record_of
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.audit.tree import Growing, Place
from arf_enterprise.stores.postgres.database import Database, Transaction

BATCH: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrated:
    """What one pass did: ``added`` leaves, ``size`` of the log after it."""

    added: int
    size: int


def integrate(
    database: Database, tenant: str, *, key: KeyProvider, now: datetime, most: int = BATCH
) -> Integrated | None:
    """Make leaves of at most ``most`` waiting entries; None if another sequencer is at work (rule 1)."""
    with database.transaction(tenant) as transaction:
        if not transaction.one("lock_audit_log", tenant=tenant)["is_ours"]:
            return None
        end = transaction.maybe("audit_end", tenant=tenant) or {"size": 0, "xid": "0", "position": 0}
        size = int(end["size"])
        rows = transaction.all(
            "settled_audit_entries", tenant=tenant, xid=end["xid"], position=end["position"], most=most
        )  # rule 2
        if not rows:
            return Integrated(added=0, size=size)
        tree = Growing.at(size, lambda places: fetch_nodes(transaction, places))
        _grow(tree, [str(row["body"]) for row in rows])
        _store(transaction, tree, size, [str(row["entry_id"]) for row in rows])  # rule 3
        origin = origin_of(str(transaction.one("installation")["installation_id"]), tenant)
        text = checkpoint_text(origin, size=tree.size, root=tree.root, at=now)
        note = signed_note(text, name=origin, key=key)
        transaction.run("add_audit_checkpoint", tenant=tenant, size=tree.size, signed_at=now, note=note)
    return Integrated(added=len(rows), size=tree.size)


def fetch_nodes(transaction: Transaction, places: frozenset[Place]) -> dict[Place, bytes]:
    """Stored nodes of the transaction's tenant."""
    levels, indexes = zip(*sorted(places), strict=True) if places else ((), ())
    rows = transaction.all("audit_nodes", tenant=transaction.tenant, levels=list(levels), indexes=list(indexes))
    return {(int(row["level"]), int(row["index"])): bytes(row["hash"]) for row in rows}


def _grow(tree: Growing, bodies: list[str]) -> None:
    for body in bodies:
        content = cast("Mapping[str, object]", parse_json(body.encode(), what="an audit entry"))
        tree.add(leaf_hash(record_of(content, sequence=tree.size, previous=tree.last_leaf).encode()))


def _store(transaction: Transaction, tree: Growing, first: int, entry_ids: list[str]) -> None:
    tenant = transaction.tenant
    transaction.run("add_audit_leaves", tenant=tenant, first=first, entry_ids=entry_ids)
    levels, indexes, hashes = map(list, zip(*tree.made, strict=True))
    transaction.run("add_audit_nodes", tenant=tenant, levels=levels, indexes=indexes, hashes=hashes)
