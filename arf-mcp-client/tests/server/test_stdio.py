# SPDX-License-Identifier: Apache-2.0
"""``arf-mcp serve`` over standard input and output, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from arf_core.models.healing_intent import HealingIntent

pytestmark = pytest.mark.promise("MCP-2")
SERVE = ["-m", "arf_mcp_client.cli", "serve"]
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, *SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=tmp_path
        )
    with running:
        yield running
        running.kill()


def ask(process: subprocess.Popen[str], message: object) -> dict[str, object]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    process.stdin.flush()
    return dict(json.loads(process.stdout.readline()))


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_a_client_starts_it_and_gets_advice_from_the_files_it_names(
    mode: str, reading: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "policies.yaml").write_text(
        "schema: arf.healing-policies/1\npolicies:\n  - name: mine\n    when: latency_p99 > 1\n"
        "    actions: [alert_team]\n    priority: 1\n    cooldown_s: 0\n    max_per_hour: 9\n"
    )
    server = StdioServerParameters(command=sys.executable, args=[*SERVE, "--policy", "policies.yaml"], cwd=tmp_path)
    async with Client(stdio_client(server), mode=mode) as client:
        answer = await client.call_tool("recommend_action", {"telemetry": reading})
        intent = HealingIntent.from_dict((answer.structured_content or {})["recommended"])
        assert intent.action == "alert_team"
        assert (intent.policy_applied or "").startswith("mine@")


def test_nothing_but_the_protocol_reaches_standard_output(process: subprocess.Popen[str], tmp_path: Path) -> None:
    assert ask(process, HELLO)["id"] == 1
    bad = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "analyze", "arguments": {"telemetry": "x"}},
    }
    result = ask(process, bad)["result"]
    assert isinstance(result, dict)
    assert result["isError"] is True
    assert process.stdin is not None
    process.stdin.write("this is no JSON\n")
    process.stdin.flush()
    assert ask(process, {**HELLO, "id": 3, "method": "ping", "params": {}})["id"] in {3, None}
    process.stdin.close()
    assert process.stdout is not None
    for line in process.stdout:
        assert json.loads(line)["jsonrpc"] == "2.0"
    assert process.wait(30) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_it_ends_when_its_client_closes_the_input(process: subprocess.Popen[str]) -> None:
    assert process.communicate("", timeout=30)[0] == ""
    assert process.returncode == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_the_input_is_open(process: subprocess.Popen[str], stop: signal.Signals) -> None:
    ask(process, HELLO)
    process.send_signal(stop)
    assert process.wait(30) == 0
