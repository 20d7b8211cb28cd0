# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Exports of the log that anybody verifies offline: ``arf.audit-export/1``, docs/contracts/audit/1/README.md.

1. Records are written as they are in the database, so an altered log makes an export that does not verify.
2. A part has at most :data:`PART_BYTES` bytes of records: memory stays bounded, and each part verifies by itself.
3. All parts are under one checkpoint. The same log, window and checkpoint give the same bytes.
4. A file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arf_core.verify.archive_form import write_archive
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.manifest import sealed
from arf_enterprise.audit.proofs import Signed, latest, prove_range
from arf_enterprise.audit.reading import Record, Span, records
from arf_enterprise.errors import RequestError
from arf_enterprise.stores.postgres.database import Database

SCHEMA: Final = "arf.audit-export/1"
PROOF: Final = "proof.json"
RECORDS: Final = "records.jsonl"
PART_BYTES: Final = 24 * 2**20

Progress = Callable[[int], None]
"""Is told how many records were written since it was told last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: the files, in order, and which records they have under a checkpoint of ``size`` records."""

    files: tuple[Path, ...]
    span: Span
    size: int


def export(
    database: Database,
    tenant: str,
    output: Path,
    *,
    span: Span | None = None,
    since: Signed | None = None,
    progress: Progress = lambda _: None,
    part_bytes: int = PART_BYTES,
) -> Exported:
    """Write the records of ``span`` (all, if it is None) as the file ``output``, or its parts.

    Raises:
        RequestError: there is no record in it, or ``since`` is a checkpoint of another log or a longer one.
    """
    with database.transaction(tenant) as transaction:
        under = latest(transaction)
    wanted = under_checkpoint(span, under)
    parts = _parts(records(database, tenant, first=wanted.first, last=wanted.last), part_bytes)
    files: list[Path] = []
    for part in parts:
        archive = _archive(database, tenant, part, under, since)
        files.append(_written(output.with_stem(f"{output.stem}-{len(files) + 1:04d}"), archive))
        progress(len(part))
    if not files:
        raise RequestError("the records of this window are missing from the database")
    if len(files) == 1:
        files[0].replace(output)
        files = [output]
    return Exported(files=tuple(files), span=wanted, size=under.checkpoint.size)


def under_checkpoint(span: Span | None, under: Signed) -> Span:
    """What of ``span`` is under the checkpoint.

    Raises:
        RequestError: nothing.
    """
    size = under.checkpoint.size
    wanted = Span(first=0, last=size) if span is None else Span(first=span.first, last=min(span.last, size))
    if wanted.last <= wanted.first:
        raise RequestError("there is no record in this window")
    return wanted


def _parts(found: Iterator[Record], most: int) -> Iterator[list[Record]]:
    part: list[Record] = []
    size = 0
    for record in found:
        if part and size + len(record.text.encode()) > most:  # rule 2
            yield part
            part, size = [], 0
        part.append(record)
        size += len(record.text.encode()) + 1
    if part:
        yield part


def _archive(database: Database, tenant: str, part: list[Record], under: Signed, since: Signed | None) -> bytes:
    span = Span(first=part[0].sequence, last=part[-1].sequence + 1)
    with database.transaction(tenant) as transaction:
        proof = prove_range(transaction, span, under=under, last_leaf=part[-1].leaf, since=since)
    entries = {PROOF: proof, RECORDS: "".join(f"{record.text}\n" for record in part).encode()}  # rule 1
    fields = {
        "tenant": tenant,
        "origin": under.checkpoint.origin,
        "first": span.first,
        "count": len(span),
        "size": under.checkpoint.size,
    }
    return write_archive({**entries, MANIFEST: sealed(SCHEMA, fields, entries)})


def _written(file: Path, content: bytes) -> Path:
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)  # rule 4
    return file
