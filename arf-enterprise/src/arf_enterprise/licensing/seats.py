# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The seats of a licence: how many people log in within a calendar month (UTC).

1. Who logs in takes a seat until the month ends, once, in however many tenants. A program takes none.
2. Who finds no seat may read, and no more: whether they have one is what :func:`take` says.
3. The table has no names: a person is ``HMAC-SHA-256(pepper of the installation, issuer and subject)``.
"""

from __future__ import annotations

import hmac
from datetime import date, datetime
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Database, Transaction

_NOBODY: Final = b"\x00" * 32


def take(database: Database, principal: Principal, *, seats: int, now: datetime) -> bool:
    """Whether ``principal`` has one of ``seats`` this month: theirs already, or one that was free."""
    if principal.is_agent:  # rule 1
        return True
    month = _month(now)
    with database.transaction(None) as transaction:
        person = _person(transaction, principal)
        if transaction.one("licence_seats", month=month, person=person)["is_theirs"]:
            return True
        transaction.one("lock_licence_seats")
        found = transaction.one("licence_seats", month=month, person=person)
        if not found["is_theirs"] and int(found["taken"]) >= seats:
            return False
        transaction.run("take_licence_seat", month=month, person=person)
    return True


def taken(database: Database, *, now: datetime) -> int:
    """How many seats are taken this month."""
    with database.transaction(None) as transaction:
        return int(transaction.one("licence_seats", month=_month(now), person=_NOBODY)["taken"])


def _month(now: datetime) -> date:
    return now.date().replace(day=1)


def _person(transaction: Transaction, principal: Principal) -> bytes:  # rule 3
    pepper = bytes(transaction.one("installation")["pepper"])
    return hmac.digest(pepper, canonical_bytes(["seat", principal.issuer, principal.subject]), "sha256")
