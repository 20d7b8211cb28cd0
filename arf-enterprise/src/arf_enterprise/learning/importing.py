# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What comes from the open edition: incidents and settings, in the schema ``arf.export/1`` (docs/contracts/export/1).

1. Count and digest are computed anew before anything is written, and once more from what was stored: they must be the
   same, or nothing is kept.
2. The same export twice gives the same state, and nothing is written or audited the second time.
3. A rehearsal does everything and keeps nothing.
4. Incidents go to memory, and to the graph. Settings replace those that were imported before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from arf_core.canonical import canonical_text, digest, write_time
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import FormatError
from arf_core.export import SCHEMA, export_config, export_incidents
from arf_core.ingest.incidents import write_incident
from arf_core.models.incident import Incident
from arf_core.seams import Embedder
from arf_core.strict_json import parse_json
from arf_core.verify.fields import digest_of, list_of, object_of, size_of, text_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import AuditError, RequestError
from arf_enterprise.identity.principal import Principal
from arf_enterprise.learning.outbox import enqueue
from arf_enterprise.learning.remembered import embedder_id, incident_of, remember_in
from arf_enterprise.stores.postgres.database import Transaction

MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export that is what it says: its ``count`` and ``digest`` were computed anew."""

    kind: str
    count: int
    digest: str
    content: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to: of ``count`` items so many were ``added``, ``changed``, or there ``already``.

    ``digest`` is that of the export, and of what is stored (rule 1).
    """

    kind: str
    count: int
    digest: str
    added: int
    changed: int
    already: int
    is_rehearsal: bool = False

    def document(self) -> dict[str, object]:
        """As JSON, schema ``arf.imported/1``."""
        names = ("kind", "count", "digest", "added", "changed", "already", "is_rehearsal")
        return {"schema": "arf.imported/1", **{name: getattr(self, name) for name in names}}


class Rehearsed(Exception):
    """The end of a rehearsal, with what it came to."""

    def __init__(self, imported: Imported) -> None:
        """It came to ``imported``."""
        super().__init__("a rehearsal keeps nothing")
        self.imported = imported


def read_export(data: bytes, *, kind: str) -> Export:
    """The export in ``data``, which must be of ``kind``.

    Raises:
        FormatError: it is no export.
        RequestError: it is one of another kind.
        AuditError: its count or digest is not that of its content: it was cut or altered.
    """
    found = object_of(
        parse_json(data, what="the export"), what="the export", keys=("schema", "kind", "count", "digest", "content")
    )
    if found["schema"] != SCHEMA:
        raise FormatError(f"the export has the schema {found['schema']!r:.60}: {SCHEMA} is read")
    said = text_of(found["kind"], what="kind", most=40)
    if said != kind:
        raise RequestError(f"the export is of {said!r:.40}, not of {kind}: arf-enterprise import {said:.40} FILE")
    content = [_mapping(item) for item in list_of(found["content"], what="content", most=MOST)]
    count, told = size_of(found["count"], what="count"), digest_of(found["digest"], what="digest")
    if count != len(content):
        raise AuditError(
            f"the export says that it has {count} {kind}, and it has {len(content)}: it was cut or altered"
        )
    if digest(SCHEMA, content) != told:
        raise AuditError(f"the export's digest is not that of its {count} {kind}: it was altered on its way")
    return Export(kind=kind, count=count, digest=told, content=tuple(content))


def import_incidents(
    transaction: Transaction,
    export: Export,
    *,
    embedder: Embedder,
    by: Principal,
    request_id: str,
    now: datetime,
    is_rehearsal: bool = False,
) -> Imported:
    """Remember the incidents of ``export``.

    Raises:
        EventError: an item is no incident.
        AuditError: what is stored is not what was exported (rule 1).
        Rehearsed: in place of an answer, where nothing is to be kept (rule 3).
    """
    incidents = [incident_of(canonical_text(item)) for item in export.content]
    before = _stored(transaction, incidents, embedder)
    fresh = [one for one in incidents if before.get(one.incident_id) != canonical_text(write_incident(one))]
    remember_in(transaction, fresh, embedder)
    for one in fresh:
        enqueue(transaction, "incident", one.incident_id, _for_the_graph(one))
    kept = _stored(transaction, incidents, embedder)
    again = export_incidents(incident_of(text) for text in kept.values())
    _compare(export, again)
    changed = sum(one.incident_id in before for one in fresh)
    return _done(
        transaction, export, len(fresh), changed, by=by, request_id=request_id, now=now, is_rehearsal=is_rehearsal
    )


