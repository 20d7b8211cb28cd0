# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The vendor's ledger: a file with one event a line, from which everything is known that was done.

::

    {"at", "event": "key.made", "previous", "public_key", "not_after"}
    {"at", "event": "licence.issued", "previous", "licence", "digest"}
    {"at", "event": "licence.revoked", "previous", "licence_id", "reason", "number", "list"}

1. A line is canonical JSON; ``previous`` is the SHA-256 of the line before it, null in the first. It only grows: a line
   that was altered, moved or left out is noticed. (A tail that was cut is not: keep copies elsewhere.)
2. One command at a time, by a lock on the file.
3. A line is on disk before what it describes is handed out. A last line without its end was never handed out: it is
   written over.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from arf_core.canonical import canonical_bytes, file_digest, read_time, write_time
from arf_core.errors import FormatError, InputError
from arf_core.strict_json import parse_json
from arf_core.verify.fields import object_of, size_of
from arf_enterprise.errors import LicenseError, SettingError
from arf_enterprise.licensing.keyring import VendorKey
from arf_enterprise.licensing.licence import Licence, read_licence
from arf_enterprise.licensing.revocations import Revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A licence of the ledger: what it says, the digest of its text, and how it was revoked, if it was."""

    licence: Licence
    digest: str
    revocation: Revocation | None = None


@dataclass(slots=True, kw_only=True)
class Books:
    """What the ledger says: keys from the oldest to the latest, licences by id, and the number of the latest list."""

    keys: list[VendorKey] = field(default_factory=list)
    issued: dict[str, Issued] = field(default_factory=dict)
    list_number: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger that is open and locked."""

    path: Path
    opened: IO[bytes]

    def books(self) -> Books:
        """What it says.

        Raises:
            SettingError: a line was altered.
        """
        found, previous = Books(), None
        for place, line in enumerate(self._lines(), start=1):
            try:
                _enter(found, _event(line, previous))
            except (InputError, LicenseError, KeyError, ValueError) as error:
                raise SettingError(f"line {place} of {self.path} was altered, or one before it is missing") from error
            previous = file_digest(line)
        return found

    def append(self, event: str, content: Mapping[str, object], *, now: datetime) -> None:
        """Write one event (rule 3)."""
        lines = self._lines()
        line = canonical_bytes(
            {"at": write_time(now), "event": event, "previous": file_digest(lines[-1]) if lines else None, **content}
        )
        self.opened.truncate(sum(len(known) + 1 for known in lines))
        self.opened.write(line + b"\n")
        self.opened.flush()
        os.fsync(self.opened.fileno())

    def _lines(self) -> list[bytes]:
        self.opened.seek(0)
        return self.opened.read().split(b"\n")[:-1]


@contextmanager
def ledger(path: Path) -> Iterator[Ledger]:
    """The ledger in the file ``path``, made if there is none, for one command at a time (rule 2)."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield Ledger(path, opened)


def _event(line: bytes, previous: str | None) -> Mapping[str, object]:
    event = parse_json(line, what="the line")
    if not isinstance(event, dict) or canonical_bytes(event) != line or event.get("previous") != previous:  # rule 1
        raise FormatError("it does not follow from the line before it")
    return event


def _enter(found: Books, event: Mapping[str, object]) -> None:
    match event.get("event"):
        case "key.made":
            given = object_of(event, what="the line", keys=("at", "event", "previous", "public_key", "not_after"))
            raw = base64.b64decode(str(given["public_key"]), validate=True)
            found.keys.append(
                VendorKey(public_key=raw, not_after=read_time(str(given["not_after"])), is_development=False)
            )
        case "licence.issued":
            given = object_of(event, what="the line", keys=("at", "event", "previous", "licence", "digest"))
            if not isinstance(given["licence"], dict):
                raise FormatError("its licence is none")
            licence = read_licence(given["licence"])
            found.issued[licence.licence_id] = Issued(licence=licence, digest=str(given["digest"]))
        case "licence.revoked":
            _revoke(found, event)
        case _:
            raise FormatError("its event is unknown")


def _revoke(found: Books, event: Mapping[str, object]) -> None:
    keys = ("at", "event", "previous", "licence_id", "reason", "number", "list")
    given = object_of(event, what="the line", keys=keys)
    known = found.issued[str(given["licence_id"])]
    revocation = Revocation(
        licence_id=known.licence.licence_id, revoked_at=read_time(str(given["at"])), reason=str(given["reason"])
    )
    found.issued[revocation.licence_id] = Issued(licence=known.licence, digest=known.digest, revocation=revocation)
    found.list_number = size_of(given["number"], what="the number")
