# SPDX-License-Identifier: Apache-2.0
"""Groups of events that belong to one incident: what they are, what identifies them, and the incident they make.

The id of a group comes from its first member's component, fingerprint and ``startsAt``, so the firing and the resolved
message of one alert meet also when two processes read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from arf_core import canonical
from arf_core.ingest.claims import STARTS_AT, UNTIL_RESOLVED
from arf_core.models.event import ReliabilityEvent, Status
from arf_core.models.incident import Incident
from arf_core.models.signal import Direction, Signal
from arf_core.vocabulary import sense_of, words_of

MAX_WORDS: Final = 64


class GroupStatus(StrEnum):
    """Whether anything of a group still goes on."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events of one incident.

    ``events`` holds the latest message of each member, ``keys`` what identifies it (:func:`identity_of`), in the same
    order; ``over`` has the keys of members that were resolved; ``folded`` counts duplicates, ``left_out`` members
    beyond the limit; ``because`` says step by step why each event is here.
    """

    incident_id: str
    opened_at: datetime
    last_at: datetime
    status: GroupStatus
    events: tuple[ReliabilityEvent, ...]
    keys: tuple[str, ...]
    over: frozenset[str] = frozenset()
    folded: int = 0
    left_out: int = 0
    because: tuple[str, ...] = ()

    @property
    def components(self) -> tuple[str, ...]:
        """The components of its events, in the order in which they joined."""
        return tuple(dict.fromkeys(event.component for event in self.events))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """All groups, in the order in which they opened; ``dropped`` counts those given up for lack of room."""

    groups: tuple[Group, ...] = ()
    dropped: int = 0


def to_incident(group: Group) -> Incident:
    """The group as an incident: each metric that was read and each alert is a signal, the alerts' words its words."""
    signals = tuple(dict.fromkeys(signal for event in group.events for signal in _signals(event)))
    words = dict.fromkeys(word for event in group.events for word in _words(event))
    return Incident(
        incident_id=group.incident_id, occurred_at=group.opened_at, signals=signals, words=tuple(words)[:MAX_WORDS]
    )


def incident_id_of(event: ReliabilityEvent) -> str:
    """The id of the incident that ``event`` opens, or would have opened."""
    return canonical.short_id(
        "inc_",
        {
            "component": event.component,
            "fingerprint": identity_of(event),
            "starts_at": starts_at_of(event) or _moment(event),
        },
    )


def identity_of(event: ReliabilityEvent) -> str:
    """What makes two events the same alert. A plain reading is only the same as itself."""
    if event.fingerprint is not None:
        return event.fingerprint
    if event.alert is not None:
        return f"{event.component}/{event.alert.name}"
    return f"{event.component}@{_moment(event)} {event.metrics}" if event.status is Status.FIRING else event.component


def starts_at_of(event: ReliabilityEvent) -> str | None:
    """When the alert began, as text; None for what is not an alert with such a time."""
    starts_at = event.labels.get(STARTS_AT)
    return starts_at if isinstance(starts_at, str) else None


def is_until_resolved(event: ReliabilityEvent) -> bool:
    """Whether its sender says that the alert's key stands for one problem until it is resolved."""
    return UNTIL_RESOLVED in event.labels


def _moment(event: ReliabilityEvent) -> str:
    return canonical.write_time(event.timestamp)


def _signals(event: ReliabilityEvent) -> Sequence[Signal]:
    read = [
        Signal(
            component=event.component, metric=name, kind=sense_of(name).kind, direction=_direction(name), value=value
        )
        for name, value in event.metrics.items()
    ]
    if event.alert is None:
        return read
    alert = event.alert
    claimed = Signal(
        component=event.component,
        metric=alert.name,
        kind=alert.kind,
        direction=sense_of(alert.name).adverse or Direction.UP,
    )
    return [*read, claimed]


def _direction(metric: str) -> Direction:
    return sense_of(metric).adverse or Direction.UP


def _words(event: ReliabilityEvent) -> tuple[str, ...]:
    return words_of(f"{event.alert.name} {event.alert.text}") if event.alert else ()
