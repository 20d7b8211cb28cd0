# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The seats of a licence: how many people log in within a calendar month (UTC).

1. Who logs in takes a seat until the month ends, once, in however many tenants. A program takes none, and neither does
   the machine's own command line.
2. Who finds no seat may read, and no more: whether they have one is what :func:`take` says, and ``identity.access``
   does the rest. Without a licence no seat is counted; that there is none is believed for a few seconds.
3. The table has no names: a person is ``HMAC-SHA-256(pepper of the installation, issuer and subject)``.
4. Nobody loses a seat within its month, so a server that has seen one taken does not ask again.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_enterprise.errors import LicenseError
from arf_enterprise.identity.principal import Principal
from arf_enterprise.licensing.entitlement import REMEMBERED, Entitlements
from arf_enterprise.stores.postgres.database import Database, Transaction

_NOBODY: Final = b"\x00" * 32


class Seats:
    """Whether who logs in has a seat of the licence that counts now. Safe to share between threads."""

    def __init__(self, database: Database, entitlements: Entitlements, *, clock: Callable[[], datetime]) -> None:
        """Nobody is known to have a seat yet."""
        self._database, self._entitlements, self._clock = database, entitlements, clock
        self._month = date.min
        self._known: set[tuple[str, str]] = set()
        self._unlicensed: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self, principal: Principal) -> bool:
        """Whether ``principal`` has a seat, or needs none.

        Raises:
            StoreUnavailable: it cannot be told.
        """
        now, name = self._clock(), (principal.issuer, principal.subject)
        if not _counts(principal) or self._is_known(name, _month(now)):
            return True
        seats = self._seats(now)
        if seats is None:
            return True
        has_one = take(self._database, principal, seats=seats, now=now)
        if has_one:
            self._remember(name, _month(now))
        return has_one

    def _seats(self, now: datetime) -> int | None:  # rule 2
        with self._lock:
            if self._unlicensed is not None and timedelta(0) <= now - self._unlicensed < REMEMBERED:
                return None
        try:
            seats = self._entitlements.current().licence.seats
        except LicenseError:
            seats = None
        with self._lock:
            self._unlicensed = now if seats is None else None
        return seats

    def _is_known(self, name: tuple[str, str], month: date) -> bool:  # rule 4
        with self._lock:
            return self._month == month and name in self._known

    def _remember(self, name: tuple[str, str], month: date) -> None:
        with self._lock:
            if self._month != month:
                self._month, self._known = month, set()
            self._known.add(name)


def take(database: Database, principal: Principal, *, seats: int, now: datetime) -> bool:
    """Whether ``principal`` has one of ``seats`` this month: theirs already, or one that was free."""
    if not _counts(principal):
        return True
    month = _month(now)
    with database.transaction(None) as transaction:
        person = _person(transaction, principal)
        found = transaction.one("licence_seats", month=month, person=person)
        if found["is_theirs"] or int(found["taken"]) >= seats:  # within a month none becomes free
            return bool(found["is_theirs"])
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


def _counts(principal: Principal) -> bool:  # rule 1
    return not principal.is_agent and principal.method not in {"local", "system"}


def _month(now: datetime) -> date:
    return now.date().replace(day=1)


def _person(transaction: Transaction, principal: Principal) -> bytes:  # rule 3
    pepper = bytes(transaction.one("installation")["pepper"])
    return hmac.digest(pepper, canonical_bytes(["seat", principal.issuer, principal.subject]), "sha256")
