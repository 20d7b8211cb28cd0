# SPDX-License-Identifier: Apache-2.0
"""Folds duplicates, closes what is resolved, and groups what belongs together; every step says why.

1. *Duplicate*: an alert of the same fingerprint and ``startsAt`` as a member of a group, or of the same fingerprint
   within the window (at any time, where its sender keeps the key until it is resolved), is folded into that member: the
   latest message stands for it.
2. *Related*: an alert that begins within the window after a group's last sign of life joins it if the group has its
   component, or one that calls it or that it calls. Of several such groups it joins the one that opened first.
3. *Resolved*: the member of that fingerprint is over; when all members are, the group is closed. A group that is closed
   takes no new members. An alert whose firing was never seen makes a closed group of its own.
4. Bounded: beyond ``max_groups`` the group that was quiet longest is dropped, closed ones first; beyond
   :data:`MAX_MEMBERS` members are only counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from arf_core.ingest.groups import (
    Group,
    Grouping,
    GroupStatus,
    identity_of,
    incident_id_of,
    is_until_resolved,
    starts_at_of,
)
from arf_core.models.event import ReliabilityEvent, Status

WINDOW: Final = timedelta(minutes=5)
"""How far apart related alerts may begin: the usual group_interval of Alertmanager."""
MAX_GROUPS: Final = 1000
MAX_MEMBERS: Final = 1000
MAX_REASONS: Final = 100


def fold(
    events: Iterable[ReliabilityEvent],
    *,
    state: Grouping | None = None,
    window: timedelta = WINDOW,
    edges: Iterable[tuple[str, str]] = (),
    max_groups: int = MAX_GROUPS,
) -> Grouping:
    """The groups of ``state`` after ``events``, which are taken in the order of their times.

    ``edges`` are (caller, callee) pairs.
    """
    work = _Folding(window=window, neighbours=_neighbours(edges), max_groups=max_groups)
    work.resume(state or Grouping())
    for event in sorted(events, key=_order):
        work.take(event)
    return work.result()


def _neighbours(edges: Iterable[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """component → neighbour → how the two are related, in words."""
    found: dict[str, dict[str, str]] = {}
    for caller, callee in edges:
        found.setdefault(caller, {})[callee] = f"{caller} calls {callee}"
        found.setdefault(callee, {})[caller] = f"{caller} calls {callee}"
    return found


@dataclass(slots=True)
class _Folding:
    window: timedelta
    neighbours: Mapping[str, Mapping[str, str]]
    max_groups: int
    groups: dict[str, Group] = field(default_factory=dict)
    open_by_identity: dict[str, str] = field(default_factory=dict)
    open_by_component: dict[str, dict[str, None]] = field(default_factory=dict)
    dropped: int = 0

    def resume(self, state: Grouping) -> None:
        self.dropped = state.dropped
        for group in state.groups:
            self.groups[group.incident_id] = group
            if group.status is GroupStatus.OPEN:
                for event, key in zip(group.events, group.keys, strict=True):
                    self._index(event, key, group.incident_id)

    def result(self) -> Grouping:
        self._make_room(self.max_groups)
        return Grouping(groups=tuple(self.groups.values()), dropped=self.dropped)

    def take(self, event: ReliabilityEvent) -> None:
        key = identity_of(event)
        if event.status is Status.RESOLVED:
            self._resolve(event, key)
        elif (group := self._duplicated(event, key)) is not None:
            self._fold_into(group, event, key)
        else:
            self._end_earlier(event, key)
            self._admit(event, key)

    def _admit(self, event: ReliabilityEvent, key: str) -> None:
        if (related := self._related(event)) is not None:
            self._join(related[0], event, key, related[1])
        else:
            self._open(event, key)

    def _duplicated(self, event: ReliabilityEvent, key: str) -> Group | None:
        group = self._holding(key)
        if group is None:
            return None
        began, known = starts_at_of(event), starts_at_of(_member(group, key))
        is_known = began is not None and known is not None and began <= known
        return group if is_known or is_until_resolved(event) or self._is_near(group, event) else None

    def _holding(self, key: str) -> Group | None:
        """The open group that has the alert ``key`` as a member."""
        return self.groups.get(self.open_by_identity.get(key, ""))

    def _is_near(self, group: Group, event: ReliabilityEvent) -> bool:
        return group.opened_at - self.window <= event.timestamp <= group.last_at + self.window

    def _fold_into(self, group: Group, event: ReliabilityEvent, key: str) -> None:
        place = group.keys.index(key)
        latest = group.events[place] if _is_older(event, group.events[place]) else event
        members = (*group.events[:place], latest, *group.events[place + 1 :])
        why = f"folded: {_named(event)} was reported again {_apart(group, event)}"
        last_at = max(group.last_at, event.timestamp)
        self._keep(
            replace(group, events=members, folded=group.folded + 1, last_at=last_at, over=group.over - {key}), why
        )

    def _related(self, event: ReliabilityEvent) -> tuple[Group, str] | None:
        ways = {event.component: f"same component {event.component}", **self.neighbours.get(event.component, {})}
        near = [
            (group, way)
            for component, way in ways.items()
            for group_id in self.open_by_component.get(component, ())
            if self._is_near(group := self.groups[group_id], event)
        ]
        return min(near, key=lambda found: (found[0].opened_at, found[0].incident_id, found[1]), default=None)

    def _open(self, event: ReliabilityEvent, key: str) -> None:
        group = _group_of(event, key, GroupStatus.OPEN)
        self.groups.pop(group.incident_id, None)
        self._index(event, key, group.incident_id)
        self._keep(group, f"opened by {_named(event)}: no open group is near it in time and topology")
        self._make_room(2 * self.max_groups)

    def _join(self, group: Group, event: ReliabilityEvent, key: str, way: str) -> None:
        why = f"joined by {_named(event)}: {way}, {_apart(group, event)}"
        group = replace(group, last_at=max(group.last_at, event.timestamp))
        if len(group.events) >= MAX_MEMBERS:
            self._keep(replace(group, left_out=group.left_out + 1), why)
            return
        self._index(event, key, group.incident_id)
        self._keep(replace(group, events=(*group.events, event), keys=(*group.keys, key)), why)

    def _resolve(self, event: ReliabilityEvent, key: str) -> None:
        group = self._holding(key)
        if group is None or _is_older(event, _member(group, key)):
            self._close_unseen(event, key)
        else:
            self._end(group, event, key, f"{_named(event)} is resolved")

    def _end_earlier(self, event: ReliabilityEvent, key: str) -> None:
        """An alert that fires anew, too late to be the same incident, has ended in the group that holds it."""
        if (group := self._holding(key)) is not None:
            del self.open_by_identity[key]
            self._end(group, event, key, f"{_named(event)} fires anew, so its earlier firing is over")

    def _end(self, group: Group, event: ReliabilityEvent, key: str, why: str) -> None:
        over = group.over | {key}
        going_on = len(set(group.keys) - over)
        if going_on:
            self._keep(replace(group, over=over), f"{why}: {going_on} others of its group still go on")
            return
        self._forget(group)
        last_at = max(group.last_at, event.timestamp) if event.status is Status.RESOLVED else group.last_at
        closed = replace(group, over=over, status=GroupStatus.CLOSED, last_at=last_at)
        self._keep(closed, f"closed: {why} and nothing else of the group goes on")

    def _close_unseen(self, event: ReliabilityEvent, key: str) -> None:
        group = _group_of(event, key, GroupStatus.CLOSED)
        if group.incident_id in self.groups:
            return  # the same message once more: its group is closed already
        self._keep(group, f"closed: {_named(event)} is resolved; it was not seen firing here")
        self._make_room(2 * self.max_groups)

    def _keep(self, group: Group, why: str) -> None:
        because = (*group.because, why) if len(group.because) < MAX_REASONS else group.because
        self.groups[group.incident_id] = replace(group, because=because)

    def _index(self, event: ReliabilityEvent, key: str, incident_id: str) -> None:
        self.open_by_identity[key] = incident_id
        self.open_by_component.setdefault(event.component, {})[incident_id] = None

    def _forget(self, group: Group) -> None:
        for event, key in zip(group.events, group.keys, strict=True):
            if self.open_by_identity.get(key) == group.incident_id:
                del self.open_by_identity[key]
            self.open_by_component.get(event.component, {}).pop(group.incident_id, None)

    def _make_room(self, most: int) -> None:
        """Beyond ``most`` groups, keep ``max_groups``: many go at once, so that each one costs little."""
        if len(self.groups) <= most:
            return
        by_worth = sorted(self.groups.values(), key=_worth)
        for group in by_worth[: len(by_worth) - self.max_groups]:
            self._forget(group)
            del self.groups[group.incident_id]
            self.dropped += 1


def _group_of(event: ReliabilityEvent, key: str, status: GroupStatus) -> Group:
    return Group(
        incident_id=incident_id_of(event),
        opened_at=event.timestamp,
        last_at=event.timestamp,
        status=status,
        events=(event,),
        keys=(key,),
        over=frozenset({key}) if status is GroupStatus.CLOSED else frozenset(),
    )


def _worth(group: Group) -> tuple[bool, datetime, str]:
    return group.status is GroupStatus.OPEN, group.last_at, group.incident_id


def _named(event: ReliabilityEvent) -> str:
    return f"{event.alert.name} of {event.component}" if event.alert else f"a reading of {event.component}"


def _apart(group: Group, event: ReliabilityEvent) -> str:
    seconds = (event.timestamp - group.last_at).total_seconds()
    return f"{seconds:g} s after its last sign" if seconds > 0 else "at the same time"


def _order(event: ReliabilityEvent) -> tuple[datetime, bool, str, str]:
    return event.timestamp, event.status is Status.RESOLVED, event.component, event.fingerprint or ""


def _member(group: Group, key: str) -> ReliabilityEvent:
    return group.events[group.keys.index(key)]


def _is_older(event: ReliabilityEvent, member: ReliabilityEvent) -> bool:
    """Whether ``event`` is about an earlier firing than ``member``: a late message, which must not close it."""
    earlier, later = starts_at_of(event), starts_at_of(member)
    return earlier is not None and later is not None and earlier < later
