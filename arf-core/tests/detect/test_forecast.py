# SPDX-License-Identifier: Apache-2.0
"""Forecasts: right on straight lines, honest about noise, silent where there is no trend."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.detect.forecast import LEAST_SAMPLES, forecast
from arf_core.errors import InputError
from arf_core.models.outlook import Forecast
from arf_core.models.signal import Direction

WOBBLE = [((row * 37) % 11 - 5) / 5.0 for row in range(400)]


def up(samples: list[float | None], threshold: float = 100.0, step_s: float = 60.0) -> Forecast | None:
    return forecast(samples, step_s=step_s, threshold=threshold, direction=Direction.UP)


@pytest.mark.promise("RCA-3")
def test_a_straight_line_is_continued_to_its_threshold() -> None:
    found = up([float(row) for row in range(20)])
    assert found is not None
    assert found.seconds_to_threshold == pytest.approx((100 - 19) * 60.0)
    assert found.trend_per_s == pytest.approx(1 / 60)
    assert found.earliest_s == pytest.approx(found.seconds_to_threshold) == found.latest_s
    assert found.confidence > 0.999


@pytest.mark.promise("RCA-3")
def test_the_interval_holds_the_truth_and_noise_widens_it() -> None:
    calm, noisy = (up([row * 0.5 + size * WOBBLE[row] for row in range(60)]) for size in (0.1, 5.0))
    assert calm is not None
    assert noisy is not None
    truth = (100 - 59 * 0.5) / 0.5 * 60
    for found in (calm, noisy):
        assert found.latest_s is not None
        assert found.trend_low <= 0.5 / 60 <= found.trend_high
        assert found.earliest_s <= found.seconds_to_threshold <= found.latest_s
        assert found.seconds_to_threshold == pytest.approx(truth, rel=0.1)
    assert noisy.latest_s is not None
    assert calm.latest_s is not None
    assert noisy.latest_s - noisy.earliest_s > 5 * (calm.latest_s - calm.earliest_s)


def test_a_falling_metric_is_forecast_downwards() -> None:
    found = forecast([100.0 - row for row in range(20)], step_s=1.0, threshold=50.0, direction=Direction.DOWN)
    assert found is not None
    assert found.seconds_to_threshold == pytest.approx(31.0)
    assert found.trend_per_s == pytest.approx(-1.0)
    assert found.trend_low <= found.trend_per_s <= found.trend_high


def test_wild_samples_do_not_bend_the_trend() -> None:
    samples: list[float | None] = [float(row) for row in range(40)]
    for row in (3, 9, 17, 26, 33):
        samples[row] = 1e6
    found = up(samples)
    assert found is not None
    assert found.trend_per_s == pytest.approx(1 / 60, rel=0.05)


def test_missing_samples_keep_their_place_in_time() -> None:
    samples: list[float | None] = [float(row) if row % 3 else None for row in range(30)]
    found = up(samples)
    assert found is not None
    assert found.samples == 20
    assert found.trend_per_s == pytest.approx(1 / 60)


@pytest.mark.promise("RCA-3")
@pytest.mark.parametrize(
    "samples",
    [
        [],
        [None] * 50,
        [float(row) for row in range(LEAST_SAMPLES - 1)],
        [5.0] * 50,
        list(WOBBLE[:55]),
        [50.0 - row for row in range(30)],
    ],
    ids=["nothing", "only missing", "too few", "constant", "noise", "the other way"],
)
def test_where_there_is_no_trend_there_is_no_forecast(samples: list[float | None]) -> None:
    assert up(samples) is None


def test_a_level_past_the_threshold_is_there_already() -> None:
    found = up([float(row) for row in range(20)], threshold=10.0)
    assert found is not None
    assert found.seconds_to_threshold == found.earliest_s == found.latest_s == 0.0


def test_a_slow_wave_is_not_taken_for_a_trend() -> None:
    assert up([math.sin(row / 12.0) for row in range(200)]) is None


@pytest.mark.parametrize(
    ("step_s", "threshold", "sample"),
    [(0.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (math.nan, 1.0, 1.0), (1.0, math.inf, 1.0), (1.0, 1.0, math.nan)],
)
def test_figures_that_are_no_numbers_are_refused(step_s: float, threshold: float, sample: float) -> None:
    with pytest.raises(InputError):
        forecast([sample] * 10, step_s=step_s, threshold=threshold, direction=Direction.UP)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=60), st.sampled_from(Direction))
def test_a_forecast_is_in_order_and_bounded(samples: list[float | None], direction: Direction) -> None:
    found = forecast(samples, step_s=10.0, threshold=2e6, direction=direction)
    if found is not None:
        assert 0.9 <= found.confidence <= 1.0
        assert 0.0 <= found.earliest_s <= found.seconds_to_threshold
        assert found.latest_s is None or found.latest_s >= found.seconds_to_threshold
        assert found == forecast(samples, step_s=10.0, threshold=2e6, direction=direction)


def test_a_straight_line_is_a_trend_however_its_samples_are_rounded() -> None:
    course = [(37 + place) / 100 for place in range(24)]
    found = forecast(course, step_s=60, threshold=0.9, direction=Direction.UP)
    assert found is not None
    assert found.seconds_to_threshold == pytest.approx(30 * 60)
