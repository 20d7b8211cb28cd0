# SPDX-License-Identifier: Apache-2.0
"""Which conditions decide nothing, and which follow from another: only what is certain is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.models.event import METRICS
from arf_core.policy.condition import Condition, Facts, context_of, evaluate, names_in
from arf_core.policy.syntax import compile_condition
from arf_core.policy.truth import constant_truth, follows


def condition(text: str) -> Condition:
    return compile_condition(text, at=str)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("error_rate > 1", False),
        ("error_rate > 0.99999", None),
        ("error_rate >= 0", True),
        ("error_rate > 0", None),
        ("latency_p99 < 0", False),
        ("latency_p99 > 1e9", None),
        ("error_rate > 0.5 && error_rate < 0.2", False),
        ("error_rate > 0.5 || error_rate <= 0.5", True),
        ("!(cpu_util <= 1.0)", False),
        ("severity in ['info', 'warning', 'critical']", True),
        ("severity == 'fatal'", False),
        ("kind == 'cpu' && kind == 'memory'", False),
        ("component == 'a' && component == 'b'", False),
        ("component == 'a' || component != 'a'", True),
        ("'oom' in words && !('oom' in words)", False),
        ("'oom' in words || 'killed' in words", None),
        ("has(metrics.cpu_util) || true", True),
        ("has(metrics.cpu_util)", None),
        ("metrics.cpu_util >= 0", None),
        ("latency_p99 / 2.0 < 0.0 - 1.0", None),
        ("component.startsWith('a')", None),
        ("severity in words", None),
        (" || ".join(f"'w{n}' in words" for n in range(45)), None),
        ("component == 'it\\'s'", None),
        ("latency_p99 > throughput", None),
        (" && ".join(f"({name} > 0.1 || {name} > 0.2 || {name} > 0.3)" for name in METRICS), None),
    ],
)
def test_a_condition_that_decides_nothing_is_found(text: str, truth: bool | None) -> None:
    assert constant_truth(condition(text)) is truth


NAMES = ("latency_p99", "error_rate", "cpu_util")
COMPARISON = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), st.sampled_from(("0", "0.5", "1", "3"))
).map(" ".join)
LOGIC = st.recursive(
    COMPARISON,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"!({text})"),
    ),
    max_leaves=4,
)
VALUES = st.fixed_dictionaries({name: st.floats(0, 1) for name in NAMES[1:]} | {"latency_p99": st.floats(0, 10)})


def holds(checked: Condition, values: dict[str, float]) -> bool:
    return evaluate(checked, Facts(values=values, context=context_of(values, names_in([checked])))).applies


@settings(max_examples=150)
@given(text=LOGIC, values=VALUES)
def test_no_reading_contradicts_what_is_said_to_be_constant(text: str, values: dict[str, float]) -> None:
    checked = condition(text)
    truth = constant_truth(checked)
    assert truth is None or holds(checked, values) is truth


CONJUNCTION = st.lists(COMPARISON, min_size=1, max_size=3).map(" && ".join)


@settings(max_examples=150)
@given(one=CONJUNCTION, other=CONJUNCTION, values=VALUES)
def test_what_follows_is_true_wherever_the_other_is(one: str, other: str, values: dict[str, float]) -> None:
    if follows(condition(one), condition(other)) and holds(condition(other), values):
        assert holds(condition(one), values)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("latency_p99 > 300", "latency_p99 > 500", True),
        ("latency_p99 > 500", "latency_p99 > 300", False),
        ("latency_p99 > 300", "latency_p99 > 500 && cpu_util > 0.9", True),
        ("latency_p99 > 300 && cpu_util > 0.5", "latency_p99 > 500", False),
        ("severity == 'info'", "severity  ==  'info'", True),
        ("error_rate != 0.5", "error_rate > 0.5", True),
    ],
)
def test_a_wider_condition_follows_from_a_narrower_one(one: str, other: str, expected: bool) -> None:
    assert follows(condition(one), condition(other)) is expected
