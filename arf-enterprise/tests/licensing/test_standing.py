# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How a licence stands, at its edges: not yet, active, warned of, in its grace, over, and on a clock that lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from arf_enterprise.errors import LicenseClockError, LicenseExpired, LicenseNotYetValid
from arf_enterprise.licensing.licence import LAST
from arf_enterprise.licensing.standing import TOLERANCE, State, standing
from arf_enterprise.licensing.testing import START, licence

LICENCE = licence()
END = LICENCE.not_after
OVER = LICENCE.ends
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.mark.promise("LIC-1")
@pytest.mark.promise("LIC-4")
@pytest.mark.parametrize(
    ("now", "state", "warning"),
    [
        (START - SECOND, State.NOT_YET, None),
        (START, State.ACTIVE, None),
        (START + SECOND, State.ACTIVE, None),
        (END - 30 * DAY - SECOND, State.ACTIVE, None),
        (END - 30 * DAY, State.WARNING, 30),
        (END - 7 * DAY - SECOND, State.WARNING, 30),
        (END - 7 * DAY, State.WARNING, 7),
        (END - DAY - SECOND, State.WARNING, 7),
        (END - DAY, State.WARNING, 1),
        (END - SECOND, State.WARNING, 1),
        (END, State.GRACE, 0),
        (END + SECOND, State.GRACE, 0),
        (OVER - SECOND, State.GRACE, 0),
        (OVER, State.EXPIRED, None),
        (OVER + SECOND, State.EXPIRED, None),
    ],
)
def test_a_licence_at_its_edges(now: datetime, state: State, warning: int | None) -> None:
    found = standing(LICENCE, now=now)
    assert (found.state, found.warning) == (state, warning)
    assert found.may_execute is (state in {State.ACTIVE, State.WARNING, State.GRACE})


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize(
    ("now", "highest", "error"),
    [
        (START - SECOND, None, LicenseNotYetValid),
        (OVER, None, LicenseExpired),
        (START, START + TOLERANCE + SECOND, LicenseClockError),
        (START, START + DAY, LicenseClockError),
        (START, START + 365 * DAY, LicenseClockError),
    ],
)
def test_each_standing_in_which_nothing_starts_has_an_error_of_its_own(
    now: datetime, highest: datetime | None, error: type[Exception]
) -> None:
    with pytest.raises(error, match="Enterprise license required") as raised:
        standing(LICENCE, now=now, highest_seen=highest).require()
    assert type(raised.value) is error


@pytest.mark.promise("LIC-4")
def test_a_clock_that_is_a_little_behind_is_tolerated_and_gains_nothing() -> None:
    found = standing(LICENCE, now=OVER - TOLERANCE, highest_seen=OVER)
    assert found.state is State.EXPIRED
    assert standing(LICENCE, now=END - TOLERANCE, highest_seen=END).state is State.GRACE


def test_without_grace_it_is_over_at_its_end() -> None:
    short = replace(LICENCE, grace=timedelta(0))
    assert standing(short, now=END - SECOND).state is State.WARNING
    assert standing(short, now=END).state is State.EXPIRED


def test_the_latest_end_there_is_can_be_reached() -> None:
    longest = replace(LICENCE, not_after=LAST)
    assert standing(longest, now=longest.ends).state is State.EXPIRED


def test_the_days_that_are_left_are_whole_ones() -> None:
    assert standing(LICENCE, now=END - DAY - SECOND).days_left == 1
    assert standing(LICENCE, now=END - SECOND).days_left == 0
    assert standing(LICENCE, now=OVER - DAY).days_left == 1
