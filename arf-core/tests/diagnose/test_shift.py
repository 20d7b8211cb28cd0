# SPDX-License-Identifier: Apache-2.0
"""How far metrics moved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.diagnose.shift import shifts
from arf_core.models.signal import Direction, Signal
from arf_core.models.window import Series, Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEADY = (10.0, 11.0, 9.0, 10.0, 12.0, 8.0, 10.0, 11.0, 9.0, 10.0)


def window(normal: Series, abnormal: Series) -> Window:
    return Window(normal=normal, abnormal=abnormal, step_s=60, ends_at=NOW)


def measure(window: Window) -> tuple[Signal, ...]:
    return tuple(shift.signal() for shift in shifts(window))


def only(metric: str, normal: tuple[float | None, ...], abnormal: tuple[float | None, ...]) -> Signal:
    (signal,) = measure(window({"a": {metric: normal}}, {"a": {metric: abnormal}}))
    return signal


def test_a_rise_is_measured_in_robust_deviations_of_the_normal_part() -> None:
    signal = only("cpu_pct", STEADY, (40.0, 40.0))
    assert (signal.direction, signal.value, signal.baseline) == (Direction.UP, 40.0, 10.0)
    assert signal.shift == pytest.approx(30 / 1.4826)


def test_a_fall_has_a_direction_and_a_shift_that_is_not_negative() -> None:
    signal = only("throughput_ops", STEADY, (0.5, 0.5))
    assert signal.direction is Direction.DOWN
    assert signal.shift is not None
    assert signal.shift > 5


def test_some_bad_samples_suffice() -> None:
    assert (only("cpu_pct", STEADY, (10.0, 10.0, 90.0, 10.0)).shift or 0) > 5


def test_one_wild_normal_sample_does_not_hide_a_shift() -> None:
    assert (only("cpu_pct", (*STEADY, 1e9), (40.0, 40.0)).shift or 0) > 10


def test_a_constant_baseline_does_not_make_a_small_drop_huge() -> None:
    small = only("availability_pct", (100.0,) * 10, (99.9, 100.0))
    large = only("availability_pct", (100.0,) * 10, (60.0, 70.0))
    assert (small.shift or 0) < 0.1 < 3 < (large.shift or 0)


def test_a_rise_from_nothing_is_finite_and_notable() -> None:
    assert only("queue_errors", (0.0,) * 10, (5.0, 5.0)).shift == pytest.approx(10)


def test_latency_without_traffic_says_nothing() -> None:
    normal = {"latency_s": (0.1,) * 5, "requests": (9.0,) * 5}
    abnormal = {"latency_s": (50.0, 0.1), "requests": (0.0, 9.0)}
    latency, _ = measure(window({"a": normal}, {"a": abnormal}))
    assert latency.value == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("normal", "abnormal"),
    [((None,) * 5, (1.0,)), (STEADY, (None, None)), ((1.0, 2.0), (9.0,)), (STEADY, ())],
)
def test_without_a_baseline_or_samples_there_is_no_signal(
    normal: tuple[float | None, ...], abnormal: tuple[float | None, ...]
) -> None:
    assert measure(window({"a": {"cpu_pct": normal}}, {"a": {"cpu_pct": abnormal}})) == ()


def test_components_without_a_normal_part_are_left_out() -> None:
    assert measure(window({}, {"a": {"cpu_pct": (1.0, 2.0)}})) == ()


samples = st.lists(st.none() | st.floats(), min_size=0, max_size=12)
parts = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from(["cpu_pct", "latency_s", "error_rate", "rps"]), samples)
)


@given(parts, parts)
def test_every_shift_is_finite_and_not_negative_and_order_does_not_matter(normal: Series, abnormal: Series) -> None:
    if not abnormal:
        return
    signals = measure(window(normal, abnormal))
    assert all(signal.shift is not None and 0 <= signal.shift < float("inf") for signal in signals)
    backwards = {name: dict(reversed(list(metrics.items()))) for name, metrics in reversed(list(abnormal.items()))}
    assert measure(window(dict(reversed(list(normal.items()))), backwards)) == signals


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_the_unit_of_a_metric_does_not_change_its_shift(unit: float) -> None:
    scaled = tuple(value * unit for value in STEADY)
    assert only("latency", scaled, (40.0 * unit,)).shift == pytest.approx(only("latency", STEADY, (40.0,)).shift)
