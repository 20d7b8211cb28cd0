# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is believed of an action after what was verified: time, correlation, shrinkage, placebo, and lies."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_enterprise.learning.belief import DEFAULT
from arf_enterprise.learning.beta import always_lower, quantile, share_below
from arf_enterprise.learning.observed import TRUSTED, Label, Observed, Result, settled
from arf_enterprise.learning.posterior import clusters, count, credit, estimate
from arf_enterprise.learning.testing_outcomes import CELL, NOW, left_alone, seen

OTHER = replace(CELL, component="cart")
FAR = replace(CELL, component="queue", kind="queue")
SHARES = st.floats(min_value=0.01, max_value=0.99)
SHAPES = st.floats(min_value=0.05, max_value=500.0)


@pytest.mark.parametrize(
    ("x", "a", "b", "share"),
    [
        (0.5, 1, 1, 0.5),
        (0.25, 2, 2, 0.15625),
        (0.1, 1, 3, 1 - 0.9**3),
        (0.3, 0.5, 0.5, 2 / math.pi * math.asin(math.sqrt(0.3))),
        (0.6, 9, 2, 10 * 0.6**9 - 9 * 0.6**10),
    ],
)
def test_the_beta_distribution_is_as_its_closed_forms_say(x: float, a: float, b: float, share: float) -> None:
    assert share_below(x, a, b) == pytest.approx(share, abs=1e-12)


@given(share=SHARES, a=SHAPES, b=SHAPES)
def test_a_quantile_is_where_that_share_lies_below(share: float, a: float, b: float) -> None:
    found = quantile(share, a, b)
    assert 0 <= found <= 1
    if 1e-6 < found < 1 - 1e-6:
        assert share_below(found, a, b) == pytest.approx(share, abs=1e-4)


def test_the_bound_that_always_holds_is_broken_by_fewer_sequences_than_its_error() -> None:
    random, broken = Random(7), 0  # noqa: S311 - a simulation
    for _ in range(400):
        wins = 0
        for trial in range(1, 81):
            wins += random.random() < 0.7
            if always_lower(wins, trial - wins, 0.05) > 0.7:
                broken += 1
                break
    assert broken <= 400 * 0.05


@pytest.mark.promise("LRN-2")
def test_the_sentence_says_how_often_it_was_verified_and_what_is_sure_of_it() -> None:
    weak, strong = seen(*[True] * 3, *[False] * 8), seen(*[True] * 8, False, cell=replace(CELL, action="rollback"))
    told = [estimate(replace(CELL, action=one[0].action), one, now=NOW) for one in (weak, strong)]
    assert told[0].says.startswith("restart_container here: 3 of 11 verified, lower bound .1")
    assert told[1].says.startswith("rollback here: 8 of 9 verified, lower bound .6")
    assert told[0].mean < told[1].mean


@pytest.mark.promise("LRN-2")
def test_what_cannot_be_told_teaches_nothing() -> None:
    plain = estimate(CELL, seen(True, False, True), now=NOW)
    mixed = seen(None, True, None, False, None, True)
    told = [replace(one, at=other.at) for one, other in zip(mixed[1::2], seen(True, False, True), strict=True)]
    assert estimate(CELL, [mixed[0], *told], now=NOW) == plain
    assert estimate(CELL, seen(None, None), now=NOW) == estimate(CELL, [], now=NOW)


def test_reverted_is_a_failure() -> None:
    failed = seen(False, False)
    reverted = [replace(one, result=Result.REVERTED) for one in failed]
    assert estimate(CELL, reverted, now=NOW) == estimate(CELL, failed, now=NOW)


def test_old_outcomes_fade_and_what_is_later_than_now_is_not_known() -> None:
    good = seen(*[True] * 10)
    old = [replace(one, at=one.at - timedelta(days=DEFAULT.half_life_days)) for one in good]
    assert estimate(CELL, old, now=NOW).effective == pytest.approx(estimate(CELL, good, now=NOW).effective / 2)
    assert estimate(CELL, good, now=NOW - timedelta(days=1)).outcomes == 0


@pytest.mark.promise("LRN-2")
def test_a_component_of_which_nothing_is_known_is_judged_by_its_class_and_that_by_the_action_elsewhere() -> None:
    nothing = estimate(CELL, [], now=NOW)
    by_class = estimate(CELL, seen(*[True] * 30, cell=OTHER), now=NOW)
    elsewhere = estimate(CELL, seen(*[True] * 30, cell=FAR), now=NOW)
    assert nothing.mean == pytest.approx(0.5)
    assert nothing.mean < elsewhere.mean < by_class.mean < 1
    own = estimate(CELL, sorted([*seen(*[True] * 30, cell=OTHER), *seen(*[False] * 12)], key=_at), now=NOW)
    assert own.mean < 0.3, "its own outcomes count more than its class"


