# SPDX-License-Identifier: Apache-2.0
"""The incidents that are known, from delivery to delivery, within bounds.

1. Events are folded as ``ingest.grouping`` folds them; only the groups that they can touch are looked at.
2. At most :data:`MAX_INCIDENT_HISTORY` incidents and :data:`MAX_WEIGHT` bytes of alerts are kept; what is closed leaves
   first, then what was heard of longest ago.
3. An incident nothing was heard of for ``MAX_RAG_LOOKBACK_DAYS`` days leaves.
4. Readings do not say that it is over: an incident of readings alone closes when none came for :data:`QUIET`.
5. Age is counted from when something was heard, by the given clock, not from what a sender says about time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from arf_core.constants import MAX_INCIDENT_HISTORY, MAX_RAG_LOOKBACK_DAYS
from arf_core.ingest.grouping import MAX_REASONS, fold
from arf_core.ingest.groups import Group, Grouping, GroupStatus, identity_of, incident_id_of
from arf_core.models.event import ReliabilityEvent, Status
from arf_core.stages import Edges

QUIET: Final = timedelta(minutes=15)
MAX_WEIGHT: Final = 128 * 1024 * 1024
"""About how many bytes of memory the alerts of all incidents may take together."""
_LOOK_EVERY: Final = timedelta(seconds=30)
_EVENT_WEIGHT: Final = 3000
"""About what an event takes beside its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An incident after a step, and as it was before it; ``before`` is None if it was not known."""

    group: Group
    before: Group | None

    @property
    def is_new_to_advice(self) -> bool:
        """Whether the advice about it may be another one than before."""
        before = self.before
        return before is None or before.status is not self.group.status or before.events != self.group.events

    @property
    def is_worth_keeping(self) -> bool:
        """Whether a restart would miss it: what only repeats is not."""
        return self.is_new_to_advice or self.before is None or self.before.over != self.group.over


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a step changed, by incident id, and to which incidents each of its events belongs, in their order."""

    changes: dict[str, Change]
    homes: tuple[tuple[str, ...], ...]


