# SPDX-License-Identifier: Apache-2.0
"""Cooldown and hourly limit hold for every thread, clock and flood."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.models.advice import Rule
from arf_core.policy.limits import KnownRests, Limited, Limiter, limited_by
from arf_core.policy.rules import HealingRule

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def rule(*, cooldown_s: float = 300, max_per_hour: int = 5, name: str = "slow") -> HealingRule:
    where = Rule(name=name, file="p.yaml", line=1, policy_digest="")
    return HealingRule(rule=where, column=1, steps=(), cooldown_s=cooldown_s, max_per_hour=max_per_hour)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.promise("POL-1")
def test_a_rule_rests_for_its_cooldown_and_not_a_microsecond_longer() -> None:
    limiter = Limiter()
    assert limiter.check_and_take(rule(), "a", NOON) is None
    limited = limiter.check_and_take(rule(), "a", after(299.999999))
    assert limited == Limited(
        because="slow was used here 300 s ago and rests for 300 s, until 2026-01-02T12:05:00Z", until=after(300)
    )
    assert limiter.check_and_take(rule(), "a", after(300)) is None


def test_cooldowns_are_per_rule_and_component() -> None:
    limiter = Limiter()
    assert limiter.check_and_take(rule(), "a", NOON) is None
    assert limiter.check_and_take(rule(), "b", NOON) is None
    assert limiter.check_and_take(rule(name="other"), "a", NOON) is None
    assert limiter.check_and_take(rule(), "a", NOON) is not None


@pytest.mark.promise("POL-1")
def test_the_hourly_limit_is_a_sliding_hour() -> None:
    limiter, often = Limiter(), rule(cooldown_s=0, max_per_hour=2)
    assert limiter.check_and_take(often, "a", NOON) is None
    assert limiter.check_and_take(often, "a", after(1800)) is None
    limited = limiter.check_and_take(often, "a", after(3599))
    assert limited is not None
    assert limited.until == after(3600)
    assert "2 times within the hour" in limited.because
    assert limiter.check_and_take(often, "a", after(3600)) is None
    limited = limiter.check_and_take(often, "a", after(3601))
    assert limited is not None
    assert limited.until == after(5400)


def test_a_refusal_uses_nothing_up() -> None:
    limiter = Limiter()
    assert limiter.check_and_take(rule(), "a", NOON) is None
    for second in range(1, 300):
        assert limiter.check_and_take(rule(), "a", after(second)) is not None
    assert limiter.check_and_take(rule(), "a", after(300)) is None


def test_a_clock_that_is_set_back_grants_nothing_more() -> None:
    limiter = Limiter()
    assert limiter.check_and_take(rule(), "a", NOON) is None
    for moment in (after(-1), after(-86_400), datetime(1960, 1, 1, tzinfo=UTC)):
        limited = limiter.check_and_take(rule(), "a", moment)
        assert limited is not None
        assert limited.until == after(300)
    assert limiter.check_and_take(rule(), "a", after(300)) is None


def test_without_a_cooldown_a_clock_that_is_set_back_counts_on() -> None:
    limiter, free = Limiter(), rule(cooldown_s=0, max_per_hour=2)
    assert limiter.check_and_take(free, "a", NOON) is None
    assert limiter.check_and_take(free, "a", after(-10)) is None
    limited = limiter.check_and_take(free, "a", after(-20))
    assert limited is not None
    assert limited.until == after(3600)


def test_the_zone_of_the_clock_does_not_matter_and_the_end_of_time_is_no_error() -> None:
    limiter = Limiter()
    assert limiter.check_and_take(rule(), "a", NOON) is None
    assert limiter.check_and_take(rule(), "a", NOON.astimezone(timezone(timedelta(hours=9)))) is not None
    last = datetime.max.replace(tzinfo=UTC)
    assert limiter.check_and_take(rule(), "a", last) is None
    assert limiter.check_and_take(rule(), "a", last) is not None


def test_a_limit_that_was_raised_counts_from_then_on() -> None:
    limiter = Limiter()
    assert limiter.check_and_take(rule(cooldown_s=0, max_per_hour=1), "a", NOON) is None
    grants = [limiter.check_and_take(rule(cooldown_s=0, max_per_hour=3), "a", after(1)) for _ in range(4)]
    assert [grant is None for grant in grants] == [True, True, False, False]


@contextmanager
def _hurried() -> Iterator[None]:
    """Let threads interrupt one another as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@pytest.mark.promise("POL-1")
