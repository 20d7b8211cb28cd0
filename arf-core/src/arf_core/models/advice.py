# SPDX-License-Identifier: Apache-2.0
"""What ARF has to say about a reading, a window or an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from arf_core.models.anomaly import Anomaly
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Match
from arf_core.models.outlook import Impact, Outlook
from arf_core.models.root_cause import RootCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where a decision comes from: the rule's name, the file and line it stands at, and its policy's digest."""

    name: str
    file: str
    line: int
    policy_digest: str

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An action that was considered and not recommended, with the rule that stopped it and why."""

    action: str
    component: str
    rule: Rule
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The answer to one event, window or incident.

    ``intents`` are in the order in which people should consider them. Where there is none, ``because`` says why.
    ``outlook`` says which metrics will cross their thresholds; ``impact`` is None unless rates are configured.
    ``closed`` names the incident that a resolved event closes.
    """

    incident_id: str
    at: datetime
    anomalies: tuple[Anomaly, ...] = ()
    root_causes: tuple[RootCause, ...] = ()
    matches: tuple[Match, ...] = ()
    intents: tuple[HealingIntent, ...] = ()
    refused: tuple[Refused, ...] = ()
    outlook: tuple[Outlook, ...] = ()
    impact: Impact | None = None
    closed: tuple[str, ...] = ()
    because: str = ""
