# SPDX-License-Identifier: Apache-2.0
"""``arf ingest``: what is read, before anything is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arf_core.cli.main import run
from arf_core.ingest.formats import Format


@pytest.mark.promise("EVT-2")
def test_the_list_has_every_format_with_what_it_is_recognised_and_deduplicated_by(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["ingest", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["format"] for one in listed} | {"auto"} == set(Format)
    assert all(one[key] for one in listed for key in ("recognised_by", "identity", "ends_with", "example"))
    assert run(["ingest", "--list"]) == 0
    text = capsys.readouterr().out
    assert all(one["recognised_by"] in text for one in listed)


def test_what_is_read_is_shown_with_where_each_metric_was_read(
    webhook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", str(webhook)]) == 0
    text = capsys.readouterr().out
    assert "checkout-api  HighLatency (critical)  latency_p99=900" in text
    assert "latency_p99: annotation summary: p99 900 ms" in text
    assert text.splitlines()[-1].endswith("0 incidents, 0 windows; 0 could not be read")


@pytest.mark.promise("EVT-4")
def test_as_json_there_is_every_record_and_every_fault_by_position(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        {"component": "a", "timestamp": "2026-01-02T03:04:05Z", "cpu_util": 0.5},
        {"component": "b", "timestamp": "yesterday"},
        {"schema": "arf.incident/9"},
        {
            "step_s": 60,
            "normal": {"a": {"x": [1, 2]}},
            "abnormal": {"a": {"x": [9]}},
            "ends_at": "2026-01-02T03:04:05Z",
        },
        {"id": "i", "alerts": [{"component": "a", "metric": "cpu", "direction": "up"}]},
    ]
    file = tmp_path / "mixed.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for extra, code in (((), 0), (("--strict",), 6)):
        assert run(["ingest", str(file), "--json", "--now", "2026-01-02T03:04:05Z", *extra]) == code
        document = json.loads(capsys.readouterr().out)
        assert (document["schema"], document["read"]) == ("arf.ingest/1", 3)
        assert [len(document[kind]) for kind in ("events", "incidents", "windows", "faults")] == [1, 1, 1, 2]
        assert [fault["position"] for fault in document["faults"]] == [2, 3]
        assert document["events"][0]["cpu_util"] == 0.5
    assert run(["ingest", str(file)]) == 0
    assert "3 records read: 1 events, 1 incidents, 1 windows; 2 could not be read" in capsys.readouterr().out


def test_if_nothing_could_be_read_it_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "datadog.json"
    file.write_text('{"alert_transition": "Exploded"}', encoding="utf-8")
    assert run(["ingest", str(file)]) == 6
    assert "alert_transition is 'Exploded'" in capsys.readouterr().err
    assert run(["ingest"]) == 6
    assert "ask for --list" in capsys.readouterr().err


def test_a_name_that_would_move_the_cursor_is_shown_as_an_escape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"component": "a", "timestamp": "2026-01-02T03:04:05Z", "cpu_util": 0.5, "alert": {"name": "x\u202ey"}}
    file = tmp_path / "one.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    run(["ingest", str(file)])
    printed = capsys.readouterr()
    assert "\u202e" not in printed.out + printed.err
