# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Freeze windows, at the hours at which clocks are changed above all. Times here are those of tzdata."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_enterprise.governance.freeze import frozen_until
from arf_enterprise.governance.rules import Freeze, Where

BERLIN = ZoneInfo("Europe/Berlin")


def freeze(start: str = "00:00", end: str = "24:00", *, zone: str = "Europe/Berlin", **more: object) -> Freeze:
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (start, end)]
    return Freeze(name="f", place="f:1", zone=zone, where=Where(), start=minutes[0], end=minutes[1], **more)  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    ("start", "end", "at", "until"),
    [
        # 2026-03-29, Berlin: at 02:00 (01:00 UTC) the clocks go to 03:00
        ("01:00", "04:00", "2026-03-29T00:59:59Z", "2026-03-29T02:00:00Z"),
        ("01:00", "04:00", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        ("01:00", "04:00", "2026-03-29T02:00:00Z", None),
        ("01:00", "02:30", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
        ("01:00", "02:30", "2026-03-29T01:00:00Z", None),
        ("02:30", "04:00", "2026-03-29T00:59:59Z", None),
        ("02:30", "04:00", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        ("02:10", "02:50", "2026-03-29T00:59:59Z", None),
        ("02:10", "02:50", "2026-03-29T01:00:00Z", None),
        # 2026-10-25, Berlin: at 03:00 (01:00 UTC) the clocks go back to 02:00
        ("01:00", "02:30", "2026-10-24T23:00:00Z", "2026-10-25T01:30:00Z"),
        ("01:00", "02:30", "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"),  # 02:45, the first time: no hole
        ("01:00", "02:30", "2026-10-25T01:29:59Z", "2026-10-25T01:30:00Z"),
        ("01:00", "02:30", "2026-10-25T01:30:00Z", None),
        ("02:30", "04:00", "2026-10-25T00:29:59Z", None),
        ("02:30", "04:00", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"),
        ("02:30", "04:00", "2026-10-25T01:10:00Z", "2026-10-25T03:00:00Z"),  # 02:10, the second time: no hole
        ("02:00", "03:00", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"),  # two hours long
        # over midnight
        ("22:00", "06:00", "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"),
        ("22:00", "06:00", "2026-03-29T03:59:59Z", "2026-03-29T04:00:00Z"),
        ("22:00", "06:00", "2026-03-29T04:00:00Z", None),
        ("22:00", "06:00", "2026-10-25T04:59:59Z", "2026-10-25T05:00:00Z"),
    ],
)
def test_a_window_is_exact_where_the_clocks_are_changed(start: str, end: str, at: str, until: str | None) -> None:
    assert frozen_until(freeze(start, end), utc(at)) == (None if until is None else utc(until))


@pytest.mark.promise("GOV-1")
def test_the_day_a_window_begins_on_decides() -> None:
    nights = freeze("22:00", "06:00", weekdays=frozenset({4}))  # Friday night
    assert frozen_until(nights, utc("2026-01-10T05:59:00+01:00")) == utc("2026-01-10T06:00:00+01:00")
    assert frozen_until(nights, utc("2026-01-09T05:59:00+01:00")) is None
    assert frozen_until(nights, utc("2026-01-10T22:30:00+01:00")) is None
    last = freeze("22:00", "06:00", first=date(2026, 1, 9), last=date(2026, 1, 9))
    assert frozen_until(last, utc("2026-01-10T03:00:00+01:00"))
    assert frozen_until(last, utc("2026-01-11T03:00:00+01:00")) is None


@pytest.mark.promise("GOV-1")
def test_days_without_times_are_whole_days_of_the_zone() -> None:
    holidays = freeze(first=date(2026, 12, 20), last=date(2027, 1, 5))
    assert frozen_until(holidays, utc("2026-12-19T23:00:00Z")) == utc("2027-01-05T23:00:00Z")
    assert frozen_until(holidays, utc("2026-12-19T22:59:59Z")) is None
    assert frozen_until(holidays, utc("2027-01-05T23:00:00Z")) is None
    weekend = freeze(weekdays=frozenset({5, 6}))
    assert frozen_until(weekend, utc("2026-03-28T12:00:00Z")) == utc("2026-03-29T22:00:00Z")  # a day of 23 hours


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # midnight itself did not happen
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kathmandu", date(2026, 4, 5), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the whole day did not happen
    ],
)
def test_a_day_is_as_long_as_it_is(zone: str, day: date, hours: float) -> None:
    window = freeze(zone=zone, first=day, last=day)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    minutes = [noon + timedelta(minutes=offset) for offset in range(-2160, 2160, 10)]
    frozen = sum(frozen_until(window, moment) is not None for moment in minutes)
    assert frozen / 6 == hours


@pytest.mark.promise("GOV-1")
@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - in UTC, by the next line
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.sampled_from(("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo")),
)
def test_every_moment_whose_clock_is_in_the_window_is_frozen(naive: datetime, start: int, end: int, zone: str) -> None:
    if start == end:
        return
    now = naive.replace(tzinfo=UTC)
    wall = now.astimezone(ZoneInfo(zone))
    minute = wall.hour * 60 + wall.minute
    inside = start <= minute < end if start < end else minute >= start or minute < end
    until = frozen_until(Freeze(name="f", place="f:1", zone=zone, where=Where(), start=start, end=end), now)
    if inside:
        assert until is not None
        assert until > now
    elif until is not None:  # only between the two times that an hour happens twice
        assert until - now <= timedelta(hours=1)
        assert any((now + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).fold for hours in (-1, 0, 1))


def test_the_ends_of_the_calendar_are_no_failure() -> None:
    assert frozen_until(freeze("01:00", "02:00"), datetime(1, 1, 1, 12, tzinfo=UTC)) is None
    assert frozen_until(freeze("01:00", "02:00"), datetime(9999, 12, 31, 12, tzinfo=UTC)) is None
