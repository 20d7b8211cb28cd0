# SPDX-License-Identifier: Apache-2.0
"""``arf analyze``, as people use it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arf_core.cli.main import run
from arf_core.models.healing_intent import HealingIntent


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON document on standard output."""
    return json.loads(capsys.readouterr().out)


@pytest.mark.promise("EVT-2")
def test_a_webhook_body_gives_an_intent_for_its_component(webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(webhook), "--json"]) == 0
    intents = answer(capsys)["advice"][0]["intents"]
    assert {intent["component"] for intent in intents} == {"checkout-api"}
    for intent in intents:
        assert HealingIntent.from_dict(intent).intent_id == intent["intent_id"]


@pytest.mark.promise("EVT-3")
def test_the_resolved_body_closes_the_same_incident(webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["analyze", str(webhook), "--json"])
    opened = answer(capsys)["advice"][0]["incident_id"]
    body = json.loads(webhook.read_text(encoding="utf-8"))
    body["alerts"][0] |= {"status": "resolved", "endsAt": "2026-01-02T03:14:05.000Z"}
    webhook.write_text(json.dumps(body), encoding="utf-8")
    assert run(["analyze", str(webhook), "--json"]) == 0
    assert answer(capsys)["closed"] == [opened]


@pytest.mark.promise("EVT-4")
def test_a_bad_record_is_named_by_position_and_the_rest_is_analysed(
    readings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyze", str(readings), "--json"]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert [fault["position"] for fault in document["faults"]] == [3]
    assert "line 3" in printed.err
    assert "latency_p99" in printed.err
    assert (document["read"], document["normal"], len(document["advice"])) == (2, 1, 1)


@pytest.mark.promise("CLI-1")
def test_strict_turns_a_bad_record_into_exit_6_with_and_without_json(readings: Path) -> None:
    assert run(["analyze", str(readings), "--strict"]) == 6
    assert run(["analyze", str(readings), "--strict", "--json"]) == 6
    assert run(["analyze", str(readings), "--strict", "--quiet"]) == 6


def test_quiet_prints_nothing_but_warnings(webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(webhook), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.promise("VER-1")
def test_the_intents_it_writes_verify(webhook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "intents.jsonl"
    assert run(["analyze", str(webhook), "--out", str(out)]) == 0
    assert run(["verify", str(out)]) == 0
    out.write_bytes(out.read_bytes().replace(b"checkout-api", b"checkout-apj", 1))
    assert run(["verify", str(out)]) == 2
    assert "line 1" in capsys.readouterr().out


def test_standard_input_is_read_for_a_dash(
    webhook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(webhook.read_bytes())))
    assert run(["analyze", "-", "--json"]) == 0
    assert answer(capsys)["advice"]


def test_a_window_is_drawn_and_its_root_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window = {
        "id": "w1",
        "step_s": 60,
        "normal": {name: {"cpu_pct": [5, 6, 5, 4, 5, 6, 5, 5, 4, 5]} for name in ("front", "cart")},
        "abnormal": {"front": {"cpu_pct": [5, 6, 5]}, "cart": {"cpu_pct": [5, 95, 96]}},
        "ends_at": "2026-01-02T03:04:05Z",
    }
    (tmp_path / "window.json").write_text(json.dumps(window), encoding="utf-8")
    (tmp_path / "calls.json").write_text('[["front", "cart"]]', encoding="utf-8")
    arguments = ["analyze", "window.json", "--topology", "calls.json", "--plot", "plot.svg", "--json"]
    assert run(arguments) == 0
    advice = answer(capsys)["advice"][0]
    assert advice["incident_id"] == "w1"
    assert advice["root_causes"][0]["component"] == "cart"
    assert b"cart" in (tmp_path / "plot.svg").read_bytes()


def test_remembered_incidents_come_back_as_matches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    incident = {
        "id": "old",
        "instance": "cart-1",
        "service": "cart",
        "fault_type": "cpu",
        "action": "scale_out",
        "outcome": "healed",
        "alerts": [{"component": "cart-1", "metric": "cpu_usage", "direction": "up"}],
        "traces": [],
    }
    (tmp_path / "memory.jsonl").write_text(json.dumps(incident) + "\n", encoding="utf-8")
    (tmp_path / "now.json").write_text(json.dumps({**incident, "id": "new"}), encoding="utf-8")
    assert run(["analyze", "now.json", "--memory", "memory.jsonl", "--json"]) == 0
    advice = answer(capsys)["advice"][0]
    assert [match["incident"]["incident_id"] for match in advice["matches"]] == ["old"]
    assert advice["intents"][0]["action"] == "scale_out"


def test_another_policy_decides_what_may_be_recommended(
    webhook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "schema: arf.healing-policies/1\npolicies:\n  - name: tell\n    when: latency_p99 > 1\n"
        "    actions: [alert_team]\n    priority: 1\n    cooldown_s: 1\n    max_per_hour: 60\n",
        encoding="utf-8",
    )
    assert run(["analyze", str(webhook), "--policy", str(policy), "--json"]) == 0
    assert [intent["action"] for intent in answer(capsys)["advice"][0]["intents"]] == ["alert_team"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b'{"alerts": [', "JSON"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"[" * 200_000, "nested"),
        (b'{"component": "api", "component": "b"}', "twice"),
    ],
)
@pytest.mark.promise("CLI-1")
def test_input_that_cannot_be_read_is_exit_6_and_says_why(
    tmp_path: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").write_bytes(content)
    assert run(["analyze", "bad"]) == 6
    text = capsys.readouterr().err
    assert said in text
    assert "next:" in text
    assert run(["analyze", "bad", "--json"]) == 6
    assert answer(capsys)["error"]["exit_code"] == 6


def test_a_file_that_is_not_there_is_exit_6(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "none.json"]) == 6
    assert "none.json cannot be read: No such file" in capsys.readouterr().err


def test_a_naive_now_is_refused(webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(webhook), "--now", "2026-01-02T03:04:05"]) == 6
    assert "time zone" in capsys.readouterr().err


def test_hostile_labels_reach_the_terminal_as_text(webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.loads(webhook.read_text(encoding="utf-8"))
    body["alerts"][0]["labels"]["alertname"] = "\x1b]0;owned\x07{0.__class__} $(reboot) \u202e%s"
    webhook.write_text(json.dumps(body), encoding="utf-8")
    assert run(["analyze", str(webhook)]) == 0
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "\u202e" not in printed.out + printed.err
    assert "$(reboot)" in printed.out
