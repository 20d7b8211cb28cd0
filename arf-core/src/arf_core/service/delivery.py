# SPDX-License-Identifier: Apache-2.0
"""What the service hands to whoever keeps its deliveries, and what it asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from arf_core.models.event import ReliabilityEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The events of one step that changed anything, when they were taken, and which incidents each belongs to.

    ``homes`` has, for each of ``events``, the ids of its incidents. Taking the events again at ``at``, in the order in
    which they were handed over, gives the same incidents; so do the events that belong to certain incidents alone.
    """

    at: datetime
    events: tuple[ReliabilityEvent, ...]
    homes: tuple[tuple[str, ...], ...]


class Keeper(Protocol):
    """Keeps deliveries, so that a restart loses nothing."""

    def add(self, delivered: Delivered) -> None:
        """Put ``delivered`` in line; called in the order of taking, by one thread at a time, and quick."""

    def commit(self) -> None:
        """Return once everything that was added before the call is durable."""


class KeepsNothing:
    """The default: a restart begins empty, and the senders repeat what still goes on."""

    def add(self, delivered: Delivered) -> None:
        """Forget ``delivered``."""

    def commit(self) -> None:
        """Return at once."""
