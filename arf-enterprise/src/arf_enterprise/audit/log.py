# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Writing to the audit log: one call, in the transaction of the change. No record, no change."""

from __future__ import annotations

from arf_enterprise.audit.entry import Entry, body_of
from arf_enterprise.audit.privacy import seal
from arf_enterprise.errors import TenantError
from arf_enterprise.identifiers import new_id
from arf_enterprise.stores.postgres.database import Transaction


def append(transaction: Transaction, entry: Entry) -> str:
    """Record ``entry`` in ``transaction``, and return its id: it is durable when, and only if, the change is.

    Raises:
        TenantError: the transaction has no tenant.
        InputError: an action, digest or detail that a record cannot have.
        StoreError: the database refused, now or when the transaction ends; the change must not happen, either.
    """
    if transaction.tenant is None:
        raise TenantError("an audit entry belongs to a tenant, and the transaction has none")
    entry_id = new_id("audit", entry.at)
    sealed = seal(transaction, entry, entry_id=entry_id)
    transaction.later(
        "append_audit_entry",
        tenant=transaction.tenant,
        entry_id=entry_id,
        body=body_of(entry, entry_id=entry_id, tenant=transaction.tenant, sealed=sealed),
    )
    return entry_id
