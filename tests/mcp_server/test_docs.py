# SPDX-License-Identifier: Apache-2.0
"""docs/mcp.md and the README: every snippet is what a client reads, and every command works as it is printed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import OKPAlgorithm
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

import arf_core
from arf_mcp_client.settings import LEAST_TOKEN, MAX_BODY, MAX_INPUT, PATH, HttpSettings

pytestmark = pytest.mark.promise("MCP-2")
ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "docs/mcp.md", ROOT / "arf-mcp-client/README.md")
BIN = str(Path(sys.executable).parent)
SETTINGS = HttpSettings()


def blocks(language: str) -> list[str]:
    found = [
        text for page in PAGES for text in re.findall(rf"```{language}[^\n]*\n(.*?)```", page.read_text(), re.DOTALL)
    ]
    assert found
    return found


def servers(snippet: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("mcpServers", "servers", "context_servers"):
        named = snippet.get(key, {})
        yield from named if isinstance(named, list) else named.values()


SNIPPETS = [json.loads(text) for text in blocks("json")] + [yaml.safe_load(text) for text in blocks("yaml")]
SERVERS = [server for snippet in SNIPPETS for server in servers(snippet)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page names."""
    package = Path(arf_core.__file__).parent
    shutil.copy(package / "cases/incidents.jsonl", tmp_path / "incidents.jsonl")
    shutil.copy(package / "policy/defaults.yaml", tmp_path / "policies.yaml")
    (tmp_path / "calls.json").write_text('[["front", "cart"]]')
    (tmp_path / "token").write_text("t" * LEAST_TOKEN)
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    (tmp_path / "keys.json").write_text(
        json.dumps({"keys": [{**OKPAlgorithm.to_jwk(public, as_dict=True), "kid": "1"}]})
    )
    return tmp_path


def environment() -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("ARF_")}
    return {**known, "PATH": f"{BIN}{os.pathsep}{known['PATH']}"}


def test_every_snippet_names_one_server_of_a_known_form() -> None:
    assert len(SERVERS) == len(SNIPPETS) >= 12
    assert all(("command" in server) != ("url" in server) for server in SERVERS)


def test_every_address_in_the_snippets_is_where_the_server_listens() -> None:
    addresses = [server["url"] for server in SERVERS if "url" in server]
    assert len(addresses) >= 4
    assert set(addresses) == {f"http://{SETTINGS.host}:{SETTINGS.port}{PATH}"}


@pytest.mark.parametrize(
    "command", sorted({(server["command"], *server["args"]) for server in SERVERS if "command" in server})
)
def test_every_command_in_the_snippets_starts_a_server_that_answers(command: tuple[str, ...], folder: Path) -> None:
    async def tools() -> int:
        started = StdioServerParameters(
            command=str(Path(BIN) / command[0]), args=list(command[1:]), cwd=folder, env=environment()
        )
        async with Client(stdio_client(started)) as client:
            return len((await client.list_tools()).tools)

    assert anyio.run(tools) == 6


LINES = [line for text in blocks("sh") for line in text.splitlines() if line]


@pytest.mark.parametrize("line", sorted({line for line in LINES if " serve --transport http" in line}))
def test_every_server_on_the_page_listens(line: str, folder: Path) -> None:
    process = subprocess.Popen(
        [*shlex.split(line), "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=folder, env=environment()
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("listening on http://")
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("line", sorted({line for line in LINES if " serve" not in line and "claude" not in line}))
def test_every_other_command_on_the_page_works(line: str, folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-ec", line], capture_output=True, text=True, cwd=folder, env=environment(), check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len((folder / "token").read_text().strip()) >= LEAST_TOKEN


def test_what_other_programs_are_told_to_start_is_a_command_of_ours() -> None:
    told = [line for line in LINES if line.startswith("claude ")]
    assert len(told) == 2
    assert told[0].endswith(" -- arf-mcp serve")
    assert f"http://{SETTINGS.host}:{SETTINGS.port}{PATH}" in told[1]


def test_the_limits_on_the_page_are_those_of_the_server() -> None:
    page = PAGES[0].read_text()
    assert f"at most {MAX_INPUT // 2**20} MiB" in page
    assert f"larger than {MAX_BODY / 2**20:.2f} MiB" in page
    assert f"within {SETTINGS.body_timeout:g} s" in page
    assert f"{SETTINGS.most_at_once} requests are being served" in page
    assert f"finish for {SETTINGS.stop_timeout:g} s" in page
