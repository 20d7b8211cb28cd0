# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The vendor's own folder: keys that sign licences, and the ledger of everything that was done with them.

::

    FOLDER/ledger.jsonl          one event a line, canonical JSON, each with the digest of the line before it
    FOLDER/keys/NNNN.pem         private keys: PKCS #8, encrypted with the passphrase, readable by their owner alone
    FOLDER/revocations.json      the latest signed list of revocations

1. The ledger is the whole state (``ledger``).
2. Key strings are not kept: the ledger has what a licence says, and the digest of its text.
3. The latest key signs. Older ones stay in the package until their end, so what they signed stays good.
4. What was done is in the ledger, on disk, before a licence or list is handed out.
5. The passphrase comes from a file or a prompt, never from an argument or the environment.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from arf_core.canonical import file_digest, write_time
from arf_enterprise.audit.signing import LocalKey, create_key_file, file_key
from arf_enterprise.errors import ConflictError, LicenseForged, RequestError, SettingError
from arf_enterprise.identifiers import new_id
from arf_enterprise.licensing.development import development_key, development_signer
from arf_enterprise.licensing.issue import Terms, draft, issue
from arf_enterprise.licensing.keyring import SCHEMA as KEYS
from arf_enterprise.licensing.keyring import Keyring, VendorKey
from arf_enterprise.licensing.ledger import Books, Ledger, ledger
from arf_enterprise.licensing.licence import Edition, Licence
from arf_enterprise.licensing.revocations import Revocation, signed_list, verify_list

KEY_YEARS: Final = 6
SHORTEST_PASSPHRASE: Final = 12


def init(folder: Path, *, passphrase: bytes, now: datetime) -> VendorKey:
    """Make the folder and its first key.

    Raises:
        ConflictError: there is a ledger already.
        SettingError: the passphrase is too short, or the folder cannot be made.
    """
    try:
        (folder / "keys").mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        with ledger(folder / "ledger.jsonl") as book:
            if book.books().keys:
                raise ConflictError(f"{folder} has a ledger already: `vendor rotate` makes another key")
            return _new_key(folder, book, number=1, passphrase=passphrase, now=now)
    except OSError as error:
        raise SettingError(f"{folder} cannot be made: {error.strerror}") from error


def rotate(folder: Path, *, passphrase: bytes, now: datetime) -> VendorKey:
    """Make another key, which signs from now on (rule 3).

    Raises:
        SettingError: the folder is no vendor's, or the passphrase is too short.
    """
    with _opened(folder) as (book, known):
        return _new_key(folder, book, number=len(known.keys) + 1, passphrase=passphrase, now=now)


def issue_licence(
    folder: Path,
    edition: Edition,
    terms: Terms,
    *,
    customer: str,
    passphrase: bytes,
    now: datetime,
    not_before: datetime | None = None,
) -> tuple[Licence, str]:
    """A licence for ``customer``, and its key string.

    Raises:
        LicenseError: it would be refused, such as one that outlives the key; the subclass says why.
        SettingError: the folder is no vendor's, or the passphrase does not open the key.
    """
    with _opened(folder) as (book, known):
        key, signer = known.keys[-1], _signer(folder, len(known.keys), passphrase)
        licence = draft(
            edition,
            terms,
            customer=customer,
            licence_id=new_id("lic", now),
            not_before=not_before or now,
            now=now,
            key_id=key.key_id,
        )
        text = issue(licence, key=key, signer=signer)
        event = {"licence": licence.document(), "digest": file_digest(text.encode())}
        book.append("licence.issued", event, now=now)  # rule 4
    return licence, text


def issue_development(terms: Terms, *, customer: str, now: datetime, not_before: datetime) -> tuple[Licence, str]:
    """A development licence, and its key string: it stands in no ledger, and no release accepts it.

    Raises:
        LicenseForged: this is a release build.
    """
    if (key := development_key()) is None:
        raise LicenseForged("a release build has no development key: use a vendor's")
    licence = draft(
        Edition.DEVELOPMENT,
        terms,
        customer=customer,
        licence_id=new_id("lic", now),
        not_before=not_before,
        now=now,
        key_id=key.key_id,
    )
    return licence, issue(licence, key=key, signer=development_signer())


def revoke(folder: Path, licence_id: str, *, reason: str, passphrase: bytes, now: datetime) -> bytes:
    """Take a licence back: the new signed list of revocations.

    Raises:
        RequestError: there is no such licence.
        LicenseMalformed: the reason is empty, or not one line of text.
        ConflictError: it was revoked already.
        SettingError: the folder is no vendor's, or the passphrase does not open the key.
    """
    with _opened(folder) as (book, known):
        if (found := known.issued.get(licence_id)) is None:
            raise RequestError(f"no licence {licence_id[:80]!r} was issued from {folder}")
        if found.revocation is not None:
            raise ConflictError(f"{licence_id} was revoked at {write_time(found.revocation.revoked_at)}")
        signer, number = _signer(folder, len(known.keys), passphrase), known.list_number + 1
        fresh = Revocation(licence_id=licence_id, revoked_at=now, reason=reason)
        before = [item.revocation for item in known.issued.values() if item.revocation is not None]
        text = signed_list([*before, fresh], number=number, now=now, signer=signer)
        verify_list(text, keyring=Keyring.of(*known.keys))  # nothing is handed out that would be refused
        event = {"licence_id": licence_id, "reason": reason, "number": number, "list": file_digest(text)}
        book.append("licence.revoked", event, now=now)
        (folder / "revocations.json").write_bytes(text)
    return text


def books(folder: Path) -> Books:
    """What the ledger says.

    Raises:
        SettingError: the folder is no vendor's, or the ledger was altered.
    """
    with _opened(folder) as (_, found):
        return found


def release_keys(folder: Path, *, now: datetime) -> dict[str, object]:
    """The ``keys.json`` of a release build: every key that has not ended, and no development key."""
    keys = [
        {
            "public_key": base64.b64encode(key.public_key).decode("ascii"),
            "use": "vendor",
            "not_after": write_time(key.not_after),
        }
        for key in books(folder).keys
        if key.not_after > now
    ]
    return {"schema": KEYS, "build": "release", "keys": keys}


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Ledger, Books]]:
    if not (folder / "ledger.jsonl").exists():
        raise SettingError(f"{folder} is no vendor's folder: `arf-enterprise license vendor init` makes one")
    with ledger(folder / "ledger.jsonl") as book:
        found = book.books()
        if not found.keys:
            raise SettingError(f"{folder} has no key: `arf-enterprise license vendor init` makes one")
        yield book, found


def _new_key(folder: Path, book: Ledger, *, number: int, passphrase: bytes, now: datetime) -> VendorKey:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise SettingError(f"the passphrase is too short: at least {SHORTEST_PASSPHRASE} bytes protect a key")
    made = create_key_file(_key_file(folder, number), passphrase)
    key = VendorKey(public_key=made.public_key, not_after=now + timedelta(days=365 * KEY_YEARS), is_development=False)
    public = base64.b64encode(key.public_key).decode("ascii")
    book.append("key.made", {"public_key": public, "not_after": write_time(key.not_after)}, now=now)
    return key


def _signer(folder: Path, number: int, passphrase: bytes) -> LocalKey:
    return file_key(_key_file(folder, number), passphrase)


def _key_file(folder: Path, number: int) -> Path:
    return folder / "keys" / f"{number:04d}.pem"
