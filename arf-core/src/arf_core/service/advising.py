# SPDX-License-Identifier: Apache-2.0
"""The service: deliveries come one after the other, incidents open and close, intents are kept to be asked for.

1. Deliveries are taken one after the other, under one lock. Those that wait are taken together, as one step: in a storm
   an incident that many of them touch is thought about once.
2. The same alert again (fingerprint and ``startsAt``) changes nothing and is answered as before, so a sender may repeat
   whatever it is not sure of.
3. A delivery is answered when its keeper has it (``service.delivery``): what was answered is not lost.
4. An incident that closes is remembered, its outcome unknown, so that later ones recall it. Nothing is learned.
5. What is kept is bounded: the incidents by ``service.running``, the intents by :data:`MAX_INTENTS`.
6. It reads no clock: with the same steps at the same times it comes to the same state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from arf_core import analysis
from arf_core.advisor import Advisor
from arf_core.analysis import Analysis, Answered
from arf_core.constants import MAX_INCIDENT_HISTORY
from arf_core.errors import NotFoundError
from arf_core.ingest.batch import Batch
from arf_core.ingest.groups import Group, GroupStatus
from arf_core.models.advice import Advice
from arf_core.models.event import ReliabilityEvent, Status
from arf_core.models.healing_intent import HealingIntent
from arf_core.policy.limits import Limiter
from arf_core.service.delivery import Delivered, Keeper, KeepsNothing
from arf_core.service.running import Change, RunningIncidents, Step
from arf_core.stages import Edges, Subject, time_of

MAX_INTENTS: Final = 4 * MAX_INCIDENT_HISTORY
"""How many sealed intents are kept to be asked for; the oldest leave first."""
MAX_TOGETHER: Final = 2000
"""How many events are taken in one step at most, unless one delivery alone has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIncident:
    """An incident that the service knows: its alerts, the latest advice about it, and all its intents still kept."""

    group: Group
    advice: Advice
    intents: tuple[HealingIntent, ...] = ()