@pytest.mark.promise("LRN-2")
def test_a_storm_of_outcomes_in_one_minute_or_of_one_incident_counts_about_once() -> None:
    once = count(seen(True), NOW)
    minute = count(seen(*[True] * 50, apart=timedelta(seconds=1)), NOW)
    incident = count([replace(one, incident_id="one") for one in seen(*[True] * 50)], NOW)
    for storm in (minute, incident):
        assert once.total < storm.total < 1.1
    apart = count(seen(*[True] * 50), NOW)
    assert apart.total > 45


def test_outcomes_of_one_incident_are_one_cluster_even_with_others_between_them() -> None:
    first, second, third = seen(True, True, True)
    again = replace(third, incident_id=first.incident_id)
    assert [len(cluster) for cluster in clusters([first, second, again])] == [2, 1]


@pytest.mark.promise("LRN-2")
def test_a_fault_that_heals_by_itself_credits_no_action() -> None:
    """Nine of ten such faults pass, whatever is done: after controls the action that was tried gets nothing for it."""
    tried, alone = seen(*[True] * 27, *[False] * 3), left_alone(*[True] * 18, *[False] * 2)
    before = estimate(CELL, tried, now=NOW)
    after = estimate(CELL, sorted([*tried, *alone], key=_at), now=NOW)
    assert before.mean > 0.85
    assert before.earned is None, "nobody knows how the fault goes on by itself"
    assert after.placebo > 0.8
    assert after.mean < 0.4
    assert after.lower == 0
    assert after.earned == 0


def test_credit_is_what_is_beyond_the_placebo() -> None:
    assert credit(0.9, 0.0) == 0.9
    assert credit(0.9, 0.5) == pytest.approx(0.8)
    assert credit(0.4, 0.5) == 0.0
    assert credit(1.0, 1.0) == 0.0


def test_a_fault_that_stayed_while_it_waited_for_approval_is_a_control_that_did_not_heal() -> None:
    waited = [replace(one, waited_s=600.0, window_s=60.0) for one in seen(*[True] * 20)]
    short = [replace(one, waited_s=5.0) for one in waited]
    assert estimate(CELL, waited, now=NOW).controls == pytest.approx(20, rel=0.02)
    assert estimate(CELL, waited, now=NOW).placebo == 0
    assert estimate(CELL, short, now=NOW).controls == 0


def test_what_is_earned_is_never_above_the_lower_bound_and_grows_with_evidence() -> None:
    few, many = [
        estimate(CELL, sorted([*seen(*[True] * number), *left_alone(*[False] * 30)], key=_at), now=NOW)
        for number in (10, 60)
    ]
    assert few.earned is not None
    assert many.earned is not None
    assert few.earned < many.earned <= many.lower
    assert few.earned < few.lower


@pytest.mark.promise("LRN-2")
def test_a_liar_moves_no_more_than_a_few_outcomes_of_a_cell() -> None:
    """One person calls every failure a success: two of them count, the other twenty-eight stay failures."""
    lies = [replace(one, labels=(Label(result=Result.SUCCEEDED, labeller="liar"),)) for one in seen(*[False] * 30)]
    assert sum(one.result is Result.SUCCEEDED for one in settled(lies)) == TRUSTED
    assert estimate(CELL, settled(lies), now=NOW).mean < 0.2


def test_what_two_people_say_counts_and_what_speaks_against_an_action_counts_at_once() -> None:
    said = tuple(Label(result=Result.SUCCEEDED, labeller=name) for name in ("alice", "bob"))
    both = [replace(one, labels=said) for one in seen(*[False] * 10)]
    assert {one.result for one in settled(both)} == {Result.SUCCEEDED}
    doubted = [replace(one, labels=(Label(result=Result.FAILED, labeller="alice"),)) for one in seen(*[True] * 10)]
    assert {one.result for one in settled(doubted)} == {Result.FAILED}


def test_one_who_changes_their_mind_has_one_voice_and_a_contradiction_stays_a_failure() -> None:
    words = [("alice", Result.SUCCEEDED), ("alice", Result.FAILED), ("alice", Result.SUCCEEDED), ("bob", Result.FAILED)]
    labels = tuple(Label(result=result, labeller=labeller) for labeller, result in words)
    (found,) = settled([replace(seen(True)[0], labels=labels)])
    assert found.result is Result.FAILED


@given(st.lists(st.sampled_from([True, False, None]), max_size=40))
def test_every_estimate_is_a_share_with_its_bound_below_it(results: list[bool | None]) -> None:
    found = estimate(CELL, seen(*results), now=NOW)
    assert 0 <= found.lower <= found.mean <= 1
    assert found.succeeded <= found.outcomes == len([one for one in results if one is not None])


def _at(one: Observed) -> datetime:
    return one.at
