# SPDX-License-Identifier: Apache-2.0
"""The edge nearest to what was measured, in words that people would use."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from arf_core.policy.edges import Reading, Value, nearest, numbers_in, together
from arf_core.policy.syntax import compile_condition


def reading(values: Mapping[str, object], *conditions: str) -> Reading:
    return Reading(values=values, conditions=tuple(compile_condition(text, at=str) for text in conditions))


@pytest.mark.parametrize(
    ("to", "edge", "words"),
    [
        (math.nextafter(0.3, 1), 0.3, "error_rate above 0.3"),
        (0.3, math.nextafter(0.3, 0), "error_rate at least 0.3"),
        (math.nextafter(0.3, 0), 0.3, "error_rate below 0.3"),
        (0.3, math.nextafter(0.3, 1), "error_rate at most 0.3"),
        (1.0, math.nextafter(1.0, 0), "error_rate at least 1"),
    ],
)
def test_the_rounder_of_the_two_numbers_is_said(to: float, edge: float, words: str) -> None:
    assert str(Value(name="error_rate", was=None, to=to, edge=edge)) == words


def test_the_metric_with_the_smallest_relative_change_is_taken() -> None:
    asked = reading({"latency_p99": 490.0, "error_rate": 0.1}, "latency_p99 > 500", "error_rate > 0.3")
    found = nearest(asked, lambda values: values.get("latency_p99", 0) > 500 or values.get("error_rate", 0) > 0.3)
    assert found is not None
    assert (found.name, found.was, found.edge) == ("latency_p99", 490.0, 500.0)


def test_what_was_not_reported_comes_last() -> None:
    asked = reading({"latency_p99": 1.0}, "latency_p99 > 500", "error_rate > 0.3")
    found = nearest(asked, lambda values: values.get("latency_p99", 0) > 500 or values.get("error_rate", 0) > 0.3)
    assert found is not None
    assert found.name == "latency_p99"


def test_a_metric_that_was_not_reported_and_must_be_low_says_up_to_where() -> None:
    found = nearest(reading({}, "error_rate < 0.2"), lambda values: values["error_rate"] < 0.2)
    assert str(found) == "error_rate below 0.2"


def test_a_metric_that_only_must_be_reported_is_at_least_its_least_value() -> None:
    assert str(nearest(reading({}, "error_rate >= 0"), lambda _: True)) == "error_rate at least 0"


def test_metrics_that_no_condition_names_are_not_tried() -> None:
    assert nearest(reading({"cpu_util": 0.5}, "latency_p99 > 1"), lambda values: "cpu_util" in values) is None


def test_a_conjunction_with_what_is_no_metric_cannot_be_met_by_values() -> None:
    condition = compile_condition("error_rate > 0.3 && score > 0.9", at=str)
    assert together(reading({"error_rate": 0.1, "score": 0.5}), [condition], lambda _: True) == ()


def test_numbers_in_strings_and_names_are_no_numbers_of_a_condition() -> None:
    condition = compile_condition("latency_p99 > 5e2 && component == '700' && error_rate < 0.5", at=str)
    assert numbers_in(condition) == (500.0, 0.5)
