# SPDX-License-Identifier: Apache-2.0
"""Cooldown and hourly limit of each rule, for each component.

1. A rule that was used for a component rests there for ``cooldown_s`` seconds.
2. It is used there at most ``max_per_hour`` times in any 3600 seconds (a sliding hour, not a clock hour).
3. Asking and taking are one step: of several threads that ask at one moment, one is granted.
4. The time of a pair of rule and component never runs backwards: a clock that is set back grants nothing more.
5. Memory is bounded: beyond ``max_entries`` pairs, the pair used longest ago is forgotten. Names come from outside, and
   who floods ARF with them must not be able to silence the advice about everything else.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from arf_core.policy.rules import HealingRule

DEFAULT_ENTRIES: Final = 100_000
"""Pairs of rule and component remembered: some 30 MB when all are in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """Why a rule may not be used now; ``until`` is the aware time in UTC from which it may."""

    because: str
    until: datetime


class Limiter:
    """Keeps when each rule was used for each component."""

    def __init__(self, *, max_entries: int = DEFAULT_ENTRIES) -> None:
        if max_entries < 1:
            raise ValueError(f"max_entries is {max_entries}: it must be 1 or more")
        self._max_entries = max_entries
        self._used: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()
        self._lock = Lock()

    @property
    def entries(self) -> int:
        """How many pairs of rule and component are remembered."""
        return len(self._used)

    def check_and_take(self, rule: HealingRule, component: str, now: datetime) -> Limited | None:
        """Take one use of ``rule`` for ``component`` at ``now`` (aware), or say why there is none."""
        key, moment = (rule.name, component), _microseconds(now)
        with self._lock:
            used = self._used.get(key, ())
            if used:
                moment = max(moment, used[-1])
                if limited := _limited(rule, used, moment):
                    return limited
            self._used[key] = deque((*used, moment), maxlen=rule.max_per_hour)
            self._used.move_to_end(key)
            if len(self._used) > self._max_entries:
                self._used.popitem(last=False)
            return None


class KnownRests(Limiter):
    """A limiter that knows only until when some rules rest, and counts nothing: for asking what would be decided."""

    def __init__(self, rests: Mapping[str, Limited]) -> None:
        """``rests`` are by the names of the rules, for the one component that is asked about."""
        super().__init__()
        self._rests = dict(rests)

    def check_and_take(self, rule: HealingRule, _component: str, now: datetime) -> Limited | None:
        """Why ``rule`` rests at ``now``, or None; nothing is taken."""
        found = self._rests.get(rule.name)
        return found if found is not None and now < found.until else None


def limited_by(because: str) -> Limited | None:
    """The :class:`Limited` whose words are ``because``, None if they are about something else."""
    if (found := _UNTIL.search(because)) is None:
        return None
    return Limited(because=because, until=datetime.strptime(found[1], _TIME).replace(tzinfo=UTC))


_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_UNTIL: Final = re.compile(r" was used here .+, until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND


def _microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970: as floats, 300 s after a use could be a shade less than 300 s after it."""
    return (moment - _EPOCH) // _MICROSECOND


def _limited(rule: HealingRule, used: Sequence[int], moment: int) -> Limited | None:
    """Why the rule may not be used at ``moment``, until it has both rested and an hour with room in it."""
    rested = used[-1] + round(rule.cooldown_s * _SECOND)
    free = max(moment, rested)
    recent = [use for use in used if use > free - _HOUR]
    if len(recent) >= rule.max_per_hour:
        freed = recent[-rule.max_per_hour] + _HOUR
        return _said(
            freed, f"{rule.name} was used here {len(recent)} times within the hour, at most {rule.max_per_hour}"
        )
    if moment < rested:
        ago = (moment - used[-1]) / _SECOND
        return _said(rested, f"{rule.name} was used here {ago:.0f} s ago and rests for {rule.cooldown_s:g} s")
    return None


def _said(until: int, because: str) -> Limited:
    whole = -(-until // _SECOND) * _SECOND  # the words name whole seconds: a rule is free when they say so, or sooner
    moment = min(whole, _microseconds(datetime.max.replace(microsecond=0, tzinfo=UTC)))
    end = _EPOCH + moment * _MICROSECOND
    words = f"{because}, until {end:{_TIME}}"
    return Limited(because=words, until=_EPOCH + min(until, moment) * _MICROSECOND)
