# SPDX-License-Identifier: Apache-2.0
"""Walks the records of an audit log, one a line, each held against the one before it.

1. A line is a record in canonical form and a newline (``verify.audit_records``).
2. Numbers go up by one, and every record is of one tenant.
3. ``previous`` is the leaf of the record before. Where it is not, the record that was hashed is the bad one: the first
   that is not what was there when the next was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from typing import Final

from arf_core.errors import BadPlace, BrokenError, InputError
from arf_core.verify.audit_records import Record, read_record

RECORDS: Final = "records.jsonl"
"""The entry of an export that the records are in."""


def chained(data: bytes, tenant: str, first: int) -> Iterator[tuple[Record, bytes]]:
    """The records with their leaves, each held against the one before it.

    Raises:
        BrokenError: the first that is no record, has another number or tenant, or shows that the one before it
            was altered.
    """
    previous: str | None = None
    for number, line in enumerate(BytesIO(data), start=first):
        if not line.endswith(b"\n"):
            raise _broken(number - first, number, "it does not end in a newline: the file was cut")
        content = line[:-1]
        try:
            record = read_record(content, what="the record")
        except InputError as error:
            raise _broken(number - first, number, str(error)) from error
        if record.sequence != number or record.previous != previous or record.tenant != tenant:
            _check_place(record, number, first, previous, tenant)
        leaf = sha256(b"\x00" + content).digest()
        yield record, leaf
        previous = leaf.hex()


def _check_place(record: Record, number: int, first: int, previous: str | None, tenant: str) -> None:
    line = number - first
    if record.tenant != tenant:
        raise _broken(line, number, "it is of another tenant", tenant, record.tenant)
    if record.sequence != number:
        what = f"its number is {record.sequence}: a record was taken out, put in or moved here"
        raise _broken(line, number, what, record.previous, previous)
    if line:
        what = f"it was altered, or moved here: record {number} was written after another one"
        raise _broken(line - 1, number - 1, what, record.previous, previous)
    if (record.previous is None) is not (number == 0):
        raise _broken(line, number, "its previous must be null if it is record 0 of the log, and only then")


def place_of(line: int, number: int) -> str:
    """Where record ``number`` stands, ``line`` lines (from 0) into the records."""
    return f"{RECORDS}, line {line + 1} (record {number})"


def _broken(line: int, number: int, what: str, stated: str | None = None, computed: str | None = None) -> BrokenError:
    return BrokenError(BadPlace(where=place_of(line, number), what=what, stated=stated, computed=computed))
