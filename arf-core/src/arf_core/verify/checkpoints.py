# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of an audit log: what the log says of itself, signed (docs/contracts/audit/1, "Checkpoint").

1. The note and the checkpoint in it have the form of C2SP (``verify.notes``).
2. The origin is ``arf/INSTALLATION/TENANT``; the one extension is ``arf.time`` and when it was signed.
3. One of the verifier's keys signed it, under the name of the origin. So no checkpoint passes for that of another
   tenant or installation.
4. That key may sign ``arf.audit-checkpoint/1`` for the tenant at that time (``verify.trust``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_core.errors import BadPlace, FormatError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.audit_records import TENANT
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.fields import matched, time_of
from arf_core.verify.notes import Note, check_note, named_key, read_checkpoint, read_note
from arf_core.verify.trust import TrustedKey, TrustedKeys

KIND: Final = "arf.audit-checkpoint/1"
TIME: Final = "arf.time "


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint whose form holds; whether its signatures do is for :func:`check_checkpoint`.

    ``size`` is how many records the log had, ``root`` the root over them (32 bytes), ``at`` when it was signed.
    """

    origin: str
    tenant: str
    size: int
    root: bytes
    at: datetime
    note: Note

    def __str__(self) -> str:
        return f"the checkpoint of {self.size} records of {self.origin}, signed at {write_time(self.at)}"


def read_signed_checkpoint(data: bytes, *, what: str) -> SignedCheckpoint:
    """The checkpoint in ``data``; nothing is said about its signatures yet.

    Raises:
        FormatError: rules 1 and 2; ``what`` names it in the message.
    """
    try:
        note = read_note(data)
        found = read_checkpoint(note.text)
    except FormatError as error:
        raise FormatError(f"{what} is no checkpoint: {error}") from error
    origin = _ORIGIN.fullmatch(found.origin)
    if origin is None or not TENANT.fullmatch(origin[1]):
        raise FormatError(f"the origin of {what} is {shown(found.origin)}: it must be arf/INSTALLATION/TENANT")
    if len(found.extensions) != 1 or not found.extensions[0].startswith(TIME):
        raise FormatError(f"{what} has the extensions {shown(found.extensions)}: it must have {TIME.strip()} alone")
    at = time_of(found.extensions[0].removeprefix(TIME), what=f"the {TIME.strip()} of {what}")
    return SignedCheckpoint(origin=found.origin, tenant=origin[1], size=found.size, root=found.root, at=at, note=note)


def checkpoint_in(value: object, *, what: str) -> SignedCheckpoint:
    """The checkpoint that stands as text in a JSON document.

    Raises:
        FormatError: it is no text, or as :func:`read_signed_checkpoint`.
    """
    text = matched(value, _TEXT, what=what, rule="the text of a signed note")
    try:
        return read_signed_checkpoint(text.encode(), what=what)
    except UnicodeEncodeError as error:
        raise FormatError(f"{what} has a lone surrogate") from error


def check_checkpoint(signed: SignedCheckpoint, trusted: TrustedKeys | None) -> tuple[str, ...]:
    """The ids of the keys whose signatures count (rules 3 and 4).

    Raises:
        VerificationError: no keys were given, none of them signed it, or it does not hold, or may not sign it.
    """
    if trusted is None:
        raise VerificationError(
            "no key is trusted: name the keys you trust with --trust; none is taken from the artifact"
        )
    known = tuple(_signers(signed, trusted))
    if not known:
        names = ", ".join(f"{line.name}+{line.key_hash.hex()}" for line in signed.note.signatures[:3])
        raise VerificationError(
            f"it is signed by {names}, which none of the {len(trusted.by_id)} trusted keys is for {signed.origin}"
        )
    check_note(signed.note, [named_key(signed.origin, key.public_key) for key in known])
    return _permitted(signed, known)


def other_log(manifest: Mapping[str, object], signed: SignedCheckpoint, *, where: str) -> BadPlace | None:
    """What the ``manifest`` of an archive says otherwise of its log than ``signed``, the checkpoint at ``where``."""
    for name, value in (("origin", signed.origin), ("tenant", signed.tenant), ("size", signed.size)):
        if manifest[name] != value:
            what = f"the checkpoint is of another log: its {name} is not that of {MANIFEST}"
            return BadPlace(where=where, what=what, stated=shown(manifest[name]), computed=shown(value))
    return None


def spelled(root: bytes) -> str:
    """A root as checkpoints spell it."""
    return base64.b64encode(root).decode("ascii")


def _signers(signed: SignedCheckpoint, trusted: TrustedKeys) -> Iterator[TrustedKey]:
    """The trusted keys that a signature of the note says it is by, under the name of the origin."""
    hashes = {line.key_hash for line in signed.note.signatures if line.name == signed.origin}
    for key in trusted.by_id.values():
        if named_key(signed.origin, key.public_key).key_hash in hashes:
            yield key


def _permitted(signed: SignedCheckpoint, keys: tuple[TrustedKey, ...]) -> tuple[str, ...]:
    """Those of ``keys`` that may sign it; the first reason where none may."""
    found: list[str] = []
    reasons: list[VerificationError] = []
    for key in keys:
        try:
            key.check_use(kind=KIND, tenant=signed.tenant, signed_at=signed.at)
            found.append(key.key_id)
        except VerificationError as error:
            reasons.append(error)
    if not found:
        raise reasons[0]
    return tuple(found)


_ORIGIN: Final = re.compile("arf/[A-Za-z0-9_-]{1,64}/([a-z0-9_-]{1,63})")
_TEXT: Final = re.compile("(?:.|\n)+")
