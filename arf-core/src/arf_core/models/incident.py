# SPDX-License-Identifier: Apache-2.0
"""An incident as memory keeps it, and what comes back when a similar one is recalled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from arf_core.models.signal import CallSymptom, Signal


class Outcome(StrEnum):
    """How an incident ended after an action was taken."""

    HEALED = "healed"
    NOT_HEALED = "not_healed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What happened: which signals moved, which calls suffered, and, once known, what it was and what healed it.

    ``component`` and ``service`` are where it began, None while that is not known. ``action`` is the name of the action
    that people took, ``fault_type`` what they found: both None for the incident being answered.
    """

    incident_id: str
    occurred_at: datetime
    signals: tuple[Signal, ...]
    calls: tuple[CallSymptom, ...] = ()
    words: tuple[str, ...] = ()
    component: str | None = None
    service: str | None = None
    fault_type: str | None = None
    action: str | None = None
    outcome: Outcome = Outcome.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A remembered incident that resembles the present one.

    ``score`` is the cosine similarity in [-1, 1]; ``age_s`` is in seconds; ``why`` names what the two have in common.
    """

    incident: Incident
    score: float
    age_s: float
    why: tuple[str, ...]
