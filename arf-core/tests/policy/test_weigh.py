# SPDX-License-Identifier: Apache-2.0
"""The order of candidate actions, and how much each is believed in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.models.action import Action
from arf_core.models.incident import Incident, Match, Outcome
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import SignalKind
from arf_core.policy.weigh import weigh


def cause(kind: SignalKind, share: float = 1.0) -> RootCause:
    return RootCause(component="a", rank=1, score=1.0, share=share, kind=kind, signals=())


def match(action: str | None, score: float = 0.9, outcome: Outcome = Outcome.HEALED) -> Match:
    incident = Incident(
        incident_id="i", occurred_at=datetime(2026, 1, 1, tzinfo=UTC), signals=(), action=action, outcome=outcome
    )
    return Match(incident=incident, score=score, age_s=60.0, why=())


CANDIDATES = (Action.ALERT_TEAM, Action.ROLLBACK, Action.SCALE_OUT)
MATCHES = st.lists(
    st.builds(
        match,
        st.none() | st.sampled_from(("rollback", "scale_out", "reboot")),
        st.floats(-1, 1),
        st.sampled_from(Outcome),
    ),
    max_size=30,
).map(tuple)


def order(*causes: RootCause, matches: tuple[Match, ...] = ()) -> list[Action]:
    return [weighed.action for weighed in weigh(CANDIDATES, causes, matches)]


def confidence(action: Action, *causes: RootCause, matches: tuple[Match, ...] = ()) -> float:
    return next(one.confidence for one in weigh(tuple(Action), causes, matches) if one.action is action)


def test_knowing_nothing_keeps_the_order_of_the_policies_with_modest_confidence() -> None:
    weighed = weigh(CANDIDATES, (), ())
    assert [one.action for one in weighed] == list(CANDIDATES)
    assert all(0.1 < one.confidence < 0.5 for one in weighed)
    assert weighed[0].because == ("nothing recalled and nothing known of the root cause speaks for alert_team",)


@pytest.mark.parametrize(("kind", "first"), [(SignalKind.CPU, Action.SCALE_OUT), (SignalKind.ERRORS, Action.ROLLBACK)])
def test_without_memory_the_kind_of_the_root_cause_decides(kind: SignalKind, first: Action) -> None:
    assert order(cause(kind))[0] is first


def test_every_kind_of_signal_has_a_suggestion_and_leaves_a_doubt() -> None:
    for kind in SignalKind:
        confidences = [one.confidence for one in weigh(tuple(Action), (cause(kind),), ())]
        assert 0.25 <= confidences[0] < 0.9


def test_what_healed_similar_incidents_comes_before_what_the_root_cause_suggests() -> None:
    matches = (match("rollback"), match("rollback", 0.88), match("rollback", 0.85))
    assert order(cause(SignalKind.CPU), matches=matches)[0] is Action.ROLLBACK


def test_what_did_not_heal_counts_against_the_action_and_not_for_another() -> None:
    failed = (match("scale_out", outcome=Outcome.NOT_HEALED),) * 3
    assert confidence(Action.SCALE_OUT, matches=failed) < confidence(Action.SCALE_OUT)
    assert confidence(Action.ROLLBACK, matches=failed) == confidence(Action.ROLLBACK)


def test_a_recalled_incident_whose_outcome_is_not_known_says_nothing() -> None:
    unknown = (match("rollback", outcome=Outcome.UNKNOWN), match(None))
    assert weigh(CANDIDATES, (), unknown) == weigh(CANDIDATES, (), ())


def test_the_nearest_incident_counts_more_than_a_distant_one() -> None:
    near_rollback = (match("rollback", 0.95), match("scale_out", 0.7))
    near_scale_out = (match("rollback", 0.7), match("scale_out", 0.95))
    assert order(matches=near_rollback)[0] is Action.ROLLBACK
    assert order(matches=near_scale_out)[0] is Action.SCALE_OUT


def test_a_distant_memory_says_less_than_a_near_one() -> None:
    near, far = (confidence(Action.ROLLBACK, matches=(match("rollback", score),)) for score in (0.95, 0.2))
    assert near > far > confidence(Action.ROLLBACK)


def test_agreement_raises_confidence_and_disagreement_lowers_it() -> None:
    agreed = confidence(Action.ROLLBACK, matches=(match("rollback"),) * 6)
    split = confidence(Action.ROLLBACK, matches=(match("rollback"), match("scale_out")) * 3)
    assert agreed > 0.85
    assert 0.4 < split < 0.6


def test_the_reasons_say_what_was_recalled_and_what_the_root_cause_suggests() -> None:
    matches = (match("scale_out"), match("rollback"), match("scale_out", 0.8, Outcome.NOT_HEALED))
    weighed = {one.action: one for one in weigh(CANDIDATES, (cause(SignalKind.CPU),), matches)}
    assert weighed[Action.SCALE_OUT].because == (
        "scale_out healed 1 of the 3 most similar incidents",
        "scale_out did not heal 1 of the 3 most similar incidents",
        "80% belief for root causes whose dominant signal is cpu",
    )


def test_a_candidate_given_twice_is_weighed_once() -> None:
    assert len(weigh((Action.ROLLBACK, Action.ROLLBACK), (), ())) == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MATCHES, st.sampled_from(SignalKind))
def test_whatever_is_recalled_no_confidence_is_certain_and_the_order_follows_it(
    matches: tuple[Match, ...], kind: SignalKind
) -> None:
    weighed = weigh(tuple(Action), (cause(kind),), matches)
    confidences = [one.confidence for one in weighed]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0.0 <= one <= 1.0 for one in confidences)
    assert all(one.because for one in weighed)
    assert {one.action for one in weighed} == set(Action)
