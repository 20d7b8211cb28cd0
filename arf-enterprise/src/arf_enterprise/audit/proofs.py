# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Proofs that anybody verifies offline: that a record is in the log, that one checkpoint continues another.

Their forms are ``arf.audit-inclusion/1``, ``arf.audit-consistency/1`` and ``arf.audit-range/1``, in
docs/contracts/audit/1/README.md; ``arf verify`` checks them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_core.errors import FormatError
from arf_core.strict_json import parse_json
from arf_core.verify.notes import Checkpoint, read_checkpoint, read_note
from arf_enterprise.audit.entry import record_of
from arf_enterprise.audit.reading import Span
from arf_enterprise.audit.sequencer import fetch_nodes
from arf_enterprise.audit.tree import Place, consistency_proof, covering, inclusion_proof, peaks
from arf_enterprise.errors import AuditError, RequestError
from arf_enterprise.stores.postgres.database import Database, Transaction

INCLUSION: Final = "arf.audit-inclusion/1"
CONSISTENCY: Final = "arf.audit-consistency/1"
RANGE: Final = "arf.audit-range/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A checkpoint and the note that it stands in."""

    note: str
    checkpoint: Checkpoint


def latest(transaction: Transaction) -> Signed:
    """The latest checkpoint of the transaction's tenant.

    Raises:
        RequestError: the log has no record yet.
    """
    row = transaction.maybe("latest_audit_checkpoint", tenant=transaction.tenant)
    if row is None:
        raise RequestError(f"the audit log of {transaction.tenant} has no record yet")
    return signed(str(row["note"]))


def signed(note: str) -> Signed:
    """The checkpoint in ``note``, whose signatures are for verifiers.

    Raises:
        RequestError: it is none.
    """
    try:
        return Signed(note=note, checkpoint=read_checkpoint(read_note(note.encode()).text))
    except FormatError as error:
        raise RequestError(f"it is no checkpoint: {error}") from error


def prove_inclusion(database: Database, tenant: str, sequence: int) -> bytes:
    """The proof, as a file, that record ``sequence`` is in the log under its latest checkpoint.

    Raises:
        RequestError: there is no such record under it.
    """
    with database.transaction(tenant) as transaction:
        under = latest(transaction)
        size = under.checkpoint.size
        rows = transaction.all("audit_records", tenant=tenant, first=sequence, last=min(sequence + 1, size))
        if not rows:
            raise RequestError(f"there is no record {sequence} under the latest checkpoint: the last is {size - 1}")
        before = frozenset({(0, sequence - 1)} if sequence else ())
        known: dict[Place, bytes] = {}

        def fetch(places: frozenset[Place]) -> dict[Place, bytes]:
            known.update(stored(transaction, places | before))
            return known

        proof = inclusion_proof(sequence, size, fetch)
    text = record_of(str(rows[0]["body"]), sequence=sequence, previous=known.get((0, sequence - 1)))
    record = parse_json(text, what=f"record {sequence}")
    return _file({"schema": INCLUSION, "checkpoint": under.note, "record": record, "proof": in_base64(proof)})


def prove_consistency(database: Database, tenant: str, first: int, second: int) -> bytes:
    """The proof, as a file, that the checkpoint of ``second`` records continues that of ``first``.

    Raises:
        RequestError: there is no checkpoint of one of the sizes, or they are not in order.
    """
    if first > second:
        raise RequestError(f"a log of {second} records cannot continue one of {first}: name the smaller one first")
    with database.transaction(tenant) as transaction:
        notes = [_checkpoint_of(transaction, size) for size in (first, second)]
        proof = consistency_proof(first, second, lambda places: stored(transaction, places))
    return _file({"schema": CONSISTENCY, "first": notes[0], "second": notes[1], "proof": in_base64(proof)})


def prove_range(
    transaction: Transaction, span: Span, *, under: Signed, last_leaf: bytes, since: Signed | None = None
) -> bytes:
    """The proof, as a file, that the records of ``span`` are in the log ``under`` a checkpoint.

    ``since`` is an earlier checkpoint, which is then proven to be continued.

    Raises:
        RequestError: ``since`` is of another log, or of a longer one.
    """
    size = under.checkpoint.size
    left, right = peaks(span.first), covering(span.last, size)
    known = stored(transaction, frozenset((*left, *right)))
    document = {
        "schema": RANGE,
        "checkpoint": under.note,
        "first": span.first,
        "count": len(span),
        "left": in_base64(known[place] for place in left),
        "right": in_base64(known[place] for place in right),
        "last": base64.b64encode(last_leaf).decode("ascii"),
        "since": None if since is None else _since(transaction, since, under),
    }
    return _file(document)


def stored(transaction: Transaction, places: frozenset[Place]) -> dict[Place, bytes]:
    """Stored nodes of the transaction's tenant, every one of ``places``.

    Raises:
        AuditError: one is not there: the database was altered.
    """
    known = fetch_nodes(transaction, places)
    if missing := sorted(places - set(known)):
        level, index = missing[0]
        raise AuditError(f"the tree of {transaction.tenant} has no node {index} of level {level}: it was altered")
    return known


def in_base64(hashes: Iterable[bytes]) -> list[str]:
    """``hashes`` as proofs have them."""
    return [base64.b64encode(one).decode("ascii") for one in hashes]


def _since(transaction: Transaction, since: Signed, under: Signed) -> dict[str, object]:
    earlier, later = since.checkpoint, under.checkpoint
    if earlier.origin != later.origin:
        raise RequestError(f"the earlier checkpoint is of {earlier.origin}, and this log is {later.origin}")
    if earlier.size > later.size:
        raise RequestError(
            f"the earlier checkpoint has {earlier.size} records and this log {later.size}: records are missing"
        )
    proof = consistency_proof(earlier.size, later.size, lambda places: stored(transaction, places))
    return {"checkpoint": since.note, "proof": in_base64(proof)}


def _checkpoint_of(transaction: Transaction, size: int) -> str:
    row = transaction.maybe("audit_checkpoint_of", tenant=transaction.tenant, size=size)
    if row is not None:
        return str(row["note"])
    near = transaction.one("audit_checkpoints_near", tenant=transaction.tenant, size=size)
    sizes = " and ".join(str(one) for one in (near["below"], near["above"]) if one is not None) or "none at all"
    raise RequestError(f"there is no checkpoint of {size} records; the nearest there is: {sizes}")


def _file(document: Mapping[str, object]) -> bytes:
    return canonical_bytes(document) + b"\n"
