# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Verifies a licence, offline, in this order; each step has its own error:

1. It has the form of a key string, canonical to the byte (``token``).                     LicenseMalformed
2. A key of this build's ring made the signature.                                          LicenseForged
3. What it signed is a licence, not another kind of artifact.                              LicenseWrongType
4. Every field has its type, and there is none that is unknown (``licence``).              LicenseMalformed
5. A development key signs development licences only, and no other key signs those.        LicenseForged
6. It is for this product.                                                                 LicenseWrongProduct
7. It is for this customer, where the installation says whose it is.                       LicenseWrongCustomer
8. The vendor has not revoked it.                                                          LicenseRevoked

Time is not looked at here: a licence that has expired is still this licence (``standing``).
"""

from __future__ import annotations

from collections.abc import Collection

from arf_core.errors import VerificationError
from arf_core.verify.signatures import check_ed25519
from arf_enterprise.errors import (
    LicenseForged,
    LicenseMissing,
    LicenseRevoked,
    LicenseWrongCustomer,
    LicenseWrongProduct,
    LicenseWrongType,
)
from arf_enterprise.licensing.keyring import Keyring
from arf_enterprise.licensing.licence import PRODUCT, SCHEMA, Edition, Licence, read_licence
from arf_enterprise.licensing.token import Token, read


def verify(
    text: str | None, *, keyring: Keyring, customer: str | None = None, revoked: Collection[str] = frozenset()
) -> Licence:
    """The licence in ``text``, if everything above holds. ``revoked`` has the ids of revoked licences.

    Raises:
        LicenseError: the subclass says which step failed. No part of the text is in the message.
    """
    if not text or not text.strip():
        raise LicenseMissing("Enterprise license required: none was given")
    token = read(text)  # 1
    is_development = _signed_by(token, keyring)  # 2
    if token.schema != SCHEMA:  # 3
        raise LicenseWrongType(f"Enterprise license required: this is a signed {token.schema[:60]!r}, not a licence")
    licence = read_licence(token.document)  # 4
    if is_development is not (licence.edition is Edition.DEVELOPMENT):  # 5
        raise LicenseForged(f"Enterprise license required: a key of this kind does not sign {licence.edition} licences")
    if licence.product != PRODUCT:  # 6
        raise LicenseWrongProduct(f"Enterprise license required: this one is for {licence.product!r}")
    if customer is not None and licence.customer != customer:  # 7
        raise LicenseWrongCustomer(f"Enterprise license required: this one names {licence.customer!r}")
    if licence.licence_id in revoked:  # 8
        raise LicenseRevoked(f"Enterprise license required: {licence.licence_id} was revoked")
    return licence


def _signed_by(token: Token, keyring: Keyring) -> bool:
    """Whether the key that made the signature is a development key; the id in the payload only says which to try."""
    key = keyring.by_id.get(str(token.document.get("key_id")))
    if key is None:
        raise LicenseForged("Enterprise license required: it names a key that this build does not trust")
    try:
        check_ed25519(key.public_key, token.signed, token.signature, signer=key.key_id)
    except VerificationError as error:
        raise LicenseForged("Enterprise license required: its signature does not hold") from error
    return key.is_development
