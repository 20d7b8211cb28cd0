# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Tenants: added on the machine itself only, and never taken away; the database keeps them apart."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ConflictError, RequestError
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Database

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def add(database: Database, name: str, *, by: Principal, request_id: str, now: datetime) -> None:
    """Add the tenant ``name``, and begin its audit log with that, in one transaction.

    Raises:
        RequestError: it is no name of a tenant.
        ConflictError: it is there already.
    """
    if not _NAME.fullmatch(name):
        raise RequestError(f"the tenant {name!r:.80} must be 1 to 63 lower-case letters, digits, - and _")
    entry = Entry(actor=Actor.of(by), action="tenant.added", target=f"tenant/{name}", at=now, request_id=request_id)
    with database.transaction(name) as transaction:
        if not transaction.run("add_tenant", tenant=name):
            raise ConflictError(f"the tenant {name} is there already")
        append(transaction, entry)
