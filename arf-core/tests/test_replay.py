# SPDX-License-Identifier: Apache-2.0
"""Shadow replay: proposals rest on what was known, and people's actions are compared with them fairly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.advisor import Advisor
from arf_core.errors import InputError
from arf_core.ingest.batch import Batch
from arf_core.models.event import ReliabilityEvent
from arf_core.models.incident import Outcome
from arf_core.replay import Agreement, Done, Replay, read_done, replay, replay_document

START = datetime(2026, 1, 2, 3, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def slow(
    minutes: float, component: str = "checkout", *, cpu_util: float | None = None, error_rate: float | None = None
) -> ReliabilityEvent:
    return ReliabilityEvent(
        component=component, timestamp=at(minutes), latency_p99=900.0, cpu_util=cpu_util, error_rate=error_rate
    )


def done(minutes: float, action: str, component: str = "checkout", outcome: Outcome = Outcome.UNKNOWN) -> Done:
    return Done(at=at(minutes), component=component, action=action, outcome=outcome)


def shadow(events: Sequence[ReliabilityEvent], actions: Sequence[Done], minutes: float = 60) -> Replay:
    return replay(Batch(events=tuple(events)), actions, Advisor(), window=timedelta(minutes=minutes))


@pytest.mark.promise("ENG-2")
def test_the_same_action_is_agreed_and_arf_was_earlier() -> None:
    first = shadow([slow(0)], []).proposals[0]
    found = shadow([slow(0)], [done(12, first.action, outcome=Outcome.HEALED)])
    (compared,) = found.compared
    assert compared.agreement is Agreement.AGREED
    assert compared.proposed == first
    assert compared.lead_s == 720
    assert found.median_lead_s == 720
    assert found.only_arf == ()


@pytest.mark.promise("ENG-2")
def test_each_action_of_people_has_its_place() -> None:
    proposals = shadow([slow(0)], []).proposals
    second = proposals[1].action
    found = shadow(
        [slow(0), slow(500, "mail")],
        [done(5, second), done(6, "hotfix"), done(300, "rollback", "db"), done(-30, second)],
    )
    assert [(one.done.action, one.agreement) for one in found.compared] == [
        (second, Agreement.ALSO_PROPOSED),
        (second, Agreement.PROPOSED_OTHERWISE),
        ("hotfix", Agreement.PROPOSED_OTHERWISE),
        ("rollback", Agreement.ONLY_PEOPLE),
    ]
    assert found.compared[0].lead_s == -1800
    assert [one.component for one in found.only_arf] == ["mail"]


@pytest.mark.promise("ENG-2")
def test_a_proposal_knows_nothing_of_what_came_later() -> None:
    early = shadow([slow(0)], []).proposals
    both = shadow([slow(0), slow(2, error_rate=0.9)], []).proposals
    assert both[: len(early)] == early
    assert [one.at for one in both[len(early) :]] == [at(2)] * (len(both) - len(early))


@pytest.mark.promise("ENG-2")
def test_the_order_of_the_file_makes_no_difference() -> None:
    events = [slow(0), slow(40, "cart", cpu_util=0.95), slow(90, "mail")]
    actions = [done(5, "rollback"), done(45, "scale_out", "cart")]
    assert shadow(events, actions) == shadow(events[::-1], actions[::-1])


@pytest.mark.promise("ENG-2")
@given(
    st.lists(st.tuples(st.integers(-90, 90), st.sampled_from(["rollback", "restart_container", "hotfix"])), max_size=6)
)
def test_every_action_is_compared_once_and_no_proposal_agrees_twice(moves: list[tuple[int, str]]) -> None:
    found = shadow([slow(0), slow(30, "cart")], [done(minutes, action) for minutes, action in moves])
    assert len(found.compared) == len(moves)
    assert sum(map(found.count, Agreement)) == len(moves)
    same = (Agreement.AGREED, Agreement.ALSO_PROPOSED)
    agreed = [one.proposed.intent_id for one in found.compared if one.agreement in same and one.proposed is not None]
    assert len(agreed) == len(set(agreed))
    for one in found.compared:
        assert one.proposed is None or abs(one.done.at - one.proposed.at) <= found.window


@pytest.mark.promise("ENG-2")
def test_the_document_says_that_nothing_was_done_and_counts_how_it_ended() -> None:
    first = shadow([slow(0)], []).proposals[0].action
    found = shadow([slow(0)], [done(1, first, outcome=Outcome.HEALED), done(300, "hotfix", outcome=Outcome.NOT_HEALED)])
    document = replay_document(found)
    assert json.loads(json.dumps(document)) == document
    assert document["mode"] == "shadow: nothing was done"
    assert document["counts"] == {
        "people": 2, "agreed": 1, "also_proposed": 0, "proposed_otherwise": 0, "only_people": 1, "only_arf": 0,
    }  # fmt: skip
    outcomes = document["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes["agreed"]["healed"] == outcomes["only_people"]["not_healed"] == 1


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="longer than nothing"):
        shadow([slow(0)], [], minutes=0)


@pytest.mark.promise("ENG-2")
def test_a_bad_line_never_loses_the_others() -> None:
    good = {"at": "2026-01-02T03:12:00Z", "component": "checkout", "action": "rollback"}
    bad = [
        "nonsense",
        "[]",
        json.dumps({**good, "at": "2026-01-02T03:12:00"}),
        json.dumps({**good, "outcome": "well"}),
        json.dumps({**good, "component": ""}),
        json.dumps({"at": good["at"]}),
        '{"at": 1, "at": 2}',
    ]
    data = "\n".join([*bad, "", json.dumps({**good, "outcome": None}), json.dumps({**good, "ticket": 7})]).encode()
    read, faults = read_done(data)
    assert read == (done(12, "rollback"),) * 2
    assert [fault.position for fault in faults] == list(range(1, 8))
    assert all(fault.code.startswith("ARF-10") for fault in faults)
