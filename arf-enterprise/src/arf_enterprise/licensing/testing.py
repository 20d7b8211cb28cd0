# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Licences for tests: by the development key, which a development build accepts, and by keys that no build has.

Nothing here can make a licence that a release accepts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.canonical import canonical_bytes
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.licensing.development import development_signer
from arf_enterprise.licensing.issue import TERMS, draft
from arf_enterprise.licensing.keyring import DEVELOPMENT_KEY, Keyring, VendorKey
from arf_enterprise.licensing.licence import SCHEMA, Edition, Licence
from arf_enterprise.licensing.token import Signer, signed_bytes, write

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
KEY_END: Final = datetime(2100, 1, 1, tzinfo=UTC)

DEVELOPMENT: Final = development_signer()
VENDOR: Final = LocalKey(Ed25519PrivateKey.from_private_bytes(sha256(b"a vendor's key of the tests").digest()))
STRANGER: Final = LocalKey(Ed25519PrivateKey.from_private_bytes(sha256(b"a stranger's key").digest()))

RING: Final = Keyring.of(
    VendorKey(public_key=DEVELOPMENT_KEY, not_after=KEY_END, is_development=True),
    VendorKey(public_key=VENDOR.public_key, not_after=KEY_END, is_development=False),
)
"""A ring that trusts the development key and :data:`VENDOR`."""


def licence(edition: Edition = Edition.ENTERPRISE, *, key: Signer = VENDOR, start: datetime = START) -> Licence:
    """A licence of ``acme`` by the edition's terms, not signed."""
    return draft(
        edition,
        TERMS[edition],
        customer="acme",
        licence_id="lic_0123456789abcdef",
        not_before=start,
        now=START,
        key_id=key.key_id,
    )


def signed(document: object, *, key: Signer = VENDOR, schema: str = SCHEMA) -> str:
    """The key string of any payload, however wrong, truly signed."""
    payload = canonical_bytes(document)
    return write(payload, key.sign(signed_bytes(schema, payload)))


def key_string(edition: Edition = Edition.ENTERPRISE, *, key: Signer = VENDOR, **changed: object) -> str:
    """The key string of a licence with the fields ``changed``."""
    return signed(replace(licence(edition, key=key), **changed).document(), key=key)  # type: ignore[arg-type]


def development(*, now: datetime, days: float = 20, **changed: object) -> str:
    """A key string that a development build accepts, good for ``days`` from ``now`` (and a day before)."""
    fields = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=days), **changed}
    return key_string(Edition.DEVELOPMENT, key=DEVELOPMENT, **fields)
