# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The inventory in the database: versions that are only ever added to; the latest is in force.

1. A version is kept as it was written, with its digest, author and time. It is read again as strictly as it was pushed.
2. Each push is recorded (``targets.pushed``) in its own transaction, with the digest before and after.
3. Pushing what is in force already, to the letter, changes nothing and records nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_enterprise.audit.entry import Actor, Entry, told
from arf_enterprise.audit.log import append
from arf_enterprise.errors import TargetUnknown
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Row, Transaction
from arf_enterprise.targets.inventory import Inventory, load

MOST_LISTED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the inventory, as it is listed."""

    number: int
    digest: str
    file: str
    issuer: str
    author: str
    pushed_at: datetime

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "version": self.number,
            "digest": self.digest,
            "file": self.file,
            "issuer": self.issuer,
            "author": self.author,
            "pushed_at": write_time(self.pushed_at),
        }


def current(transaction: Transaction) -> Inventory:
    """The inventory of the transaction's tenant.

    Raises:
        TargetUnknown: none was ever pushed.
    """
    return current_version(transaction)[1]


def current_version(transaction: Transaction) -> tuple[Version, Inventory]:
    """The version in force, and what it says.

    Raises:
        TargetUnknown: none was ever pushed.
    """
    row = transaction.maybe("current_targets", tenant=transaction.tenant)
    if row is None:
        raise TargetUnknown("there is no inventory of targets yet: `arf-enterprise targets push FILE` gives one")
    return _version(row), load(row["content"], file=row["file"])


def push(transaction: Transaction, text: str, *, file: str, by: Principal, request_id: str, now: datetime) -> Inventory:
    """Put the inventory in ``text`` in force for the transaction's tenant.

    Raises:
        RequestError: mistakes in ``text``, each with its place; nothing was changed.
        ConflictError: another push was quicker.
    """
    named = told(file)
    inventory = load(text, file=named)
    before = transaction.maybe("current_targets", tenant=transaction.tenant)
    if before is not None and before["content"] == text:  # rule 3
        return inventory
    version = 1 if before is None else before["version"] + 1
    transaction.run(
        "add_targets_version",
        tenant=transaction.tenant,
        version=version,
        digest=inventory.digest,
        file=named[:1000],
        content=text,
        issuer=by.issuer,
        author=by.subject,
        pushed_at=now,
    )
    entry = Entry(
        actor=Actor.of(by),
        action="targets.pushed",
        target=f"targets/{version}",
        at=now,
        request_id=request_id,
        before=None if before is None else before["digest"],
        after=inventory.digest,
        details={"targets": len(inventory.targets)},
    )
    append(transaction, entry)  # rule 2
    return inventory


def history(transaction: Transaction) -> Sequence[Version]:
    """The versions there were, the latest first, at most :data:`MOST_LISTED`."""
    rows = transaction.all("targets_versions", tenant=transaction.tenant, most=MOST_LISTED)
    return tuple(_version(row) for row in rows)


def _version(row: Row) -> Version:
    return Version(
        number=row["version"],
        digest=row["digest"],
        file=row["file"],
        issuer=row["issuer"],
        author=row["author"],
        pushed_at=row["pushed_at"],
    )
