# SPDX-License-Identifier: Apache-2.0
"""Block maxima: what has been passed before is no surprise."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arf_core.detect.surprise import LEAST_BLOCKS, BlockMaxima


def taught(maxima: list[float], *, rows: int = 4) -> BlockMaxima:
    blocks = BlockMaxima(views=1, rows=(rows,))
    for highest in maxima:
        for value in [0.0] * (rows - 1) + [highest]:
            blocks.learn(np.array([value]), views=1, floor=1e-9)
    return blocks


def test_nothing_is_surprising_before_there_are_enough_blocks() -> None:
    assert taught([1.0] * (LEAST_BLOCKS - 1)).excess(np.array([1e9]))[0] == 0.0
    assert taught([1.0] * LEAST_BLOCKS).excess(np.array([1e9]))[0] > 100.0


def test_the_mean_maximum_itself_is_not_surprising() -> None:
    assert taught([3.0, 5.0, 3.0, 5.0]).excess(np.array([4.0]))[0] == 0.0


def test_uneven_maxima_forgive_more() -> None:
    even, uneven = taught([4.0, 4.0, 4.0, 4.0]), taught([1.0, 7.0, 1.0, 7.0])
    reading = np.array([8.0])
    assert uneven.excess(reading)[0] < 2.5 < even.excess(reading)[0]


def test_a_lasting_change_becomes_normal() -> None:
    assert taught([1.0] * 20).excess(np.array([10.0]))[0] > 50.0
    assert taught([1.0] * 20 + [10.0] * 20).excess(np.array([10.0]))[0] < 2.5


def test_views_that_are_not_in_use_learn_nothing() -> None:
    blocks = BlockMaxima(views=2, rows=(2,))
    for _ in range(20):
        blocks.learn(np.array([1.0, 1.0]), views=1, floor=1e-9)
    assert blocks.excess(np.array([9.0, 9.0]))[1] == 0.0


@given(st.lists(st.floats(0, 1e50), min_size=2, max_size=30), st.floats(0, 1e50))
def test_an_excess_is_always_a_number(maxima: list[float], reading: float) -> None:
    assert np.isfinite(taught(maxima).excess(np.array([reading]))).all()
