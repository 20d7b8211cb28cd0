# SPDX-License-Identifier: Apache-2.0
"""What a condition says about readings, complete and incomplete."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.models.event import METRICS
from arf_core.policy.condition import VARIABLES, Verdict, evaluate, facts_of
from arf_core.policy.syntax import compile_condition

KNOWN = {"severity": "critical", "kind": "latency", "score": 0.9, "component": "shop", "words": ["oom", "killed"]}


def verdict(text: str, *, measured: dict[str, object], known: dict[str, object] | None = None) -> Verdict:
    condition = compile_condition(text, at=lambda offset: f"p.yaml:1:{offset + 1}")
    facts = facts_of([measured], KNOWN if known is None else known, names=(*VARIABLES, "metrics"))
    return evaluate(condition, facts)


@pytest.mark.parametrize(
    ("text", "measured", "because"),
    [
        ("latency_p99 > 500", {"latency_p99": 900}, "latency_p99 is 900 (> 500)"),
        ("cpu_util > 0.9 && memory_util > 0.9", {"cpu_util": 0.95, "memory_util": 0.91},
         "cpu_util is 0.95 (> 0.9) and memory_util is 0.91 (> 0.9)"),
        ("severity == 'critical' && 'oom' in words", {}, "‘severity == 'critical' && 'oom' in words’ is true"),
        ("component.startsWith('sh')", {}, "component is 'shop'"),
        ("latency_p99 / 2.0 > 400", {"latency_p99": 900.0}, "latency_p99 is 900"),
        ("has(metrics.cpu_util) && metrics.cpu_util > 0.5", {"cpu_util": 0.6}, "cpu_util is 0.6"),
    ],
)  # fmt: skip
def test_a_true_condition_applies_and_gives_the_values(text: str, measured: dict[str, object], because: str) -> None:
    found = verdict(text, measured=measured)
    assert found.applies
    assert because in found.because


@pytest.mark.promise("POL-3")
@pytest.mark.parametrize(
    ("text", "measured", "because"),
    [
        ("latency_p99 > 500", {"latency_p99": 320.0}, "latency_p99 is 320, not > 500"),
        ("latency_p99 > 500", {"latency_p99": 500}, "latency_p99 is 500, not > 500"),
        ("latency_p99 > 500", {"latency_p99": 499.9999999}, "latency_p99 is 499.9999999, not > 500"),
        (
            "cpu_util > 0.9 && memory_util > 0.9",
            {"cpu_util": 0.95, "memory_util": 0.2},
            "memory_util is 0.2, not > 0.9",
        ),
        ("severity != 'critical'", {}, "‘severity != 'critical'’ is false: severity is 'critical'"),
        ("1 / 0 == 1", {}, "cannot be decided: division by zero"),
    ],
)
def test_a_false_condition_does_not_apply_and_says_which_value_stopped_it(
    text: str, measured: dict[str, object], because: str
) -> None:
    found = verdict(text, measured=measured)
    assert not found.applies
    assert because in found.because


@pytest.mark.promise("POL-3")
@pytest.mark.parametrize(
    "text",
    ["latency_p99 > 500", "latency_p99 < 500", "latency_p99 > 500 || true", "true || latency_p99 > 500",
     "!(latency_p99 > 500)", "cpu_util > 0.1 || latency_p99 > 500", "latency_p99 > 500 ? true : true"],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "900", True])
def test_a_metric_that_was_not_reported_is_never_guessed(text: str, value: object) -> None:
    found = verdict(text, measured={"latency_p99": value, "cpu_util": 0.5})
    assert not found.applies
    assert found.because == "latency_p99 was not reported"


def test_a_metric_can_be_asked_for() -> None:
    guarded = "has(metrics.latency_p99) && metrics.latency_p99 > 500 || cpu_util > 0.9"
    assert verdict(guarded, measured={"cpu_util": 0.95}).applies
    assert not verdict(guarded, measured={"cpu_util": 0.5}).applies
    assert verdict(guarded, measured={"cpu_util": 0.5, "latency_p99": 501}).applies
    assert verdict("!has(metrics.latency_p99)", measured={}).applies


@pytest.mark.parametrize(
    "text", ["metrics.latency_p99 > 500", "!(metrics.latency_p99 > 500)", "metrics.latency_p99 < 500"]
)
def test_an_unguarded_missing_metric_is_unknown(text: str) -> None:
    found = verdict(text, measured={})
    assert not found.applies
    assert found.because == "latency_p99 was not reported"


def test_what_is_not_known_of_a_component_is_not_guessed_either() -> None:
    assert verdict("severity != 'info'", measured={}, known={"component": "a"}).because == "severity was not reported"


READINGS = st.fixed_dictionaries({}, optional={name: st.floats(0, 1, allow_nan=False) for name in METRICS})
CLAUSES = st.tuples(
    st.sampled_from(METRICS), st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.sampled_from(["0", "0.5", "1"])
)


@settings(max_examples=150, deadline=None)
@given(reading=READINGS, clauses=st.lists(CLAUSES, min_size=1, max_size=4))
def test_a_conjunction_applies_exactly_where_all_is_reported_and_true(
    reading: dict[str, object], clauses: list[tuple[str, str, str]]
) -> None:
    found = verdict(" && ".join(" ".join(clause) for clause in clauses), measured=reading)
    holds = {
        ">": float.__gt__,
        ">=": float.__ge__,
        "<": float.__lt__,
        "<=": float.__le__,
        "==": float.__eq__,
        "!=": float.__ne__,
    }
    expected = all(
        name in reading and holds[operator](float(str(reading[name])), float(number))
        for name, operator, number in clauses
    )
    assert found.applies is expected
    assert found.because
    assert found.applies or any(name in found.because for name, _, _ in clauses)
