# SPDX-License-Identifier: Apache-2.0
"""The sliding mean and spread against the plain formulas."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.detect.stretch import Stretch


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(1, 40))
def test_mean_and_spread_are_those_of_the_last_rows(values: list[float], rows: int) -> None:
    stretch = Stretch(rows, values[0])
    padded = [values[0]] * rows
    for value in values:
        mean = stretch.push(value)
        padded.append(value)
        assert mean == pytest.approx(statistics.fmean(padded[-rows:]), abs=1e-6)
        # Rounding grows with the square root of what the sums hold.
        assert stretch.spread == pytest.approx(statistics.pstdev(padded[-rows:]), abs=0.1)


def test_a_huge_value_that_has_left_leaves_nothing_behind() -> None:
    stretch = Stretch(4, 1.0)
    for value in (1e12, 1.0, 2.0, 1.0, 2.0):
        mean = stretch.push(value)
    assert (mean, stretch.spread) == (1.5, 0.5)