def import_config(
    transaction: Transaction,
    export: Export,
    *,
    by: Principal,
    request_id: str,
    now: datetime,
    is_rehearsal: bool = False,
) -> Imported:
    """Keep the settings of ``export`` in place of those that were imported before.

    Raises:
        SettingsError: a setting that the open edition does not have, or beyond a sealed limit.
        AuditError, Rehearsed: as :func:`import_incidents`.
    """
    wanted = {text_of(item.get("name"), what="name", most=63): item.get("value") for item in export.content}
    OSSConfig(**wanted)  # it is what checks them
    before = settings_of(transaction)
    fresh = [name for name, value in wanted.items() if name not in before or before[name] != value]
    if before != wanted:
        transaction.run("forget_advisor_settings", tenant=transaction.tenant)
        for name, value in wanted.items():
            transaction.run("add_advisor_setting", tenant=transaction.tenant, name=name, value=canonical_text(value))
    _compare(export, export_config(OSSConfig(**settings_of(transaction))))
    changed = sum(name in before for name in fresh)
    gone = len(before.keys() - wanted.keys())
    return _done(
        transaction,
        export,
        len(fresh),
        changed,
        gone=gone,
        by=by,
        request_id=request_id,
        now=now,
        is_rehearsal=is_rehearsal,
    )


def settings_of(transaction: Transaction) -> dict[str, Any]:
    """The settings of the open edition that were imported."""
    rows = transaction.all("advisor_settings", tenant=transaction.tenant)
    return {str(row["name"]): json.loads(row["value"]) for row in rows}


def _stored(transaction: Transaction, incidents: Sequence[Incident], embedder: Embedder) -> dict[str, str]:
    rows = transaction.all(
        "memory_contents",
        tenant=transaction.tenant,
        embedder=embedder_id(embedder),
        incident_ids=[one.incident_id for one in incidents],
    )
    return {str(row["incident_id"]): str(row["content"]) for row in rows}


def _for_the_graph(incident: Incident) -> dict[str, object]:
    affected = {signal.component for signal in incident.signals} | {incident.component} - {None}
    return {
        "at": write_time(incident.occurred_at),
        "fault_type": incident.fault_type,
        "service": incident.service,
        "affected": sorted(str(one) for one in affected),
    }


def _compare(export: Export, again: Mapping[str, object]) -> None:
    """Rule 1, of what is stored."""
    for name, said in (("count", export.count), ("digest", export.digest)):
        if again[name] != said:
            raise AuditError(f"what is stored has the {name} {again[name]}, and the export {said}: nothing was kept")


def _done(
    transaction: Transaction,
    export: Export,
    fresh: int,
    changed: int,
    *,
    gone: int = 0,
    by: Principal,
    request_id: str,
    now: datetime,
    is_rehearsal: bool,
) -> Imported:
    imported = Imported(
        kind=export.kind, count=export.count, digest=export.digest, added=fresh - changed, changed=changed,
        already=export.count - fresh, is_rehearsal=is_rehearsal,
    )  # fmt: skip
    if is_rehearsal:
        raise Rehearsed(imported)
    if fresh or gone:  # rule 2
        details = {"count": export.count, "added": imported.added, "changed": changed, "gone": gone}
        append(
            transaction,
            Entry(
                actor=Actor.of(by), action=f"{export.kind}.imported", target=f"export/{export.digest}", at=now,
                request_id=request_id, after=export.digest, details=details,
            ),
        )  # fmt: skip
    return imported


def _mapping(item: object) -> Mapping[str, object]:
    if not isinstance(item, Mapping):
        raise FormatError("an item of content must be an object")
    return item
