# SPDX-License-Identifier: Apache-2.0
"""The benchmark of recall, on incidents made here."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from arf_core.benchmark import recall
from arf_core.benchmark.recall import DATA, NOW, evaluate, family, read_halves


def record(number: int, split: str, fault: str, metric: str) -> dict[str, object]:
    return {
        "id": f"made/{number}",
        "split": split,
        "fault_type": fault,
        "instance": "cart-0",
        "service": "cart",
        "alerts": [
            {"component": "cart-0", "metric": metric, "direction": "up"},
            {"component": "cart-0", "metric": "queue_depth", "direction": "up"},
            {"component": "web-0", "metric": "request_latency", "direction": "up"},
        ],
        "traces": [{"src": "web-0", "dst": "cart-0", "op": "GET", "symptom": "PD"}],
    }


def made(folder: Path, *, confused: bool = False) -> Path:
    """Incidents of two fault types; ``confused`` gives those asked the metric of the other type."""
    metrics = {"cpu": "cpu_usage", "network-loss": "packet_loss"}
    records = []
    for number in range(24):
        fault, split = ("cpu", "network-loss")[number % 2], "train" if number < 16 else "test"
        other = {"cpu": "network-loss", "network-loss": "cpu"}[fault]
        records.append(record(number, split, fault, metrics[other if confused and split == "test" else fault]))
    (folder / DATA).mkdir(parents=True)
    with gzip.open(folder / DATA / "incidents.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in records)
    return folder


def values(data: Path) -> dict[str, float]:
    return {row.metric: row.value for row in evaluate(data)}


@pytest.mark.promise("MEM-2")
def test_recall_is_measured_by_precision_and_rank(tmp_path: Path) -> None:
    measured = values(made(tmp_path))
    assert {metric: measured[metric] for metric in ("P@1", "MRR", "P@1-svc", "P@1-family")} == {
        "P@1": 1.0,
        "MRR": 1.0,
        "P@1-svc": 1.0,
        "P@1-family": 1.0,
    }
    assert measured["AC@1 with memory"] == measured["AC@1 without memory"] == 1.0


def test_labels_that_contradict_the_signals_are_measured_as_wrong(tmp_path: Path) -> None:
    measured = values(made(tmp_path, confused=True))
    assert measured["P@1"] == measured["P@1-family"] == 0.0
    assert measured["MRR"] == pytest.approx(1 / 9)


def test_what_is_asked_carries_no_label(tmp_path: Path) -> None:
    halves = read_halves(made(tmp_path) / DATA / "incidents.jsonl.gz")
    assert len(halves.remembered) == 16
    assert len(halves.asked) == len(halves.truth) == 8
    assert {(one.component, one.service, one.fault_type, one.action) for one in halves.asked} == {(None,) * 4}
    assert all(0 < (NOW - one.occurred_at).total_seconds() < 7 * 86400 for one in halves.remembered)


def test_every_row_says_how_many_cases_it_rests_on(tmp_path: Path) -> None:
    assert {row.cases for row in recall.evaluate(made(tmp_path))} == {8}


def test_a_family_is_what_stands_before_the_first_hyphen() -> None:
    assert [family(fault) for fault in ("network-loss", "cpu", None)] == ["network", "cpu", None]
