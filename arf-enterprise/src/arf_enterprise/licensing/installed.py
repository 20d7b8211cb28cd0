# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is installed in the database: the licence, and the vendor's lists of revocations.

1. Both are verified before they are installed, against the keys of this build and nothing else, and again whenever they
   are read: the database is trusted with keeping them, not with making them.
2. Installing is audited in the same transaction, by id and digest: the key itself never is.
3. A list of revocations takes the place of one with a lower number, and of no other.
"""

from __future__ import annotations

from datetime import datetime

from arf_core.canonical import file_digest
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ConflictError
from arf_enterprise.licensing.clock import HOME, look
from arf_enterprise.licensing.keyring import package_keyring
from arf_enterprise.licensing.licence import Licence
from arf_enterprise.licensing.revocations import Revocations, verify_list
from arf_enterprise.licensing.standing import standing
from arf_enterprise.licensing.verify import verify
from arf_enterprise.stores.postgres.database import Database, Transaction


def install(
    database: Database, text: str, *, customer: str | None, actor: Actor, now: datetime, request_id: str
) -> Licence:
    """Verify the licence in ``text`` and make it the one that counts; one that is installed already stays.

    Raises:
        LicenseError: it does not verify, or no execution would start under it now; the subclass says why.
    """
    highest = look(database, now).highest
    with database.transaction(HOME) as transaction:
        transaction.one("lock_licence")
        licence = verify(  # rule 1
            text, keyring=package_keyring(), customer=customer, revocations=installed_revocations(transaction)
        )
        standing(licence, now=now, highest_seen=highest).require()
        key = text.strip()
        row = transaction.maybe("installed_licence")
        before, after = None if row is None else str(row["digest"]), file_digest(key.encode())
        if before != after:
            transaction.run("install_licence", licence_id=licence.licence_id, digest=after, key=key, now=now)
            append(  # rule 2
                transaction,
                Entry(
                    actor=actor,
                    action="license.installed",
                    target=f"licence/{licence.licence_id}",
                    at=now,
                    request_id=request_id,
                    before=before,
                    after=after,
                ),
            )
    return licence


def install_revocations(
    database: Database, data: bytes, *, actor: Actor, now: datetime, request_id: str
) -> Revocations:
    """Verify the list in ``data`` and let it take the place of the one before (rule 3), unless it is that one.

    Raises:
        LicenseError: it does not verify; the subclass says why.
        ConflictError: there is a list with its number or a higher one.
    """
    found = verify_list(data, keyring=package_keyring())
    with database.transaction(HOME) as transaction:
        transaction.one("lock_licence")
        row = _list_of(transaction, is_development=found.is_development)
        if row is not None and row[0] >= found.number:
            if row[1] == data:
                return found
            raise ConflictError(f"list {row[0]} of revocations is installed: this is number {found.number}")
        transaction.run(
            "add_licence_revocations",
            is_development=found.is_development,
            number=found.number,
            list=data,
            now=now,
        )
        append(
            transaction,
            Entry(
                actor=actor,
                action="license.revocations_installed",
                target=f"licence-revocations/{found.number}",
                at=now,
                request_id=request_id,
                before=None if row is None else file_digest(row[1]),
                after=file_digest(data),
            ),
        )
    return found


def installed_key(transaction: Transaction) -> str | None:
    """The key string that was installed last: a secret, for :func:`verify` alone."""
    row = transaction.maybe("installed_licence")
    return None if row is None else str(row["key"])


def installed_revocations(transaction: Transaction) -> tuple[Revocations, ...]:
    """The lists that count, verified again.

    Raises:
        LicenseError: one was altered in the database.
    """
    rows = transaction.all("licence_revocations")
    return tuple(verify_list(bytes(row["list"]), keyring=package_keyring()) for row in rows)


def _list_of(transaction: Transaction, *, is_development: bool) -> tuple[int, bytes] | None:
    for row in transaction.all("licence_revocations"):
        if row["is_development"] is is_development:
            return int(row["number"]), bytes(row["list"])
    return None
