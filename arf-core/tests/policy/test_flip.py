# SPDX-License-Identifier: Apache-2.0
"""The smallest change turns the decision, and a smaller one does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from arf_core.models.action import Action
from arf_core.models.anomaly import Anomaly
from arf_core.models.frozen import FrozenMap
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import Direction, Severity, Signal, SignalKind
from arf_core.policy.flip import Change, ChangeKind, Situation, refusing_policy, smallest_change
from arf_core.policy.limits import Limited
from arf_core.policy.load import load, load_defaults
from arf_core.policy.rules import PolicySet

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def situation(
    action: Action,
    measured: Mapping[str, float],
    *,
    policies: PolicySet | None = None,
    kind: SignalKind = SignalKind.LATENCY,
    rests: Mapping[str, Limited] | None = None,
) -> Situation:
    signal = Signal(component="a", metric="m", kind=kind, direction=Direction.UP)
    anomaly = Anomaly(
        component="a",
        severity=Severity.CRITICAL,
        score=0.9,
        detected_at=NOW,
        signals=(signal,),
        measured=FrozenMap(dict(measured)),
    )
    cause = RootCause(component="a", rank=1, score=0.9, share=1.0, kind=kind, signals=(signal,))
    return Situation(
        action=action,
        component="a",
        anomalies=(anomaly,),
        causes=(cause,),
        matches=(),
        policies=policies or load_defaults(),
        rests=rests or {},
        now=NOW,
    )


def rule(name: str, when: str, actions: str, priority: int = 1) -> str:
    body = f"actions: {actions}, priority: {priority}, cooldown_s: 60, max_per_hour: 5"
    return f'  - {{name: {name}, when: "{when}", {body}}}\n'


def policies_of(*rules: str, rest: str = "") -> PolicySet:
    return load("schema: arf.healing-policies/1\npolicies:\n" + "".join(rules) + rest, file="p.yaml")


def change(of: Situation) -> Change:
    found = smallest_change(of)
    assert found is not None
    return found


@pytest.mark.promise("POL-2")
@pytest.mark.parametrize(
    ("action", "measured", "words"),
    [
        ("rollback", {"error_rate": 0.2}, "it would be recommended, were error_rate above 0.3"),
        ("rollback", {"error_rate": 0.35}, "it would not be, were error_rate at most 0.3"),
        ("restart_container", {"latency_p99": 900.0}, "it would not be, were latency_p99 at most 500 ms"),
        ("rollback", {"latency_p99": 900.0}, "it would be recommended, were error_rate above 0.3"),
        ("scale_out", {"cpu_util": 0.5, "memory_util": 0.95, "latency_p99": 600.0}, "were cpu_util above 0.9"),
        (
            "scale_out",
            {"cpu_util": 0.5, "memory_util": 0.5, "error_rate": 0.99},
            "it would be recommended, were error_rate at most 0.15",
        ),
    ],
)
def test_the_change_is_said_as_people_would(action: str, measured: dict[str, float], words: str) -> None:
    assert change(situation(Action(action), measured)).sentence.endswith(words)


@pytest.mark.promise("POL-2")
def test_several_values_change_where_one_condition_needs_several() -> None:
    only = policies_of(rule("busy", "cpu_util > 0.9 && memory_util >= 0.8", "[scale_out]"))
    found = change(situation(Action.SCALE_OUT, {"cpu_util": 0.5, "memory_util": 0.6}, policies=only))
    assert [(value.name, value.was, value.edge) for value in found.values] == [
        ("cpu_util", 0.5, 0.9),
        ("memory_util", 0.6, pytest.approx(0.8)),
    ]
    assert found.sentence == "it would be recommended, were cpu_util above 0.9 and memory_util at least 0.8"


def test_a_condition_that_calculates_is_halved_to_its_edge() -> None:
    only = policies_of(rule("slow", "latency_p99 / 2.0 > 250.0 + error_rate * 100.0", "[rollback]"))
    found = change(situation(Action.ROLLBACK, {"latency_p99": 400.0, "error_rate": 0.5}, policies=only))
    (value,) = found.values
    assert (value.name, value.edge) == ("latency_p99", 600.0)


def test_a_share_is_never_asked_to_be_above_one() -> None:
    only = policies_of(rule("percent", "error_rate > 5", "[rollback]"), rule("slow", "latency_p99 > 9", "[alert_team]"))
    found = smallest_change(situation(Action.ROLLBACK, {"error_rate": 0.5, "latency_p99": 10.0}, policies=only))
    assert found is not None
    assert found.kind is ChangeKind.RULE


def test_what_rests_is_said_until_when() -> None:
    until = NOW + timedelta(seconds=90)
    rests = {"mostly-failing": Limited(because="it rests", until=until)}
    found = change(situation(Action.ROLLBACK, {"error_rate": 0.9}, rests=rests))
    assert (found.kind, found.wait_s) == (ChangeKind.WAIT, 90.0)
    assert found.sentence == "it would be recommended in 90 s, from 2026-01-02T12:01:30Z on"
    assert found.rule is not None
    assert found.rule.name == "mostly-failing"


def test_an_action_that_no_rule_lists_names_the_rule_that_speaks() -> None:
    only = policies_of(
        rule("slow", "latency_p99 > 500", "[alert_team]"), rule("other", "error_rate > 0.5", "[rollback]")
    )
    found = change(situation(Action.SCALE_OUT, {"latency_p99": 900.0, "error_rate": 0.1}, policies=only))
    assert found.kind is ChangeKind.RULE
    assert found.sentence == "it would be recommended, were it among the actions of slow (p.yaml:3)"


def test_the_kind_of_the_root_cause_is_a_change_where_no_value_is() -> None:
    remedy = "remedies:\n  - {name: busy, kind: cpu, actions: [scale_out], cooldown_s: 1, max_per_hour: 1}\n"
    only = policies_of(rule("never", "'x' in words", "[rollback]"), rest=remedy)
    found = change(situation(Action.SCALE_OUT, {"latency_p99": 900.0}, policies=only))
    assert (found.kind, found.sentence) == (
        ChangeKind.KIND,
        "it would be recommended, were the dominant signal of kind cpu",
    )


def test_memory_is_a_change_where_a_remedy_of_another_kind_has_too_little_to_say_for_it() -> None:
    body = "actions: [circuit_breaker, rollback], cooldown_s: 1, max_per_hour: 1"
    remedy = f"remedies:\n  - {{name: n, kind: latency, {body}}}\n"
    only = policies_of(rule("never", "'x' in words", "[alert_team]"), rest=remedy)
    found = change(situation(Action.ROLLBACK, {"latency_p99": 900.0}, policies=only))
    assert found.kind is ChangeKind.MEMORY


def test_the_policy_that_lists_the_action_says_why_it_does_not_offer_it() -> None:
    asked = situation(Action.ROLLBACK, {"error_rate": 0.1})
    found = refusing_policy(asked)
    assert found is not None
    assert (found[0].name, found[1]) == ("mostly-failing", "error_rate is 0.1, not > 0.3")
    assert refusing_policy(replace(asked, action=Action.ROLLBACK, component="nobody")) is None


NUMBERS = {
    "latency_p99": st.floats(0, 2000, allow_nan=False).map(lambda value: round(value, 1)),
    "error_rate": st.floats(0, 1).map(lambda value: round(value, 3)),
    "cpu_util": st.floats(0, 1).map(lambda value: round(value, 3)),
    "throughput": st.floats(0, 500).map(lambda value: round(value, 1)),
}
OPERATORS = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
COMPARISON = st.sampled_from(sorted(NUMBERS)).flatmap(
    lambda name: st.tuples(st.just(name), OPERATORS, NUMBERS[name].map("{:f}".format)).map(" ".join)
)
CONDITION = st.lists(COMPARISON, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from((" && ", " || ")).map(lambda joint: joint.join(parts))
)
BARE = st.sampled_from([action for action in Action if action is not Action.TRAFFIC_SHIFT])
ACTIONS = st.lists(BARE, min_size=1, max_size=3, unique=True)
RULES = st.lists(st.tuples(CONDITION, ACTIONS, st.integers(1, 5)), min_size=1, max_size=4)
MEASURED = st.fixed_dictionaries({}, optional=NUMBERS)


@pytest.mark.promise("POL-2")
@settings(max_examples=150)
@given(rules=RULES, measured=MEASURED, action=st.sampled_from(list(Action)), kind=st.sampled_from(list(SignalKind)))
@example(
    rules=[("error_rate == 0.300000", [Action.ROLLBACK], 1)],
    measured={"error_rate": 0.3},
    action=Action.ROLLBACK,
    kind=SignalKind.CPU,
)
@example(
    rules=[("latency_p99 >= 0.000000", [Action.ROLLBACK], 1)], measured={}, action=Action.ROLLBACK, kind=SignalKind.CPU
)
def test_the_change_turns_the_decision_and_half_of_it_does_not(
    rules: list[tuple[str, list[Action], int]], measured: dict[str, float], action: Action, kind: SignalKind
) -> None:
    written = (rule(f"r{n}", when, f"[{', '.join(map(str, do))}]", first) for n, (when, do, first) in enumerate(rules))
    asked = situation(action, measured, policies=policies_of(*written), kind=kind)
    was = asked.proposal() is not None
    found = smallest_change(asked)
    assume(found is not None)
    assert found is not None
    if found.values:
        changed = asked.with_values({value.name: value.to for value in found.values})
        assert (changed.proposal() is not None) is not was, "applying the change turns the decision"
        kept = asked.with_values({value.name: value.edge for value in found.values if value.edge >= 0})
        assert len(found.values) > 1 or found.values[0].edge < 0 or (kept.proposal() is not None) is was
    for values in on_the_way(found, 2):
        assert (asked.with_values(values).proposal() is not None) is was, "half of the change does not turn it"


@settings(max_examples=60)
@given(rules=RULES, measured=MEASURED, action=st.sampled_from(list(Action)))
def test_no_smaller_change_of_any_one_metric_turns_the_decision(
    rules: list[tuple[str, list[Action], int]], measured: dict[str, float], action: Action
) -> None:
    written = (rule(f"r{n}", when, f"[{', '.join(map(str, do))}]", first) for n, (when, do, first) in enumerate(rules))
    asked = situation(action, measured, policies=policies_of(*written))
    was = asked.proposal() is not None
    found = smallest_change(asked)
    for values in on_the_way(found, 40):
        assert (asked.with_values(values).proposal() is not None) is was


def on_the_way(found: Change | None, steps: int) -> list[dict[str, float]]:
    """The values between what was measured and the change of one value, in equal steps, both left out."""
    if found is None or len(found.values) != 1 or (was := found.values[0].was) is None:
        return []
    value = found.values[0]
    way = (was + (value.to - was) * step / steps for step in range(1, steps))
    return [{value.name: one} for one in way if one not in {was, value.to}]
