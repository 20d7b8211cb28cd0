# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Remembered incidents as rows: written, read, and whether the database can search among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from arf_core.canonical import canonical_text
from arf_core.ingest.incidents import read_incident, write_incident
from arf_core.models.incident import Incident, Outcome
from arf_core.recall.focus import view_of
from arf_core.recall.profile import centre_of, scene_of
from arf_core.seams import Embedder
from arf_core.strict_json import parse_json
from arf_enterprise.stores.postgres.database import Transaction

NEEDS_VECTOR: Final = (
    "persistent recall needs pgvector, which this database does not have: as a superuser CREATE EXTENSION vector, then "
    "as the owner of the schema SELECT arf.index_memory()"
)
_ALWAYS_DATED: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which incidents are looked among: of a component, of a time (``since`` included), that ended so."""

    component: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether persistent recall can be used, and what is missing."""

    vector: str | None
    has_index: bool

    @property
    def says(self) -> str | None:
        """What is missing and what to do; None if nothing is."""
        if self.vector is None:
            return NEEDS_VECTOR
        if not self.has_index:
            return "persistent recall has no index yet: SELECT arf.index_memory(), as the owner of the schema"
        return None


def remember_in(transaction: Transaction, incidents: Iterable[Incident], embedder: Embedder) -> None:
    """Keep ``incidents`` in a transaction, in this order; each replaces one of the same id."""
    rows = [row_of(incident, embedder, str(transaction.tenant)) for incident in incidents]
    if rows:
        transaction.many(
            "remember_vector", sorted(rows, key=lambda row: str(row["embedding"]))
        )  # nobody waits in a circle
        transaction.many("remember_incident", rows)


def row_of(incident: Incident, embedder: Embedder, tenant: str) -> dict[str, object]:
    """The incident as the table has it."""
    scene = scene_of(incident)
    vector = view_of(embedder, incident, scene, incident.component or centre_of(scene))
    return {
        "tenant": tenant,
        "embedder": embedder_id(embedder),
        "incident_id": incident.incident_id,
        "occurred_at": incident.occurred_at,
        "component": incident.component,
        "fault_type": incident.fault_type,
        "outcome": incident.outcome.value,
        "content": canonical_text(write_incident(incident)),
        "dimensions": embedder.dimensions,
        "embedding": vector.tolist(),
    }


def embedder_id(embedder: Embedder) -> str:
    """What tells vectors of one embedder from those of another: its name and its dimensions."""
    return f"{embedder.name}/{embedder.dimensions}"


def incident_of(content: str) -> Incident:
    """The incident in a row: our own text."""
    record = parse_json(content.encode(), what="a remembered incident")
    return read_incident(record, default_time=_ALWAYS_DATED)  # type: ignore[arg-type]  # an object: we wrote it


def standing(transaction: Transaction) -> Standing:
    """Whether persistent recall can be used in this database."""
    row = transaction.one("memory_standing")
    return Standing(vector=row["vector"], has_index=bool(row["has_index"]))
