# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The development key: whoever reads this page can sign with it, and what it signs is good in no release."""

from __future__ import annotations

from hashlib import sha256

from arf_enterprise.licensing.keyring import DEVELOPMENT_KEY, DEVELOPMENT_PHRASE, VendorKey, package_keyring
from arf_enterprise.licensing.token import Signer


def development_signer() -> Signer:
    """What signs development licences."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from arf_enterprise.audit.signing import LocalKey

    return LocalKey(Ed25519PrivateKey.from_private_bytes(sha256(DEVELOPMENT_PHRASE).digest()))


def development_key() -> VendorKey | None:
    """The development key of this build, None in a release."""
    return next((key for key in package_keyring().by_id.values() if key.public_key == DEVELOPMENT_KEY), None)
