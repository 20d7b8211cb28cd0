# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Verifies a licence, offline, in this order; each step has its own error:

1. It has the form of a key string, canonical to the byte (``token``).                     LicenseMalformed
2. A key of this build's ring made the signature.                                          LicenseForged
3. What it signed is a licence, not another kind of artifact.                              LicenseWrongType
4. Every field has its type, and there is none that is unknown (``licence``).              LicenseMalformed
5. A development key signs development licences only, and no other key signs those;
   and no licence ends later than its key.                                                 LicenseForged
6. It is for this product.                                                                 LicenseWrongProduct
7. It is for this customer, where the installation says whose it is.                       LicenseWrongCustomer
8. The vendor has not revoked it.                                                          LicenseRevoked

Time is not looked at here: a licence that has expired is still this licence (``standing``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from arf_core.errors import VerificationError
from arf_core.verify.signatures import check_ed25519
from arf_enterprise.errors import (
    LicenseError,
    LicenseForged,
    LicenseMissing,
    LicenseRevoked,
    LicenseWrongCustomer,
    LicenseWrongProduct,
    LicenseWrongType,
)
from arf_enterprise.licensing.keyring import Keyring, VendorKey
from arf_enterprise.licensing.licence import PRODUCT, SCHEMA, Edition, Licence, read_licence
from arf_enterprise.licensing.revocations import Revocations
from arf_enterprise.licensing.token import Token, read

REQUIRED: Final = "Enterprise license required"
"""How every refusal begins."""


def verify(
    text: str | None, *, keyring: Keyring, customer: str | None = None, revocations: Iterable[Revocations] = ()
) -> Licence:
    """The licence in ``text``, if everything above holds. ``revocations`` are the vendor's lists that are known.

    Raises:
        LicenseError: the subclass says which step failed. No part of the text is in the message.
    """
    try:
        return _verified(text, keyring, customer, revocations)
    except LicenseError as error:
        # Without what it came from: neither message nor traceback quotes what was given.
        raise type(error)(f"{REQUIRED}: {error}") from None


def _verified(text: str | None, keyring: Keyring, customer: str | None, revocations: Iterable[Revocations]) -> Licence:
    if not text or not text.strip():
        raise LicenseMissing("none was given")
    token = read(text)  # 1
    key = _signer(token, keyring)  # 2
    if token.schema != SCHEMA:  # 3
        raise LicenseWrongType(f"this is a signed {token.schema[:60]!r}, not a licence")
    licence = read_licence(token.document)  # 4
    if key.is_development is not (licence.edition is Edition.DEVELOPMENT):  # 5
        raise LicenseForged(f"a key of this kind does not sign {licence.edition} licences")
    if licence.ends > key.not_after:
        raise LicenseForged("it ends later than the key that signed it")
    if licence.product != PRODUCT:  # 6
        raise LicenseWrongProduct(f"this one is for {licence.product!r}")
    if customer is not None and licence.customer != customer:  # 7
        raise LicenseWrongCustomer(f"this one names {licence.customer!r}")
    if any(known.has(licence) for known in revocations):  # 8
        raise LicenseRevoked(f"{licence.licence_id} was revoked")
    return licence


def _signer(token: Token, keyring: Keyring) -> VendorKey:
    """The key that made the signature; the id in the payload only says which to try."""
    key = keyring.by_id.get(str(token.document.get("key_id")))
    if key is None:
        raise LicenseForged("it names a key that this build does not trust")
    try:
        check_ed25519(key.public_key, token.signed, token.signature, signer=key.key_id)
    except VerificationError as error:
        raise LicenseForged("its signature does not hold") from error
    return key
