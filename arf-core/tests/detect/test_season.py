# SPDX-License-Identifier: Apache-2.0
"""The daily course: learned only where there is one."""

from __future__ import annotations

from arf_core.detect.season import DAYS, LEAST_DAYS, DailyCourse


def day_and_night(hour: int) -> float:
    return 80.0 if 9 <= hour % 24 < 18 else 20.0


def taught(days: int, *, seasonal: bool = True) -> DailyCourse:
    course = DailyCourse()
    for hour in range(24 * days + 12):
        value = day_and_night(hour) if seasonal else float(hour * 7919 % 100)
        course.residual(value, hour, 40.0)
    return course


def test_nothing_is_known_before_enough_days() -> None:
    assert not taught(LEAST_DAYS - 1).known
    assert taught(LEAST_DAYS + 1).known


def test_a_daily_course_explains_a_daily_series_and_no_other() -> None:
    assert taught(10).explains
    assert not taught(10, seasonal=False).explains


def test_the_residual_is_the_distance_from_the_band_with_its_sign() -> None:
    noon = 24 * 10 + 12
    assert taught(10).residual(90.0, noon, 40.0) == 10.0
    assert taught(10).residual(15.0, noon, 40.0) == -65.0
    assert taught(10).residual(80.0, noon, 40.0) == 0.0


def test_the_turn_between_day_and_night_may_come_an_hour_early() -> None:
    course = DailyCourse()
    for hour in range(24 * 10 + 8):
        course.residual(day_and_night(hour), hour, 40.0)
    assert course.residual(80.0, 24 * 10 + 8, 40.0) == 0.0


def test_one_odd_day_teaches_nothing() -> None:
    course = DailyCourse()
    for hour in range(24 * 10):
        odd = 24 * 5 <= hour < 24 * 6
        course.residual(500.0 if odd else day_and_night(hour), hour, 40.0)
    assert course.residual(80.0, 24 * 10 + 12, 40.0) == 0.0


def test_a_lasting_change_of_habits_is_learned() -> None:
    course = taught(10)
    for hour in range(24 * 20, 24 * (20 + DAYS)):
        course.residual(50.0, hour, 40.0)
    assert course.residual(50.0, 24 * (20 + DAYS) + 12, 40.0) == 0.0
