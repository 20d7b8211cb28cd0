# SPDX-License-Identifier: Apache-2.0
"""The service from delivery to delivery: what opens, adds to, repeats and closes incidents, within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.advisor import Advisor
from arf_core.analysis import analysis_document, analyze
from arf_core.constants import MAX_INCIDENT_HISTORY
from arf_core.errors import NotFoundError
from arf_core.ingest.batch import Batch
from arf_core.ingest.claims import STARTS_AT
from arf_core.ingest.groups import GroupStatus
from arf_core.models.event import Alert, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, SignalKind
from arf_core.recall.memory import InMemoryIncidents
from arf_core.service import AdviceService, advising
from arf_core.service.advising import MAX_INTENTS
from arf_core.service.delivery import Delivered
from arf_core.service.running import QUIET, RunningIncidents
from arf_core.testing import MOMENT, made_event, made_incident, made_window

LATENCY = Alert(name="HighLatency", severity=Severity.CRITICAL, kind=SignalKind.LATENCY, text="p99 900 ms")


def fired(
    number: int = 1, *, component: str = "cart", status: Status = Status.FIRING, minute: int = 0
) -> ReliabilityEvent:
    """An alert as Alertmanager's reader makes it."""
    begun = MOMENT + timedelta(minutes=minute)
    return ReliabilityEvent(
        component=component,
        timestamp=begun if status is Status.FIRING else begun + timedelta(minutes=3),
        latency_p99=900.0 if status is Status.FIRING else None,
        status=status,
        alert=LATENCY,
        fingerprint=f"{number:016x}",
        labels=FrozenMap({STARTS_AT: begun.isoformat()}),
    )


def resolved(number: int = 1, *, component: str = "cart", minute: int = 0) -> ReliabilityEvent:
    """The end of :func:`fired`."""
    return fired(number, component=component, status=Status.RESOLVED, minute=minute)


class Kept:
    """A keeper that keeps what it is given in a list."""

    def __init__(self) -> None:
        self.steps: list[Delivered] = []
        self.commits = 0

    def add(self, delivered: Delivered) -> None:
        self.steps.append(delivered)

    def commit(self) -> None:
        self.commits += 1


def take(service: AdviceService, *events: ReliabilityEvent, now: datetime = MOMENT) -> list[str]:
    """The ids of the incidents that ``events`` came to."""
    return [one.advice.incident_id for one in service.take(Batch(events=events), now=now).answered]


def state(service: AdviceService) -> list[tuple[str, str, tuple[str, ...], list[str]]]:
    """What is known, without the counts of repetitions."""
    return sorted(
        (known.group.incident_id, known.group.status.value, known.group.keys, [i.intent_id for i in known.intents])
        for known in service.incidents()
    )


def test_an_alert_opens_an_incident_and_its_end_closes_it() -> None:
    service = AdviceService(Advisor())
    opened = take(service, fired())
    assert service.incident(opened[0]).group.status is GroupStatus.OPEN
    assert service.incident(opened[0]).intents
    closing = service.take(Batch(events=(resolved(),)), now=MOMENT)
    assert closing.answered[0].advice.closed == tuple(opened)
    assert service.incident(opened[0]).group.status is GroupStatus.CLOSED
    memory = service.advisor.memory
    assert isinstance(memory, InMemoryIncidents)
    assert [past.incident_id for past in memory.incidents] == opened


def test_what_closed_is_recalled_with_an_unknown_outcome() -> None:
    service = AdviceService(Advisor())
    first = take(service, fired())
    take(service, resolved())
    later = service.take(Batch(events=(fired(2, minute=30),)), now=MOMENT)
    (match,) = later.answered[0].advice.matches
    assert match.incident.incident_id == first[0]
    assert match.incident.outcome.value == "unknown"
    assert match.incident.action is None


def test_an_end_whose_beginning_was_never_seen_is_not_remembered_as_an_incident() -> None:
    service = AdviceService(Advisor())
    take(service, resolved())
    assert len(service.advisor.memory) == 0


