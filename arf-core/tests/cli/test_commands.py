# SPDX-License-Identifier: Apache-2.0
"""The other commands: one way of answering, documented exit codes, help with an example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from arf_core import constants
from arf_core.cli.edge import INTERRUPTED, run_app
from arf_core.cli.main import app, run
from arf_core.cli.output import LONG_WORK, watched
from arf_core.errors import every_error
from arf_core.version import __version__


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[list[str]]:
    """Every command that does something, as the words that call it."""
    inside = getattr(command, "commands", None)
    if inside is None:
        return [list(path)]
    return [leaf for name, below in inside.items() for leaf in leaves(below, (*path, name))]


COMMANDS = leaves(typer.main.get_command(app))


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 20
    assert ["policy", "lint"] in COMMANDS


@pytest.mark.promise("CLI-1")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_json_and_quiet_and_an_example(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--json" in text
    assert "--quiet" in text
    assert f"Example: arf {' '.join(command)}" in text


@pytest.mark.parametrize("arguments", [["--nonsense"], ["nonsense"], ["analyze"], ["analyze", "a", "--format", "xml"]])
@pytest.mark.promise("CLI-1")
def test_a_wrong_command_line_is_exit_6_and_one_plain_message(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 6
    assert capsys.readouterr().err.startswith("error ARF-1000: ")


def test_the_version_is_printed_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"arf-core {__version__}\n"


def test_the_capabilities_pin_the_sealed_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["capabilities", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["can_execute"] is False
    assert document["mode"] == "advisory"
    assert document["limits_digest"] == constants.LIMITS_DIGEST


@pytest.mark.promise("CFG-1")
def test_config_show_says_where_a_value_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARF_LATENCY_CRITICAL", "450")
    assert run(["config", "show", "--origin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["latency_critical", "450.0", "(environment)"] for line in lines)
    assert any(line.split() == ["MAX_INCIDENT_HISTORY", "1000", "(default)"] for line in lines)


@pytest.mark.promise("CLI-2")
@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.code)
def test_every_code_is_explained(error: type[Exception], capsys: pytest.CaptureFixture[str]) -> None:
    code = error.code  # type: ignore[attr-defined]
    assert run(["explain", code.lower()]) == 0
    text = capsys.readouterr().out
    assert code in text
    assert "remedy:" in text


def test_an_unknown_code_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "ARF-9999"]) == 6
    assert "arf explain all" in capsys.readouterr().err


@pytest.mark.promise("INT-7")
def test_a_receipt_is_one_line_that_verifies_alone_and_against_its_intent(
    webhook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["analyze", str(webhook), "--out", "intents.jsonl", "--quiet"])
    first = (tmp_path / "intents.jsonl").read_bytes().splitlines()[0]
    (tmp_path / "intent.json").write_bytes(first)
    assert run(["receipt", "intent.json"]) == 0
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    (tmp_path / "receipt.txt").write_text(line, encoding="utf-8")
    assert run(["verify", "receipt.txt"]) == 0
    assert run(["verify", "receipt.txt", "--intent", "intent.json"]) == 0
    (tmp_path / "receipt.txt").write_text(line.replace("checkout-api", "checkout-apj"), encoding="utf-8")
    assert run(["verify", "receipt.txt"]) == 2


def test_an_export_of_incidents_is_counted_digested_and_stable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {
        "id": "a",
        "alerts": [{"component": "c", "metric": "cpu", "direction": "up"}],
        "traces": [],
        "occurred_at": "2026-01-02T03:04:05Z",
    }
    (tmp_path / "m.jsonl").write_text(f"{json.dumps(line)}\n{json.dumps({**line, 'id': 'b'})}\n", encoding="utf-8")
    exports = []
    for _ in range(2):
        assert run(["export", "incidents", "--memory", "m.jsonl", "--format", "json"]) == 0
        exports.append(json.loads(capsys.readouterr().out))
    assert exports[0] == exports[1]
    assert (exports[0]["schema"], exports[0]["count"]) == ("arf.export/1", 2)
    assert exports[0]["digest"].startswith("sha256:")


def test_an_export_without_a_memory_is_empty_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "incidents", "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["count"] == 0
    assert "--memory" in printed.err


def test_an_export_of_the_settings_holds_what_was_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARF_LATENCY_CRITICAL", "450")
    assert run(["export", "config"]) == 0
    assert json.loads(capsys.readouterr().out)["content"] == [{"name": "latency_critical", "value": 450.0}]


@pytest.mark.promise("BEN-1")
def test_a_benchmark_without_data_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["benchmark", str(tmp_path)]) == 6
    assert "is not there" in capsys.readouterr().err
    assert run(["benchmark", str(tmp_path), "nonsense"]) == 6


@pytest.mark.promise("CLI-3")
def test_the_demo_goes_all_the_way_and_catches_the_flipped_bit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--json", "--out", "intents.jsonl"]) == 0
    story = json.loads(capsys.readouterr().out)
    assert story["remembered"] > 30
    assert all(advice["intents"] for advice in story["analysis"]["advice"])
    assert story["verified"]["ok"] is True
    assert story["tampered"]["ok"] is False
    assert story["tampered"]["first_bad"]["where"] == "intents.jsonl"
    assert run(["verify", "intents.jsonl"]) == 0


def test_an_internal_error_is_exit_1_and_names_its_kind(
    webhook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object, **_keywords: object) -> None:
        raise ZeroDivisionError("made")

    monkeypatch.setattr("arf_core.analysis.analyze", broken)
    assert run(["analyze", str(webhook)]) == 1
    assert "ARF-0001: ZeroDivisionError: made" in capsys.readouterr().err


@pytest.mark.promise("CLI-6")
def test_long_work_shows_its_progress_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    work = list(range(LONG_WORK))
    assert list(watched(work)) == work
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert list(watched(work)) == work
    assert "100%" in capsys.readouterr().err


@pytest.mark.promise("CLI-6")
def test_colour_is_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_question_that_nobody_answers_is_no_internal_error(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = typer.Typer()

    @waiting.command()
    def wait() -> None:
        raise typer.Abort

    assert run_app(waiting, []) == INTERRUPTED
    assert capsys.readouterr().err.strip() == "stopped"
