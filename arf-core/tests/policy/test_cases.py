# SPDX-License-Identifier: Apache-2.0
"""A table of cases is read strictly, and every complaint can be found in the file."""

from __future__ import annotations

import pytest

from arf_core.errors import PolicyError
from arf_core.models.action import Action
from arf_core.models.incident import Outcome
from arf_core.models.signal import Severity, SignalKind
from arf_core.policy.cases import COMPONENT, read_cases

HEAD = "schema: arf.healing-policy-cases/1\ncases:\n"
FULL = """\
  - name: full
    given:
      component: cart
      metrics: {latency_p99: 900, error_rate: 0.5}
      kind: cpu
      severity: critical
      score: 0.9
      words: [oom]
      baseline: true
      remembered:
        - {action: rollback, outcome: not_healed, similarity: 0.7}
        - {action: scale_out}
      used:
        - {rule: slow, ago_s: 60}
    expect:
      actions: [rollback]
      first: rollback
      refused: {scale_out: slow, alert_team: null}
"""


def test_everything_a_case_can_say_is_read() -> None:
    (case,) = read_cases(HEAD + FULL, file="c.yaml")
    given = case.given
    assert (case.name, str(case.place)) == ("full", "c.yaml:3:5")
    assert (given.component, dict(given.metrics)) == ("cart", {"latency_p99": 900.0, "error_rate": 0.5})
    assert (given.kind, given.severity, given.score) == (SignalKind.CPU, Severity.CRITICAL, 0.9)
    assert (given.words, given.baseline) == (("oom",), True)
    assert [(one.action, one.outcome, one.similarity) for one in given.remembered] == [
        (Action.ROLLBACK, Outcome.NOT_HEALED, 0.7),
        (Action.SCALE_OUT, Outcome.HEALED, 0.9),
    ]
    assert [(one.rule, one.ago_s) for one in given.used] == [("slow", 60)]
    assert case.expected.actions == (Action.ROLLBACK,)
    assert case.expected.refused == {Action.SCALE_OUT: "slow", Action.ALERT_TEAM: None}


def test_a_case_may_give_and_expect_nothing() -> None:
    (case,) = read_cases(f"{HEAD}  - {{name: a, given: {{}}, expect: {{actions: []}}}}\n", file="c.yaml")
    assert case.given.component == COMPONENT
    assert case.expected.actions == ()


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("cases/1", "cases/2"), "1:9", "this version reads 'arf.healing-policy-cases/1'"),
        (("latency_p99: 900", "latency: 900"), "6:17", "did you mean latency_p99?"),
        (("error_rate: 0.5", "error_rate: 50"), "6:47", "it must be a number from 0 to 1"),
        (("component: cart", "component: ''"), "5:19", "component is ''"),
        (("kind: cpu", "kind: cpus"), "7:13", "it must be one of latency"),
        (("severity: critical", "severity: bad"), "8:17", "it must be one of info"),
        (("score: 0.9", "score: 2"), "9:14", "it must be a number from 0 to 1"),
        (("[oom]", "[1]"), "10:15", "a word is 1: it must be a text"),
        (("baseline: true", "baseline: yes"), "11:17", "it must be true or false"),
        (("outcome: not_healed", "outcome: maybe"), "13:39", "it must be one of healed"),
        (("{rule: slow, ago_s: 60}", "{rule: slow}"), "16:11", "a use of a rule lacks the key 'ago_s'"),
        (("first: rollback", "first: reboot"), "19:14", "the action is 'reboot'"),
        (("scale_out: slow", "scale: slow"), "20:17", "did you mean scale_out?"),
        (("    given:", "    givn:"), "4:5", "'givn' is not a key of a case"),
    ],
)
def test_a_mistake_is_reported_where_it_stands(change: tuple[str, str], place: str, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_cases((HEAD + FULL).replace(*change), file="c.yaml")
    assert str(caught.value).startswith(f"c.yaml:{place}: ")
    assert words in str(caught.value)


def test_an_expectation_must_expect_something() -> None:
    with pytest.raises(PolicyError, match="expect is empty"):
        read_cases(f"{HEAD}  - {{name: a, given: {{}}, expect: {{}}}}\n", file="c.yaml")


def test_two_cases_do_not_share_a_name() -> None:
    with pytest.raises(PolicyError, match="the name 'full' is taken: see line 3"):
        read_cases(HEAD + FULL + FULL, file="c.yaml")
