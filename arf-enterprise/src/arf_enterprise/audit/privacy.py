# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Personal data in the log, each person's under a key of their own: destroying the key erases them, every proof holds.

1. A person has a random reference and a random key of 256 bits in each tenant; the database finds them by
   ``HMAC-SHA-256(pepper of the installation, subject)``, so the table tells no names.
2. The name and other personal data are encrypted with AES-256-GCM under that key, a new nonce each, bound to the entry
   by its id: ``base64(nonce || ciphertext || tag)``. The reference stands in the record instead.
3. Erasing deletes the row. What was sealed cannot be read again by anybody; records and hashes stay as they are.
   Who comes back after that is somebody new.
4. What a program did names no person, and is not encrypted.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_enterprise.audit.entry import Entry, Sealed
from arf_enterprise.stores.postgres.database import Transaction

KEY_SIZE: Final = 32
NONCE_SIZE: Final = 12


def seal(
    transaction: Transaction, entry: Entry, *, entry_id: str, random: Callable[[int], bytes] = secrets.token_bytes
) -> Sealed:
    """What stands in the record for the person of ``entry`` (rules 1, 2 and 4)."""
    if not entry.actor.is_person:
        return Sealed(subject=entry.actor.subject, text=None)
    ref, key = _subject(transaction, entry.actor.subject, random)
    content = canonical_bytes({"subject": entry.actor.subject, "personal": entry.personal})
    return Sealed(subject=ref, text=_encrypted(key, content, entry_id, random))


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
    pepper = bytes(transaction.one("installation")["pepper"])
    return hmac.digest(pepper, subject.encode(), "sha256")


def erase(transaction: Transaction, subject: str) -> str | None:
    """Destroy the key of ``subject`` in the transaction's tenant (rule 3); its reference, None if nothing was known."""
    row = transaction.maybe("erase_audit_subject", tenant=transaction.tenant, lookup=lookup_of(transaction, subject))
    return None if row is None else str(row["ref"])


def _subject(transaction: Transaction, subject: str, random: Callable[[int], bytes]) -> tuple[str, bytes]:
    place = {"tenant": transaction.tenant, "lookup": lookup_of(transaction, subject)}
    row = transaction.maybe("find_audit_subject", **place)
    if row is None:
        transaction.run("add_audit_subject", **place, ref=f"subject_{random(12).hex()}", key=random(KEY_SIZE))
        row = transaction.one("find_audit_subject", **place)
    return str(row["ref"]), bytes(row["key"])


def _encrypted(key: bytes, content: bytes, entry_id: str, random: Callable[[int], bytes]) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = random(NONCE_SIZE)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, content, entry_id.encode())).decode("ascii")
