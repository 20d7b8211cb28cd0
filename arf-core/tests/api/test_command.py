# SPDX-License-Identifier: Apache-2.0
"""``python -m arf_core.api`` as people start and stop it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from arf_core.api.command import run

READING = {"component": "cart", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900.0}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def started(*options: str, port: int, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own, once it answers."""
    command = [sys.executable, "-m", "arf_core.api", "--port", str(port), *options]
    with log.open("wb") as written:
        process = subprocess.Popen(command, stderr=written, stdout=written, env={**os.environ, **environment})
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200:
                return process
        except httpx.TransportError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_with_0_when_told_and_logs_json_lines(tmp_path: Path, told: signal.Signals) -> None:
    port, log = free_port(), tmp_path / "log"
    process = started(port=port, log=log)
    process.send_signal(told)
    assert process.wait(60) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["starting", "answered", "stopped"]


def test_a_journal_outlives_a_kill(tmp_path: Path) -> None:
    port, journal, url = free_port(), str(tmp_path / "journal"), "http://127.0.0.1"
    body = json.dumps({"alerts": [{"status": "firing", "labels": {"alertname": "A", "component": "cart"},
                                   "startsAt": "2026-01-02T03:04:05Z", "fingerprint": "1"}]})  # fmt: skip
    process = started("--journal", journal, port=port, log=tmp_path / "log")
    told = httpx.post(f"{url}:{port}/v1/alerts", content=body, headers={"Content-Type": "application/json"}).json()
    process.kill()
    process.wait(60)
    port = free_port()
    process = started("--journal", journal, port=port, log=tmp_path / "again")
    known = httpx.get(f"{url}:{port}/v1/incidents").json()["incidents"]
    process.terminate()
    assert process.wait(60) == 0
    assert [one["incident_id"] for one in known] == [one["incident_id"] for one in told["incidents"]]
    assert known[0]["intent_ids"] == told["incidents"][0]["intents"]


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    port = free_port()
    process = started(port=port, log=tmp_path / "log", ARF_API_TOKEN="0123456789abcdef", ARF_API_MAX_BODY="2000")
    url, headers = f"http://127.0.0.1:{port}", {"Authorization": "Bearer 0123456789abcdef"}
    assert httpx.get(f"{url}/v1/incidents").status_code == 401
    answer = httpx.post(f"{url}/v1/analyze", json=[READING] * 99, headers=headers)
    process.terminate()
    process.wait(60)
    assert answer.status_code == 413
    assert "0123456789abcdef" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--nonsense", 6, "No such option"),
        ("--port 99999", 6, "65535"),
        ("--host 0.0.0.0", 6, "--insecure-listen"),
        ("--token-file none", 6, "cannot be read"),
        ("--policy none", 6, "cannot be read"),
        ("--topology none", 6, "cannot be read"),
        ("--config none", 6, "cannot be read"),
        ("--journal .", 6, "cannot be opened"),
    ],
)
def test_what_cannot_be_started_says_why(line: str, code: int, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == code
    told = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert told["event"] == "not started"
    assert said in told["message"]


def test_a_port_that_is_taken_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["--port", str(taken.getsockname()[1])]) == 6
    assert "cannot be listened on" in capfd.readouterr().err


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "arf_core.api.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["--port", "0"]) == 7
    assert "pip install 'arf-core[api]'" in capfd.readouterr().err


def test_help_names_every_option_with_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    told = capfd.readouterr().out
    assert "Example: python -m arf_core.api" in told
    assert "--token-file" in told
    assert "--token " not in told
