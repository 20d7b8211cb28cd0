# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Audit entries of governance: who did what to what, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.identity.hiding import hidden
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Transaction


def record(
    transaction: Transaction,
    action: str,
    target: str,
    *,
    by: Principal,
    request_id: str,
    now: datetime,
    after: str | None = None,
    details: Mapping[str, object] | None = None,
    personal: Mapping[str, str] | None = None,
) -> None:
    """Record ``action`` of ``by`` on ``target``; what people wrote is ``personal``, and encrypted.

    Raises:
        TenantError: the transaction has no tenant.
    """
    entry = Entry(
        actor=Actor.of(by),
        action=action,
        target=target,
        at=now,
        request_id=request_id,
        after=after,
        details=details or {},
        personal=personal or {},
    )
    append(transaction, entry)


def record_refusal(
    transaction: Transaction,
    target: str,
    error: EnterpriseError,
    *,
    by: Principal,
    request_id: str,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """Record that what ``by`` wanted of an approval does not count, and by which rule."""
    because = {"code": error.code, "because": hidden(str(error)), **(details or {})}
    record(transaction, "approval.refused", target, by=by, request_id=request_id, now=now, details=because)
