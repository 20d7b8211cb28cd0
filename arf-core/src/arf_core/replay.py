# SPDX-License-Identifier: Apache-2.0
"""Shadow replay: what ARF would have proposed for alerts of the past, beside what people did. Nothing is done.

1. The alerts come in the order of their times, all of one moment together; each proposal rests on what had come by then
   and on memories that are older. (The weights of recall rest on the whole memory: give one that ends before.)
2. A proposal counts from the moment at which ARF would first have made it.
3. Each action of people is compared with the proposals for the same component within ``window`` of it, before or after:

   - *agreed*: ARF's first proposal of an incident was this action,
   - *also proposed*: it was among ARF's proposals, but not the first,
   - *proposed otherwise*: ARF proposed other actions there,
   - *only people*: ARF proposed nothing there.

   A proposal is compared with one action at most: the nearest one in time, earlier actions choosing first.
4. *Only ARF*: first proposals for components at which people did nothing within ``window``.
5. The lead is how much earlier than people ARF was: negative where people were first.

Agreement is not success: people's action is no proof of the right one. Where they say how it ended, that is counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from statistics import median
from typing import Final

from arf_core.advisor import Advisor
from arf_core.errors import EventError, InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector, Record, RecordFault
from arf_core.models.event import checked_name
from arf_core.models.incident import Outcome
from arf_core.plain import plain
from arf_core.service import AdviceService
from arf_core.stages import Edges, time_of
from arf_core.strict_json import parse_json

SCHEMA: Final = "arf.replay/1"
WINDOW: Final = timedelta(hours=1)
"""How far apart an action and a proposal may be, unless said otherwise."""
HONEST: Final = "shadow: nothing was done"


class Agreement(StrEnum):
    """How an action of people compares with what ARF would have proposed."""

    AGREED = "agreed"
    ALSO_PROPOSED = "also_proposed"
    PROPOSED_OTHERWISE = "proposed_otherwise"
    ONLY_PEOPLE = "only_people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What people did: ``action`` is one of ARF's six, or a word of their own; ``at`` is aware, in UTC."""

    at: datetime
    component: str
    action: str
    outcome: Outcome = Outcome.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What ARF would have proposed ``at`` that moment; ``place`` counts from 1 within the advice."""

    at: datetime
    component: str
    action: str
    place: int
    confidence: float
    incident_id: str
    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """An action of people and the proposal it is compared with, if there is one; ``lead_s`` in seconds (rule 5)."""

    done: Done
    agreement: Agreement
    proposed: Proposed | None
    lead_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The whole comparison. ``records`` counts what was replayed, ``incidents`` the incidents with proposals."""

    records: int
    incidents: int
    proposals: tuple[Proposed, ...]
    compared: tuple[Compared, ...]
    only_arf: tuple[Proposed, ...]
    window: timedelta

    def count(self, agreement: Agreement) -> int:
        """How many of people's actions compare so."""
        return sum(one.agreement is agreement for one in self.compared)

    @property
    def median_lead_s(self) -> float | None:
        """The median lead over the actions that ARF proposed too, in seconds; None where there is none."""
        leads = [one.lead_s for one in self.compared if one.lead_s is not None and one.agreement in _SAME]
        return median(leads) if leads else None


def replay(
    batch: Batch,
    done: Iterable[Done],
    advisor: Advisor,
    *,
    edges: Edges = (),
    window: timedelta = WINDOW,
    watch: Callable[[list[Batch]], Iterable[Batch]] = iter,
) -> Replay:
    """What ``advisor`` would have proposed for ``batch``, beside what was ``done``.

    ``watch`` is given the deliveries and hands them on, so that it can show how far the work is.

    Raises:
        InputError: a window that is not above 0.
    """
    if window <= timedelta(0):
        raise InputError(f"the window is {window}: it must be longer than nothing")
    proposals = tuple(_proposals(batch, AdviceService(advisor, edges=edges, adaptive=False), watch))
    actions = sorted(done, key=lambda one: (one.at, one.component, one.action))
    return Replay(
        records=len(batch),
        incidents=len({one.incident_id for one in proposals}),
        proposals=proposals,
        compared=tuple(_compared(actions, proposals, window)),
        only_arf=tuple(_alone(proposals, actions, window)),
        window=window,
    )


def read_done(data: bytes) -> tuple[tuple[Done, ...], tuple[RecordFault, ...]]:
    """What people did, one JSON object a line: ``at``, ``component``, ``action``, and ``outcome`` if it is known.

    A line that breaks a rule is a fault; the others are read. Other keys are left alone.
    """
    found: list[Done] = []
    faults = Collector()
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                found.append(_done(parse_json(line, what="the line")))
            except InputError as error:
                faults.fault(number, f"line {number}", error)
    return tuple(found), faults.batch().faults