def test_the_same_alerts_again_give_the_same_answer_and_use_no_limit() -> None:
    service = AdviceService(Advisor())
    batch = Batch(events=(fired(1), fired(2), fired(3, component="db")))
    answers = [analysis_document(service.take(batch, now=MOMENT)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(service.recent_intents()) == len({intent.intent_id for intent in service.recent_intents()})


def test_repetitions_are_not_handed_to_the_keeper_but_are_committed() -> None:
    kept = Kept()
    service = AdviceService(Advisor(), keeper=kept)
    for _ in range(3):
        take(service, fired())
    assert len(kept.steps) == 1
    assert kept.commits == 3


def test_windows_and_cases_are_answered_and_their_intents_kept() -> None:
    service = AdviceService(Advisor())
    batch = Batch(windows=(made_window(metric="latency_p99_ms", high=900.0),), incidents=(made_incident("inc"),))
    answered = service.take(batch, now=MOMENT).answered
    sealed = {intent.intent_id for one in answered for intent in one.advice.intents}
    assert sealed == {intent.intent_id for intent in service.recent_intents()} != set()


def test_analyze_says_what_the_command_says_and_keeps_nothing() -> None:
    service = AdviceService(Advisor())
    batch = Batch(events=(made_event(), fired()))
    expected = analysis_document(analyze(batch, Advisor()))
    assert [analysis_document(service.analyze(batch)) for _ in range(2)] == [expected, expected]
    assert service.incidents() == ()
    assert service.recent_intents() == ()


def test_what_is_not_known_is_said() -> None:
    service = AdviceService(Advisor())
    with pytest.raises(NotFoundError, match="no incident 'x'"):
        service.incident("x")
    with pytest.raises(NotFoundError, match="no intent 'x'"):
        service.intent("x")


def test_readings_that_stop_close_their_incident_and_alerts_that_stop_do_not() -> None:
    service = AdviceService(Advisor())
    read, told = take(service, made_event(component="cart")), take(service, fired(component="db"))
    take(service, made_event(component="other"), now=MOMENT + QUIET + timedelta(minutes=1))
    assert service.incident(read[0]).group.status is GroupStatus.CLOSED
    assert "closed: nothing abnormal was read" in service.incident(read[0]).group.because[-1]
    assert service.incident(told[0]).group.status is GroupStatus.OPEN


def test_what_nothing_was_heard_of_for_seven_days_leaves() -> None:
    service = AdviceService(Advisor())
    old = take(service, fired())
    take(service, fired(2, component="db"), now=MOMENT + timedelta(days=7, minutes=1))
    with pytest.raises(NotFoundError):
        service.incident(old[0])
    assert service.size().open == 1


def test_an_alert_that_began_long_ago_and_still_fires_stays() -> None:
    service = AdviceService(Advisor())
    known = take(service, fired())
    for day in range(1, 30):
        take(service, fired(), now=MOMENT + timedelta(days=day))
    assert service.incident(known[0]).group.status is GroupStatus.OPEN


@pytest.mark.parametrize("size", [MAX_INCIDENT_HISTORY, MAX_INCIDENT_HISTORY + 150])
def test_at_most_a_thousand_incidents_are_kept_and_the_closed_leave_first(size: int) -> None:
    service = AdviceService(Advisor(), adaptive=False)
    closed = take(service, fired(0, component="closed"))
    take(service, resolved(0, component="closed"))
    take(service, *(fired(n, component=f"c{n}") for n in range(1, size + 1)))
    assert service.size().open == min(size, MAX_INCIDENT_HISTORY)
    assert service.size().dropped == size - MAX_INCIDENT_HISTORY
    with pytest.raises(NotFoundError):
        service.incident(closed[0])
    assert len(service.recent_intents()) <= MAX_INTENTS
    assert len(service.recent_intents(7)) == 7


def test_the_alerts_of_all_incidents_together_are_bounded_in_bytes() -> None:
    running = RunningIncidents(max_weight=200_000)
    for number in range(100):
        labels = FrozenMap({STARTS_AT: "x", "long": "y" * 2000})
        running.take([replace(fired(number, component=f"c{number}"), labels=labels)], now=MOMENT)
        running.age(now=MOMENT)
        assert running.weight <= 200_000
    assert 1 < len(running.groups) < 100
    assert running.dropped == 100 - len(running.groups)


def test_the_weight_comes_back_to_nothing_when_all_leave() -> None:
    running = RunningIncidents()
    running.take([fired(n, component=f"c{n % 3}") for n in range(20)], now=MOMENT)
    running.take([replace(fired(1, component="c1"), labels=FrozenMap({"longer": "x" * 100}))], now=MOMENT)
    running.take([resolved(n, component=f"c{n % 3}") for n in range(20)], now=MOMENT)
    assert running.weight > 0
    running.age(now=MOMENT + timedelta(days=8))
    assert (running.weight, running.groups) == (0, {})


def test_a_neighbour_s_alert_joins_the_incident() -> None:
    service = AdviceService(Advisor(), edges=(("front", "cart"),))
    first = take(service, fired(1, component="cart"))
    assert take(service, fired(2, component="front")) == first
    assert service.incident(first[0]).group.components == ("cart", "front")


@pytest.mark.parametrize("most", [1, 3, 2000])
@pytest.mark.parametrize("together", [1, 8])
def test_threads_lose_and_double_nothing(together: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advising, "MAX_TOGETHER", most)
    kept = Kept()
    service = AdviceService(Advisor(), keeper=kept, adaptive=False)
    deliveries = [
        Batch(events=(fired(n, component=f"c{n % 7}"), fired(n + 1, component=f"c{(n + 1) % 7}"))) for n in range(60)
    ]
    with ThreadPoolExecutor(together) as pool:
        answers = list(pool.map(lambda batch: service.take(batch, now=MOMENT), deliveries))
    assert all(answer.read == 2 and len(answer.answered) == 2 for answer in answers)
    keys = [key for known in service.incidents() for key in known.group.keys]
    assert sorted(keys) == sorted(f"{n:016x}" for n in range(61))
    written = [event.fingerprint for step in kept.steps for event in step.events]
    assert set(written) == set(keys)


_MOVES = st.lists(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["cart", "db", "front"]), st.booleans(), st.integers(0, 9)),
        min_size=1,
        max_size=5,
    ),
    max_size=8,
)


