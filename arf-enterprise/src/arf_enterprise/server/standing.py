# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is looked at to say how a server stands: its schema, how far the audit log is behind, its licence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arf_core.canonical import write_time
from arf_enterprise.app import App
from arf_enterprise.audit.service import Lag as AuditLag
from arf_enterprise.audit.service import lag as lags
from arf_enterprise.errors import LicenseError
from arf_enterprise.learning.outbox import Lag as GraphLag
from arf_enterprise.learning.outbox import lag as graph_lags
from arf_enterprise.licensing.nodes import Holder, holders


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Entries of all tenants that wait to be where they belong, and how long the oldest has waited, in seconds."""

    entries: int
    seconds: float


def schema_version(app: App) -> int:
    """The version of the database's schema.

    Raises:
        StoreUnavailable: it does not answer.
    """
    with app.database.transaction(None) as transaction:
        return int(transaction.one("schema_version")["version"])


def lag(app: App) -> Lag:
    """How far the sequencers are behind: audit entries without a place in the log.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _total(lags(app.database, now=app.clock()))


def graph_lag(app: App) -> Lag | None:
    """How far the graph is behind; None if there is no graph.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return None if app.graph is None else _total(graph_lags(app.database, now=app.clock()))


def _total(found: Sequence[AuditLag | GraphLag]) -> Lag:
    return Lag(entries=sum(one.waiting for one in found), seconds=max((one.oldest_s for one in found), default=0.0))


def licence_document(app: App) -> dict[str, object]:
    """How the licence stands now, as JSON, and which servers hold its places.

    Without its signature, so it cannot be used again from here.
    """
    return {**_standing_document(app), "servers": [_holder_document(holder) for holder in holders(app.database)]}


def _standing_document(app: App) -> dict[str, object]:
    try:
        return app.entitlements.current().document()
    except LicenseError as error:
        return {
            "schema": "arf.license-standing/1",
            "state": "none",
            "may_execute": False,
            "says": str(error),
            "code": error.code,
            "licence": None,
        }


def _holder_document(holder: Holder) -> dict[str, object]:
    return {
        "place": holder.place,
        "server": holder.node_id,
        "held_since": write_time(holder.held_since),
        "seen_at": write_time(holder.seen_at),
    }
