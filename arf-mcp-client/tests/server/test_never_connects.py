# SPDX-License-Identifier: Apache-2.0
"""The server under an audit hook, while every tool is called: it listens, and does nothing else to the world."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.promise("MCP-2")
ACTS = (
    "socket.connect socket.sendto socket.getaddrinfo subprocess.Popen os.system os.posix_spawn os.exec os.fork os.kill "
    "os.remove os.rename sqlite3.connect"
).split()
WATCHED = f"""
import sys

ACTS = {ACTS!r}
seen = []

def hook(event, arguments):
    if event in ACTS or (event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")):
        seen.append(event)

sys.addaudithook(hook)
from arf_mcp_client.cli.main import run

assert run(["serve", "--transport", "http", "--port", "0", "--json"]) == 0
print(seen)
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
print(seen)
"""
READING = {"component": "checkout", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900}
CALLS: dict[str, dict[str, object]] = {
    "analyze": {"telemetry": READING},
    "recommend_action": {"telemetry": READING},
    "find_similar_incidents": {"telemetry": READING},
    "explain_decision": {"telemetry": READING, "action": "rollback"},
    "verify_artifact": {"artifact": "nothing"},
    "get_capabilities": {},
}


def test_it_starts_no_process_connects_nowhere_and_writes_no_file(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WATCHED], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["listening"]
    for name, arguments in CALLS.items():
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        response = httpx.post(address, json=call, headers={"accept": "application/json, text/event-stream"}, timeout=30)
        assert response.status_code == 200
        assert '"isError":true' not in response.text
    process.terminate()
    while_serving, after_the_plant = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode == 0
    assert while_serving == "[]"
    assert after_the_plant == "['socket.connect']"  # the hook does bite
