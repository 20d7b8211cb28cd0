# SPDX-License-Identifier: Apache-2.0
"""What the routes answer, as JSON values. Each has its schema's name, except a sealed intent, which is its own."""

from __future__ import annotations

import json
from collections.abc import Iterable

from arf_core.analysis import Analysis, Answered
from arf_core.canonical import write_time
from arf_core.ingest.groups import Group, GroupStatus
from arf_core.models.healing_intent import HealingIntent
from arf_core.plain import plain
from arf_core.service import KnownIncident


def accepted(analysis: Analysis) -> dict[str, object]:
    """What a delivery came to, in short, schema ``arf.accepted/1``: the advice is under ``/v1/incidents/{id}``."""
    return {
        "schema": "arf.accepted/1",
        "read": analysis.read,
        "normal": analysis.normal,
        "incidents": [_outcome(answered) for answered in analysis.answered],
        "closed": [closed for answered in analysis.answered for closed in answered.advice.closed],
        "faults": plain(analysis.faults),
        "notes": list(analysis.notes),
    }


def incidents(known: Iterable[KnownIncident]) -> dict[str, object]:
    """Incidents in short, schema ``arf.incidents/1``."""
    return {"schema": "arf.incidents/1", "incidents": [_summary(incident) for incident in known]}


def incident(known: KnownIncident) -> dict[str, object]:
    """An incident with the latest advice about it and all its intents that are kept, schema ``arf.incident/1``."""
    group = known.group
    return {
        "schema": "arf.incident/1",
        **_summary(known),
        "alerts": [
            {
                "component": event.component,
                "name": event.alert.name if event.alert else None,
                "severity": event.alert.severity.value if event.alert else None,
                "fingerprint": event.fingerprint,
                "timestamp": write_time(event.timestamp),
                "is_over": key in group.over,
                "metrics": event.metrics,
            }
            for event, key in zip(group.events, group.keys, strict=True)
        ],
        "grouped_because": list(group.because),
        "advice": plain(known.advice),
        "intents": [intent.to_dict() for intent in known.intents],
    }


def intents(found: Iterable[HealingIntent]) -> dict[str, object]:
    """Sealed intents, the latest first, schema ``arf.intents/1``."""
    return {"schema": "arf.intents/1", "intents": [intent.to_dict() for intent in found]}


def as_bytes(document: object) -> bytes:
    """``document`` as UTF-8 JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _outcome(answered: Answered) -> dict[str, object]:
    subject, advice = answered.subject, answered.advice
    is_closed = isinstance(subject, Group) and subject.status is GroupStatus.CLOSED
    return {
        "incident_id": advice.incident_id,
        "status": "closed" if is_closed else "open",
        "components": [anomaly.component for anomaly in advice.anomalies],
        "intents": [intent.intent_id for intent in advice.intents],
        "refused": len(advice.refused),
        "because": advice.because,
    }


def _summary(known: KnownIncident) -> dict[str, object]:
    group = known.group
    return {
        "incident_id": group.incident_id,
        "status": group.status.value,
        "opened_at": write_time(group.opened_at),
        "last_at": write_time(group.last_at),
        "components": list(group.components),
        "members": len(group.events) + group.left_out,
        "repeated": group.folded,
        "intent_ids": [intent.intent_id for intent in known.intents],
    }
