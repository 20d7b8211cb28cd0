# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Reading the log: records in order, page by page, so that memory stays bounded however long it is.

Each page is a transaction of its own. What was read before cannot change, and a reader that stops goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_enterprise.audit.entry import record_of
from arf_enterprise.stores.postgres.database import Database

PAGE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of the log: its number, its canonical text, and the hash that is stored for its leaf."""

    sequence: int
    text: str
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Records from the number ``first`` up to ``last``, which is not among them."""

    first: int
    last: int

    def __len__(self) -> int:
        """How many records there are."""
        return self.last - self.first


def records(database: Database, tenant: str, *, first: int, last: int, page: int = PAGE) -> Iterator[Record]:
    """The records of ``tenant`` from ``first`` up to ``last``, as they are in the database.

    Raises:
        AuditError: an entry was altered so that it is none any more.
        StoreUnavailable: the database does not answer; go on after the last record that was had.
    """
    previous: bytes | None = None
    for start in range(first, last, page):
        with database.transaction(tenant) as transaction:
            if start == first > 0:
                before = transaction.maybe("audit_leaf_hash", tenant=tenant, sequence=first - 1)
                previous = None if before is None else bytes(before["hash"])
            rows = transaction.all("audit_records", tenant=tenant, first=start, last=min(start + page, last))
        for row in rows:
            sequence, body, leaf = int(row["sequence"]), row["body"], bytes(row["hash"] or b"")
            if body is not None:  # the owner of the database has deleted it: what is read has a gap, and says so itself
                text = record_of(str(body), sequence=sequence, previous=previous if sequence else None)
                yield Record(sequence=sequence, text=text, leaf=leaf)
            previous = leaf


def size_of(database: Database, tenant: str) -> int:
    """How many records the log of ``tenant`` has."""
    with database.transaction(tenant) as transaction:
        return int(transaction.one("audit_size", tenant=tenant)["size"])


def span_of(database: Database, tenant: str, *, start: datetime | None, end: datetime | None) -> Span:
    """Where the records from ``start`` until ``end`` stand; all between the first and the last of them are meant."""
    with database.transaction(tenant) as transaction:
        row = transaction.one("audit_range_of_times", tenant=tenant, start=start, end=end)
    return Span(first=int(row["first"] or 0), last=int(row["last"] or 0))
