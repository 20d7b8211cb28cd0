# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Health cannot be faked: by deletion, scaling to zero, taking traffic away, a bad baseline, flapping, silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from arf_enterprise.actions.adapter import Vitals
from arf_enterprise.actions.probes import Answer
from arf_enterprise.execution.health import Reading, State, Verdict, judge
from arf_enterprise.targets.target import HealthPlan, Probe

SYMPTOM: Final = Probe(name="symptom", kind="http", is_symptom=True)
OTHER: Final = Probe(name="other", kind="http", is_symptom=False)
PLAN: Final = HealthPlan(window_s=30, interval_s=2, sustained_s=10, probes=(SYMPTOM, OTHER))
HERE: Final = Vitals(exists=True, wanted=2, ready=2, traffic=0.4)


def read(at_s: float, *, symptom: bool | None = True, other: bool | None = True, vitals: Vitals = HERE) -> Reading:
    answers = (("symptom", Answer(ok=symptom, says="s")), ("other", Answer(ok=other, says="o")))
    return Reading(at_s=at_s, answers=answers, vitals=vitals)


BEFORE: Final = read(-1, symptom=False)
WELL: Final = tuple(read(at_s) for at_s in range(0, 31, 2))


def every(change: Callable[[Reading], Reading], *, baseline: Reading = BEFORE) -> Verdict:
    """What is said when every reading of a recovery is changed."""
    return judge(PLAN, baseline, [change(reading) for reading in WELL])


@pytest.mark.promise("EXE-4")
def test_a_symptom_that_is_gone_for_long_enough_with_everything_as_before_is_well() -> None:
    assert judge(PLAN, BEFORE, WELL[:6]).state is State.WELL
    assert judge(PLAN, BEFORE, WELL[:5]).state is State.WAITING
    assert judge(PLAN, BEFORE, ()).state is State.WAITING


@pytest.mark.promise("EXE-4")
@pytest.mark.parametrize(
    ("vitals", "state"),
    [
        (replace(HERE, exists=False), State.WORSE),
        (replace(HERE, wanted=0, ready=0), State.WORSE),
        (replace(HERE, wanted=1), State.WORSE),
        (replace(HERE, ready=0), State.NOT_WELL),
        (replace(HERE, ready=1), State.NOT_WELL),
        (replace(HERE, traffic=0.0), State.NOT_WELL),
        (replace(HERE, traffic=0.19), State.NOT_WELL),
        (replace(HERE, traffic=None), State.CANNOT_TELL),
        (replace(HERE, ready=None), State.CANNOT_TELL),
        (replace(HERE, wanted=None), State.CANNOT_TELL),
        (replace(HERE, traffic=0.2), State.WELL),
        (replace(HERE, wanted=4, ready=3), State.WELL),
    ],
)
def test_taking_the_sick_thing_or_its_traffic_away_is_not_health(vitals: Vitals, state: State) -> None:
    verdict = every(lambda reading: replace(reading, vitals=vitals))
    assert verdict.state is state
    assert verdict.says


@pytest.mark.promise("EXE-4")
def test_what_vanishes_once_is_worse_at_once_and_stays_so() -> None:
    gone = replace(WELL[3], vitals=replace(HERE, exists=False))
    for end in (4, 16):
        readings = [*WELL[:3], gone, *WELL[4:end]]
        assert judge(PLAN, BEFORE, readings).state is State.WORSE


@pytest.mark.promise("EXE-4")
@pytest.mark.parametrize("before", [replace(HERE, wanted=0, ready=0), replace(HERE, ready=0), Vitals(exists=False)])
def test_a_baseline_that_was_bad_already_makes_nothing_well(before: Vitals) -> None:
    """It had been scaled to zero, or crashed, before ARF came: as it was before is not good enough."""
    baseline = replace(BEFORE, vitals=before)
    assert every(lambda reading: replace(reading, vitals=before), baseline=baseline).state is State.NOT_WELL
    assert every(lambda reading: reading, baseline=baseline).state is State.WELL


@pytest.mark.promise("EXE-4")
def test_what_was_well_before_must_be_well_and_what_was_bad_need_not() -> None:
    def sick(reading: Reading) -> Reading:
        return read(reading.at_s, other=False)

    assert every(sick).state is State.WORSE
    assert every(sick, baseline=read(-1, symptom=False, other=False)).state is State.WELL
    assert every(sick, baseline=read(-1, symptom=False, other=None)).state is State.CANNOT_TELL


