# SPDX-License-Identifier: Apache-2.0
"""How the choice of action is judged, and what its confidence is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core.benchmark.actions import (
    Choice,
    Verdicts,
    brier,
    calibration_error,
    choose_from_memory,
    judged,
    macro,
    reliability,
    rows,
)
from arf_core.benchmark.recall import NOW, Halves
from arf_core.models.action import Action
from arf_core.models.incident import Incident
from arf_core.models.signal import Direction, Signal, SignalKind
from arf_core.policy.weigh import Weighed

VERDICTS = {
    "leak": Verdicts(primary=("rollback",), acceptable=("alert_team",)),
    "burn": Verdicts(primary=("scale_out",), acceptable=()),
}


def choice(fault: str, confidence: float, scored: float) -> Choice:
    return Choice(fault_type=fault, confidence=confidence, scored=scored)


@pytest.mark.parametrize(
    ("action", "scored"), [(Action.ROLLBACK, 1.0), (Action.ALERT_TEAM, 0.5), (Action.SCALE_OUT, 0.0)]
)
def test_a_primary_action_scores_one_an_acceptable_one_half(action: Action, scored: float) -> None:
    weighed = Weighed(action=action, confidence=0.7, because=())
    assert judged("leak", [weighed], VERDICTS) == choice("leak", 0.7, scored)


def test_macro_accuracy_counts_rare_faults_as_much_as_frequent_ones() -> None:
    assert macro([choice("leak", 1, 1.0)] * 9 + [choice("burn", 1, 0.0)]) == 0.5


def test_the_brier_score_takes_an_acceptable_action_for_not_right() -> None:
    assert brier([choice("leak", 0.5, 0.5), choice("leak", 1.0, 1.0)]) == pytest.approx(0.125)


def test_the_reliability_table_holds_confidence_against_what_was_right() -> None:
    choices = [choice("leak", 0.92, 1.0)] * 3 + [choice("leak", 0.98, 0.0)] + [choice("leak", 0.31, 0.0)]
    low, high = reliability(choices)
    assert (low.least, low.count, low.right) == (0.3, 1, 0.0)
    assert (high.least, high.count, high.right) == (0.9, 4, 0.75)
    assert calibration_error(choices) == pytest.approx((4 * abs(0.935 - 0.75) + 0.31) / 5)


def test_a_confidence_of_one_falls_into_the_last_bin() -> None:
    assert reliability([choice("leak", 1.0, 1.0)])[0].least == 0.9


def test_what_healed_the_remembered_faults_is_chosen_for_those_asked() -> None:
    def incident(number: int) -> Incident:
        fault, metric = (("leak", "heap"), ("burn", "cpu"))[number % 2]
        return Incident(
            incident_id=f"{fault}-{number}",
            occurred_at=NOW - timedelta(minutes=1),
            signals=(
                Signal(component="a-0", metric=metric, kind=SignalKind.OTHER, direction=Direction.UP),
                Signal(component="b-0", metric="p99", kind=SignalKind.LATENCY, direction=Direction.UP),
            ),
            component="a-0",
            fault_type=fault,
        )

    every = tuple(incident(number) for number in range(20))
    asked = tuple(replace(one, component=None, fault_type=None) for one in every[14:])
    halves = Halves(remembered=every[:14], truth=every[14:], asked=asked)
    choices = choose_from_memory(halves, VERDICTS)
    assert [one.scored for one in choices] == [1.0] * 6
    assert all(one.confidence > 0.7 for one in choices)


def test_the_rows_carry_the_marks_and_a_low_brier_score_is_the_better_one() -> None:
    table = {
        row.metric: row
        for row in rows("made", [choice("leak", 0.9, 1.0)], baseline=("other", 0.5, 0.4, 0.2), marks=(0.6, 0.7))
    }
    assert table["macro"].verdict == table["Brier"].verdict == "excellent"
    assert table["Brier"].lower_is_better
