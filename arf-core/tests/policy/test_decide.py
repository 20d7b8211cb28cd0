# SPDX-License-Identifier: Apache-2.0
"""What is recommended, in which order, and why the rest is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.models.action import PARAMETERS, Action
from arf_core.models.anomaly import Anomaly
from arf_core.models.event import METRICS
from arf_core.models.frozen import FrozenMap
from arf_core.models.incident import Incident, Match, Outcome
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import Direction, Severity, Signal, SignalKind
from arf_core.policy.decide import MAX_OTHERS, Decision, decide
from arf_core.policy.limits import Limiter
from arf_core.policy.load import load, load_defaults
from arf_core.policy.rules import PolicySet

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
STRICT = """\
schema: arf.healing-policies/1
policies:
  - {name: slow, when: latency_p99 > 500, actions: [restart_container], priority: 1, cooldown_s: 60, max_per_hour: 5}
"""


def anomaly(
    component: str = "a", *, kind: SignalKind = SignalKind.LATENCY, score: float = 0.9, **measured: float
) -> Anomaly:
    signal = Signal(component=component, metric="m", kind=kind, direction=Direction.UP)
    return Anomaly(
        component=component,
        severity=Severity.CRITICAL,
        score=score,
        detected_at=NOW,
        signals=(signal,),
        measured=FrozenMap(measured),
    )


def cause(
    component: str = "a", *, kind: SignalKind = SignalKind.LATENCY, rank: int = 1, share: float = 1.0
) -> RootCause:
    return RootCause(component=component, rank=rank, score=share, share=share, kind=kind, signals=())


def healed(action: str, *, score: float = 0.9, outcome: Outcome = Outcome.HEALED, name: str = "INC-7") -> Match:
    incident = Incident(incident_id=name, occurred_at=NOW, signals=(), action=action, outcome=outcome)
    return Match(incident=incident, score=score, age_s=60.0, why=())


def decided(
    *anomalies: Anomaly,
    causes: tuple[RootCause, ...] = (),
    matches: tuple[Match, ...] = (),
    policies: PolicySet | None = None,
    limiter: Limiter | None = None,
    now: datetime = NOW,
) -> Decision:
    return decide(
        anomalies=anomalies,
        causes=causes or (cause(),),
        matches=matches,
        policies=policies or load_defaults(),
        limiter=limiter or Limiter(),
        now=now,
    )


def actions(decision: Decision, component: str = "a") -> set[str]:
    return {str(proposal.action) for proposal in decision.proposals if proposal.component == component}


def reasons(decision: Decision, action: str) -> list[tuple[str, str]]:
    return [(refused.rule.name, refused.because) for refused in decision.refused if refused.action == action]


def test_nothing_abnormal_is_no_proposal_and_a_reason() -> None:
    nothing = decide(
        anomalies=(), causes=(), matches=(healed("rollback"),), policies=load_defaults(), limiter=Limiter(), now=NOW
    )
    assert nothing == Decision(because="nothing is abnormal")


@pytest.mark.promise("POL-1")
@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"latency_p99": 900.0}, {"restart_container", "alert_team", "circuit_breaker"}),
        ({"latency_p99": 400.0}, {"circuit_breaker"}),
        ({"error_rate": 0.4}, {"rollback", "circuit_breaker", "alert_team", "traffic_shift"}),
        ({"error_rate": 0.2}, {"traffic_shift", "alert_team"}),
        ({"cpu_util": 0.95, "memory_util": 0.95}, {"scale_out"}),
    ],
)
def test_the_defaults_recommend_what_the_plan_says(measured: dict[str, float], expected: set[str]) -> None:
    assert actions(decided(replace(anomaly(), measured=FrozenMap(measured)))) == expected


@pytest.mark.promise("POL-3")
def test_every_action_is_either_proposed_or_refused_with_its_rule_and_reason() -> None:
    found = decided(anomaly(latency_p99=320.0, error_rate=0.01))
    assert actions(found) == {"circuit_breaker"}
    assert {refused.action for refused in found.refused} == set(map(str, Action)) - {"circuit_breaker"}
    assert reasons(found, "restart_container") == [("very-slow", "latency_p99 is 320, not > 500")]
    assert reasons(found, "rollback") == [("mostly-failing", "error_rate is 0.01, not > 0.3")]
    assert reasons(found, "scale_out") == [("out-of-resources", "cpu_util was not reported")]
    assert all(refused.rule.line > 1 and refused.rule.policy_digest for refused in found.refused)


def test_an_action_of_two_rules_is_proposed_once_and_names_the_first() -> None:
    found = decided(anomaly(latency_p99=900.0, error_rate=0.5))
    names = [str(proposal.action) for proposal in found.proposals]
    assert sorted(names) == sorted(set(names))
    rules = {str(proposal.action): proposal.rule.name for proposal in found.proposals}
    assert rules["alert_team"] == "very-slow"
    assert rules["circuit_breaker"] == "mostly-failing"


@pytest.mark.parametrize("kind", list(SignalKind))
def test_without_a_true_condition_the_kind_of_the_root_cause_decides(kind: SignalKind) -> None:
    found = decided(anomaly(kind=kind, latency_p99=100.0), causes=(cause(kind=kind),))
    remedy = load_defaults().remedy_for(kind)
    assert remedy is not None
    too_little = {refused.action for refused in found.refused if "too little speaks for it" in refused.because}
    assert actions(found) | too_little == set(map(str, remedy.actions))
    assert {proposal.rule.name for proposal in found.proposals} == {f"{kind}-root-cause"}


def test_a_root_cause_that_was_only_inferred_has_a_remedy_too() -> None:
    found = decided(anomaly("front"), causes=(cause("db", kind=SignalKind.CPU), cause("front", rank=2, share=0.2)))
    assert found.proposals[0].component == "db"
    assert found.proposals[0].action is Action.SCALE_OUT
    assert reasons(found, "traffic_shift") == [("partly-failing", "error_rate was not reported")]
    assert actions(found, "front") == set()


@pytest.mark.promise("POL-3")
def test_a_file_with_only_policies_recommends_only_what_they_say() -> None:
    policies = load(STRICT, file="strict.yaml")
    found = decided(
        anomaly(latency_p99=100.0), policies=policies, matches=(healed("rollback"), healed("restart_container"))
    )
    assert found.proposals == ()
    assert found.because == "no rule of strict.yaml fits a"
    assert reasons(found, "restart_container") == [("slow", "latency_p99 is 100, not > 500")]
    [(rule, because)] = reasons(found, "rollback")
    assert rule == "no rule"
    assert because.startswith("rollback healed INC-7")
    assert reasons(found, "scale_out") == [("no rule", "no rule of strict.yaml has this action for a")]


def test_the_fallback_speaks_when_nothing_else_fits() -> None:
    fallback = "fallback: {name: people, actions: [alert_team], cooldown_s: 60, max_per_hour: 5}\n"
    policies, limiter = load(STRICT + fallback, file="p.yaml"), Limiter()
    found = decided(anomaly(latency_p99=100.0), policies=policies, limiter=limiter)
    assert [(proposal.action, proposal.rule.name) for proposal in found.proposals] == [(Action.ALERT_TEAM, "people")]
    assert actions(decided(anomaly(latency_p99=900.0), policies=policies, limiter=limiter)) == {"restart_container"}
    resting = decided(anomaly(latency_p99=900.0), policies=policies, limiter=limiter, now=NOW + timedelta(seconds=30))
    assert resting.proposals == ()
    assert "slow was used here 30 s ago and rests for 60 s, until 2026-01-02T12:01:00Z" in resting.because


@pytest.mark.promise("POL-3")
def test_a_resting_rule_is_not_replaced_and_says_until_when() -> None:
    limiter = Limiter()
    assert actions(decided(anomaly(latency_p99=400.0), limiter=limiter)) == {"circuit_breaker"}
    again = decided(
        anomaly(latency_p99=400.0),
        limiter=limiter,
        now=NOW + timedelta(seconds=10),
        matches=(healed("circuit_breaker"), healed("rollback")),
    )
    assert again.proposals == ()
    because = "slow was used here 10 s ago and rests for 180 s, until 2026-01-02T12:03:00Z"
    assert again.because == because
    assert ("slow", because) in reasons(again, "circuit_breaker")


def test_a_rule_that_adds_nothing_is_not_used_up() -> None:
    limiter = Limiter()
    assert "slow" not in {
        p.rule.name for p in decided(anomaly(latency_p99=400.0, error_rate=0.5), limiter=limiter).proposals
    }
    later = decided(anomaly(latency_p99=400.0), limiter=limiter, now=NOW + timedelta(seconds=1))
    assert [proposal.rule.name for proposal in later.proposals] == ["slow"]


def test_two_recalled_actions_of_one_remedy_use_it_once() -> None:
    found = decided(anomaly(latency_p99=900.0), matches=(healed("rollback"), healed("scale_out", name="INC-8")))
    assert {"rollback", "scale_out"} <= actions(found)


def test_what_healed_a_similar_incident_is_offered_and_put_first() -> None:
    found = decided(anomaly(latency_p99=900.0), matches=tuple(healed("rollback", name=f"INC-{n}") for n in range(5)))
    first = found.proposals[0]
    assert first.action is Action.ROLLBACK
    assert first.rule.name == "latency-root-cause"
    assert any("rollback healed INC-0" in because for because in first.because)
    assert actions(found) == {"rollback", "restart_container", "alert_team", "circuit_breaker"}


@pytest.mark.parametrize(
    "match",
    [healed("rollback", score=0.2), healed("rollback", outcome=Outcome.NOT_HEALED), healed("format_disk"), healed("")],
)
def test_what_does_not_resemble_did_not_heal_or_is_no_action_brings_nothing_in(match: Match) -> None:
    found = decided(anomaly(latency_p99=900.0), matches=(match,))
    assert actions(found) == actions(decided(anomaly(latency_p99=900.0)))


def test_other_components_follow_with_their_own_true_conditions_and_less_confidence() -> None:
    causes = (cause("db", share=0.6), cause("api", rank=2, share=0.3), cause("web", rank=3, share=0.1))
    found = decided(
        anomaly("web", latency_p99=90.0),
        anomaly("api", latency_p99=400.0),
        anomaly("db", latency_p99=400.0),
        causes=causes,
    )
    assert [(proposal.component, str(proposal.action)) for proposal in found.proposals] == [
        ("db", "circuit_breaker"),
        ("api", "circuit_breaker"),
    ]
    assert found.proposals[1].confidence == pytest.approx(found.proposals[0].confidence / 2)
    assert "api is 50% as likely the root cause as the first" in found.proposals[1].because


def test_a_hundred_components_do_not_make_a_hundred_proposals() -> None:
    anomalies = tuple(anomaly(f"c{number:03}", latency_p99=400.0) for number in range(100))
    found = decided(*anomalies, causes=(cause("c050"),))
    assert [proposal.component for proposal in found.proposals] == ["c050", "c000", "c001", "c002"]
    assert len({proposal.component for proposal in found.proposals}) == MAX_OTHERS + 1
    assert len(found.refused) < 20


def test_of_two_anomalies_of_a_component_the_worse_one_gives_the_value() -> None:
    mild, bad = anomaly(score=0.3, latency_p99=100.0, error_rate=0.2), anomaly(score=0.8, latency_p99=400.0)
    assert (
        actions(decided(mild, bad)) == actions(decided(bad, mild)) == {"circuit_breaker", "traffic_shift", "alert_team"}
    )


def test_without_causes_the_worst_anomaly_is_taken_for_the_root() -> None:
    found = decide(
        anomalies=(anomaly("b", score=0.5, latency_p99=100.0), anomaly("a", kind=SignalKind.CPU, latency_p99=100.0)),
        causes=(),
        matches=(),
        policies=load_defaults(),
        limiter=Limiter(),
        now=NOW,
    )
    assert {proposal.component for proposal in found.proposals} == {"a"}
    assert {proposal.rule.name for proposal in found.proposals} == {"cpu-root-cause"}


@pytest.mark.promise("POL-5")
@pytest.mark.promise("POL-3")
@settings(max_examples=150, deadline=None)
@given(
    measured=st.fixed_dictionaries(
        {}, optional={name: st.sampled_from([0.0, 0.2, 0.5, 0.95, 320.0, 900.0]) for name in METRICS}
    ),
    kind=st.sampled_from(SignalKind),
    recalled=st.lists(st.sampled_from([*map(str, Action), "format_disk"]), max_size=4),
    seconds=st.lists(st.integers(0, 400), min_size=1, max_size=3),
)
def test_only_the_six_actions_are_proposed_each_once_and_the_rest_is_refused(
    measured: dict[str, float], kind: SignalKind, recalled: list[str], seconds: list[int]
) -> None:
    limiter, again = Limiter(), Limiter()
    matches = tuple(healed(action, name=f"INC-{place}") for place, action in enumerate(recalled))
    for second in seconds:
        found, same = (
            decided(
                replace(anomaly(kind=kind), measured=FrozenMap(measured)),
                causes=(cause(kind=kind),),
                matches=matches,
                limiter=each,
                now=NOW + timedelta(seconds=second),
            )
            for each in (limiter, again)
        )
        assert found == same
        proposed = [proposal.action for proposal in found.proposals]
        assert len(proposed) == len(set(proposed))
        assert {*map(str, proposed)} | {refused.action for refused in found.refused} == set(map(str, Action))
        assert not {*map(str, proposed)} & {refused.action for refused in found.refused}
        assert bool(found.because) is not bool(proposed)
        for proposal in found.proposals:
            assert 0 <= proposal.confidence <= 1
            assert set(proposal.parameters) == set(PARAMETERS[proposal.action])
            assert proposal.because


def measured_cause(kind: SignalKind) -> RootCause:
    """A cause whose diagnosis measured against a baseline."""
    signal = Signal(component="a", metric="m", kind=kind, direction=Direction.UP, value=9.0, baseline=1.0, shift=40.0)
    return replace(cause(kind=kind), signals=(signal,))


def test_a_measured_diagnosis_speaks_beside_a_true_condition_and_comes_first() -> None:
    found = decided(anomaly(latency_p99=900.0), causes=(measured_cause(SignalKind.CPU),))
    assert [proposal.action for proposal in found.proposals][:2] == [Action.SCALE_OUT, Action.RESTART_CONTAINER]
    assert found.proposals[0].rule.name == "cpu-root-cause"
    assert found.proposals[1].rule.name == "very-slow"


def test_what_too_little_speaks_for_is_refused_with_the_confidence_it_had() -> None:
    found = decided(anomaly(kind=SignalKind.CPU, latency_p99=100.0), causes=(cause(kind=SignalKind.CPU),))
    refusals = reasons(found, "alert_team")
    assert ("cpu-root-cause", "too little speaks for it: confidence 0.05 is under 0.1") in refusals
