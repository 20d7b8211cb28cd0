# SPDX-License-Identifier: Apache-2.0
"""The few things others may supply. Each has a default here or in ``recall``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Incident, Match


class Embedder(Protocol):
    """Turns an incident into a vector. Default: ``recall.embedding.SignalEmbedder``."""

    @property
    def name(self) -> str:
        """The name settings select it by; part of the identity of stored vectors."""

    @property
    def dimensions(self) -> int:
        """The length of every vector it makes."""

    def embed(self, incident: Incident) -> Sequence[float]:
        """A vector of length 1 (or all zeros for an incident without signals); the same for the same incident."""


class IncidentMemory(Protocol):
    """Keeps incidents and finds similar ones. Default: ``recall.memory.InMemoryIncidents``."""

    def remember(self, incident: Incident) -> None:
        """Keep ``incident``, which replaces one of the same id."""

    def similar(self, incident: Incident, *, now: datetime, limit: int) -> tuple[Match, ...]:
        """The most similar remembered incidents, best first, ``incident`` itself left out."""


class IntentSink(Protocol):
    """Takes sealed intents. Default: :class:`AdviceOnly`."""

    def submit(self, intent: HealingIntent) -> None:
        """Take ``intent`` over."""


class AdviceOnly:
    """The sink of the open edition: an intent stays advice, so there is nothing to do with it."""

    def submit(self, intent: HealingIntent) -> None:
        """Do nothing: people read the intent in the advice it came with."""
