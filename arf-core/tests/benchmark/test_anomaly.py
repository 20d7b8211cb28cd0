# SPDX-License-Identifier: Apache-2.0
"""The measures themselves, on made data: a wrong ruler would flatter every figure."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.benchmark.anomaly import Noticed, auroc, clean_stretches, evaluate, recall_at
from arf_core.benchmark.nab import Scored, best_nab_score, nab_score
from arf_core.errors import InputError

WINDOW = (200, 219)


def flagged(*rows: int, length: int = 400) -> Scored:
    return Scored(scores=[1.0 if row in rows else 0.0 for row in range(length)], windows=(WINDOW,))


def test_no_detection_scores_0_and_the_first_row_of_the_window_100() -> None:
    assert nab_score([flagged()], threshold=0.5) == 0.0
    assert nab_score([flagged(200)], threshold=0.5) == pytest.approx(100.0)


def test_later_in_the_window_is_worth_less_and_more_detections_nothing() -> None:
    early, late = (nab_score([flagged(row)], threshold=0.5) for row in (205, 218))
    assert 50.0 < late < early < 100.0
    assert nab_score([flagged(205, 210, 218)], threshold=0.5) == early


def test_a_false_alarm_costs_eleven_hundredths_of_a_window() -> None:
    assert nab_score([flagged(100)], threshold=0.5) == pytest.approx(-5.5)
    assert nab_score([flagged(300)], threshold=0.5) == pytest.approx(-5.5)


def test_just_after_a_window_a_false_alarm_costs_less() -> None:
    assert -5.5 < nab_score([flagged(221)], threshold=0.5) < 0.0


def test_the_first_rows_are_not_scored() -> None:
    assert nab_score([flagged(0, 59)], threshold=0.5) == 0.0
    assert nab_score([flagged(60)], threshold=0.5) < 0.0


def test_series_without_windows_can_only_cost() -> None:
    quiet = Scored(scores=[1.0] * 100 + [0.0] * 300, windows=())
    assert nab_score([flagged(200), quiet], threshold=0.5) == pytest.approx(100.0 - 40 * 5.5)


def test_without_any_window_there_is_no_score() -> None:
    with pytest.raises(InputError, match="no series has a scored window"):
        nab_score([Scored(scores=[0.0], windows=())], threshold=0.5)


def test_the_best_threshold_leaves_the_false_alarm_out() -> None:
    scores = [0.0] * 400
    scores[100], scores[200] = 0.4, 0.9
    score, threshold = best_nab_score([Scored(scores=scores, windows=(WINDOW,))])
    assert score == pytest.approx(100.0)
    assert threshold == 0.9


@given(st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9]), min_size=260, max_size=260), st.floats(0, 1))
def test_no_threshold_beats_the_best(scores: list[float], threshold: float) -> None:
    one = Scored(scores=scores, windows=(WINDOW,))
    assert nab_score([one], threshold=threshold) <= best_nab_score([one])[0] + 1e-9


def test_auroc_counts_pairs_and_halves_ties() -> None:
    assert auroc(Noticed(faults=(3.0, 1.0), clean=(2.0, 1.0))) == pytest.approx((2 + 0.5) / 4)


def test_recall_allows_the_false_alarms_of_the_clean_hours() -> None:
    noticed = Noticed(faults=(9.0, 5.0, 1.0), clean=(*[0.0] * 13, 4.0, 6.0))
    assert recall_at(noticed, false_alarms_an_hour=0.5) == pytest.approx(1 / 3)
    assert recall_at(noticed, false_alarms_an_hour=1) == pytest.approx(2 / 3)
    assert recall_at(noticed, false_alarms_an_hour=2) == 1.0


def test_clean_stretches_keep_away_from_faults_and_from_the_start() -> None:
    times = range(0, 3600, 60)
    found = list(clean_stretches(times, [1800]))
    assert found[0] == (720, 780, 840, 900)
    assert all(at + 60 <= 1740 or at > 2160 for stretch in found for at in stretch)
    assert len({at for stretch in found for at in stretch}) == 4 * len(found)


def made_data(root: Path) -> Path:
    (root / "anomaly_nab").mkdir()
    (root / "rca_online_boutique").mkdir()
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - NAB writes its times without a zone
    times = [str(start + timedelta(minutes=5 * row)) for row in range(1000)]
    values = [10.0 + row * 7 % 5 + (90.0 if row == 800 else 0.0) for row in range(1000)]
    with gzip.open(root / "anomaly_nab/series.csv.gz", "wt", encoding="utf-8", newline="") as out:
        rows = [["one", at, value] for at, value in zip(times, values, strict=True)]
        csv.writer(out).writerows([["series", "timestamp", "value"], *rows])
    (root / "anomaly_nab/windows.json").write_text(json.dumps({"one": [[times[790], times[850]]]}))
    fault = {"day": "d", "t": 6000, "component": "web", "fault_type": "made"}
    (root / "rca_online_boutique/faults.jsonl").write_text(json.dumps(fault) + "\n")
    with gzip.open(root / "rca_online_boutique/metrics_d.csv.gz", "wt", encoding="utf-8", newline="") as out:
        samples = [[t, "web", 90 if 6000 <= t < 6200 else 5 + t // 60 % 2, ""] for t in range(0, 9000, 60)]
        csv.writer(out).writerows([["t", "component", "cpu_pct", "latency"], *samples])
    return root


@pytest.mark.promise("DET-2")
def test_the_figures_are_published_beside_their_baselines(tmp_path: Path) -> None:
    rows = {row.metric: row for row in evaluate(made_data(tmp_path))}
    assert rows["NAB score, fixed threshold"].value > 80.0
    assert rows["NAB score, fixed threshold"].best_baseline == 72.3
    assert rows["NAB score, fixed threshold"].value <= rows["NAB score, best threshold"].value
    assert rows["AUROC"].value == 1.0
    assert rows["recall, 1 false alarm an hour"].value == 1.0
    assert [row.cases for row in rows.values()] == [1] * 5
