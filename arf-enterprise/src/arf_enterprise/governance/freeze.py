# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Freeze windows: from one time of the wall clock of a zone to another, on certain days.

1. A window begins on a day and belongs to it; one that ends at or before the time it begins at ends on the next day.
   The day it *begins* on decides about weekdays and dates.
2. Where the clocks are set back, a time happens twice: a window begins at the first, and ends at the second. So it has
   no hole, and what is frozen at a time of day is frozen both times.
3. Where they are set forward, a time does not happen: the moment the clocks are set takes its place. A window of which
   no minute happens is empty.
4. A window is half open: it holds from its beginning on, and no more at its end.

Zones are those of the IANA database, of the system or of the package ``tzdata``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from arf_enterprise.governance.rules import Freeze


def frozen_until(freeze: Freeze, now: datetime) -> datetime | None:
    """When the window ends that ``now`` (aware) is in, in UTC; None if it is in none.

    Windows that follow each other without a gap count as one, as far as 400 of them.
    """
    end = _end_at(freeze, now)
    for _ in range(400):
        further = None if end is None else _end_at(freeze, end)
        if further is None:
            break
        end = further
    return end


def _end_at(freeze: Freeze, now: datetime) -> datetime | None:
    ends = [end for start, end in _windows(freeze, now) if start <= now < end]  # rule 4
    return max(ends, default=None)


def _windows(freeze: Freeze, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The windows that begin on days around ``now``; a zone is at most a day off UTC, and a window a day long."""
    zone = ZoneInfo(freeze.zone)
    today = now.astimezone(zone).date()
    for offset in range(-3, 3):
        try:
            day = today + timedelta(days=offset)
            after = day + timedelta(days=1) if freeze.end <= freeze.start else day
            if _counts(freeze, day):
                begin = _moment(day, freeze.start, freeze.zone, is_end=False)
                yield begin, _moment(after, freeze.end, freeze.zone, is_end=True)
        except OverflowError:  # the first and the last days of the calendar
            continue


def _counts(freeze: Freeze, day: date) -> bool:  # rule 1
    return (
        day.weekday() in freeze.weekdays
        and (freeze.first is None or freeze.first <= day)
        and (freeze.last is None or day <= freeze.last)
    )


@lru_cache(maxsize=4096)
def _moment(day: date, minute: int, zone_name: str, *, is_end: bool) -> datetime:
    """The moment at which the clocks of the zone show ``minute`` of ``day``, in UTC (rules 2 and 3)."""
    zone = ZoneInfo(zone_name)
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a time of a wall clock
    found = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    if all(moment.astimezone(zone).replace(tzinfo=None) == wall for moment in found):
        return max(found) if is_end else min(found)  # rule 2; they are one, where the clocks are not set back
    return _set_forward(min(found), max(found), zone)


def _set_forward(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the clocks of ``zone`` are set, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