@pytest.mark.promise("EXE-4")
@pytest.mark.parametrize("answers", [(), (("symptom", Answer(ok=True)),), (("other", Answer(ok=True)),)])
def test_an_answer_that_is_missing_is_not_a_good_one(answers: tuple[tuple[str, Answer], ...]) -> None:
    verdict = every(lambda reading: replace(reading, answers=answers))
    assert verdict.state is State.CANNOT_TELL
    assert any("was not asked" in says for says in verdict.says)


@pytest.mark.promise("EXE-4")
def test_without_a_symptom_nothing_is_ever_well() -> None:
    blind = replace(PLAN, probes=(OTHER,))
    assert judge(blind, BEFORE, WELL).state is State.CANNOT_TELL
    assert judge(replace(PLAN, probes=()), BEFORE, WELL).state is State.CANNOT_TELL


@pytest.mark.promise("EXE-4")
@given(period=st.integers(1, 5), phase=st.integers(0, 5))
def test_a_symptom_that_comes_and_goes_is_not_well(period: int, phase: int) -> None:
    readings = [read(at_s, symptom=((at_s // 2 + phase) // period) % 2 == 0) for at_s in range(0, 31, 2)]
    assert judge(PLAN, BEFORE, readings).state is State.NOT_WELL


@pytest.mark.promise("EXE-4")
def test_a_recovery_that_comes_too_late_is_not_well_and_is_not_made_well_by_looking_on() -> None:
    late = [read(at_s, symptom=at_s >= 24) for at_s in range(0, 61, 2)]
    assert judge(PLAN, BEFORE, late[:16]).state is State.NOT_WELL
    assert judge(PLAN, BEFORE, late).state is State.NOT_WELL


@pytest.mark.promise("EXE-4")
@pytest.mark.parametrize("times", [(0, 30), (30,), (0, 2, 4, 30), (0, 2, 15, 28, 41)])
def test_two_looks_far_apart_do_not_show_what_was_between(times: tuple[int, ...]) -> None:
    assert judge(PLAN, BEFORE, [read(at_s) for at_s in times]).state is State.CANNOT_TELL


def test_what_is_read_before_it_had_time_to_settle_does_not_count() -> None:
    settling = replace(PLAN, settle_s=5)
    gone = [read(0, vitals=Vitals(exists=False)), read(3, symptom=False)]
    assert judge(settling, BEFORE, gone).state is State.WAITING
    assert judge(settling, BEFORE, [*gone, *WELL[3:9]]).state is State.WELL
    assert judge(settling, BEFORE, [*gone, *WELL[3:8]]).state is State.WAITING


def test_a_verdict_says_what_stands_against_it() -> None:
    verdict = judge(PLAN, BEFORE, [read(at_s, symptom=False) for at_s in range(0, 31, 2)])
    assert verdict.document() == {"state": "not_well", "says": ["symptom: s"]}


OK: Final = st.sampled_from([True, True, True, False, None])
COUNT: Final = st.sampled_from([None, 0, 1, 2, 2, 2, 3])
VITALS: Final = st.builds(
    Vitals,
    exists=st.sampled_from([True, True, True, False]),
    wanted=COUNT,
    ready=COUNT,
    traffic=st.sampled_from([None, 0.0, 0.1, 0.4, 0.4, 1.0]),
)


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """Looks every two seconds, most of them good, some left out."""
    good = st.just(HERE)
    times = [at_s for at_s in range(0, 37, 2) if draw(st.sampled_from([True, True, True, True, False]))]
    return [
        read(at_s, symptom=draw(OK), other=draw(OK), vitals=draw(st.one_of(good, good, good, VITALS))) for at_s in times
    ]


def halved(count: int | None) -> int | None:
    return None if count is None else count // 2


def worsened(reading: Reading, how: str) -> Reading:
    vitals, answers = reading.vitals, reading.answers
    match how:
        case "gone":
            return replace(reading, vitals=replace(vitals, exists=False))
        case "fewer wanted":
            return replace(reading, vitals=replace(vitals, wanted=halved(vitals.wanted)))
        case "fewer ready":
            return replace(reading, vitals=replace(vitals, ready=halved(vitals.ready)))
        case "no traffic":
            return replace(reading, vitals=replace(vitals, traffic=None if vitals.traffic is None else 0.0))
        case "silent":
            return replace(reading, answers=())
        case "half silent":
            return replace(reading, answers=answers[1:])
        case _:
            return replace(reading, answers=tuple((name, Answer(ok=False)) for name, _ in answers))


HOW: Final = ("gone", "fewer wanted", "fewer ready", "no traffic", "silent", "half silent", "bad")


@pytest.mark.promise("EXE-4")
@given(baseline=st.builds(read, st.just(-1), symptom=OK, other=OK, vitals=VITALS), found=readings(), data=st.data())
def test_making_anything_worse_never_makes_it_well(
    baseline: Reading, found: list[Reading], data: st.DataObject
) -> None:
    """Of whatever was read: what is deleted, scaled down, cut off or silenced never turns a verdict into well."""
    altered = [
        worsened(reading, data.draw(st.sampled_from(HOW))) if data.draw(st.booleans()) else reading for reading in found
    ]
    if judge(PLAN, baseline, found).state is not State.WELL:
        assert judge(PLAN, baseline, altered).state is not State.WELL


@pytest.mark.promise("EXE-4")
@given(baseline=st.builds(read, st.just(-1), symptom=OK, other=OK, vitals=VITALS), found=readings())
def test_what_is_well_keeps_every_rule_in_its_last_readings(baseline: Reading, found: list[Reading]) -> None:
    """The rules once more, in other words, over the readings that a verdict of well rests on."""
    if judge(PLAN, baseline, found).state is not State.WELL:
        return
    end = next((reading.at_s for reading in found if reading.at_s >= 30), 30)
    counted = [reading for reading in found if reading.at_s <= end]
    last = [reading for reading in counted if reading.at_s >= counted[-1].at_s - PLAN.sustained_s]
    assert last[-1].at_s - last[0].at_s + 8 >= PLAN.sustained_s
    assert len(last) >= 3
    before = baseline.vitals
    for reading in last:
        answers, vitals = dict(reading.answers), reading.vitals
        assert vitals.exists
        assert answers["symptom"].ok is True
        assert answers["other"].ok is True or dict(baseline.answers)["other"].ok is False
        assert vitals.wanted is None or vitals.wanted >= max(1, before.wanted or 0)
        assert vitals.ready is None or vitals.ready >= max(1, before.ready or 0)
        assert (vitals.wanted is not None) or before.wanted is None
        assert (vitals.ready is not None) or before.ready is None
        assert before.traffic is None or (vitals.traffic is not None and vitals.traffic >= before.traffic / 2)


@pytest.mark.parametrize("state", [State.WELL, State.WORSE, State.NOT_WELL, State.CANNOT_TELL])
def test_the_readings_that_are_tried_have_every_verdict(state: State) -> None:
    """Otherwise the properties would hold of nothing."""
    quickly = settings(phases=[Phase.generate], max_examples=2000, database=None)
    assert find(readings(), lambda found: judge(PLAN, BEFORE, found).state is state, settings=quickly)


@given(baseline=st.builds(read, st.just(-1), symptom=OK, other=OK, vitals=VITALS), found=readings(), later=readings())
def test_a_verdict_at_the_end_of_the_window_is_final(
    baseline: Reading, found: list[Reading], later: list[Reading]
) -> None:
    ended = [*(reading for reading in found if reading.at_s < 30), read(30, symptom=None)]
    verdict = judge(PLAN, baseline, ended)
    assert verdict.state is not State.WAITING
    assert judge(PLAN, baseline, [*ended, *(replace(one, at_s=one.at_s + 31) for one in later)]) == verdict


def test_what_was_well_and_is_bad_for_long_enough_is_worse_before_the_window_is_over() -> None:
    plan = HealthPlan(
        window_s=60, interval_s=1, sustained_s=3,
        probes=(
            Probe(name="symptom", kind="http", is_symptom=True),
            Probe(name="neighbour", kind="http", is_symptom=False),
        ),
    )  # fmt: skip
    well, bad = Answer(ok=True, value=None, says="fine"), Answer(ok=False, value=None, says="errors")
    there = Vitals(exists=True, wanted=1, ready=1)
    before = Reading(at_s=0, answers=(("symptom", bad), ("neighbour", well)), vitals=there)
    since = [Reading(at_s=at, answers=(("symptom", well), ("neighbour", bad)), vitals=there) for at in range(1, 6)]
    assert judge(plan, before, since[:2]).state is State.WAITING
    assert judge(plan, before, since).state is State.WORSE
    assert judge(plan, before, since).says == ("neighbour: errors",)
    flapping = [*since[:2], replace(since[2], answers=(("symptom", well), ("neighbour", well))), *since[3:]]
    assert judge(plan, before, flapping).state is State.WAITING