class AdviceService:
    """Takes deliveries of telemetry and answers each with its advice. Safe to share between threads."""

    def __init__(
        self, advisor: Advisor, *, edges: Edges = (), adaptive: bool = True, keeper: Keeper | None = None
    ) -> None:
        """A service that knows no incident; ``edges`` and ``adaptive`` are as in :func:`arf_core.analysis.analyze`."""
        self.advisor = advisor
        self.keeper: Keeper = keeper or KeepsNothing()
        self._edges, self._adaptive = tuple(edges), adaptive
        self._waiting: deque[_Delivery] = deque()
        self._turn = Lock()  # whose turn it is to take
        self._known = Lock()  # guards what is known; never held for long by readers
        self._running = RunningIncidents(edges=self._edges)
        self._advice: dict[str, Advice] = {}
        self._intents: dict[str, HealingIntent] = {}

    def take(self, batch: Batch, *, now: datetime) -> Analysis:
        """The advice about the incidents that ``batch`` opens, adds to, repeats or closes, and about its windows."""
        delivery = _Delivery(batch)
        self._waiting.append(delivery)
        with self._turn:  # 1
            while delivery.analysis is None:
                if not self._waiting:
                    raise RuntimeError("the step that this delivery was part of broke off")
                self._take_waiting(now)
        self.keeper.commit()  # 3
        return delivery.analysis

    def resume(self, delivered: Iterable[Delivered]) -> int:
        """Take the steps that a keeper kept once more, in their order; how many events they had comes back."""
        count = 0
        with self._turn:
            for step in delivered:
                count += len(step.events)
                self._step([_Delivery(Batch(events=step.events))], step.at)
        return count

    def analyze(self, batch: Batch, *, watch: Callable[[list[Subject]], Iterable[Subject]] = iter) -> Analysis:
        """The advice about ``batch`` by itself: nothing of it is kept, and no earlier delivery has used up a limit.

        ``watch`` is as in :func:`arf_core.analysis.analyze`.
        """
        return analysis.analyze(
            batch, self.advisor, edges=self._edges, adaptive=self._adaptive, limiter=Limiter(), watch=watch
        )

    def incidents(self) -> tuple[KnownIncident, ...]:
        """What is known, the incident with the latest sign of life first."""
        with self._known:
            groups = sorted(self._running.groups.values(), key=_latest, reverse=True)
            by_incident: dict[str, list[HealingIntent]] = {}
            for intent in self._intents.values():
                by_incident.setdefault(intent.incident_id, []).append(intent)
            return tuple(self._described(group, by_incident.get(group.incident_id, ())) for group in groups)

    def incident(self, incident_id: str) -> KnownIncident:
        """The incident of that id.

        Raises:
            NotFoundError: it is not known, or no longer kept.
        """
        with self._known:
            if (group := self._running.groups.get(incident_id)) is None:
                raise NotFoundError(f"no incident {incident_id[:80]!r} is known here: GET /v1/incidents lists them")
            return self._described(group, [one for one in self._intents.values() if one.incident_id == incident_id])

    def intent(self, intent_id: str) -> HealingIntent:
        """The sealed intent of that id.

        Raises:
            NotFoundError: it is not known, or no longer kept.
        """
        with self._known:
            if (intent := self._intents.get(intent_id)) is None:
                raise NotFoundError(
                    f"no intent {intent_id[:80]!r} is known here: only the latest {MAX_INTENTS} are kept"
                )
            return intent

    def recent_intents(self, limit: int = MAX_INTENTS) -> tuple[HealingIntent, ...]:
        """At most ``limit`` sealed intents, the latest first."""
        with self._known:
            return tuple(reversed(self._intents.values()))[: max(0, limit)]

    def size(self) -> Size:
        """How much is known, in numbers: cheap, for metrics."""
        with self._known:
            groups = self._running.groups
            is_open = sum(group.status is GroupStatus.OPEN for group in groups.values())
            return Size(
                open=is_open,
                closed=len(groups) - is_open,
                intents=len(self._intents),
                weight=self._running.weight,
                dropped=self._running.dropped,
            )

    def incident_ids(self) -> frozenset[str]:
        """The ids of the incidents that are known."""
        with self._known:
            return frozenset(self._running.groups)

    def _take_waiting(self, now: datetime) -> None:
        together: list[_Delivery] = []
        events = 0
        while self._waiting and (not together or events + len(self._waiting[0].batch.events) <= MAX_TOGETHER):
            together.append(self._waiting.popleft())
            events += len(together[-1].batch.events)
        self._step(together, now)

    def _step(self, deliveries: Sequence[_Delivery], now: datetime) -> None:
        telling = [
            (place, event)
            for place, delivery in enumerate(deliveries)
            for event in delivery.batch.events
            if analysis.is_telling(event, self.advisor)
        ]
        events = [event for _, event in telling]
        with self._known:
            step = self._running.take(events, now=now)
            for change in (*step.changes.values(), *self._running.age(now=now)):
                self._advise(change)
            self._tidy()
        homes: list[dict[str, None]] = [{} for _ in deliveries]
        normal = [len(delivery.batch.events) for delivery in deliveries]
        for (place, _), ids in zip(telling, step.homes, strict=True):
            homes[place].update(dict.fromkeys(ids))
            normal[place] -= 1
        for place, delivery in enumerate(deliveries):
            delivery.analysis = self._answer(delivery.batch, homes[place], step, normal[place])
        self._hand_over(events, step, now)

    def _advise(self, change: Change) -> None:
        group = change.group
        if not change.is_new_to_advice and group.incident_id in self._advice:
            return  # 2
        advice = self._advice[group.incident_id] = self.advisor.advise(group)
        self._remember_intents(advice)
        if group.status is GroupStatus.CLOSED and any(event.status is Status.FIRING for event in group.events):
            self.advisor.remember([self.advisor.describe(group)])  # 4

    def _answer(self, batch: Batch, homes: Iterable[str], step: Step, normal: int) -> Analysis:
        groups = [step.changes[incident_id].group for incident_id in homes]
        answered = [Answered(subject=group, advice=self._advice_about(group)) for group in groups]
        departed = analysis.departures_of(batch.events, self.advisor) if self._adaptive else ()
        others: list[Subject] = [*departed, *batch.incidents, *batch.windows]
        for subject in others:
            advice = self.advisor.advise(subject, limiter=Limiter())
            with self._known:
                self._remember_intents(advice)
            answered.append(Answered(subject=subject, advice=advice))
        return Analysis(
            answered=tuple(sorted(answered, key=lambda one: time_of(one.subject))),
            read=len(batch),
            normal=normal,
            faults=batch.faults,
            notes=batch.notes,
        )

    def _advice_about(self, group: Group) -> Advice:
        # In a flood, what a step opened may have had to leave at its end: then it is thought about once more.
        return self._advice.get(group.incident_id) or self.advisor.advise(group, limiter=Limiter())

    def _hand_over(self, events: Sequence[ReliabilityEvent], step: Step, now: datetime) -> None:
        kept = [
            (event, homes)
            for event, homes in zip(events, step.homes, strict=True)
            if any(step.changes[home].is_worth_keeping for home in homes)
        ]
        if kept:
            events_kept, homes_kept = zip(*kept, strict=True)
            self.keeper.add(Delivered(at=now, events=events_kept, homes=homes_kept))

    def _remember_intents(self, advice: Advice) -> None:
        for intent in advice.intents:
            self._intents[intent.intent_id] = intent

    def _tidy(self) -> None:
        for incident_id in self._advice.keys() - self._running.groups.keys():
            del self._advice[incident_id]
        while len(self._intents) > MAX_INTENTS:  # 5
            del self._intents[next(iter(self._intents))]

    def _described(self, group: Group, intents: Iterable[HealingIntent]) -> KnownIncident:
        return KnownIncident(group=group, advice=self._advice[group.incident_id], intents=tuple(intents))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a service knows: incidents, intents, bytes of alerts, and open incidents given up for lack of room."""

    open: int
    closed: int
    intents: int
    weight: int
    dropped: int


@dataclass(slots=True)
class _Delivery:
    """One delivery on its way, and its answer when there is one."""

    batch: Batch
    analysis: Analysis | None = None


def _latest(group: Group) -> tuple[datetime, str]:
    return group.last_at, group.incident_id
