# SPDX-License-Identifier: Apache-2.0
"""Deltas, totals, restarts: what came in each interval."""

from __future__ import annotations

from arf_core.ingest.otlp.points import NANOS, Kind, Metric, Point
from arf_core.ingest.otlp.streams import LONGEST, Stream, is_level, readings_of


def a_stream(*points: tuple[float, float, float | None], delta: bool = False, monotonic: bool = True) -> Stream:
    """Points as (start, time, value), times in seconds."""
    metric = Metric(name="requests", unit="", kind=Kind.SUM, delta=delta, monotonic=monotonic)
    made = [
        Point(start=int(start * NANOS), time=int(time * NANOS), value=value, attributes=())
        for start, time, value in points
    ]
    return Stream(component="a", metric=metric, labels={}, attributes={}, points=made)


def rates(stream: Stream) -> list[tuple[float, float | None]]:
    return [(reading.time, reading.rate) for reading in readings_of(stream)[0]]


def test_each_delta_is_an_interval_of_its_own() -> None:
    assert rates(a_stream((10, 20, 50.0), (20, 30, 100.0), delta=True)) == [(20, 5.0), (30, 10.0)]


def test_neighbours_of_a_total_are_an_interval_whatever_their_order_in_the_input() -> None:
    assert rates(a_stream((1000, 2030, 400.0), (1000, 2010, 100.0), (1000, 2020, 200.0))) == [
        (2020, 10.0),
        (2030, 20.0),
    ]


def test_a_total_that_starts_anew_counts_from_its_new_start() -> None:
    fell = a_stream((1000, 2000, 900.0), (2005, 2015, 50.0))
    assert rates(fell) == [(2015, 5.0)]


def test_one_total_speaks_of_the_present_only_if_it_began_lately() -> None:
    assert rates(a_stream((1000, 1010, 20.0))) == [(1010, 2.0)]
    readings, unread = readings_of(a_stream((1000, 1000 + LONGEST + 1, 20.0)))
    assert (readings, unread) == ([], 1)


def test_a_point_sent_twice_counts_once() -> None:
    assert rates(a_stream((0.5, 10, 50.0), (0.5, 10, 50.0), (10, 20, 50.0), delta=True)) == [(10, 50 / 9.5), (20, 5.0)]


def test_a_sum_that_may_fall_is_a_level_and_its_change_alone_is_nothing() -> None:
    level = a_stream((0, 10, 5.0), (0, 20, 3.0), monotonic=False)
    assert is_level(level.metric)
    assert [reading.value for reading in readings_of(level)[0]] == [5.0, 3.0]
    assert readings_of(a_stream((0, 10, 5.0), delta=True, monotonic=False)) == ([], 1)


def test_what_was_not_recorded_is_left_out() -> None:
    assert rates(a_stream((1, 10, None), (10, 20, 50.0), delta=True)) == [(20, 5.0)]
    assert rates(a_stream((1000, 2000, 100.0), (1000, 2010, None), (1000, 2020, 200.0))) == [(2020, 5.0)]


def test_a_delta_that_does_not_say_when_it_began_has_no_rate() -> None:
    assert rates(a_stream((0, 10, 50.0), delta=True)) == [(10, None)]
