# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What this installation is entitled to, wherever the licence comes from.

1. A provider finds a licence: in the environment, a file, the database, or at a marketplace (``marketplace``). All of
   them end in :func:`entitled`, which verifies against the keys of this build; none is given others.
2. The first provider that has a licence decides. One that does not verify is an error, not a reason to look further.
3. A feature that the licence does not list is not included: an empty list is none at all.
4. What was verified is remembered for :data:`REMEMBERED`; how it stands is computed anew at each question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from arf_enterprise.errors import LicenseError, LicenseLimitError, LicenseMalformed, LicenseMissing
from arf_enterprise.licensing.clock import HOME, highest_seen
from arf_enterprise.licensing.installed import installed_key, installed_revocations
from arf_enterprise.licensing.keyring import package_keyring
from arf_enterprise.licensing.licence import Licence
from arf_enterprise.licensing.revocations import Revocations
from arf_enterprise.licensing.standing import Standing, standing
from arf_enterprise.licensing.token import MAX_SIZE
from arf_enterprise.licensing.verify import REQUIRED, verify
from arf_enterprise.stores.postgres.database import Database

REMEMBERED: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the installation knows besides the licence: whose it is, what was revoked, the highest time it has seen."""

    customer: str | None = None
    revocations: tuple[Revocations, ...] = ()
    highest_seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """A licence that verifies, where it came from, and how it stands (``highest_seen`` is part of that)."""

    licence: Licence
    source: str
    standing: Standing
    highest_seen: datetime | None = None

    def at(self, now: datetime) -> Entitlement:
        """The same at another time."""
        return replace(self, standing=standing(self.licence, now=now, highest_seen=self.highest_seen))

    def require(self, feature: str) -> None:
        """Nothing, if new executions may start that use ``feature``.

        Raises:
            LicenseError: the subclass says why not.
        """
        self.standing.require()
        if feature not in self.licence.features:  # rule 3
            raise LicenseLimitError(f"{REQUIRED}: {self.licence.licence_id} does not include {feature}")

    def document(self) -> dict[str, object]:
        """What machines read: everything but the key itself."""
        return {
            "schema": "arf.license-standing/1",
            "edition": self.licence.edition.value,
            "features": sorted(self.licence.features),
            "state": self.standing.state.value,
            "may_execute": self.standing.may_execute,
            "says": self.standing.says,
            "days_left": self.standing.days_left,
            "warning": self.standing.warning,
            "source": self.source,
            "licence": self.licence.document(),
        }


class EntitlementProvider(Protocol):
    """Where a licence comes from."""

    @property
    def name(self) -> str:
        """What people call it."""

    def entitlement(self, now: datetime) -> Entitlement:
        """What it entitles to, as it stands at ``now``.

        Raises:
            LicenseMissing: it has none: another provider may.
            LicenseError: it has one that does not verify; the subclass says why.
        """


def entitled(text: str | None, *, known: Known, now: datetime, source: str) -> Entitlement:
    """What the key string ``text`` entitles to (rule 1).

    Raises:
        LicenseError: it does not verify; the subclass says why.
    """
    licence = verify(text, keyring=package_keyring(), customer=known.customer, revocations=known.revocations)
    return Entitlement(
        licence=licence,
        source=source,
        standing=standing(licence, now=now, highest_seen=known.highest_seen),
        highest_seen=known.highest_seen,
    )


def known_of(database: Database, customer: str | None) -> Known:
    """What the installation of ``database`` knows.

    Raises:
        LicenseError: a list of revocations was altered in the database.
    """
    highest = highest_seen(database)
    with database.transaction(HOME) as transaction:
        revocations = installed_revocations(transaction)
    return Known(customer=customer, revocations=revocations, highest_seen=highest)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentEntitlement:
    """The licence in ``ARF_LICENSE_KEY``."""

    key: str | None = field(repr=False)
    known: Callable[[], Known]
    name: str = "ARF_LICENSE_KEY"

    def entitlement(self, now: datetime) -> Entitlement:
        """As :class:`EntitlementProvider` has it."""
        return entitled(self.key, known=self.known(), now=now, source=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntitlement:
    """The licence in a file that has it and nothing else."""

    file: Path
    known: Callable[[], Known]

    @property
    def name(self) -> str:
        """The file."""
        return str(self.file)

    def entitlement(self, now: datetime) -> Entitlement:
        """As :class:`EntitlementProvider` has it."""
        return entitled(read_key_file(self.file), known=self.known(), now=now, source=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntitlement:
    """The licence that was installed in the database."""

    database: Database
    known: Callable[[], Known]
    name: str = "the database"

    def entitlement(self, now: datetime) -> Entitlement:
        """As :class:`EntitlementProvider` has it."""
        with self.database.transaction(HOME) as transaction:
            key = installed_key(transaction)
        return entitled(key, known=self.known(), now=now, source=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstEntitlement:
    """The licence of the first of ``providers`` that has one (rule 2)."""

    providers: tuple[EntitlementProvider, ...]

    @property
    def name(self) -> str:
        """All of them."""
        return ", ".join(provider.name for provider in self.providers)

    def entitlement(self, now: datetime) -> Entitlement:
        """As :class:`EntitlementProvider` has it."""
        for provider in self.providers:
            try:
                return provider.entitlement(now)
            except LicenseMissing:
                continue
        raise LicenseMissing(f"{REQUIRED}: none in {self.name}")


class Entitlements:
    """What the program asks before it starts something. Safe to share between threads."""

    def __init__(
        self, provider: EntitlementProvider, *, clock: Callable[[], datetime], place: Callable[[], str | None] = str
    ) -> None:
        """``place`` says why this server may not run executions, nothing if it may (``nodes.Node.refusal``)."""
        self._provider, self._clock, self._place = provider, clock, place
        self._found: tuple[datetime, Entitlement] | None = None
        self._lock = threading.Lock()

    def current(self) -> Entitlement:
        """What this installation is entitled to now.

        Raises:
            LicenseError: nothing; the subclass says why.
        """
        now = self._clock()
        with self._lock:
            if self._found is None or not timedelta(0) <= now - self._found[0] < REMEMBERED:  # rule 4
                self._found = None
                self._found = (now, self._provider.entitlement(now))
            return self._found[1].at(now)

    def require(self, feature: str) -> None:
        """Nothing, if a new execution that uses ``feature`` may start on this server.

        Raises:
            LicenseError: the subclass says why not.
        """
        self.current().require(feature)
        if refusal := self._place():
            raise LicenseLimitError(f"{REQUIRED}: {refusal}")


def read_key_file(file: Path) -> str | None:
    """The text of a licence file, None if there is no such file.

    Raises:
        LicenseError: it cannot be read, or is too long or not ASCII.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LicenseError(f"{REQUIRED}: {file} cannot be read: {error.strerror}") from error
    if len(data) > MAX_SIZE or not data.isascii():
        raise LicenseMalformed(f"{REQUIRED}: {file} has no licence, or more than one")
    return data.decode("ascii")
