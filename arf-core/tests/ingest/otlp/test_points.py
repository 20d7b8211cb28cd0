# SPDX-License-Identifier: Apache-2.0
"""One data point, field by field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import EventError
from arf_core.ingest.otlp.distribution import ZERO, Distribution
from arf_core.ingest.otlp.points import Kind, read_metric, read_point, whole

AT = "1767323045000000000"


def test_integers_are_strings_or_numbers_and_doubles_may_be_either_field() -> None:
    assert read_point({"timeUnixNano": AT, "asInt": "7"}, Kind.GAUGE).value == 7.0
    assert read_point({"timeUnixNano": int(AT), "asInt": 7}, Kind.SUM).value == 7.0
    assert read_point({"timeUnixNano": AT, "asDouble": 0.5}, Kind.GAUGE).value == 0.5
    assert read_point({"timeUnixNano": AT, "asDouble": "0.5"}, Kind.GAUGE).value == 0.5


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_double_that_is_no_number_was_not_measured(value: str) -> None:
    assert read_point({"timeUnixNano": AT, "asDouble": value}, Kind.GAUGE).value is None


def test_no_recorded_value_means_none_whatever_else_is_there() -> None:
    assert read_point({"timeUnixNano": AT, "flags": 1, "asDouble": 3.0}, Kind.GAUGE).value is None
    assert read_point({"timeUnixNano": AT, "flags": "1", "bucketCounts": "nonsense"}, Kind.HISTOGRAM).value is None


@pytest.mark.parametrize(
    ("point", "kind", "named"),
    [
        ({"asDouble": 1.0}, Kind.GAUGE, "timeUnixNano"),
        ({"timeUnixNano": "yesterday", "asDouble": 1.0}, Kind.GAUGE, "timeUnixNano"),
        ({"timeUnixNano": "-5", "asDouble": 1.0}, Kind.GAUGE, "timeUnixNano"),
        ({"timeUnixNano": "9" * 20, "asDouble": 1.0}, Kind.GAUGE, "timeUnixNano"),
        ({"timeUnixNano": AT}, Kind.GAUGE, "asDouble"),
        ({"timeUnixNano": AT, "asDouble": True}, Kind.GAUGE, "asDouble"),
        ({"timeUnixNano": AT, "bucketCounts": [1, 2], "explicitBounds": [1, 2]}, Kind.HISTOGRAM, "bucketCounts has 2"),
        ({"timeUnixNano": AT, "bucketCounts": [1, 2], "explicitBounds": [1], "count": 4}, Kind.HISTOGRAM, "hold 3"),
        ({"timeUnixNano": AT, "bucketCounts": [1, 2, 3], "explicitBounds": [2, 1]}, Kind.HISTOGRAM, "must rise"),
        ({"timeUnixNano": AT, "bucketCounts": [-1, 2], "explicitBounds": [1]}, Kind.HISTOGRAM, "below 0"),
        ({"timeUnixNano": AT, "scale": 99}, Kind.EXPONENTIAL, "scale is 99"),
        ({"timeUnixNano": AT, "positive": 3}, Kind.EXPONENTIAL, "positive"),
        ([], Kind.GAUGE, "the data point"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_rule(point: object, kind: Kind, named: str) -> None:
    with pytest.raises(EventError, match=named):
        read_point(point, kind)


def test_an_exponential_point_counts_zero_and_below_as_one_cell() -> None:
    point = {
        "timeUnixNano": AT,
        "count": "6",
        "scale": 1,
        "zeroCount": 1,
        "positive": {"offset": 4, "bucketCounts": ["1", 0, "2"]},
        "negative": {"offset": 0, "bucketCounts": [2]},
    }
    found = read_point(point, Kind.EXPONENTIAL).value
    assert isinstance(found, Distribution)
    assert dict(found.cells) == {4: 1, 6: 2, ZERO: 3}


def test_a_temporality_is_its_number_or_its_name_and_never_left_open() -> None:
    def metric(temporality: object) -> dict[str, object]:
        return {"name": "a", "sum": {"dataPoints": [{}], "aggregationTemporality": temporality, "isMonotonic": True}}

    assert read_metric(metric(1))[0].delta
    assert not read_metric(metric("AGGREGATION_TEMPORALITY_CUMULATIVE"))[0].delta
    for wrong in (0, None, True, "delta"):
        with pytest.raises(EventError, match="aggregationTemporality"):
            read_metric(metric(wrong))


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_an_integer_is_one_or_an_error(value: object) -> None:
    try:
        found = whole(value, name="x")
    except EventError:
        return
    assert -(1 << 63) <= found < 1 << 64
