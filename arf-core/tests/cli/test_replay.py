# SPDX-License-Identifier: Apache-2.0
"""``arf replay`` and the plots of ``arf analyze`` as people run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arf_core.cli.main import run
from arf_core.ingest.incidents import write_incident
from arf_core.testing import made_incident, made_window


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.jsonl"
    line = {"at": "2026-01-02T03:14:05Z", "component": "api", "action": "restart_container", "outcome": "healed"}
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def series(tmp_path: Path) -> Path:
    made = made_window()
    file = tmp_path / "window.json"
    document = {"normal": made.normal, "abnormal": made.abnormal, "step_s": 60, "ends_at": "2026-01-02T03:04:05Z"}
    file.write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "calls.json").write_text(json.dumps(made.edges), encoding="utf-8")
    return file


@pytest.mark.promise("ENG-2")
def test_the_shadow_says_that_nothing_was_done(
    readings: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", str(readings), "--actions", str(people)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("shadow: nothing was done")
    assert "restart_container api (healed)  | restart_container, place 1, 10 min earlier" in shown
    assert run(["replay", str(readings), "--actions", str(people), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["counts"]["agreed"] == 1
    assert document["median_lead_s"] == 600


@pytest.mark.promise("ENG-2")
def test_a_short_window_a_memory_and_a_topology_are_heeded(
    readings: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "calls.json").write_text('[["web", "api"]]', encoding="utf-8")
    past = made_incident("past", component="api", metrics=("latency_p99",), fault_type="slow", action="rollback")
    (tmp_path / "memory.jsonl").write_text(json.dumps(write_incident(past)), encoding="utf-8")
    beside = ["--memory", str(tmp_path / "memory.jsonl"), "--topology", str(tmp_path / "calls.json")]
    assert run(["replay", str(readings), "--actions", str(people), "--window", "5", "--json", *beside]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert (counts["agreed"], counts["only_people"], counts["only_arf"]) == (0, 1, 1)


def test_what_cannot_be_read_is_named_and_exit_6_where_nothing_is_left(
    readings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "people.jsonl").write_text("nonsense\n", encoding="utf-8")
    assert run(["replay", str(readings), "--actions", str(tmp_path / "people.jsonl"), "--json"]) == 6
    assert "people.jsonl: line 1" in capsys.readouterr().err
    assert run(["replay", str(readings), "--actions", str(tmp_path / "none.jsonl")]) == 6


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("--json", "--quiet", "Example: arf replay"))


@pytest.mark.promise("CLI-6")
@pytest.mark.parametrize("kind", ["window", "ranking", "graph", "all"])
def test_each_kind_of_plot_is_drawn(kind: str, series: Path, tmp_path: Path) -> None:
    beside = ["--topology", str(tmp_path / "calls.json"), "--plot-kind", kind]
    assert run(["analyze", str(series), "--plot", str(tmp_path / "a.svg"), *beside]) == 0
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert ("Who calls whom" in drawn) is (kind in {"graph", "all"})
    assert ("Where it began" in drawn) is (kind in {"ranking", "all"})
    assert ("incident, " in drawn) is (kind in {"window", "all"})


@pytest.mark.promise("CLI-6")
def test_the_terminal_shows_the_calls_when_asked(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = ["--topology", str(tmp_path / "calls.json")]
    assert run(["analyze", str(series), *beside]) == 0
    assert "who calls whom" not in capsys.readouterr().out
    assert run(["analyze", str(series), *beside, "--plot-kind", "graph"]) == 0
    assert "├─ cart" in capsys.readouterr().out
    assert run(["analyze", str(series), "--plot-kind", "graph"]) == 0
    assert "no call is known: give them with --topology" in capsys.readouterr().out


def test_a_graph_without_calls_is_an_error_that_says_what_it_needs(
    series: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyze", str(series), "--plot", str(tmp_path / "a.svg"), "--plot-kind", "graph"]) == 6
    assert "--topology" in capsys.readouterr().err


@pytest.mark.promise("CLI-7")
def test_incidents_are_exported_from_a_stretch_of_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "memory.jsonl"
    file.write_text(json.dumps(write_incident(made_incident("one"))), encoding="utf-8")

    def count(*bounds: str) -> int:
        assert run(["export", "incidents", "--memory", str(file), *bounds]) == 0
        return int(json.loads(capsys.readouterr().out)["count"])

    assert count("--since", "2026-01-02T03:04:05Z", "--until", "2026-01-02T03:04:06Z") == 1
    assert count("--until", "2026-01-02T03:04:05Z") == 0
    assert count("--since", "2026-01-02T04:04:05.000001+01:00") == 0
    for bounds in (
        ["--since", "yesterday"],
        ["--since", "2026-01-02"],
        ["--since", "2026-01-03T00:00Z", "--until", "2026-01-02T00:00Z"],
    ):
        assert run(["export", "incidents", "--memory", str(file), *bounds]) == 6
