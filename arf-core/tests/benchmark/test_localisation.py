# SPDX-License-Identifier: Apache-2.0
"""The readers of the localisation data and their figures, on made data."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from arf_core.benchmark.localisation import accuracy, average_accuracy, evaluate, online_boutique, petshops

CALM = [1.0, 1.1, 0.9, 1.0, 1.2, 0.8]
STEP = {"step_s": 60}


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(value).encode()) if path.suffix == ".gz" else json.dumps(value).encode())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    busy = {
        "id": "b/0",
        "fault_type": "cpu",
        "root": "cart",
        "inject_t": 1_700_000_000,
        "normal": {"front": {"cpu_pct": CALM}, "cart": {"cpu_pct": CALM}},
        "abnormal": {"front": {"cpu_pct": [1.0]}, "cart": {"cpu_pct": [9.0]}},
        **STEP,
    }
    write(tmp_path / "rca_online_boutique/cases.jsonl.gz", busy)
    write(tmp_path / "rca_online_boutique/edges.json", [["front", "cart"]])
    slow = {
        "id": "p/0",
        "scenario": "quiet",
        "fault_type": "app_latency",
        "root": "db",
        "alert": {"component": "front", "metric": "latency", "t": 0},
        "t": [1_700_000_000, 1_700_000_060],
        "abnormal": {"front": {"latency_avg_s": [3.0, 3.0]}, "db": {"latency_avg_s": [3.0, 3.0]}},
        **STEP,
    }
    shared = {"normal": {"front": {"latency_avg_s": CALM}, "db": {"latency_avg_s": CALM}}, "edges": [["front", "db"]]}
    write(tmp_path / "rca_petshop/cases.jsonl.gz", slow)
    write(tmp_path / "rca_petshop/normal_quiet.json.gz", shared)
    return tmp_path


def test_a_case_keeps_its_answer_apart_from_its_window(data: Path) -> None:
    (case,) = online_boutique(data)
    assert (case.root, case.fault_type) == ("cart", "cpu")
    assert case.window.edges == (("front", "cart"),)
    assert case.window.alerting is None


def test_petshop_cases_take_normal_operation_and_calls_from_their_scenario(data: Path) -> None:
    (case,) = petshops(data)
    assert case.window.edges == (("front", "db"),)
    assert case.window.alerting is not None
    assert case.window.alerting.component == "front"
    assert sorted(case.window.normal) == ["db", "front"]


@pytest.mark.promise("RCA-1")
def test_every_system_is_reported_with_baselines_and_marks(data: Path) -> None:
    rows = evaluate(data)
    assert [row.metric for row in rows] == ["AC@1", "AC@3", "Avg@5"] * 3
    assert {row.value for row in rows} == {1.0}
    assert all(row.best_baseline is not None and row.cases == 1 for row in rows)


def test_accuracy_is_the_share_of_cases_up_to_k() -> None:
    places = [1, 2, 6, 3]
    assert [accuracy(places, k) for k in (1, 3, 6)] == [0.25, 0.75, 1.0]
    assert average_accuracy(places) == pytest.approx((0.25 + 0.5 + 0.75 * 3) / 5)
