# SPDX-License-Identifier: Apache-2.0
"""Folding duplicates, closing what is resolved, grouping what belongs together."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.canonical import write_time
from arf_core.ingest.grouping import MAX_MEMBERS, fold
from arf_core.ingest.groups import Grouping, GroupStatus, incident_id_of, to_incident
from arf_core.models.event import Alert, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Direction, Severity, SignalKind

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def an_event(
    component: str = "orders", *, at: float = 0, fingerprint: str | None = None, began: float | None = None,
    resolved: bool = False, latency: float | None = None,
) -> ReliabilityEvent:  # fmt: skip
    return ReliabilityEvent(
        component=component,
        timestamp=T0 + timedelta(seconds=at),
        fingerprint=fingerprint or f"fp-{component}",
        status=Status.RESOLVED if resolved else Status.FIRING,
        alert=Alert(name="HighLatency", severity=Severity.WARNING, kind=SignalKind.LATENCY, text="p99 is slow"),
        labels=FrozenMap({"arf.starts_at": write_time(T0 + timedelta(seconds=at if began is None else began))}),
        latency_p99=latency,
    )


def statuses(grouping: Grouping) -> list[GroupStatus]:
    return [group.status for group in grouping.groups]


@pytest.mark.promise("EVT-3")
def test_the_same_alert_again_is_folded_and_its_latest_message_stands() -> None:
    (group,) = fold([an_event(latency=1.0), an_event(latency=2.0)]).groups
    assert (len(group.events), group.folded) == (1, 1)
    assert group.events[0].latency_p99 == 2.0
    assert "folded: HighLatency of orders was reported again" in group.because[1]


@pytest.mark.promise("EVT-3")
def test_the_same_alert_hours_later_with_the_same_start_is_still_the_same() -> None:
    state = fold([an_event()])
    (group,) = fold([an_event(at=4 * 3600, began=0)], state=state).groups
    assert group.folded == 1


@pytest.mark.promise("EVT-3")
def test_a_fingerprint_that_fires_anew_is_folded_within_the_window_only() -> None:
    state = fold([an_event()])
    assert len(fold([an_event(at=60)], state=state).groups) == 1
    earlier, later = fold([an_event(at=3600)], state=state).groups
    assert (earlier.status, later.status) == (GroupStatus.CLOSED, GroupStatus.OPEN)
    assert "fires anew, so its earlier firing is over" in earlier.because[-1]


@pytest.mark.promise("EVT-3")
def test_a_resolved_alert_closes_its_incident_and_says_so() -> None:
    state = fold([an_event()])
    (group,) = fold([an_event(at=90, began=0, resolved=True)], state=state).groups
    assert group.status is GroupStatus.CLOSED
    assert group.because[-1] == "closed: HighLatency of orders is resolved and nothing else of the group goes on"


@pytest.mark.promise("EVT-3")
def test_an_incident_is_open_while_one_of_its_alerts_goes_on() -> None:
    state = fold([an_event(), an_event(at=1, fingerprint="other")])
    first = fold([an_event(at=90, began=0, resolved=True)], state=state)
    assert statuses(first) == [GroupStatus.OPEN]
    assert "1 others of its group still go on" in first.groups[0].because[-1]
    assert statuses(fold([an_event(at=95, began=1, fingerprint="other", resolved=True)], state=first)) == [
        GroupStatus.CLOSED
    ]


@pytest.mark.promise("EVT-3")
def test_the_resolved_message_meets_its_incident_across_processes() -> None:
    firing, resolved = an_event(), an_event(at=90, began=0, resolved=True)
    (opened,), (closed,) = fold([firing]).groups, fold([resolved]).groups
    assert opened.incident_id == closed.incident_id == incident_id_of(firing)
    assert closed.status is GroupStatus.CLOSED
    assert "was not seen firing" in closed.because[0]


def test_a_late_message_about_an_earlier_firing_closes_nothing() -> None:
    state = fold([an_event(), an_event(at=100)])
    late = fold([an_event(at=50, began=0, resolved=True)], state=state)
    assert statuses(late) == [GroupStatus.OPEN]


def test_a_resolved_message_twice_is_one_closed_incident() -> None:
    resolved = an_event(at=90, began=0, resolved=True)
    assert statuses(fold([an_event(), resolved, resolved])) == [GroupStatus.CLOSED]


@pytest.mark.promise("EVT-3")
def test_alerts_near_in_time_and_topology_are_one_incident() -> None:
    events = [an_event("web"), an_event("orders", at=30), an_event("db", at=60), an_event("mail", at=61)]
    together, alone = fold(events, edges=(("web", "orders"), ("orders", "db"))).groups
    assert together.components == ("web", "orders", "db")
    assert together.because[1] == "joined by HighLatency of orders: web calls orders, 30 s after its last sign"
    assert alone.components == ("mail",)


def test_without_topology_only_the_same_component_is_related() -> None:
    assert len(fold([an_event("web"), an_event("orders")]).groups) == 2


def test_what_begins_long_after_the_last_sign_is_another_incident() -> None:
    late = an_event(at=301, fingerprint="b")
    assert len(fold([an_event(), late]).groups) == 2
    assert len(fold([an_event(), late], window=timedelta(seconds=301)).groups) == 1


def test_what_began_long_before_the_group_is_another_incident() -> None:
    state = fold([an_event(at=1000)])
    assert len(fold([an_event(at=0, fingerprint="b")], state=state).groups) == 2


def test_a_closed_incident_takes_no_new_members() -> None:
    events = [an_event(), an_event(at=10, began=0, resolved=True), an_event(at=20, fingerprint="b")]
    assert statuses(fold(events)) == [GroupStatus.CLOSED, GroupStatus.OPEN]


@pytest.mark.promise("EVT-3")
def test_the_order_of_a_batch_does_not_matter() -> None:
    events = [an_event(name, at=20 * n, fingerprint=f"{name}{n}") for n, name in enumerate("abcabcab")]
    shuffled = random.Random(7).sample(events, len(events))  # noqa: S311  # order, not secrets
    edges = (("a", "b"), ("b", "c"))
    assert fold(events, edges=edges) == fold(shuffled, edges=edges)


def test_groups_are_bounded_and_closed_ones_go_first() -> None:
    events = [an_event(), an_event("b"), an_event("b", at=1, began=0, resolved=True), an_event("c", at=2)]
    kept = fold(events, max_groups=2)
    assert [group.components for group in kept.groups] == [("orders",), ("c",)]
    assert kept.dropped == 1


def test_members_are_bounded_and_the_rest_is_counted() -> None:
    (group,) = fold([an_event(fingerprint=f"f{n}") for n in range(MAX_MEMBERS + 5)]).groups
    assert (len(group.events), group.left_out) == (MAX_MEMBERS, 5)
    assert len(group.because) <= 100


def test_a_group_becomes_an_incident_of_its_metrics_and_alerts() -> None:
    (group,) = fold([an_event("web", latency=900.0), an_event("db", at=1)], edges=(("web", "db"),)).groups
    incident = to_incident(group)
    assert (incident.incident_id, incident.occurred_at) == (group.incident_id, T0)
    assert [(signal.component, signal.metric, signal.value) for signal in incident.signals] == [
        ("web", "latency_p99", 900.0),
        ("web", "HighLatency", None),
        ("db", "HighLatency", None),
    ]
    assert all(signal.direction is Direction.UP for signal in incident.signals)
    assert {"latency", "slow"} <= set(incident.words)
    assert (incident.fault_type, incident.action, incident.component) == (None, None, None)


def test_plain_readings_are_never_duplicates_of_each_other() -> None:
    readings = [ReliabilityEvent(component="a", timestamp=T0 + timedelta(seconds=n), cpu_util=0.5) for n in range(3)]
    (group,) = fold(readings).groups
    assert (len(group.events), group.folded) == (3, 0)


_EVENTS = st.lists(
    st.builds(
        an_event, st.sampled_from("abcd"), at=st.integers(0, 1000), fingerprint=st.sampled_from([None, "x", "y"]),
        began=st.sampled_from([None, 0, 5]), resolved=st.booleans(),
    ),
    max_size=30,
)  # fmt: skip


@pytest.mark.promise("EVT-3")
@given(_EVENTS, st.integers(1, 5))
def test_whatever_comes_groups_stay_bounded_open_or_closed_and_explained(
    events: list[ReliabilityEvent], most: int
) -> None:
    state = Grouping()
    for event in events:
        state = fold([event], state=state, edges=(("a", "b"), ("b", "c")), max_groups=most)
    assert len(state.groups) <= most
    assert all(group.because and group.events for group in state.groups)
    assert len({group.incident_id for group in state.groups}) == len(state.groups)
