# SPDX-License-Identifier: Apache-2.0
"""``arf doctor`` and ``arf features`` as people run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from arf_core.cli.doctor import zone_of
from arf_core.cli.main import run


@pytest.mark.promise("CLI-1")
@pytest.mark.parametrize("command", ["doctor", "features"])
def test_each_has_json_and_quiet_and_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("--json", "--quiet", f"Example: arf {command}"))


@pytest.mark.promise("CLI-4")
def test_the_exit_code_is_the_same_with_and_without_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["doctor"]) == run(["doctor", "--json"]) == run(["doctor", "--quiet"]) == 0
    monkeypatch.setenv("ARF_LATENCY_CRITICAL", "fast")
    capsys.readouterr()
    assert run(["doctor"]) == 6
    assert "$ unset ARF_LATENCY_CRITICAL" in capsys.readouterr().out
    assert run(["doctor", "--json"]) == 6
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["exit_code"]) == (False, 6)
    assert [check["command"] for check in document["checks"] if check["state"] == "failed"] == [
        "unset ARF_LATENCY_CRITICAL"
    ]


@pytest.mark.promise("CLI-4")
def test_fix_writes_only_what_is_named_and_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARF_POLICY_FILE", str(tmp_path / "policies.yaml"))
    assert run(["doctor", "--config", str(tmp_path / "arf.toml")]) == 6
    assert list(tmp_path.iterdir()) == []
    assert run(["doctor", "--fix", "--config", str(tmp_path / "arf.toml")]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"arf.toml", "policies.yaml"}
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    (tmp_path / "policies.yaml").write_bytes(b"policies: [")
    assert run(["doctor", "--fix", "--config", str(tmp_path / "arf.toml")]) == 6
    assert (tmp_path / "policies.yaml").read_bytes() == b"policies: [" != before[tmp_path / "policies.yaml"]


@pytest.mark.promise("CLI-4")
def test_production_readiness_belongs_to_enterprise(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--production-readiness"]) == 3
    assert "production_readiness" in capsys.readouterr().err


@pytest.mark.promise("CLI-4")
@pytest.mark.parametrize("missing", ["faiss", "numpy", "cel", "yaml"])
def test_a_package_that_does_not_load_is_exit_7_and_the_command_installs_it(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from arf_core.cli.main import run; sys.exit(run(['doctor']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    failed = [line for line in done.stdout.splitlines() if line.startswith("failed")]
    assert failed
    assert "$ pip install --force-reinstall '" in done.stdout


def test_a_time_zone_is_known_or_said_not_to_be() -> None:
    assert zone_of({"TZ": "UTC"}) == ("UTC", True)
    assert zone_of({"TZ": "Mars/Olympus"})[0] == "Mars/Olympus"


@pytest.mark.promise("CFG-3")
def test_features_and_config_show_say_where_a_flag_came_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARF_ENABLE_RECALL", "false")
    assert run(["features", "--json"]) == 0
    states = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert states["recall"]["enabled"] is False
    assert states["recall"]["origin"] == "environment ARF_ENABLE_RECALL"
    assert run(["config", "show", "--origin", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["features"]
    assert shown["recall"] == {"value": False, "origin": "environment ARF_ENABLE_RECALL"}
    assert run(["config", "show", "--origin"]) == 0
    assert "(environment ARF_ENABLE_RECALL)" in capsys.readouterr().out


@pytest.mark.promise("CFG-3")
@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [("ARF_ENABLE_RECALL", "1", 6), ("ARF_ENABLE_RECAL", "true", 6), ("ARF_ENABLE_EXECUTION", "true", 3)],
)
def test_a_wrong_flag_stops_every_command_that_heeds_flags(
    variable: str, value: str, code: int, monkeypatch: pytest.MonkeyPatch, readings: Path
) -> None:
    monkeypatch.setenv(variable, value)
    for command in (["features"], ["config", "show"], ["analyze", str(readings)]):
        assert run(command) == code


@pytest.mark.promise("CFG-3")
def test_terminal_plots_that_are_off_leave_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, readings: Path
) -> None:
    assert run(["analyze", str(readings)]) == 0
    assert "█" in capsys.readouterr().out
    monkeypatch.setenv("ARF_FEATURES", '{"terminal_plots": false}')
    assert run(["analyze", str(readings)]) == 0
    shown = capsys.readouterr().out
    assert "█" not in shown
    assert "1 api  100% latency" in shown
