# SPDX-License-Identifier: Apache-2.0
"""Cases are decided as the advisor decides, say what differs, and show which rules they cover."""

from __future__ import annotations

from importlib.resources import files
from xml.etree.ElementTree import fromstring

import pytest

from arf_core import Advisor
from arf_core.errors import PolicyError
from arf_core.policy.cases import Case, read_cases
from arf_core.policy.junit import trial_xml
from arf_core.policy.load import load, load_defaults
from arf_core.policy.trial import Trial, try_out
from arf_core.testing import made_event


def cases(*written: str) -> tuple[Case, ...]:
    return read_cases(
        "schema: arf.healing-policy-cases/1\ncases:\n" + "".join(f"  - {one}\n" for one in written), file="c.yaml"
    )


def case(given: str, expect: str, name: str = "a") -> str:
    return f"{{name: {name}, given: {{{given}}}, expect: {{{expect}}}}}"


def tried(*written: str) -> Trial:
    return try_out(load_defaults(), cases(*written))


@pytest.mark.promise("POL-2")
def test_the_starter_passes_its_cases_and_is_covered_by_them() -> None:
    package = files("arf_core.policy")
    policies = load(package.joinpath("starter.yaml").read_text("utf-8"), file="starter.yaml")
    trial = try_out(policies, read_cases(package.joinpath("starter.cases.yaml").read_text("utf-8"), file="c.yaml"))
    assert trial.failed == ()
    assert trial.coverage == 100.0


@pytest.mark.parametrize("latency", [120.0, 200.0, 320.0, 900.0])
@pytest.mark.parametrize("errors", [None, 0.05, 0.2, 0.5])
def test_a_reading_is_decided_as_the_advisor_decides(latency: float, errors: float | None) -> None:
    metrics = f"latency_p99: {latency}, cpu_util: 0.2" + (f", error_rate: {errors}" if errors is not None else "")
    trial = tried(case(f"metrics: {{{metrics}}}", "actions: []"))
    intents = Advisor().advise(made_event(latency_p99=latency, error_rate=errors)).intents
    assert trial.tried[0].actions == tuple(intent.action for intent in intents)


@pytest.mark.parametrize(
    ("given", "expect", "difference"),
    [
        (
            "metrics: {latency_p99: 900}",
            "actions: [rollback]",
            "; rollback is refused by mostly-failing (defaults.yaml:15): error_rate was not reported",
        ),
        (
            "metrics: {latency_p99: 900}",
            "first: alert_team",
            "expected alert_team first, got restart_container, circuit_breaker, alert_team",
        ),
        (
            "metrics: {latency_p99: 900}",
            "refused: {restart_container: null}",
            "expected restart_container to be refused, but it is recommended",
        ),
        (
            "metrics: {latency_p99: 900}",
            "refused: {rollback: slow}",
            "expected rollback to be refused by slow, but it is by mostly-failing",
        ),
        ("metrics: {latency_p99: 9}", "first: rollback", "got nothing: no metric crosses a threshold of the detector"),
    ],
)
def test_a_failed_case_says_what_differs_and_why(given: str, expect: str, difference: str) -> None:
    (failed,) = tried(case(given, expect)).failed
    assert difference in failed.differences[0]


def test_what_is_given_besides_the_reading_counts() -> None:
    shift = tried(case("kind: cpu, baseline: true, metrics: {cpu_util: 0.5}", "first: scale_out"))
    alert = tried(case("severity: warning, words: [disk], kind: disk", "first: alert_team"))
    memory = tried(
        case("kind: cpu, remembered: [{action: rollback}, {action: rollback, similarity: 0.88}]", "first: rollback")
    )
    assert [trial.failed for trial in (shift, alert, memory)] == [(), (), ()]


def test_uses_of_rules_are_counted_as_limits_count_them() -> None:
    resting = case(
        "metrics: {latency_p99: 900}, used: [{rule: very-slow, ago_s: 299}, {rule: slow, ago_s: 10}]",
        "actions: [], refused: {restart_container: very-slow, circuit_breaker: slow}",
    )
    rested = case("metrics: {latency_p99: 900}, used: [{rule: very-slow, ago_s: 300}]", "first: restart_container", "b")
    assert tried(resting, rested).failed == ()


@pytest.mark.parametrize(
    ("given", "expect", "words"),
    [
        ("used: [{rule: no-such, ago_s: 1}]", "actions: []", "c.yaml:3:30: defaults.yaml has no rule 'no-such'"),
        ("used: [{rule: no rule, ago_s: 1}]", "actions: []", "defaults.yaml has no rule 'no rule'"),
        ("kind: cpu", "refused: {rollback: nobody}", "expects 'nobody' to refuse: defaults.yaml has no such rule"),
        (
            "used: [{rule: slow, ago_s: 100}, {rule: slow, ago_s: 99}]",
            "actions: []",
            "slow could not be used then: slow was used here 1 s ago",
        ),
    ],
)
def test_a_case_about_rules_that_are_not_there_is_an_error(given: str, expect: str, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        tried(case(given, expect))
    assert words in str(caught.value)


@pytest.mark.promise("POL-2")
def test_the_coverage_says_what_no_case_shows_of_a_rule() -> None:
    trial = tried(case("metrics: {latency_p99: 900, error_rate: 0.01}", "first: restart_container"))
    missing = {covered.rule.name: covered.missing for covered in trial.covered}
    assert missing["very-slow"] == ("never false",)
    assert missing["mostly-failing"] == ("never true", "never offered")
    assert missing["out-of-resources"] == ("never true", "never false", "never offered"), "it was not measured"
    assert missing["tell-the-team"] == ("never offered",)
    assert 0 < trial.coverage < 50


def test_a_rule_that_another_always_precedes_is_never_the_one_that_offers() -> None:
    trial = tried(case("metrics: {latency_p99: 400}", "first: circuit_breaker"))
    offered = {covered.rule.name for covered in trial.covered if covered.offered}
    assert offered == {"slow"}


def test_the_results_are_junit_xml_with_what_differed() -> None:
    trial = tried(
        case("metrics: {latency_p99: 900}", "first: restart_container", "good"),
        case("component: 'a <b> & c', metrics: {latency_p99: 900}", "first: rollback", "bad"),
    )
    root = fromstring(trial_xml(trial))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    failures = root.findall(".//failure")
    assert len(failures) == 1
    assert "expected rollback first" in (failures[0].text or "")
    assert trial_xml(trial) == trial_xml(trial)
