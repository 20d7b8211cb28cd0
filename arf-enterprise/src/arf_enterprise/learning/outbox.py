# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The outbox: what the graph is to be told, written in the transaction of the change.

1. What is enqueued is durable when, and only if, the change is. Nothing waits for the graph.
2. Two changes of one entity are told in their order: whoever changes it holds its row until the transaction ends.
3. An outcome tells of its execution and its intent, and of its incident and its component if nobody has before.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from arf_core.canonical import canonical_text
from arf_enterprise.errors import TenantError
from arf_enterprise.learning.entities import KINDS, Told, checked
from arf_enterprise.stores.postgres.database import Database, Row, Transaction
from arf_enterprise.targets.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What the graph of a tenant does not have yet: how many entries, and for how many seconds the oldest waits."""

    tenant: str
    waiting: int
    oldest_s: float


def enqueue(transaction: Transaction, kind: str, key: str, document: Mapping[str, object]) -> None:
    """Tell the graph what ``key`` is from now on, in the transaction of the change.

    ``kind`` is one of ``entities.KINDS``, with a document of its fields; or it is ``outcome`` with a document of the
    schema ``arf.outcome/1``, or ``label`` with what a person said of one, and the entities that those tell of follow
    (rule 3).

    Raises:
        TenantError: the transaction has no tenant.
        RequestError, FormatError: the document is none of its kind.
    """
    if kind == "outcome":
        _enqueue_outcome(transaction, key, document)
    elif kind == "label":
        _append(transaction, "outbox_append", kind, str(document["execution_id"]), {"said": document["result"]})
    else:
        _append(transaction, "outbox_append", kind, key, document)


def enqueue_inventory(transaction: Transaction, targets: Iterable[Target]) -> int:
    """Tell the graph of the components of an inventory; how many are new or other than before.

    One that is not in it any more depends on nothing.

    Raises:
        TenantError: the transaction has no tenant.
    """
    known = {
        str(row["key"]): str(row["document"])
        for row in transaction.all("outbox_latest_of_kind", tenant=transaction.tenant, kind="component")
    }
    wanted: dict[str, dict[str, object]] = {
        one.component: {
            "kind": one.kind, "environment": one.environment, "tier": one.tier, "depends_on": list(one.depends_on),
        }
        for one in targets
    }  # fmt: skip
    told = {key: checked("component", key, wanted.get(key, {})) for key in {*known, *wanted}}
    other = {key: document for key, document in told.items() if known.get(key) != canonical_text(document)}
    for key, document in sorted(other.items()):
        _append(transaction, "outbox_append", "component", key, document)
    return len(other)


def _enqueue_outcome(transaction: Transaction, key: str, ended: Mapping[str, object]) -> None:
    at, component, incident, intent = (ended[name] for name in ("at", "component", "incident_id", "intent_digest"))
    known = {"at": at, "signature": ended["signature"], "affected": [component]}
    _append(transaction, "outbox_append_first", "incident", str(incident), known)
    place = {"kind": ended["kind"], "environment": ended["environment"]}
    _append(transaction, "outbox_append_first", "component", str(component), place)
    if intent is not None:
        proposed = {"action": ended["action"], "component": component, "at": at, "proposed_for": [incident]}
        _append(transaction, "outbox_append", "intent", str(intent), proposed)
    ran = {"at": at, "status": ended["result"], "ran": [] if intent is None else [intent]}
    _append(transaction, "outbox_append", "execution", key, ran)
    result = {name: ended[name] for name in KINDS["outcome"].fields}
    _append(transaction, "outbox_append", "outcome", key, {**result, "resulted_from": [key]})


def _append(transaction: Transaction, query: str, kind: str, key: str, document: Mapping[str, object]) -> None:
    if transaction.tenant is None:
        raise TenantError("what the graph is told belongs to a tenant, and the transaction has none")
    text = canonical_text(checked(kind, key, document))
    entry = f"told_{secrets.token_hex(12)}"
    transaction.later(query, tenant=transaction.tenant, entry_id=entry, kind=kind, key=key, document=text)


def told_of(row: Row) -> Told:
    """The document of a row of the outbox: it is our own text."""
    return Told(
        position=int(row["position"]), kind=str(row["kind"]), key=str(row["key"]), document=json.loads(row["document"])
    )


def lag(database: Database, *, now: datetime) -> tuple[Lag, ...]:
    """What waits, of every tenant, as far as Postgres knows."""
    return tuple(_lag(database, tenant, now) for tenant in database.tenants())


def _lag(database: Database, tenant: str, now: datetime) -> Lag:
    with database.transaction(tenant) as transaction:
        row = transaction.one("outbox_lag", tenant=tenant)
    oldest = row["oldest"]
    waited = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    return Lag(tenant=tenant, waiting=int(row["waiting"]), oldest_s=waited)


def waiting(database: Database, tenant: str) -> int:
    """How many entries the graph of ``tenant`` does not have yet."""
    with database.transaction(tenant) as transaction:
        return int(transaction.one("outbox_lag", tenant=tenant)["waiting"])
