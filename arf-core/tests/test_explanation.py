# SPDX-License-Identifier: Apache-2.0
"""One sentence about one action: recommended or not, by which rule, and what would turn it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core import Advisor
from arf_core.errors import InputError, PolicyError
from arf_core.explanation import Explanation, explain
from arf_core.ingest.grouping import fold
from arf_core.models.action import Action
from arf_core.policy.flip import ChangeKind
from arf_core.policy.load import load
from arf_core.stages import Subject
from arf_core.testing import MOMENT, made_event, made_incident, made_window

ONE = """\
schema: arf.healing-policies/1
policies:
  - {name: slow, when: latency_p99 > 500, actions: [restart_container], priority: 1, cooldown_s: 60, max_per_hour: 5}
"""


def explained(
    subject: Subject, action: str, *, advisor: Advisor | None = None, component: str | None = None
) -> Explanation:
    asked = advisor or Advisor()
    return explain(asked.advise(subject), action=action, component=component, advisor=asked)


@pytest.mark.promise("POL-2")
def test_a_refused_action_names_its_rule_the_line_and_the_smallest_change() -> None:
    found = explained(made_event(latency_p99=400.0, error_rate=0.2), "rollback")
    assert found.sentence == (
        "rollback is refused for checkout-api by mostly-failing (defaults.yaml:15): error_rate is 0.2, not > 0.3; "
        "it would be recommended, were error_rate above 0.3."
    )
    assert (found.recommended, found.file, found.line) == (False, "defaults.yaml", 15)
    assert found.change is not None
    assert [(value.name, value.was, value.edge) for value in found.change.values] == [("error_rate", 0.2, 0.3)]


@pytest.mark.promise("POL-2")
def test_a_recommended_action_names_what_would_take_it_back() -> None:
    found = explained(made_event(), "restart_container")
    assert found.sentence == (
        "restart_container is recommended for checkout-api by very-slow (defaults.yaml:8): latency_p99 is 900 (> 500); "
        "it would not be, were latency_p99 at most 500 ms."
    )


@pytest.mark.promise("POL-2")
def test_the_change_is_true_of_the_advisor_itself() -> None:
    reading = made_event(latency_p99=200.0, error_rate=0.2)
    found = explained(reading, "rollback")
    assert found.change is not None
    (value,) = found.change.values
    changed = replace(reading, **{value.name: value.to})  # type: ignore[arg-type]
    assert "rollback" in {intent.action for intent in Advisor().advise(changed).intents}
    kept = replace(reading, **{value.name: value.edge})  # type: ignore[arg-type]
    assert "rollback" not in {intent.action for intent in Advisor().advise(kept).intents}


@pytest.mark.promise("POL-2")
def test_a_rule_that_rests_says_how_long_and_then_it_is_so() -> None:
    advisor = Advisor()
    advisor.advise(made_event())
    later = replace(made_event(), timestamp=MOMENT + timedelta(seconds=100, microseconds=500))
    found = explained(later, "restart_container", advisor=advisor)
    assert found.change is not None
    assert found.change.kind is ChangeKind.WAIT
    assert found.change.wait_s is not None
    then = replace(later, timestamp=later.timestamp + timedelta(seconds=found.change.wait_s))
    assert "restart_container" in {intent.action for intent in advisor.advise(then).intents}


def test_an_hourly_limit_says_how_long() -> None:
    once = Advisor(policies=load(ONE.replace("max_per_hour: 5", "max_per_hour: 1"), file="p.yaml"))
    once.advise(made_event())
    later = replace(made_event(), timestamp=MOMENT + timedelta(seconds=600))
    found = explained(later, "restart_container", advisor=once)
    assert found.change is not None
    assert found.change.wait_s == 3000.0


@pytest.mark.promise("POL-2")
def test_an_action_that_no_rule_lists_names_the_rule_that_would_have_to() -> None:
    found = explained(made_event(), "scale_out", advisor=Advisor(policies=load(ONE, file="p.yaml")))
    assert found.rule.name == "no rule"
    assert found.sentence == (
        "scale_out is refused for checkout-api: no rule of p.yaml has this action for checkout-api; "
        "it would be recommended, were it among the actions of slow (p.yaml:3)."
    )


def test_a_component_beside_the_root_cause_is_explained_by_policies_alone() -> None:
    events = [made_event(), made_event("db", latency_p99=400.0)]
    (group,) = fold(events, edges=[("checkout-api", "db")]).groups
    found = explained(group, "restart_container", component="db")
    root = explained(group, "restart_container")
    assert {found.component, root.component} == {"db", "checkout-api"}
    assert found.sentence


def test_where_nothing_is_abnormal_there_is_nothing_to_turn() -> None:
    found = explained(made_event(latency_p99=20.0), "rollback")
    assert (found.sentence, found.change) == ("rollback is not recommended: nothing is abnormal.", None)


@pytest.mark.parametrize(
    "subject",
    [made_event(), made_event(error_rate=0.5), made_window(), made_incident()],
    ids=["slow", "bad", "window", "incident"],
)
@pytest.mark.parametrize("action", list(Action))
def test_every_action_of_every_kind_of_subject_has_a_sentence(subject: Subject, action: Action) -> None:
    advisor = Advisor()
    advisor.remember([made_incident(f"past{n}", fault_type="cpu", action="scale_out") for n in range(12)])
    advice = advisor.advise(subject)
    found = explain(advice, action=action, advisor=advisor)
    recommended = {intent.action for intent in advice.intents if intent.component == found.component}
    assert found.recommended is (action in recommended)
    assert found.sentence.endswith(".")
    assert "decides otherwise" not in found.sentence


def test_it_is_the_same_each_time_and_changes_nothing() -> None:
    advisor = Advisor()
    advice = advisor.advise(made_event())
    found = [explain(advice, action="rollback", advisor=advisor) for _ in range(3)]
    assert found[0] == found[1] == found[2]


def test_an_unknown_action_or_component_is_said() -> None:
    with pytest.raises(InputError, match="'reboot' is not an action: it must be one of rollback"):
        explained(made_event(), "reboot")
    with pytest.raises(InputError, match="is about 'cart': it is about checkout-api"):
        explained(made_event(), "rollback", component="cart")


def test_advice_of_other_policies_is_refused() -> None:
    advice = Advisor().advise(made_event())
    with pytest.raises(PolicyError, match=r"not with sha256:.* \(p\.yaml\)"):
        explain(advice, action="rollback", advisor=Advisor(policies=load(ONE, file="p.yaml")))


def test_a_memory_that_has_changed_since_is_said() -> None:
    advisor = Advisor()
    unlike = replace(advisor.advise(made_window()), intents=())
    found = explain(unlike, action="scale_out", advisor=advisor)
    assert "asked again, ARF decides otherwise" in found.sentence
    assert found.change is None
