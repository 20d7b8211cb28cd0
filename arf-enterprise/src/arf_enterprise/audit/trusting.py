# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What an installation gives to those who verify its log: its public keys, and from when on one is revoked.

A key that signed stays known after it was replaced, so that older checkpoints verify. A revoked one verifies nothing
from the time on that was said; that is audited, and cannot be taken back, only said earlier.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from arf_core.canonical import in_utc, write_time
from arf_core.verify.trust import SCHEMA
from arf_enterprise.audit.checkpoint import note_key, origin_of
from arf_enterprise.audit.log import append
from arf_enterprise.audit.retention import Asked
from arf_enterprise.errors import RequestError
from arf_enterprise.stores.postgres.database import Transaction

KINDS: Final = ("arf.audit-checkpoint/1", "arf.evidence-pack/1", "arf.approval/1")
FOR_EVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


def trusted_keys(transaction: Transaction, *, tenants: Sequence[str] | None = None) -> dict[str, object]:
    """The file for ``arf verify --trust``: every key that signed, for ``tenants`` (None: for all)."""
    keys = [_trusted(row, tenants) for row in transaction.all("audit_keys")]
    return {"schema": SCHEMA, "keys": keys}


def note_keys(transaction: Transaction, tenant: str) -> tuple[str, ...]:
    """The keys of the tenant's log as verifiers of C2SP notes want them."""
    origin = origin_of(str(transaction.one("installation")["installation_id"]), tenant)
    return tuple(note_key(origin, bytes(row["public_key"])) for row in transaction.all("audit_keys"))


def revoke(transaction: Transaction, key_id: str, *, revoked_from: datetime, asked: Asked) -> None:
    """From ``revoked_from`` on, ``key_id`` verifies nothing.

    Raises:
        RequestError: no such key has signed here.
    """
    if key_id not in {str(row["key_id"]) for row in transaction.all("audit_keys")}:
        raise RequestError(f"no key {key_id[:80]!r} has signed here: `arf-enterprise audit keys` lists those that have")
    transaction.run("revoke_audit_key", key_id=key_id, revoked_from=revoked_from, now=asked.at)
    append(transaction, asked.entry("audit.key_revoked", key_id, {"revoked_from": write_time(revoked_from)}))


def _trusted(row: Mapping[str, object], tenants: Sequence[str] | None) -> dict[str, object]:
    first, revoked = cast("datetime", row["first_used"]), cast("datetime | None", row["revoked_from"])
    return {
        "key_id": row["key_id"],
        "public_key": base64.b64encode(cast("bytes", row["public_key"])).decode("ascii"),
        "kinds": list(KINDS),
        "not_before": write_time(in_utc(first)),
        "not_after": write_time(FOR_EVER),
        "revoked_from": None if revoked is None else write_time(in_utc(revoked)),
        "tenants": None if tenants is None else list(tenants),
    }
