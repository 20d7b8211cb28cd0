# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a changed ranking would have done: right where the truth is known, and silent where nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from arf_enterprise.learning.observed import Observed
from arf_enterprise.learning.off_policy import decisions, simulate
from arf_enterprise.learning.testing_outcomes import CELL, NOW, result_for, seen

RATES = {"restart_container": 0.3, "rollback": 0.85}


def drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a simulation


def log(seed: int, number: int, *, share: float) -> list[Observed]:
    """A record in which people rolled back in ``share`` of the cases, and restarted otherwise."""
    random, found = drawn(seed), []
    for count in range(number):
        action = "rollback" if random.random() < share else "restart_container"
        found.append(
            Observed(
                action=action,
                component=CELL.component,
                kind=CELL.kind,
                signature=CELL.signature,
                incident_id=f"incident {count}",
                at=NOW - timedelta(hours=number - count),
                result=result_for(random.random() < RATES[action]),
            )
        )
    return found


@pytest.mark.promise("LRN-2")
def test_the_estimate_finds_what_the_better_ranking_would_have_healed() -> None:
    """People restart 7 times in 10, which heals 30 %; rolling back heals 85 %: that is what is estimated."""
    found = [simulate(log(seed, 300, share=0.3), random=drawn(1), draws=200) for seed in range(5)]
    for one in found:
        assert one.is_telling
        assert one.actual == pytest.approx(0.465, abs=0.1)
        assert one.low < one.gain < one.high
    assert sum(one.low <= 0.85 - one.actual <= one.high for one in found) >= 3
    assert sum(one.doubly_robust for one in found) / 5 == pytest.approx(0.82, abs=0.06)
    assert sum(one.self_normalised for one in found) / 5 == pytest.approx(0.82, abs=0.08)


def test_where_the_wanted_action_was_hardly_ever_tried_nobody_can_tell() -> None:
    found = simulate(log(3, 60, share=0.05), random=drawn(1), draws=50)
    assert not found.is_telling
    assert "too few" in found.says


def test_the_same_seed_gives_the_same_interval_and_no_record_gives_none() -> None:
    record = log(3, 80, share=0.5)
    assert simulate(record, random=drawn(1), draws=50) == simulate(record, random=drawn(1), draws=50)
    nothing = simulate([], random=drawn(1))
    assert (nothing.decisions, nothing.gain, nothing.is_telling) == (0, 0.0, False)


def test_controls_and_what_cannot_be_told_and_what_had_no_choice_are_no_decisions() -> None:
    assert decisions(seen(True, False, True)) == []
    mixed = [*log(3, 20, share=0.5), *seen(None, None)]
    assert len(decisions(sorted(mixed, key=lambda one: one.at))) == 20


def test_a_ranking_is_never_asked_with_the_answer_in_hand() -> None:
    """Of one incident only: nothing was known before it, so what is believed is the share of what people chose."""
    same = [replace(one, incident_id="one") for one in log(3, 20, share=0.5)]
    beliefs = {one.believed_taken for one in decisions(same)}
    assert len(beliefs) <= 2
