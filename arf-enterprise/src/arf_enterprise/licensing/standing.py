# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How a licence stands at a time: what still starts, and what people are warned of.

1. Executions start from ``not_before`` until just before ``not_after + grace``.
2. Warnings come with 30, 7 and 1 days left, and all through the grace.
3. A clock that is earlier than the highest time seen, by more than :data:`TOLERANCE`, is a standing of its own: no
   execution starts. Time is taken to be the highest time seen: setting the clock back gains nothing.
4. Reading, verifying, exporting and a rollback in flight never ask for a standing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from arf_core.canonical import write_time
from arf_enterprise.errors import LicenseClockError, LicenseError, LicenseExpired, LicenseNotYetValid
from arf_enterprise.licensing.licence import Licence

TOLERANCE: Final = timedelta(minutes=5)
"""How far a clock may go back: an adjustment by NTP, not a person's."""
WARNINGS: Final = (30, 7, 1)
"""Days before the end at which people are warned."""


class State(StrEnum):
    """The states of a licence in time."""

    NOT_YET = "not_yet_valid"
    ACTIVE = "active"
    WARNING = "expires_soon"
    GRACE = "grace"
    EXPIRED = "expired"
    CLOCK = "clock_went_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A state, a sentence about it, and the whole days that are left (of the grace, once it has begun).

    ``warning`` is which of :data:`WARNINGS` has been reached, 0 in the grace, None where nothing is to be said.
    """

    state: State
    says: str
    days_left: int
    warning: int | None = None

    @property
    def may_execute(self) -> bool:
        """Whether new executions may start."""
        return self.state in {State.ACTIVE, State.WARNING, State.GRACE}

    def require(self) -> None:
        """Nothing, if new executions may start.

        Raises:
            LicenseError: the subclass says why not.
        """
        if not self.may_execute:
            raise _ERRORS.get(self.state, LicenseError)(f"Enterprise license required: {self.says}")


def standing(licence: Licence, *, now: datetime, highest_seen: datetime | None = None) -> Standing:
    """How ``licence`` stands at ``now``; ``highest_seen`` is the highest time that this installation knows of."""
    if highest_seen is not None and now < highest_seen - TOLERANCE:  # rule 3
        says = f"the clock says {write_time(now)}, and {write_time(highest_seen)} was seen already"
        return Standing(state=State.CLOCK, says=says, days_left=0)
    moment = now if highest_seen is None else max(now, highest_seen)
    end = licence.ends
    if moment < licence.not_before:
        return Standing(state=State.NOT_YET, says=f"it is valid from {write_time(licence.not_before)}", days_left=0)
    if moment >= end:
        says = f"it expired at {write_time(licence.not_after)}, and its grace ended at {write_time(end)}"
        return Standing(state=State.EXPIRED, says=says, days_left=0)
    if moment >= licence.not_after:
        says = f"it expired at {write_time(licence.not_after)}; new executions stop at {write_time(end)}"
        return Standing(state=State.GRACE, says=says, days_left=(end - moment).days, warning=0)
    left = licence.not_after - moment
    reached = [days for days in WARNINGS if left <= timedelta(days=days)]  # rule 2
    if reached:
        says = f"it expires at {write_time(licence.not_after)}"
        return Standing(state=State.WARNING, says=says, days_left=left.days, warning=reached[-1])
    return Standing(state=State.ACTIVE, says=f"it is valid until {write_time(licence.not_after)}", days_left=left.days)


_ERRORS: Final[dict[State, type[LicenseError]]] = {
    State.NOT_YET: LicenseNotYetValid,
    State.EXPIRED: LicenseExpired,
    State.CLOCK: LicenseClockError,
}
