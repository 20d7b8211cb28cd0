# SPDX-License-Identifier: Apache-2.0
"""The incident memory: what it keeps, for how long, and what it recalls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.errors import SettingsError
from arf_core.models.incident import Incident, Match, Outcome
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.memory import InMemoryIncidents
from arf_core.seams import Embedder, IncidentMemory

NOW = datetime(2026, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def incident(
    name: str, *metrics: str, at: str = "web-0", ago: timedelta = HOUR, fault: str | None = None, bystander: str = ""
) -> Incident:
    """An incident whose metrics rose at one component, with latency at a bystander if that is named."""
    signals = [
        Signal(component=at, metric=metric, kind=SignalKind.CPU, direction=Direction.UP)
        for metric in metrics or ("cpu",)
    ]
    if bystander:
        signals.append(Signal(component=bystander, metric="p99", kind=SignalKind.LATENCY, direction=Direction.UP))
    return Incident(
        incident_id=name,
        occurred_at=NOW - ago,
        signals=tuple(signals),
        component=at if fault else None,
        fault_type=fault,
    )


def memory_of(incidents: Iterable[Incident], *, capacity: int = 1000) -> InMemoryIncidents:
    memory = InMemoryIncidents(SignalEmbedder(64), capacity=capacity)
    memory.remember_all(incidents)
    return memory


def ids(matches: tuple[Match, ...]) -> list[str]:
    return [match.incident.incident_id for match in matches]


def vectors_of(memory: InMemoryIncidents) -> list[int]:
    return sorted(memory._index.numbers)


@pytest.mark.promise("MEM-2")
def test_a_match_comes_with_score_outcome_age_and_why() -> None:
    healed = replace(incident("old", "cpu", ago=2 * HOUR), action="scale_out", outcome=Outcome.HEALED)
    (match,) = memory_of([healed]).similar(incident("new", "cpu"), now=NOW, limit=5)
    assert match.incident.outcome is Outcome.HEALED
    assert match.score == pytest.approx(1.0)
    assert match.age_s == 7200.0
    assert match.why == ("same service: web", "where it began: cpu up")


def test_the_most_similar_comes_first_and_no_more_than_asked_for() -> None:
    memory = memory_of([incident("a", "cpu"), incident("b", "cpu", "heap"), incident("c", "disk")])
    assert ids(memory.similar(incident("q", "cpu", "heap"), now=NOW, limit=2)) == ["b", "a"]


def test_an_incident_does_not_recall_itself() -> None:
    memory = memory_of([incident("a"), incident("b")])
    assert ids(memory.similar(incident("a"), now=NOW, limit=5)) == ["b"]


def test_an_incident_of_a_known_id_replaces_the_one_before() -> None:
    memory = memory_of([incident("a", "cpu"), incident("b", "cpu"), incident("a", "disk")])
    assert len(memory) == 2
    assert vectors_of(memory) == [1, 2]
    assert {match.incident.signals[0].metric for match in memory.similar(incident("q"), now=NOW, limit=5)} == {
        "cpu",
        "disk",
    }


def test_an_empty_memory_recalls_nothing() -> None:
    memory: IncidentMemory = InMemoryIncidents(SignalEmbedder())
    assert memory.similar(incident("q"), now=NOW, limit=5) == ()


@pytest.mark.parametrize("limit", [0, -1])
def test_no_matches_are_returned_where_none_are_asked_for(limit: int) -> None:
    assert memory_of([incident("a")]).similar(incident("q"), now=NOW, limit=limit) == ()


def test_an_incident_without_signals_recalls_nothing_and_can_be_remembered() -> None:
    empty = Incident(incident_id="empty", occurred_at=NOW - HOUR, signals=())
    memory = memory_of([empty, incident("a")])
    assert memory.similar(replace(empty, incident_id="q"), now=NOW, limit=5) == ()
    assert ids(memory.similar(incident("q"), now=NOW, limit=1)) == ["a"]


@pytest.mark.promise("MEM-1")
def test_the_oldest_leaves_first_even_if_it_was_remembered_last() -> None:
    memory = memory_of([incident("new"), incident("newer", ago=HOUR / 2)], capacity=2)
    memory.remember(incident("old", ago=3 * HOUR))
    assert sorted(ids(memory.similar(incident("q"), now=NOW, limit=5))) == ["new", "newer"]
    assert vectors_of(memory) == [0, 1]


@pytest.mark.promise("MEM-1")
@pytest.mark.parametrize(
    ("ago", "returned"),
    [
        (timedelta(days=7), True),
        (timedelta(days=7, microseconds=1), False),
        (timedelta(0), True),
        (timedelta(microseconds=-1), False),
    ],
)
def test_only_what_happened_in_the_last_seven_days_is_returned(*, ago: timedelta, returned: bool) -> None:
    memory = memory_of([incident("a", ago=ago), *(incident(f"far {n}", ago=timedelta(days=8)) for n in range(20))])
    assert ids(memory.similar(incident("q"), now=NOW, limit=1)) == (["a"] if returned else [])


@pytest.mark.promise("MEM-1")
@pytest.mark.parametrize("capacity", [0, -1, 1001])
def test_a_capacity_beyond_the_limit_is_refused(capacity: int) -> None:
    with pytest.raises(SettingsError, match="1000"):
        InMemoryIncidents(SignalEmbedder(), capacity=capacity)


@pytest.mark.promise("MEM-1")
@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=7, microseconds=1)])
def test_an_age_beyond_the_limit_is_refused(age: timedelta) -> None:
    with pytest.raises(SettingsError, match="7 days"):
        InMemoryIncidents(SignalEmbedder(), max_age=age)


REMEMBERED = st.lists(
    st.builds(
        lambda name, hours, metric, fault, bystander: incident(
            f"i{name}", metric, ago=timedelta(hours=hours), fault=fault, bystander=bystander
        ),
        st.integers(0, 9),
        st.integers(-30, 400),
        st.sampled_from(("cpu", "heap", "disk")),
        st.sampled_from((None, "leak", "loss")),
        st.sampled_from(("", "db")),
    ),
    max_size=25,
)


@pytest.mark.promise("MEM-1")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REMEMBERED, st.integers(1, 6), st.integers(0, 12))
def test_whatever_is_remembered_cap_and_age_hold_and_vectors_go_with_incidents(
    remembered: list[Incident], capacity: int, limit: int
) -> None:
    memory = InMemoryIncidents(SignalEmbedder(32), capacity=capacity)
    kept: dict[str, Incident] = {}
    for one in remembered:
        memory.remember(one)
        kept.pop(one.incident_id, None)
        kept[one.incident_id] = one
        if len(kept) > capacity:
            del kept[min(kept.values(), key=lambda old: old.occurred_at).incident_id]
        assert len(memory) == len(kept) == memory.statistics.incidents
        assert vectors_of(memory) == sorted(memory._kept)
    found = memory.similar(incident("q"), now=NOW, limit=limit)
    valid = {one.incident_id for one in kept.values() if timedelta(0) <= NOW - one.occurred_at <= timedelta(days=7)}
    assert set(ids(found)) <= valid
    assert len(found) == min(limit, len(valid))
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_a_signal_that_tells_faults_apart_counts_more_than_one_that_does_not() -> None:
    known = [incident(f"leak {n}", "heap", "noise", fault="leak") for n in range(5)]
    known += [incident(f"burn {n}", "cpu", f"noise{n}", fault="burn") for n in range(5)]
    memory = memory_of(known)
    first, *_ = memory.similar(incident("q", "cpu", "noise", at="other-3"), now=NOW, limit=1)
    assert first.incident.fault_type == "burn"


def test_an_incident_of_unknown_beginning_is_looked_at_from_where_earlier_ones_began() -> None:
    known = [incident(f"root {n}", "cpu", at=f"svc{n}-0", fault="burn", bystander=f"edge{n}") for n in range(12)]
    memory = memory_of(known)
    asked = incident("q", "cpu", at="fresh-0", bystander="also")
    assert memory.similar(asked, now=NOW, limit=1)[0].why == ("where it began: cpu up", "elsewhere: p99 up")


@pytest.mark.promise("MEM-4")
def test_outcomes_and_actions_change_nothing_about_what_is_recalled() -> None:
    plain = [
        incident(f"i{n}", ("cpu", "heap", "disk")[n % 3], fault=("burn", "leak")[n % 2], bystander="db")
        for n in range(12)
    ]
    acted = [
        replace(one, action="rollback", outcome=(Outcome.HEALED, Outcome.NOT_HEALED)[n % 2])
        for n, one in enumerate(plain)
    ]
    asked = incident("q", "cpu", "disk", bystander="web-1")
    before, after = (memory_of(known).similar(asked, now=NOW, limit=12) for known in (plain, acted))
    assert [(m.incident.incident_id, m.score, m.why) for m in before] == [
        (m.incident.incident_id, m.score, m.why) for m in after
    ]


@pytest.mark.promise("MEM-4")
def test_recalling_changes_nothing() -> None:
    known = [incident(f"i{n}", ("cpu", "heap")[n % 2], fault=("burn", "leak")[n % 2], bystander="db") for n in range(9)]
    asked = incident("q", "cpu", bystander="web-1")
    quiet, busy = memory_of([]), memory_of([])
    for one in known:
        quiet.remember(one)
        busy.remember(one)
        busy.similar(asked, now=NOW, limit=3)
    assert quiet.similar(asked, now=NOW, limit=9) == busy.similar(asked, now=NOW, limit=9)


def test_an_incident_that_left_is_forgotten_in_the_statistics_too() -> None:
    memory = memory_of(
        [incident(f"old {n}", "heap", ago=5 * HOUR, fault="leak", bystander="db") for n in range(3)], capacity=3
    )
    for number in range(3):
        memory.remember(incident(f"new {number}", "cpu", fault="burn", bystander="db"))
    fresh = memory_of(
        [incident(f"new {number}", "cpu", fault="burn", bystander="db") for number in range(3)], capacity=3
    )
    assert memory.statistics == fresh.statistics
    assert memory.known_roots.incidents == fresh.known_roots.incidents == 3
    assert memory._roots.direction() == pytest.approx(fresh._roots.direction(), abs=1e-9)


def test_an_incident_diagnosed_but_not_confirmed_teaches_nothing_about_beginnings() -> None:
    guessed = replace(incident("guess", bystander="db"), component="web-0")
    assert memory_of([guessed]).known_roots.incidents == 0


class Constant:
    """Another embedder, which sees nothing but the first letter of the component."""

    name = "constant"
    dimensions = 4

    def embed(self, incident: Incident) -> tuple[float, ...]:
        first = (incident.component or "a")[0]
        return tuple(1.0 if number == ord(first) % 4 else 0.0 for number in range(4))


@pytest.mark.promise("MEM-3")
def test_another_embedder_can_take_the_place_of_the_default() -> None:
    embedder: Embedder = Constant()
    memory = InMemoryIncidents(embedder)
    memory.remember_all(
        [incident("a", at="a", fault="x", bystander="d"), incident("b", at="b", fault="y", bystander="d")]
    )
    asked = replace(incident("q"), component="b")
    assert ids(memory.similar(asked, now=NOW, limit=1)) == ["b"]
    assert len(memory.similar(incident("q", at="c", bystander="a"), now=NOW, limit=5)) == 2


def test_threads_that_remember_and_recall_at_the_same_time_all_finish() -> None:
    memory = InMemoryIncidents(SignalEmbedder(32), capacity=20)
    start = Barrier(4)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait(timeout=30)
            for turn in range(60):
                memory.remember(incident(f"{number}-{turn}", fault=("x", "y")[turn % 2], bystander="db"))
                memory.similar(incident("q", bystander="db"), now=NOW, limit=5)
        except BaseException as error:  # noqa: BLE001 - whatever breaks in a thread must fail the test
            failures.append(error)

    threads = [Thread(target=work, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
    assert len(memory) == 20
    assert vectors_of(memory) == sorted(memory._kept)


def test_calls_and_words_that_two_incidents_share_are_named() -> None:
    calls = (CallSymptom(source="web", target="db", operation="find", symptom="503"),)
    one = replace(incident("a", at="web"), calls=calls, words=("pool", "exhausted"))
    (match,) = memory_of([one]).similar(replace(one, incident_id="q"), now=NOW, limit=1)
    assert match.why[-2:] == ("calls: 5xx", "alert words: exhausted, pool")
