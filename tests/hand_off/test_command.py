# SPDX-License-Identifier: Apache-2.0
"""``arf-mcp submit`` and ``arf-mcp outbox`` against the server, as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import Outbox
from played.enterprise import TOKEN, PlayedEnterprise

pytestmark = pytest.mark.promise("MCP-3")

ROOT = Path(__file__).resolve().parents[2]


def arf_mcp(folder: Path, *arguments: str, token: str | None = TOKEN) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "ARF_ENTERPRISE_TOKEN"}
    if token is not None:
        environment["ARF_ENTERPRISE_TOKEN"] = token
    command = [sys.executable, "-m", "arf_mcp_client.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path, intent: HealingIntent) -> Path:
    """A folder with three intents: one is executed, one waits for approval, one is refused."""
    (tmp_path / "intent.json").write_text(intent.to_json())
    waits = replace(intent, action="scale_out", parameters={})  # type: ignore[arg-type]
    (tmp_path / "waits.json").write_text(waits.to_json())
    forbidden = replace(intent, action="traffic_shift", parameters={"target": "blue"})  # type: ignore[arg-type]
    (tmp_path / "forbidden.json").write_text(forbidden.to_json())
    return tmp_path


@pytest.mark.parametrize(
    ("file", "code", "said"),
    [("intent.json", 0, "succeeded, executed"), ("waits.json", 4, "approval_id: apr_"), ("forbidden.json", 3, "night")],
)
def test_submit_says_what_the_server_said_with_the_same_exit_code_with_and_without_json(
    played: PlayedEnterprise, folder: Path, file: str, code: int, said: str
) -> None:
    text = arf_mcp(folder, "submit", file, "--server", played.url)
    as_json = arf_mcp(folder, "submit", file, "--server", played.url, "--json")
    assert (text.returncode, as_json.returncode) == (code, code)
    assert said in text.stdout + text.stderr
    document = json.loads(as_json.stdout)
    assert document.get("error", document).get("exit_code", code) == code
    assert not arf_mcp(folder, "submit", file, "--server", played.url, "--quiet").stdout


def test_an_intent_is_kept_until_the_server_is_there(played: PlayedEnterprise, folder: Path) -> None:
    options = ("--outbox", "outbox.jsonl", "--timeout", "0.3")
    away = arf_mcp(folder, "submit", "intent.json", "--server", "http://127.0.0.1:1", *options)
    assert away.returncode == 1
    assert "was not taken" in away.stderr
    assert arf_mcp(folder, "submit", "forbidden.json", "--server", "http://127.0.0.1:1", *options).returncode == 1
    listed = json.loads(arf_mcp(folder, "outbox", "list", "outbox.jsonl", "--json").stdout)
    assert [one["state"] for one in listed["intents"]] == ["pending", "pending"]
    sent = arf_mcp(folder, "outbox", "send", "outbox.jsonl", "--server", played.url)
    assert sent.returncode == 3
    assert "0 still waiting" in sent.stdout
    listed = json.loads(arf_mcp(folder, "outbox", "list", "outbox.jsonl", "--json").stdout)
    assert [one["state"] for one in listed["intents"]] == ["sent", "refused"]
    assert "night-freeze" in listed["intents"][1]["answer"]["reason"]
    again = arf_mcp(folder, "outbox", "send", "outbox.jsonl", "--server", played.url)
    assert (again.returncode, again.stdout.strip()) == (0, "0 still waiting")


def test_without_credentials_the_intent_is_kept_all_the_same(played: PlayedEnterprise, folder: Path) -> None:
    ran = arf_mcp(folder, "submit", "intent.json", "--server", played.url, "--outbox", "o.jsonl", token=None)
    assert ran.returncode == 1
    assert "set ARF_ENTERPRISE_TOKEN" in ran.stderr
    assert len(Outbox(folder / "o.jsonl").pending()) == 1
    assert played.seen == []


def test_wrong_credentials_leave_everything_waiting_and_are_tried_once(played: PlayedEnterprise, folder: Path) -> None:
    (folder / "token").write_text("a-wrong-token-0123\n")
    outbox = Outbox(folder / "o.jsonl")
    for name in ("intent.json", "waits.json", "forbidden.json"):
        outbox.add(HealingIntent.from_json((folder / name).read_text()))
    ran = arf_mcp(folder, "outbox", "send", "o.jsonl", "--server", played.url, "--credentials-file", "token")
    assert ran.returncode == 1
    assert "3 still waiting" in ran.stdout
    assert "credentials are not accepted" in ran.stdout
    assert "a-wrong-token" not in ran.stdout + ran.stderr
    assert len(played.seen) == 1
    assert len(outbox.pending()) == 3


def test_an_intent_that_cannot_be_told_about_does_not_hold_up_the_rest(played: PlayedEnterprise, folder: Path) -> None:
    outbox = Outbox(folder / "o.jsonl")
    for name in ("intent.json", "waits.json"):
        outbox.add(HealingIntent.from_json((folder / name).read_text()))
    played.say("html")
    ran = arf_mcp(folder, "outbox", "send", "o.jsonl", "--server", played.url)
    assert ran.returncode == 1
    assert [intent.action.value for intent in outbox.pending()] == ["restart_container"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("outbox", "list", "none.jsonl"), 6, "there is no outbox none.jsonl"),
        (("outbox", "send", "none.jsonl", "--server", "https://x"), 6, "there is no outbox none.jsonl"),
        (("outbox", "list", "forbidden.json"), 6, "line 1 of the outbox was altered"),
        (("submit", "none.json", "--server", "https://x"), 6, "none.json cannot be read"),
        (("submit", "intent.json"), 6, "--server"),
        (("submit", "intent.json", "--server", "http://arf.example"), 1, "is not https"),
        (("submit", "intent.json", "--server", "https://x", "--credentials-file", "none"), 1, "cannot be read"),
    ],
)
def test_every_mistake_is_named(folder: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = arf_mcp(folder, *arguments)
    assert (ran.returncode, "Traceback" in ran.stderr) == (code, False)
    assert said in ran.stderr


def test_the_token_cannot_be_given_on_the_command_line(folder: Path) -> None:
    for option in ("--token", "--credentials", "--password"):
        assert arf_mcp(folder, "submit", "intent.json", "--server", "https://x", option, "secret").returncode == 6


def test_a_sender_that_is_killed_again_and_again_sends_everything_once(
    played: PlayedEnterprise, intent: HealingIntent, tmp_path: Path
) -> None:
    outbox = Outbox(tmp_path / "o.jsonl")
    intents = [replace(intent, incident_id=f"inc_{number}") for number in range(40)]
    for one in intents:
        outbox.add(one)
    (tmp_path / "token").write_text(TOKEN)
    options = ("--server", played.url, "--credentials-file", str(tmp_path / "token"))
    command = [sys.executable, "-m", "arf_mcp_client.cli", "outbox", "send", str(outbox.file), *options]
    kills = 0
    while len(played.seen) < 30 and kills < 20:
        heard = len(played.seen)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as sender:
            while len(played.seen) < heard + 5 and sender.poll() is None:
                time.sleep(0.001)
            sender.kill()
        kills += 1
    assert kills > 1
    assert subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60, check=False).returncode == 0
    assert outbox.pending() == ()
    assert [played.effects.get(one.digest) for one in intents] == [1] * 40
    assert len(played.seen) <= 40 + kills
