# SPDX-License-Identifier: Apache-2.0
"""The advisory client and a server: over stdio, over HTTP and in memory the answers are those that ARF gives here."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver import MCPServer

from arf_core.advisor import Advisor
from arf_core.errors import ArfError
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import McpClientError, ModeError, NotRecommended, OSSMCPClient, ServerError
from arf_mcp_client.desk import Desk
from arf_mcp_client.server.build import make_server

pytestmark = pytest.mark.promise("MCP-1")

SERVE = [sys.executable, "-m", "arf_mcp_client.cli", "serve"]
TOKEN = "advisory-token-0123456789"
SLOW = [
    {"component": "checkout-api", "timestamp": "2026-01-02T00:00:00Z", "latency_p99": 900},
    {"component": "cart", "timestamp": "2026-01-02T00:00:30Z", "error_rate": 0.5},
]
QUESTIONS: list[tuple[str, str, dict[str, object], dict[str, object]]] = [
    ("restart_container", "checkout-api", {}, {"telemetry": SLOW}),
    ("restart_container", "checkout-api", {"grace_period": 5}, {"telemetry": SLOW, "incident_id": "I", "note": 1.5}),
    ("rollback", "cart", {}, {"telemetry": json.dumps(SLOW)}),
    ("scale_out", "cart", {}, {"telemetry": SLOW}),
    ("rollback", "nowhere", {}, {"telemetry": SLOW}),
    ("rollback", "cart", {}, {"telemetry": ""}),
    ("rollback", "cart", {}, {"telemetry": "garbage"}),
    ("rollback", "cart", {}, {"telemetry": [{"c": 1}]}),
    ("rollback", "cart", {}, {"detected_at": "2026-01-02T00:00:00Z"}),
    ("nonsense", "cart", {}, {"telemetry": SLOW}),
]


async def answers(client: OSSMCPClient) -> list[object]:
    """What the client says to every question: digests, and errors by class and words."""
    said: list[object] = [[intent.to_json() for intent in await client.analyze(SLOW)]]
    for tool, component, parameters, context in QUESTIONS:
        try:
            said.append((await client.analyze_and_recommend(tool, component, parameters, context)).to_json())
        except (ArfError, McpClientError) as error:
            said.append((type(error), str(error)))
    return said


def answers_of(client: OSSMCPClient) -> list[object]:
    async def work() -> list[object]:
        async with client:
            assert client.get_capabilities()["mode"] == "advisory"
            return await answers(client)

    return anyio.run(work)


@pytest.fixture(scope="module")
def here() -> list[object]:
    """What ARF answers in this process."""
    return answers_of(OSSMCPClient())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running `arf-mcp serve --transport http` with a token."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN)
    command = [*SERVE, "--transport", "http", "--port", "0", "--token-file", str(token), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield _listening(server)
        finally:
            server.terminate()
            server.communicate(timeout=20)


def _listening(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    assert server.stderr is not None
    text = ""
    while line := server.stdout.readline() or server.stderr.readline():
        text += line
        if "http://127.0.0.1:" in line:
            return "http://" + line.split("http://")[1].split('"')[0].split()[0].rstrip("/,.")
    raise AssertionError(f"the server did not start: {text}")


def test_over_stdio_the_answers_are_the_same(here: list[object]) -> None:
    assert answers_of(OSSMCPClient(SERVE)) == here


def test_over_http_the_answers_are_the_same(here: list[object], address: str) -> None:
    assert answers_of(OSSMCPClient(address, credentials=TOKEN)) == here


def test_in_memory_the_answers_are_the_same(here: list[object]) -> None:
    server = make_server(Desk(Advisor(), clock=lambda: datetime(2026, 1, 2, tzinfo=UTC)))
    assert answers_of(OSSMCPClient(server)) == here


@pytest.mark.parametrize("token", [None, "a-wrong-token-0123456789"])
def test_without_the_right_token_the_server_does_not_answer(
    address: str, token: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ServerError, match="cannot be used") as refused:
        answers_of(OSSMCPClient(address, credentials=token))
    assert token is None or token not in f"{refused.value!r}{refused.value.__context__!r}{caplog.text}"


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("http://127.0.0.1:1", "no connection"),
        (["/nowhere/arf-mcp"], "No such file"),
        ([sys.executable, "-c", ""], "Connection closed"),
        ("http://arf.example", "not https"),
        ("https://user:pw@arf.example", "user name or password"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_error(server: str | list[str], said: str) -> None:
    with pytest.raises(ServerError, match=said):
        answers_of(OSSMCPClient(server, timeout_s=10))


def served(**tools: Callable[..., Any]) -> MCPServer[Any]:
    """A server in this process with ``tools`` and nothing else."""
    server: MCPServer[Any] = MCPServer("played")
    for name, tool in tools.items():
        server.add_tool(tool, name=name, structured_output=True)
    return server


def able(mode: str = "advisory", *, can_execute: bool = False) -> Callable[[], dict[str, Any]]:
    return lambda: {"mode": mode, "can_execute": can_execute}


def _typed(tool: Callable[..., object]) -> Callable[..., object]:
    tool.__annotations__["return"] = dict[str, Any]
    return tool


@pytest.mark.parametrize(("mode", "can_execute"), [("autonomous", False), ("advisory", True), ("approval", True)])
def test_a_server_that_does_more_than_advise_is_refused_before_it_is_told_anything(
    mode: str, can_execute: bool
) -> None:
    told: list[str] = []

    def analyze(telemetry: str) -> dict[str, Any]:
        told.append(telemetry)
        return {}

    server = served(get_capabilities=_typed(able(mode, can_execute=can_execute)), analyze=analyze)
    with pytest.raises(ModeError, match="advisory servers only"):
        answers_of(OSSMCPClient(server))
    assert told == []


def test_an_intent_that_does_not_verify_is_no_answer() -> None:
    sealed = {**_sealed().to_dict(), "confidence": 0.99}

    def analyze(telemetry: str, limit: int, include_sealed: bool) -> dict[str, Any]:  # noqa: ARG001 - the wire's names
        return {"incidents": [], "sealed": [sealed], "faults": [], "read": 1, "left_out": 0}

    server = served(get_capabilities=_typed(able()), analyze=analyze)
    with pytest.raises(ServerError, match="does not verify"):
        asked(server)


@pytest.mark.parametrize("answer", [{}, {"incidents": 3}, {"incidents": [], "sealed": [1], "faults": [], "read": 1}])
def test_an_analysis_of_another_form_is_no_answer(answer: dict[str, object]) -> None:
    def analyze(telemetry: str, limit: int, include_sealed: bool) -> dict[str, Any]:  # noqa: ARG001 - the wire's names
        return answer

    server = served(get_capabilities=_typed(able()), analyze=analyze)
    with pytest.raises(ServerError):
        asked(server)


def test_a_tool_that_fails_is_an_error_of_the_server() -> None:
    def analyze(telemetry: str, limit: int, include_sealed: bool) -> dict[str, Any]:  # noqa: ARG001 - the wire's names
        raise RuntimeError("broken inside")

    server = served(get_capabilities=_typed(able()), analyze=analyze)
    with pytest.raises(ServerError, match="failed at analyze"):
        asked(server)


def test_a_server_that_dies_in_the_middle_is_an_error_of_the_server(tmp_path: Path) -> None:
    script = tmp_path / "dies.py"
    script.write_text(
        "import os\nfrom typing import Any\nfrom mcp.server.mcpserver import MCPServer\nserver = MCPServer('dies')\n"
        "@server.tool()\ndef get_capabilities() -> dict[str, Any]:\n"
        "    return {'mode': 'advisory', 'can_execute': False}\n"
        "@server.tool()\ndef analyze(telemetry: str, limit: int, include_sealed: bool) -> dict[str, Any]:\n"
        "    os._exit(1)\nserver.run()\n"
    )
    with pytest.raises(ServerError):
        asked([sys.executable, str(script)])


def test_what_is_raised_inside_a_connection_comes_out_as_it_is() -> None:
    async def work() -> None:
        async with OSSMCPClient(SERVE) as client:
            await client.analyze_and_recommend("scale_out", "cart", {}, {"telemetry": SLOW})

    with pytest.raises(NotRecommended) as refused:
        anyio.run(work)
    assert refused.value.instead


def test_a_connection_that_is_given_up_closes_at_once() -> None:
    async def work() -> bool:
        with anyio.move_on_after(5) as scope:
            async with OSSMCPClient(SERVE):
                scope.cancel()
                await anyio.sleep(60)
        return scope.cancelled_caught

    assert anyio.run(work) is True


def test_telemetry_with_more_incidents_than_are_told_says_so() -> None:
    many = [{**SLOW[0], "component": f"c{number:03}", "timestamp": _hour(number)} for number in range(230)]
    server = make_server(Desk(Advisor(), clock=lambda: datetime(2026, 1, 2, tzinfo=UTC)))

    async def work() -> HealingIntent:
        async with OSSMCPClient(server) as client:
            return await client.analyze_and_recommend("restart_container", "c229", {}, {"telemetry": many})

    with pytest.raises(NotRecommended, match="30 more were not told"):
        anyio.run(work)


def asked(server: Any) -> tuple[HealingIntent, ...]:
    async def work() -> tuple[HealingIntent, ...]:
        async with OSSMCPClient(server, timeout_s=20) as client:
            return await client.analyze(SLOW)

    ask: Callable[[], Awaitable[tuple[HealingIntent, ...]]] = work
    return anyio.run(ask)


def _hour(number: int) -> str:
    return f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00Z"


def _sealed() -> HealingIntent:
    return anyio.run(lambda: OSSMCPClient().analyze_and_recommend("rollback", "cart", {}))
