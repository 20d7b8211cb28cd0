# SPDX-License-Identifier: Apache-2.0
"""The adaptive detector of one series: what it notices, what it leaves alone, and what it never does."""

from __future__ import annotations

import hashlib
import math
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.detect.streaming import ALARM, LARGEST, StreamingDetector
from arf_core.errors import EventError

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 288


def noise(row: int) -> float:
    """A number in [0, 1) that looks random and is the same everywhere."""
    digest = hashlib.blake2b(str(row).encode(), digest_size=8).digest()
    return float(struct.unpack(">Q", digest)[0]) / 2.0**64


def scores(values: list[float | None], *, minutes: int = 5, start: datetime = START) -> list[float]:
    detector = StreamingDetector()
    return [detector.score(value, start + timedelta(minutes=minutes * row)) for row, value in enumerate(values)]


def alarms(found: list[float]) -> list[int]:
    return [row for row, score in enumerate(found) if score >= ALARM]


def steady(rows: int) -> list[float | None]:
    return [50.0 + 4.0 * noise(row) for row in range(rows)]


def daily(rows: int) -> list[float | None]:
    return [(80.0 if 108 <= row % DAY < 216 else 20.0) + 4.0 * noise(row) for row in range(rows)]


@pytest.mark.promise("DET-2")
def test_a_spike_in_a_steady_series_is_reported_at_once() -> None:
    values = steady(1500)
    values[1200] = 90.0
    assert alarms(scores(values)) == [1200]


@pytest.mark.promise("DET-2")
def test_it_needs_no_labels_and_hardly_ever_reports_ordinary_noise() -> None:
    assert len(alarms(scores(steady(3000)))) <= 1


def test_a_long_episode_is_reported_once() -> None:
    values = steady(1500)
    values[1000:1300] = [value + 60.0 for value in values[1000:1300] if value is not None]
    inside = [row for row in alarms(scores(values)) if 1000 <= row < 1300]
    assert inside == [1000]


def test_a_dip_is_reported_where_spikes_are_usual() -> None:
    values: list[float | None] = [50.0 + 2.0 * noise(row) + (40.0 if row % 50 == 0 else 0.0) for row in range(1500)]
    values[1210:1222] = [20.0] * 12
    found = alarms(scores(values))
    assert found
    assert 1210 <= found[0] < 1222


def test_a_second_kind_of_trouble_is_reported_after_the_first_has_become_normal() -> None:
    values = steady(4000)
    values[1500:] = [value + 60.0 for value in values[1500:] if value is not None]
    values[3500] = 40.0
    found = alarms(scores(values))
    assert 1500 in found
    assert 3500 in found


def test_a_day_that_stays_low_is_reported_though_every_value_is_usual() -> None:
    values = daily(10 * DAY)
    values[8 * DAY : 9 * DAY] = [20.0 + 4.0 * noise(row) for row in range(8 * DAY, 9 * DAY)]
    found = [row for row in alarms(scores(values)) if row >= 5 * DAY]
    assert found
    assert 8 * DAY + 108 <= found[0] < 8 * DAY + 130


def test_a_daily_course_is_no_news() -> None:
    assert [row for row in alarms(scores(daily(12 * DAY))) if row >= 5 * DAY] == []


def test_a_constant_series_that_changes_is_reported_and_a_hair_is_not() -> None:
    values: list[float | None] = [45.0] * 1000
    values[800] = 45.0001
    values[900] = 46.0
    assert alarms(scores(values)) == [900]


@pytest.mark.parametrize("level", [0.0, 45.0, -3.0, 1e-9, 1e12])
def test_a_constant_series_scores_nothing(level: float) -> None:
    assert set(scores([level] * 700)) == {0.0}


def test_a_missing_reading_scores_nothing_and_teaches_nothing() -> None:
    values = steady(1200)
    values[1000] = 90.0
    detector, gappy = StreamingDetector(), StreamingDetector()
    for row, value in enumerate(values):
        at = START + timedelta(minutes=5 * row)
        assert gappy.score(None, at) == 0.0
        assert gappy.score(value, at) == detector.score(value, at)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, LARGEST * 10])
def test_a_reading_that_is_no_finite_number_is_refused_and_changes_nothing(value: float) -> None:
    detector = StreamingDetector()
    with pytest.raises(EventError, match="must be a finite number"):
        detector.score(value, START)
    assert [detector.score(5.0, START) for _ in range(80)] == [0.0] * 80


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(EventError, match="time zone"):
        StreamingDetector().score(1.0, datetime(2026, 1, 1))  # noqa: DTZ001 - the naive time is the point


def test_a_spike_that_has_passed_leaves_no_rounding_behind() -> None:
    values = steady(1000)
    values[100] = 1e15
    assert all(math.isfinite(score) for score in scores(values))
    assert scores(values)[700:] == pytest.approx([0.0] * 300, abs=ALARM)


series = st.lists(st.none() | st.floats(-1e100, 1e100), max_size=400) | st.lists(
    st.sampled_from([0.0, 1.0, 1.5, 40.0, None]), min_size=100, max_size=700
)


@pytest.mark.promise("DET-2")
@settings(max_examples=40, deadline=None)
@given(series, st.integers(0, 700))
def test_it_never_looks_ahead(values: list[float | None], cut: int) -> None:
    assert scores(values)[:cut] == scores(values[:cut])


@settings(max_examples=40, deadline=None)
@given(series)
def test_scores_stay_between_0_and_1(values: list[float | None]) -> None:
    assert all(0.0 <= score <= 1.0 for score in scores(values))


@settings(max_examples=20, deadline=None)
@given(st.integers(-20, 20))
def test_the_unit_of_a_series_does_not_matter(power: int) -> None:
    values = steady(600)
    values[500] = 90.0
    scaled = [value * 2.0**power if value is not None else None for value in values]
    assert alarms(scores(scaled)) == alarms(scores(values)) == [500]


@pytest.mark.promise("DET-2")
def test_it_is_the_same_in_another_process_with_another_hash_seed() -> None:
    program = (
        "from datetime import UTC, datetime, timedelta\n"
        "from arf_core.detect.streaming import StreamingDetector\n"
        "d = StreamingDetector(); t = datetime(2026, 1, 5, tzinfo=UTC)\n"
        "print([d.score((i * 37 % 101) ** 1.5, t + timedelta(minutes=5 * i)).hex() for i in range(600)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1
