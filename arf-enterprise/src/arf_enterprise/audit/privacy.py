# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Personal data in the log, each person's under keys of their own: destroying them erases, and every proof holds.

1. A person has a random reference in each tenant, found by ``HMAC-SHA-256(pepper of the installation, subject)``, so
   the table tells no names; and a random key of 256 bits for each retention class and month.
2. The name and other personal data are encrypted with AES-256-GCM under that key, a new nonce each, bound to the entry
   by its id: ``base64(nonce || ciphertext || tag)``. The reference stands in the record instead.
3. Erasing deletes the rows (``audit.retention``). What was sealed cannot be read again by anybody; records and hashes
   stay as they are. Who comes back after that is somebody new.
4. A process remembers a key for at most :data:`MEMORY_S` seconds, and only one that is committed. So what another
   process writes in that time after an erasure is sealed under the destroyed key: nobody can ever read it.
5. What a program did names no person, and is not encrypted.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, cast

from arf_core.canonical import canonical_bytes, in_utc
from arf_core.errors import InputError
from arf_enterprise.audit.entry import MOST_DETAILS, Entry, Sealed
from arf_enterprise.stores.postgres.database import Transaction

KEY_SIZE: Final = 32
NONCE_SIZE: Final = 12
MEMORY_S: Final = 10.0
_PEPPER_S: Final = 3600.0
_PEPPER: Final = "audit.pepper"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKey:
    """What a person's data of one class and month are sealed under."""

    ref: str
    key: bytes = field(repr=False)


def seal(
    transaction: Transaction, entry: Entry, *, entry_id: str, random: Callable[[int], bytes] = secrets.token_bytes
) -> Sealed:
    """What stands in the record for the person of ``entry`` (rules 1, 2 and 5).

    Raises:
        InputError: the personal data are too large, or no text.
    """
    if not entry.actor.is_person:
        return Sealed(subject=entry.actor.subject, text=None)
    content = canonical_bytes({"subject": entry.actor.subject, "personal": entry.personal})
    if len(content) > MOST_DETAILS:
        raise InputError(f"the personal data of {entry.action} have more than {MOST_DETAILS} bytes")
    held = _held(transaction, entry, random)
    return Sealed(subject=held.ref, text=_encrypted(held.key, content, entry_id, random))


def unseal(key: bytes, text: str, *, entry_id: str) -> bytes:
    """The canonical JSON that was sealed under ``key`` for the entry.

    Raises:
        ValueError: it was sealed under another key, for another entry, or was altered.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = base64.b64decode(text, validate=True)
    try:
        return AESGCM(key).decrypt(raw[:NONCE_SIZE], raw[NONCE_SIZE:], entry_id.encode())
    except InvalidTag as error:
        raise ValueError("it was sealed under another key or for another entry") from error


def lookup_of(transaction: Transaction, subject: str) -> bytes:
    """What the database finds ``subject`` by (rule 1)."""
    pepper = transaction.remembered.get(_PEPPER)
    if pepper is None:
        pepper = bytes(transaction.one("installation")["pepper"])
        transaction.remembered.put(_PEPPER, pepper, seconds=_PEPPER_S)
    return hmac.digest(cast("bytes", pepper), subject.encode(), "sha256")


def remembered_as(transaction: Transaction, subject: str, retention: str, month: date) -> Hashable:
    """What a process remembers the key of ``subject`` by."""
    return ("audit.subject", transaction.tenant, subject, retention, month)


def _held(transaction: Transaction, entry: Entry, random: Callable[[int], bytes]) -> SubjectKey:
    month = in_utc(entry.at).date().replace(day=1)
    name = remembered_as(transaction, entry.actor.subject, entry.retention, month)
    if (known := transaction.remembered.get(name)) is not None:
        return cast("SubjectKey", known)
    held = _found(transaction, entry, month, random)
    transaction.then(lambda: transaction.remembered.put(name, held, seconds=MEMORY_S))  # rule 4
    return held


def _found(transaction: Transaction, entry: Entry, month: date, random: Callable[[int], bytes]) -> SubjectKey:
    place = {"tenant": transaction.tenant, "lookup": lookup_of(transaction, entry.actor.subject)}
    kind = {"class": entry.retention, "month": month}
    row = transaction.maybe("find_audit_subject", **place, **kind)
    if row is None:
        transaction.run("add_audit_subject", **place, ref=f"subject_{random(12).hex()}")
        row = transaction.one("find_audit_subject", **place, **kind)
    if row["key"] is None:
        transaction.run(
            "add_audit_subject_key", tenant=transaction.tenant, ref=row["ref"], **kind, key=random(KEY_SIZE)
        )
        row = transaction.one("find_audit_subject", **place, **kind)
    return SubjectKey(ref=str(row["ref"]), key=bytes(row["key"]))


def _encrypted(key: bytes, content: bytes, entry_id: str, random: Callable[[int], bytes]) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = random(NONCE_SIZE)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, content, entry_id.encode())).decode("ascii")
