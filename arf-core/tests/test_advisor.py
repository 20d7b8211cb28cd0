# SPDX-License-Identifier: Apache-2.0
"""The pipeline as a whole: one call, the same answer, and a reason for everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core import Advisor, HealingIntent, OSSConfig, ReliabilityEvent
from arf_core.ingest.grouping import fold
from arf_core.models.action import Action
from arf_core.models.event import Status
from arf_core.plain import plain
from arf_core.testing import MOMENT, made_event, made_incident, made_window


@pytest.mark.promise("ENG-1")
def test_one_call_runs_from_a_reading_to_sealed_intents() -> None:
    advice = Advisor().advise(made_event())
    assert [anomaly.component for anomaly in advice.anomalies] == ["checkout-api"]
    assert [cause.component for cause in advice.root_causes] == ["checkout-api"]
    assert advice.intents[0].component == "checkout-api"
    for intent in advice.intents:
        assert HealingIntent.from_json(intent.to_json()) == intent
        assert intent.incident_id == advice.incident_id
        assert intent.detected_at == MOMENT


@pytest.mark.promise("ENG-1")
def test_what_the_policy_puts_first_comes_first_where_nothing_is_remembered() -> None:
    first = Advisor().advise(made_event(latency_p99=900)).intents[0]
    assert first.action is Action.RESTART_CONTAINER
    assert first.policy_applied is not None
    assert first.policy_applied.startswith("very-slow@sha256:")


def test_what_healed_similar_incidents_can_come_before_what_the_policy_puts_first() -> None:
    advisor = Advisor()
    before = [
        replace(
            made_incident(
                f"inc_{number}", component="checkout-api", metrics=("latency_p99",), action="circuit_breaker"
            ),
            occurred_at=MOMENT - timedelta(hours=number + 1),
            fault_type="slow",
        )
        for number in range(8)
    ]
    advisor.remember(before)
    advice = advisor.advise(made_event(latency_p99=900))
    assert len(advice.matches) == OSSConfig().recall_limit
    assert advice.intents[0].action is Action.CIRCUIT_BREAKER
    assert "healed 8 of the 8 most similar" in advice.intents[0].justification


@pytest.mark.promise("INT-2")
def test_the_intents_are_the_same_whenever_the_question_is_asked() -> None:
    asked = Advisor().advise(made_event())
    later = Advisor().advise(made_event(), now=MOMENT + timedelta(hours=3))
    assert [intent.digest for intent in later.intents] == [intent.digest for intent in asked.intents]
    assert later.at == MOMENT + timedelta(hours=3)


def test_a_normal_reading_gives_no_intent_and_a_reason() -> None:
    advice = Advisor().advise(made_event(latency_p99=20))
    assert (advice.intents, advice.anomalies, advice.because) == ((), (), "nothing is abnormal")


def test_a_resolved_reading_closes_the_incident_its_firing_opened() -> None:
    firing = replace(made_event(), fingerprint="7da19d70a9ed8675")
    advisor = Advisor()
    opened = advisor.advise(firing)
    closed = advisor.advise(replace(firing, status=Status.RESOLVED))
    assert closed.closed == (opened.incident_id,)
    assert closed.intents == ()


@pytest.mark.promise("POL-3")
def test_every_action_is_either_recommended_or_refused_with_its_rule() -> None:
    advice = Advisor().advise(made_event())
    named = {intent.action.value for intent in advice.intents} | {refused.action for refused in advice.refused}
    assert named == {action.value for action in Action}
    for refused in advice.refused:
        assert refused.because
        assert refused.rule.line > 0


def test_the_same_reading_again_meets_the_cooldown() -> None:
    advisor = Advisor()
    assert advisor.advise(made_event()).intents
    again = advisor.advise(replace(made_event(), timestamp=MOMENT + timedelta(seconds=10)))
    assert again.intents == ()
    assert "rests for" in again.because


@pytest.mark.promise("RCA-2")
def test_a_window_is_traced_to_its_root_with_a_chain_that_says_why() -> None:
    advice = Advisor().advise(made_window(root="cart"))
    first = advice.root_causes[0]
    assert first.component == "cart"
    assert any(step.value is not None for step in first.chain)
    assert advice.intents[0].action is Action.SCALE_OUT
    assert [dict(step)["conclusion"] for step in advice.intents[0].reasoning_chain] == [  # type: ignore[call-overload]
        step.conclusion for step in first.chain
    ]


def test_a_window_in_which_nothing_moved_is_ranked_but_gives_no_intent() -> None:
    window = made_window(high=5.0)
    advice = Advisor().advise(window)
    assert advice.intents == ()
    assert advice.because == "nothing is abnormal"
    assert {cause.component for cause in advice.root_causes} == {"front", "cart", "mail"}


def test_the_answer_an_incident_carries_is_not_read() -> None:
    labelled = made_incident(fault_type="cpu", action="rollback")
    bare = made_incident()
    assert plain(Advisor().advise(labelled)) == plain(Advisor().advise(replace(bare, component=None)))


def test_several_alerts_of_one_group_are_ranked_together() -> None:
    events = [made_event("cart", error_rate=0.9), made_event("front", latency_p99=400)]
    group = fold(events, edges=[("front", "cart")]).groups[0]
    advice = Advisor(edges=[("front", "cart")]).advise(group)
    assert {cause.component for cause in advice.root_causes} == {"cart", "front"}
    assert advice.intents


@pytest.mark.promise("CFG-1")
def test_thresholds_come_from_the_settings() -> None:
    strict = Advisor(OSSConfig(latency_warning=5, latency_critical=10))
    assert strict.advise(made_event(latency_p99=20)).anomalies
    assert not Advisor().advise(made_event(latency_p99=20)).anomalies


@pytest.mark.promise("ENG-1")
@settings(max_examples=30, deadline=None)
@given(
    latency=st.none() | st.floats(0, 1e6),
    errors=st.none() | st.floats(0, 1),
    cpu=st.none() | st.floats(0, 1),
    name=st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20),
)
def test_the_same_reading_gives_the_same_bytes(
    latency: float | None, errors: float | None, cpu: float | None, name: str
) -> None:
    event = ReliabilityEvent(component=name, timestamp=MOMENT, latency_p99=latency, error_rate=errors, cpu_util=cpu)
    answers = [json.dumps(plain(Advisor().advise(event))) for _ in range(2)]
    assert answers[0] == answers[1]


ACROSS_PROCESSES = """
from arf_core import Advisor
from arf_core.plain import plain
from arf_core.testing import made_incident, made_window, made_event
from datetime import timedelta
import json
advisor = Advisor()
advisor.remember([made_incident(f"inc_{n}", metrics=("cpu_usage", "mem_usage")[: 1 + n % 2], fault_type="ab"[n % 2],
                                action="scale_out") for n in range(9)])
print(json.dumps([plain(advisor.advise(subject)) for subject in (made_window(), made_event(), made_incident("x"))]))
"""


@pytest.mark.promise("ENG-1")
def test_other_processes_and_hash_seeds_give_the_same_bytes() -> None:
    answers = set()
    for seed in ("0", "1", "4711"):
        ran = subprocess.run(
            [sys.executable, "-c", ACROSS_PROCESSES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        answers.add(ran.stdout)
    assert len(answers) == 1
    assert b'"intent_id"' in answers.pop()


def test_threads_that_share_an_advisor_get_the_answers_one_thread_gets() -> None:
    events = [made_event(f"service-{number}", latency_p99=200.0 + 5 * number) for number in range(120)]
    known = [made_incident(f"inc_{number}", fault_type="slow", action="circuit_breaker") for number in range(20)]

    def ready() -> Advisor:
        advisor = Advisor()
        advisor.remember([replace(one, occurred_at=MOMENT - timedelta(hours=1)) for one in known])
        return advisor

    alone, shared = ready(), ready()
    expected = [plain(alone.advise(event)) for event in events]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda event: plain(shared.advise(event)), events)) == expected
