# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from arf_mcp_client.cli.main import run
from arf_mcp_client.version import __version__

SERVE = ["serve", "--transport", "http", "--port", "0"]


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"arf-mcp-client {__version__}\n"


def test_it_lists_the_tools_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools"]) == 0
    text = capsys.readouterr().out
    assert run(["tools", "--json"]) == 0
    tools = json.loads(capsys.readouterr().out)["tools"]
    assert len(tools) == 6
    for tool in tools:
        assert tool["name"] in text
        assert tool["title"] in text
        assert tool["inputSchema"]["type"] == "object"
        assert tool["outputSchema"]["type"] == "object"
        assert tool["annotations"]["readOnlyHint"] is True
    assert run(["tools", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        ([*SERVE, "--host", "192.0.2.1"], "ARF-3000", 3),
        ([*SERVE, "--policy", "nothing.yaml"], "ARF-1000", 6),
        ([*SERVE, "--memory", "nothing.jsonl"], "ARF-1000", 6),
        ([*SERVE, "--topology", "nothing.json"], "ARF-1000", 6),
        ([*SERVE, "--config", "nothing.toml"], "ARF-1005", 6),
        ([*SERVE, "--token-file", "nothing"], "ARF-1000", 6),
        ([*SERVE, "--token-file", "empty"], "ARF-1005", 6),
        ([*SERVE, "--token-file", "short"], "ARF-1005", 6),
        ([*SERVE, "--oauth-issuer", "https://id.example"], "ARF-1005", 6),
        (["serve", "--transport", "smoke"], "ARF-1000", 6),
        (["serve", "--port", "70000"], "ARF-1000", 6),
        (["act"], "ARF-1000", 6),
    ],
)
def test_a_server_that_must_not_start_says_why(
    arguments: list[str],
    code: str,
    exit_code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARF_MCP_TOKEN", raising=False)
    Path("empty").write_text("\n")
    Path("short").write_text("secret\n")
    assert run(arguments) == exit_code
    error = capsys.readouterr().err
    assert error.startswith(f"error {code}: ")
    assert "next: " in error
    assert "secret" not in error
    assert run([*arguments, "--json"]) == exit_code
    answer = json.loads(capsys.readouterr().out)["error"]
    assert (answer["code"], answer["exit_code"]) == (code, exit_code)