def _played(service: AdviceService, moves: Iterable[Iterable[tuple[int, str, bool, int]]]) -> None:
    for place, move in enumerate(moves):
        events = [(resolved if over else fired)(n, component=name, minute=m) for n, name, over, m in move]
        take(service, *events, now=MOMENT + timedelta(seconds=place))


@settings(max_examples=100)
@given(_MOVES)
def test_what_a_keeper_kept_brings_back_the_same_state(moves: list[list[tuple[int, str, bool, int]]]) -> None:
    kept = Kept()
    service = AdviceService(Advisor(), edges=(("front", "cart"),), keeper=kept)
    _played(service, moves)
    again = AdviceService(Advisor(), edges=(("front", "cart"),))
    again.resume(kept.steps)
    assert state(again) == state(service)


@settings(max_examples=100)
@given(_MOVES, st.integers(0, 5))
def test_the_events_of_some_incidents_alone_bring_those_back(
    moves: list[list[tuple[int, str, bool, int]]], place: int
) -> None:
    kept = Kept()
    service = AdviceService(Advisor(), keeper=kept)
    _played(service, moves)
    known = sorted(service.incident_ids())
    wanted = frozenset(known[place : place + 1])
    steps = []
    for step in kept.steps:
        pairs = [(e, h) for e, h in zip(step.events, step.homes, strict=True) if not wanted.isdisjoint(h)]
        if pairs:
            events, homes = zip(*pairs, strict=True)
            steps.append(Delivered(at=step.at, events=events, homes=homes))
    again = AdviceService(Advisor())
    again.resume(steps)
    ours = {one.group.incident_id: (one.group.status, one.group.keys) for one in again.incidents()}
    theirs = {one.group.incident_id: (one.group.status, one.group.keys) for one in service.incidents()}
    assert all(ours.get(incident_id) == theirs[incident_id] for incident_id in wanted)
