# SPDX-License-Identifier: Apache-2.0
"""Incidents and settings in the form that Enterprise imports: counted and digested, so that both sides can compare.

Schema ``arf.export/1`` (docs/contracts/export/1): ``kind`` ("incidents" or "config"), ``count``, ``content``, and
``digest`` over the content in the hash domain ``arf.export/1``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from arf_core.canonical import digest
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import InputError
from arf_core.ingest.incidents import write_incident
from arf_core.models.incident import Incident

SCHEMA: Final = "arf.export/1"


def between(incidents: Iterable[Incident], *, since: datetime | None, until: datetime | None) -> tuple[Incident, ...]:
    """The incidents that happened at ``since`` or later and before ``until`` (aware times; None: without a bound).

    Raises:
        InputError: ``until`` is not after ``since``.
    """
    if since is not None and until is not None and until <= since:
        raise InputError(f"until is {until.isoformat()}: it must be after since, {since.isoformat()}")
    return tuple(
        incident
        for incident in incidents
        if (since is None or since <= incident.occurred_at) and (until is None or incident.occurred_at < until)
    )


def export_incidents(incidents: Iterable[Incident]) -> dict[str, object]:
    """The incidents, oldest first, as an export document."""
    ordered = sorted(incidents, key=lambda incident: (incident.occurred_at, incident.incident_id))
    return _document("incidents", [write_incident(incident) for incident in ordered])


def export_config(config: OSSConfig) -> dict[str, object]:
    """The settings that differ from their defaults, as an export document."""
    changed = config.model_dump(exclude_defaults=True)
    return _document("config", [{"name": name, "value": changed[name]} for name in sorted(changed)])


def _document(kind: str, content: list[dict[str, object]]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "kind": kind,
        "count": len(content),
        "digest": digest(SCHEMA, content),
        "content": content,
    }
