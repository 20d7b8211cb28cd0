# SPDX-License-Identifier: Apache-2.0
"""Histograms: what a quantile is known to lie between, and what sums and differences keep."""

from __future__ import annotations

import bisect
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.ingest.otlp.distribution import ZERO, Distribution, merged

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
values = st.lists(st.floats(min_value=0, max_value=4.9), min_size=1, max_size=60)


def explicit(numbers: list[float]) -> Distribution:
    cells = Counter(bisect.bisect_left(BOUNDS, number) for number in numbers)
    return Distribution(cells=dict(cells), bounds=BOUNDS)


def exponential(numbers: list[float], scale: int) -> Distribution:
    cells = Counter(ZERO if number < 1e-9 else math.ceil(math.log2(number) * 2**scale) - 1 for number in numbers)
    return Distribution(cells=dict(cells), scale=scale, zero_threshold=1e-9)


def true_quantile(numbers: list[float], q: float) -> float:
    return sorted(numbers)[max(0, math.ceil(q * len(numbers) - 1e-9) - 1)]


@given(values, st.sampled_from([0.5, 0.9, 0.99]))
def test_the_true_quantile_lies_inside_the_stated_error_bound(numbers: list[float], q: float) -> None:
    found = explicit(numbers).quantile(q)
    assert found is not None
    assert found.low <= found.value <= found.high
    assert found.low <= true_quantile(numbers, q) <= found.high


@given(values, st.integers(0, 8))
def test_an_exponential_bucket_holds_the_true_quantile_too(numbers: list[float], scale: int) -> None:
    found = exponential(numbers, scale).quantile(0.99)
    assert found is not None
    assert found.low * (1 - 1e-9) <= true_quantile(numbers, 0.99) <= found.high * (1 + 1e-9)
    assert found.high <= max(found.low * 2 ** (2**-scale) * (1 + 1e-9), 1e-9)


@given(values, values)
def test_a_sum_is_the_histogram_of_both_and_a_difference_takes_it_back(one: list[float], other: list[float]) -> None:
    (both,) = merged([explicit(one), explicit(other)])
    assert both == explicit([*one, *other])
    assert both.minus(explicit(one)) == explicit(other)


@given(values, values, st.integers(0, 6), st.integers(0, 6))
def test_exponential_histograms_are_added_at_the_coarser_scale(
    one: list[float], other: list[float], fine: int, coarse: int
) -> None:
    (both,) = merged([exponential(one, fine), exponential(other, coarse)])
    assert both.scale == min(fine, coarse)
    assert both.count == len(one) + len(other)
    found = both.quantile(0.5)
    assert found is not None
    assert found.low * (1 - 1e-9) <= true_quantile([*one, *other], 0.5) <= found.high * (1 + 1e-9)


def test_beyond_the_last_bound_the_maximum_is_the_end_and_without_one_there_is_none() -> None:
    above = Distribution(cells={len(BOUNDS): 10}, bounds=BOUNDS)
    without = above.quantile(0.99)
    assert without is not None
    assert (without.value, without.high) == (5.0, math.inf)
    ended = Distribution(cells={len(BOUNDS): 10}, bounds=BOUNDS, most=6.0).quantile(0.99)
    assert ended is not None
    assert (ended.low, ended.high) == (5.0, 6.0)
    assert 5.0 < ended.value <= 6.0


def test_a_histogram_that_fell_or_changed_its_bounds_has_no_difference() -> None:
    later, earlier = explicit([0.2]), explicit([0.2, 0.2])
    assert later.minus(earlier) is None
    assert later.minus(Distribution(cells={0: 1}, bounds=(1.0,))) is None


def test_nothing_has_no_quantile() -> None:
    assert Distribution(cells={}, bounds=BOUNDS).quantile(0.99) is None


@pytest.mark.parametrize("cell", [-(1 << 31), (1 << 31) - 1])
def test_a_cell_far_outside_every_double_is_no_overflow(cell: int) -> None:
    found = Distribution(cells={cell: 1}, scale=-10).quantile(0.99)
    assert found is not None
    assert found.low >= 0