def replay_document(found: Replay) -> dict[str, object]:
    """The comparison as JSON values, schema ``arf.replay/1``."""
    return {
        "schema": SCHEMA,
        "mode": HONEST,
        "records": found.records,
        "incidents": found.incidents,
        "window_s": found.window.total_seconds(),
        "counts": {
            "people": len(found.compared),
            **{agreement.value: found.count(agreement) for agreement in Agreement},
            "only_arf": len(found.only_arf),
        },
        "median_lead_s": found.median_lead_s,
        "outcomes": _outcomes(found.compared),
        "compared": plain(found.compared),
        "only_arf": plain(found.only_arf),
        "proposals": plain(found.proposals),
    }


_SAME: Final = (Agreement.AGREED, Agreement.ALSO_PROPOSED)


def _proposals(
    batch: Batch, service: AdviceService, watch: Callable[[list[Batch]], Iterable[Batch]]
) -> Iterator[Proposed]:
    known: set[str] = set()
    for delivery in watch(_deliveries(batch)):
        now = time_of(_records(delivery)[0])
        for answered in service.take(delivery, now=now).answered:
            for place, intent in enumerate(answered.advice.intents, start=1):
                if intent.intent_id not in known:  # 2
                    known.add(intent.intent_id)
                    yield Proposed(
                        at=now,
                        component=intent.component,
                        action=intent.action.value,
                        place=place,
                        confidence=intent.confidence,
                        incident_id=intent.incident_id,
                        intent_id=intent.intent_id,
                    )


def _deliveries(batch: Batch) -> list[Batch]:
    """The records by their times, those of one moment together."""
    deliveries = []
    for _, together in groupby(sorted(_records(batch), key=time_of), key=time_of):
        found = Collector()
        for record in together:
            found.add(record)
        deliveries.append(found.batch())
    return deliveries


def _records(batch: Batch) -> list[Record]:
    return [*batch.events, *batch.incidents, *batch.windows]


def _compared(actions: Sequence[Done], proposals: Sequence[Proposed], window: timedelta) -> Iterator[Compared]:
    by_component: dict[str, list[Proposed]] = {}
    for one in proposals:
        by_component.setdefault(one.component, []).append(one)
    taken: set[str] = set()
    for done in actions:
        near = [one for one in by_component.get(done.component, ()) if abs(one.at - done.at) <= window]
        same = [one for one in near if one.action == done.action and one.intent_id not in taken]
        best = _nearest(done, same) or _nearest(done, [one for one in near if one.place == 1]) or _nearest(done, near)
        if best is not None and same:
            taken.add(best.intent_id)
        yield Compared(
            done=done,
            agreement=Agreement.ONLY_PEOPLE if best is None else _agreement(best, is_same=bool(same)),
            proposed=best,
            lead_s=None if best is None else (done.at - best.at).total_seconds(),
        )


def _nearest(done: Done, proposals: Sequence[Proposed]) -> Proposed | None:
    return min(proposals, key=lambda one: (abs(one.at - done.at), one.at, one.place), default=None)


def _agreement(proposed: Proposed, *, is_same: bool) -> Agreement:
    if not is_same:
        return Agreement.PROPOSED_OTHERWISE
    return Agreement.AGREED if proposed.place == 1 else Agreement.ALSO_PROPOSED


def _alone(proposals: Iterable[Proposed], actions: Iterable[Done], window: timedelta) -> Iterator[Proposed]:
    """The first proposals near which nobody did anything; ``actions`` come in the order of their times."""
    times: dict[str, list[datetime]] = {}
    for done in actions:
        times.setdefault(done.component, []).append(done.at)
    for one in proposals:
        there = times.get(one.component, [])
        nearest = bisect_left(there, one.at - window)
        if one.place == 1 and (nearest == len(there) or there[nearest] > one.at + window):
            yield one


def _outcomes(compared: Iterable[Compared]) -> dict[str, dict[str, int]]:
    """agreement → how people's action ended → how often."""
    counts = {agreement.value: {outcome.value: 0 for outcome in Outcome} for agreement in Agreement}
    for one in compared:
        counts[one.agreement.value][one.done.outcome.value] += 1
    return counts


def _done(value: object) -> Done:
    record = foreign.mapping(value, name="the action")
    outcome = record.get("outcome")
    if outcome is not None and outcome not in set(Outcome):
        raise EventError(f"outcome is {outcome!r:.60}: it must be {', '.join(Outcome)}, or left out")
    return Done(
        at=foreign.moment(record.get("at"), name="at"),
        component=checked_name("component", record.get("component")),
        action=checked_name("action", record.get("action")),
        outcome=Outcome.UNKNOWN if outcome is None else Outcome(str(outcome)),
    )
