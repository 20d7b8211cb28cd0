# SPDX-License-Identifier: Apache-2.0
"""Many components at once: what lasts, is rare and tells of trouble raises the score; the rest does not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.detect.stream import ALARM, ComponentStream
from arf_core.errors import EventError

Moment = dict[str, dict[str, float | None]]

COMPONENTS = ("a", "b", "c", "d")


def wobble(row: int, salt: int) -> float:
    return ((row * 37 + salt * 61) % 17) / 17.0


def normal(row: int) -> Moment:
    return {
        name: {
            "cpu_usage": 20.0 + wobble(row, salt),
            "latency_p90_seconds": 0.1 + 0.01 * wobble(row, salt + 7),
            "requests_per_second": 100.0 + 5.0 * wobble(row, salt + 11),
        }
        for salt, name in enumerate(COMPONENTS)
    }


def scores(moments: list[Moment]) -> list[float]:
    stream = ComponentStream()
    return [stream.score(moment) for moment in moments]


def with_change(component: str, metric: str, factor: float, rows: range, total: int = 120) -> list[Moment]:
    moments = [normal(row) for row in range(total)]
    for row in rows:
        value = moments[row][component][metric]
        assert value is not None
        moments[row][component][metric] = value * factor
    return moments


def test_a_latency_that_rises_and_stays_is_noticed_at_the_second_sample() -> None:
    found = scores(with_change("b", "latency_p90_seconds", 50.0, range(100, 104)))
    assert max(found[:101]) < ALARM
    assert all(score >= ALARM for score in found[101:104])


def test_a_single_wild_sample_is_not_noticed() -> None:
    found = scores(with_change("b", "latency_p90_seconds", 1e6, range(100, 101)))
    assert max(found) < ALARM


def test_a_series_that_is_often_wild_says_less_than_one_that_never_was() -> None:
    restless = [normal(row) for row in range(120)]
    for row in range(0, 100, 10):
        for at in (row, row + 1):
            restless[at]["b"]["latency_p90_seconds"] = 5.0
    calm = [normal(row) for row in range(120)]
    for moments in (restless, calm):
        for at in (105, 106):
            moments[at]["b"]["latency_p90_seconds"] = 5.0
    assert scores(restless)[106] < 0.8 * scores(calm)[106]


def test_a_rise_of_a_resource_says_more_than_the_same_rise_of_traffic() -> None:
    cpu = scores(with_change("b", "cpu_usage", 5.0, range(100, 103)))[101]
    traffic = scores(with_change("b", "requests_per_second", 5.0, range(100, 103)))[101]
    assert cpu > traffic > scores([normal(row) for row in range(120)])[101]


def test_components_that_agree_say_more_than_one() -> None:
    one = with_change("b", "latency_p90_seconds", 5.0, range(100, 103))
    two = with_change("b", "latency_p90_seconds", 5.0, range(100, 103))
    for row in range(100, 103):
        two[row]["c"]["latency_p90_seconds"] = 0.5
    assert scores(two)[101] > scores(one)[101]


def test_missing_readings_new_components_and_empty_moments_are_taken_as_they_come() -> None:
    moments: list[Moment] = [{}, *[normal(row) for row in range(50)], {}, {"new": {"cpu": None}}, {"new": {"cpu": 3.0}}]
    moments += [normal(row) for row in range(50)]
    assert all(0.0 <= score < ALARM for score in scores(moments))


def test_a_constant_series_scores_nothing() -> None:
    assert set(scores([{"a": {"cpu": 5.0}}] * 100)) == {0.0}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_reading_that_is_not_finite_is_refused_by_name(value: float) -> None:
    with pytest.raises(EventError, match="cpu of web is"):
        ComponentStream().score({"web": {"cpu": value}})


def test_the_order_of_the_readings_does_not_matter() -> None:
    moments = with_change("b", "cpu_usage", 9.0, range(60, 63), total=80)
    turned: list[Moment] = [
        {name: dict(reversed(metrics.items())) for name, metrics in reversed(moment.items())} for moment in moments
    ]
    assert scores(turned) == scores(moments)


readings = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.dictionaries(st.sampled_from(["cpu", "latency", "x"]), st.none() | st.floats(-1e100, 1e100)),
)


@pytest.mark.promise("DET-2")
@settings(max_examples=50, deadline=None)
@given(st.lists(readings, max_size=30), st.integers(0, 30))
def test_it_never_looks_ahead_and_stays_between_0_and_1(moments: list[Moment], cut: int) -> None:
    found = scores(moments)
    assert all(0.0 <= score <= 1.0 for score in found)
    assert found[:cut] == scores(moments[:cut])
