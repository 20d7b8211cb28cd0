# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Lists of revoked licences: signed statements (``arf_core.verify.signatures``) of kind ``arf.licence-revocations/1``.

1. The payload is ``{"product", "number", "revoked": [{"licence_id", "revoked_at", "reason"}, …]}``, the list in the
   order of its ids, each once.
2. ``number`` only goes up: a list with the number of the one that is there, or a lower one, is refused where it is to
   take its place. A list is whole: it has everything that was revoked.
3. The signature is by a vendor's key of the ring, for no tenant. What the development key signs revokes development
   licences only: its private half is no secret.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from arf_core.canonical import canonical_bytes, write_time
from arf_core.errors import FormatError, VerificationError
from arf_core.verify.fields import list_of, object_of, size_of, text_of, time_of
from arf_core.verify.signatures import ALGORITHM, Statement, check_signatures, read_statement, signed_bytes
from arf_core.verify.signatures import SCHEMA as STATEMENT
from arf_core.verify.trust import TrustedKey, TrustedKeys
from arf_enterprise.errors import LicenseForged, LicenseMalformed, LicenseWrongProduct, LicenseWrongType
from arf_enterprise.licensing.keyring import Keyring
from arf_enterprise.licensing.licence import PRODUCT, Edition, Licence
from arf_enterprise.licensing.token import Signer

KIND: Final = "arf.licence-revocations/1"
MOST: Final = 100_000
MAX_SIZE: Final = 32_000_000
"""The longest list, in bytes: what is longer is not even parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One licence that was taken back: from when on, and why (for people)."""

    licence_id: str
    revoked_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """A whole list; ``is_development`` if it counts for development licences only (rule 3)."""

    number: int
    signed_at: datetime
    revoked: Mapping[str, Revocation]
    is_development: bool

    def has(self, licence: Licence) -> bool:
        """Whether ``licence`` is on the list, and the list counts for it."""
        counts = self.is_development is (licence.edition is Edition.DEVELOPMENT)  # rule 3
        return counts and licence.licence_id in self.revoked


def signed_list(revoked: Iterable[Revocation], *, number: int, now: datetime, signer: Signer) -> bytes:
    """The list, as a signed statement in canonical JSON."""
    listed = [
        {"licence_id": item.licence_id, "revoked_at": write_time(item.revoked_at), "reason": item.reason}
        for item in sorted(revoked, key=lambda item: item.licence_id)
    ]
    statement: dict[str, object] = {
        "schema": STATEMENT,
        "kind": KIND,
        "tenant": None,
        "signed_at": write_time(now),
        "payload": {"product": PRODUCT, "number": number, "revoked": listed},
    }
    sig = base64.b64encode(signer.sign(signed_bytes(statement))).decode("ascii")
    return canonical_bytes({**statement, "signatures": [{"alg": ALGORITHM, "key_id": signer.key_id, "sig": sig}]})


def verify_list(data: bytes, *, keyring: Keyring) -> Revocations:
    """The list in ``data``, if a key of ``keyring`` signed it.

    Raises:
        LicenseError: the subclass says what is wrong: its form, its signature, its kind or its product.
    """
    if len(data) > MAX_SIZE:
        raise LicenseMalformed(f"the list of revocations has {len(data)} bytes: at most {MAX_SIZE} make one")
    try:
        statement = read_statement(data, what="the list of revocations")
        if statement.kind != KIND:
            raise LicenseWrongType(f"this is {statement.kind}, not a list of revoked licences")
        signers = check_signatures(statement, _trusted(keyring))
        return _read(statement, is_development=all(keyring.by_id[name].is_development for name in signers.trusted))
    except FormatError as error:
        raise LicenseMalformed(str(error)) from error
    except VerificationError as error:
        raise LicenseForged(str(error)) from error


def _read(statement: Statement, *, is_development: bool) -> Revocations:
    what = "the list of revocations"
    given = object_of(statement.payload, what=what, keys=("product", "number", "revoked"))
    if given["product"] != PRODUCT:
        raise LicenseWrongProduct(f"{what} is for another product")
    listed = [_revocation(item) for item in list_of(given["revoked"], what=what, most=MOST)]
    ids = [item.licence_id for item in listed]
    if ids != sorted(set(ids)) or statement.tenant is not None:
        raise FormatError(f"{what} is not in order, names a licence twice, or is for a tenant")
    return Revocations(
        number=size_of(given["number"], what=f"the number of {what}"),
        signed_at=statement.signed_at,
        revoked=MappingProxyType({item.licence_id: item for item in listed}),
        is_development=is_development,
    )


def _revocation(item: object) -> Revocation:
    given = object_of(item, what="a revocation", keys=("licence_id", "revoked_at", "reason"))
    return Revocation(
        licence_id=text_of(given["licence_id"], what="a licence_id", most=200),
        revoked_at=time_of(given["revoked_at"], what="a revoked_at"),
        reason=text_of(given["reason"], what="a reason"),
    )


def _trusted(keyring: Keyring) -> TrustedKeys:
    keys = (
        TrustedKey(
            key_id=key.key_id,
            public_key=key.public_key,
            kinds=frozenset({KIND}),
            not_before=datetime.min.replace(tzinfo=UTC),
            not_after=key.not_after,
            tenants=None,
        )
        for key in keyring.by_id.values()
    )
    return TrustedKeys(by_id=MappingProxyType({key.key_id: key for key in keys}))