class RunningIncidents:
    """The groups of alerts known so far. Not safe to share between threads: its owner has the lock."""

    def __init__(self, *, edges: Edges = (), max_weight: int = MAX_WEIGHT) -> None:
        """Nothing known yet; ``edges`` are the known calls, as (caller, callee) pairs."""
        self.groups: dict[str, Group] = {}
        self.dropped = 0
        self.weight = 0
        self._edges, self._max_weight = tuple(edges), max_weight
        self._neighbours: dict[str, set[str]] = {}
        for caller, callee in self._edges:
            self._neighbours.setdefault(caller, set()).add(callee)
            self._neighbours.setdefault(callee, set()).add(caller)
        self._by_key: dict[str, str] = {}
        self._by_component: dict[str, set[str]] = {}
        self._heard: dict[str, datetime] = {}
        self._weights: dict[str, int] = {}
        self._looked: datetime | None = None

    def take(self, events: Sequence[ReliabilityEvent], *, now: datetime) -> Step:
        """Fold ``events`` in, which came at ``now``."""
        keys = [identity_of(event) for event in events]
        grouping = fold(  # 1
            events,
            state=Grouping(groups=tuple(self._touched_by(events, keys))),
            edges=self._edges,
            max_groups=MAX_INCIDENT_HISTORY + len(events),
        )
        changes = {
            group.incident_id: Change(group=group, before=self.groups.get(group.incident_id))
            for group in grouping.groups
            if self.groups.get(group.incident_id) is not group
        }
        for change in changes.values():
            self._keep(change.group)
            self._heard[change.group.incident_id] = now
        return Step(changes=changes, homes=tuple(_homes(events, keys, changes.values())))

    def age(self, *, now: datetime) -> list[Change]:
        """Let go of what is too old or too much; the incidents that close for quiet come back."""
        ended: list[Change] = []
        if self._looked is None or not self._looked <= now < self._looked + _LOOK_EVERY:
            self._looked = now
            for incident_id in [known for known, heard in self._heard.items() if heard < now - _MAX_AGE]:
                self._drop(incident_id)  # 3
            ended = [change for group in tuple(self.groups.values()) if (change := self._quietened(group, now))]
        self._make_room()  # 2
        return ended

    def _touched_by(self, events: Iterable[ReliabilityEvent], keys: Iterable[str]) -> Iterator[Group]:
        """The groups that ``events`` could join, end or reopen, in the order in which they opened."""
        wanted: set[str] = set()
        for event, key in zip(events, keys, strict=True):
            wanted.add(self._by_key.get(key, ""))
            wanted.add(incident_id_of(event))
            for component in (event.component, *self._neighbours.get(event.component, ())):
                wanted |= self._by_component.get(component, _NONE)
        return (group for incident_id, group in self.groups.items() if incident_id in wanted)

    def _keep(self, group: Group) -> None:
        incident_id = group.incident_id
        before = self.groups.get(incident_id)
        if before is not None and before.status is GroupStatus.CLOSED:
            del self.groups[incident_id]  # it opens anew, so it is the youngest
        self._weigh(group, before)
        self.groups[incident_id] = group
        is_open = group.status is GroupStatus.OPEN
        for event, key in zip(group.events, group.keys, strict=True):
            if is_open:
                self._by_key[key] = incident_id
                self._by_component.setdefault(event.component, set()).add(incident_id)
            else:
                self._unindex(event.component, key, incident_id)

    def _weigh(self, group: Group, before: Group | None) -> None:
        known = before.events if before is not None else ()
        change = sum(_weight(event) for event in group.events[len(known) :])
        for old, new in zip(known, group.events, strict=False):
            if old is not new:
                change += _weight(new) - _weight(old)
        change -= sum(_weight(event) for event in known[len(group.events) :])
        self._weights[group.incident_id] = self._weights.get(group.incident_id, 0) + change
        self.weight += change

    def _quietened(self, group: Group, now: datetime) -> Change | None:
        if group.status is GroupStatus.CLOSED or self._heard[group.incident_id] >= now - QUIET:
            return None
        if any(event.alert is not None for event in group.events):
            return None  # whoever fired it says when it is resolved
        why = f"closed: nothing abnormal was read for {QUIET.total_seconds():.0f} s"  # 4
        because = (*group.because[: MAX_REASONS - 1], why)
        closed = replace(group, status=GroupStatus.CLOSED, over=frozenset(group.keys), because=because)
        self._keep(closed)
        return Change(group=closed, before=group)

    def _make_room(self) -> None:
        if len(self.groups) <= MAX_INCIDENT_HISTORY and self.weight <= self._max_weight:
            return
        for group in sorted(self.groups.values(), key=self._worth):
            if len(self.groups) <= MAX_INCIDENT_HISTORY and self.weight <= self._max_weight:
                return
            self.dropped += group.status is GroupStatus.OPEN
            self._drop(group.incident_id)

    def _worth(self, group: Group) -> tuple[bool, datetime]:
        """What has less of it leaves first; among equals, what opened first."""
        return group.status is GroupStatus.OPEN, self._heard[group.incident_id]

    def _drop(self, incident_id: str) -> None:
        group = self.groups.pop(incident_id)
        for event, key in zip(group.events, group.keys, strict=True):
            self._unindex(event.component, key, incident_id)
        self.weight -= self._weights.pop(incident_id)
        del self._heard[incident_id]

    def _unindex(self, component: str, key: str, incident_id: str) -> None:
        if self._by_key.get(key) == incident_id:
            del self._by_key[key]
        if (known := self._by_component.get(component)) is not None:
            known.discard(incident_id)
            if not known:
                del self._by_component[component]


_MAX_AGE: Final = timedelta(days=MAX_RAG_LOOKBACK_DAYS)
_NONE: Final[frozenset[str]] = frozenset()


def _homes(
    events: Iterable[ReliabilityEvent], keys: Iterable[str], changes: Iterable[Change]
) -> Iterator[tuple[str, ...]]:
    """The incidents that each event belongs to: those it is a member of, and those that have its alert, which it may
    have ended. An incident that is known by its end alone took no other event than that.
    """
    members: dict[int, dict[str, None]] = {}
    by_key: dict[str, dict[str, None]] = {}
    for change in changes:
        group = change.group
        is_an_end = all(event.status is Status.RESOLVED for event in group.events)
        for event, key in zip(group.events, group.keys, strict=True):
            members.setdefault(id(event), {})[group.incident_id] = None
            if not is_an_end:
                by_key.setdefault(key, {})[group.incident_id] = None
    for event, key in zip(events, keys, strict=True):
        yield tuple({**members.get(id(event), {}), **by_key.get(key, {})})


def _weight(event: ReliabilityEvent) -> int:
    texts = sum(len(key) + len(value) for key, value in event.labels.items() if isinstance(value, str))
    return _EVENT_WEIGHT + 2 * (texts + (len(event.alert.text) if event.alert else 0))
