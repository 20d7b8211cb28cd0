# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the vendor issues: the terms of each edition, and the signature that makes a licence of them.

1. An edition's terms are a table, and every one can be given otherwise for a customer.
2. A development key signs development licences only, no other key signs those, and no licence outlives its key: the
   checks of ``verify``, made here as well, so that nothing is issued that would be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_enterprise.errors import RequestError
from arf_enterprise.licensing.keyring import Keyring, VendorKey
from arf_enterprise.licensing.licence import PRODUCT, SCHEMA, Edition, Licence
from arf_enterprise.licensing.token import Signer, signed_bytes, write
from arf_enterprise.licensing.verify import verify

FEATURES: Final = (
    "approval_workflows",
    "audit_trails",
    "autonomous_execution",
    "learning_engine",
    "persistent_storage",
)
"""What is sold, by the names that licences use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an edition includes, and how long it lasts: ``days``, then ``grace_days``."""

    features: frozenset[str]
    nodes: int
    seats: int
    days: int
    grace_days: int


_GOVERNED: Final = frozenset({"approval_workflows", "audit_trails", "persistent_storage"})

TERMS: Final[Mapping[Edition, Terms]] = MappingProxyType(
    {
        Edition.TRIAL: Terms(features=frozenset(FEATURES), nodes=1, seats=5, days=30, grace_days=0),
        Edition.STARTER: Terms(features=_GOVERNED, nodes=1, seats=10, days=365, grace_days=7),
        Edition.PROFESSIONAL: Terms(
            features=_GOVERNED | {"learning_engine"}, nodes=3, seats=50, days=365, grace_days=14
        ),
        Edition.ENTERPRISE: Terms(features=frozenset(FEATURES), nodes=20, seats=1000, days=365, grace_days=30),
        Edition.DEVELOPMENT: Terms(features=frozenset(FEATURES), nodes=2, seats=5, days=30, grace_days=7),
    }
)
"""The terms of each edition (rule 1)."""


def draft(
    edition: Edition, terms: Terms, *, customer: str, licence_id: str, not_before: datetime, now: datetime, key_id: str
) -> Licence:
    """The licence that ``terms`` make from ``not_before`` on, not signed yet."""
    return Licence(
        licence_id=licence_id,
        customer=customer,
        edition=edition,
        product=PRODUCT,
        features=terms.features,
        nodes=terms.nodes,
        seats=terms.seats,
        not_before=not_before,
        not_after=not_before + timedelta(days=terms.days),
        grace=timedelta(days=terms.grace_days),
        issued_at=now,
        key_id=key_id,
    )


def issue(licence: Licence, *, key: VendorKey, signer: Signer) -> str:
    """The key string of ``licence``, signed and verified (rule 2).

    Raises:
        RequestError: ``signer`` is not ``key``.
        LicenseError: as it was drafted it would be refused; the subclass says why.
    """
    if not signer.key_id == key.key_id == licence.key_id:
        raise RequestError("the licence names another key than the one that is to sign it")
    payload = canonical_bytes(licence.document())
    text = write(payload, signer.sign(signed_bytes(SCHEMA, payload)))
    verify(text, keyring=Keyring.of(key))
    return text