@settings(max_examples=15, deadline=None)
@given(threads=st.integers(2, 12), rounds=st.integers(1, 4), components=st.integers(1, 3))
def test_of_many_threads_exactly_one_is_granted_in_each_cooldown(threads: int, rounds: int, components: int) -> None:
    limiter, barrier = Limiter(), Barrier(threads)

    def ask(_: int) -> list[tuple[int, int]]:
        granted = []
        for turn in range(rounds):
            barrier.wait()
            for component in range(components):
                if limiter.check_and_take(rule(max_per_hour=1000), f"c{component}", after(turn * 300)) is None:
                    granted.append((turn, component))  # noqa: PERF401 - the call is the point
        return granted

    with ThreadPoolExecutor(threads) as pool, _hurried():
        granted = sorted(grant for found in pool.map(ask, range(threads)) for grant in found)
    assert granted == [(turn, component) for turn in range(rounds) for component in range(components)]


@pytest.mark.promise("POL-1")
@settings(max_examples=100, deadline=None)
@given(
    moments=st.lists(st.floats(0, 20_000), min_size=1, max_size=60),
    cooldown_s=st.sampled_from([0, 1, 60, 300, 5000]),
    max_per_hour=st.integers(1, 6),
    ordered=st.booleans(),
)
def test_no_order_of_calls_breaks_a_limit(
    moments: list[float], cooldown_s: float, max_per_hour: int, *, ordered: bool
) -> None:
    limiter, used = Limiter(), rule(cooldown_s=cooldown_s, max_per_hour=max_per_hour)
    granted: list[datetime] = []
    for moment in map(after, sorted(moments) if ordered else moments):
        limited = limiter.check_and_take(used, "a", moment)
        if limited is None:
            granted.append(moment if not granted else max(moment, granted[-1]))
        else:
            assert limited.until > moment
    assert all(later - earlier >= timedelta(seconds=cooldown_s) for earlier, later in pairwise(granted))
    for start in granted:
        assert sum(start <= grant < start + timedelta(hours=1) for grant in granted) <= max_per_hour


@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.integers(0, 40), max_size=120), most=st.integers(1, 20))
def test_memory_is_bounded_and_what_was_used_last_is_kept(names: list[int], most: int) -> None:
    limiter = Limiter(max_entries=most)
    for second, name in enumerate(names):
        limiter.check_and_take(rule(cooldown_s=100_000), f"c{name}", after(second))
        assert limiter.entries <= most
        assert limiter.check_and_take(rule(cooldown_s=100_000), f"c{name}", after(second)) is not None


def test_a_limiter_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="max_entries is 0"):
        Limiter(max_entries=0)


@given(
    used=st.floats(0, 4000).map(lambda value: round(value, 6)),
    asked=st.floats(0, 4000).map(lambda value: round(value, 6)),
    cooldown=st.sampled_from((0.0, 0.5, 300.0, 4000.0)),
)
def test_the_words_of_a_limit_name_a_time_from_which_the_rule_is_free(
    used: float, asked: float, cooldown: float
) -> None:
    limiter, limit = Limiter(), rule(cooldown_s=cooldown, max_per_hour=1)
    assert limiter.check_and_take(limit, "a", after(used)) is None
    limited = limiter.check_and_take(limit, "a", after(used + asked))
    if limited is not None:
        said = limited_by(limited.because)
        assert said is not None
        assert limited.until <= said.until < limited.until + timedelta(seconds=1)
        assert limiter.check_and_take(limit, "a", said.until) is None


def test_other_words_name_no_time() -> None:
    assert limited_by("latency_p99 is 9, not > 500, until 2026-01-02T12:00:00Z") is None
    assert limited_by("") is None


def test_known_rests_refuse_until_their_time_and_take_nothing() -> None:
    rest = Limited(because="it rests", until=after(60))
    limiter = KnownRests({"slow": rest})
    assert limiter.check_and_take(rule(), "a", NOON) == rest
    assert [limiter.check_and_take(rule(), "a", after(60)) for _ in range(9)] == [None] * 9
    assert limiter.check_and_take(rule(name="other"), "a", NOON) is None
    assert limiter.entries == 0
