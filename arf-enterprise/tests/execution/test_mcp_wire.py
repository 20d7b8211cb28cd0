# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a careless or hostile client sends to ``/mcp``: each gets a typed answer, and none breaks the server."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from arf_enterprise.identity.principal import Role
from arf_enterprise.server.mcp_failures import ERROR_KEY
from arf_enterprise.server.mcp_tools import Tools
from arf_enterprise.server.testing import Clock, Served, served
from lib.governed import World, engine_on

pytestmark = pytest.mark.promise("SRV-1")
REVISION: Final = "2025-11-25"
CURRENT: Final = "2026-07-28"
LIST: Final = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture
def server(world: World) -> Iterator[Served]:
    with served(world.app, Clock(), background=engine_on(world.app)) as found:
        yield found


@pytest.fixture
def headers(server: Served) -> dict[str, str]:
    return {
        **server.bearer(Role.OPERATOR),
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": REVISION,
    }


def message(answer: httpx.Response) -> dict[str, Any]:
    """The one message of an answer, which comes as JSON or as the one event of a stream."""
    text = answer.text
    if answer.headers["content-type"].startswith("text/event-stream"):
        (text,) = (line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: "))
    return dict(json.loads(text))


def call(server: Served, headers: dict[str, str], tool: str, arguments: object, **more: Any) -> dict[str, Any]:
    asked = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    answer = server.client.post("/mcp", headers=headers, content=json.dumps(asked).encode(), **more)
    assert answer.status_code == 200, answer.text
    return message(answer)


def error(found: dict[str, Any]) -> dict[str, Any]:
    assert found["result"]["isError"] is True, found
    return dict(found["result"]["_meta"][ERROR_KEY])


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("get_execution", {}, "execution_id: Field required"),
        ("get_execution", {"execution_id": 7}, "execution_id: Input should be a valid string"),
        ("get_execution", {"execution_id": "e" * 41}, "execution_id: String should have at most 40 characters"),
        ("get_execution", {"execution_id": "exe_\x00"}, "a character that no text has"),
        ("execute_intent", {"tool": "rollback", "component": "sh\x00op"}, "a character that no text has"),
        ("execute_intent", {"tool": "rollback", "component": "shop", "parameters": {"a": [{"b\x00": 1}]}}, "character"),
        ("execute_intent", {"tool": "rollback", "component": "shop", "parameters": "all"}, "parameters: "),
        ("execute_intent", {"tool": "no such", "component": "shop"}, ""),
        ("submit_intent", {"intent": [], "mode": "god"}, "intent: Input should be a valid dictionary; mode: "),
        ("list_pending", {"tenant": "globex"}, "the tool has no arguments"),
        ("stop", {"reach": "all", "reason": "x", "lift": True}, "no other arguments than name, reach, reason"),
        ("search_audit", {"first": -1}, "first: "),
        ("search_audit", {"limit": 201}, "limit: "),
    ],
)
def test_wrong_arguments_are_told_by_our_code_and_the_arguments_name(
    server: Served, headers: dict[str, str], tool: str, arguments: object, says: str
) -> None:
    told = error(call(server, headers, tool, arguments))
    assert told["code"] == "ARF-E-6001", told
    assert says in told["message"]
    assert "pydantic" not in json.dumps(told)


def test_half_a_pair_is_refused_in_every_revision(server: Served, headers: dict[str, str]) -> None:
    params: dict[str, Any] = {"name": "get_execution", "arguments": {"execution_id": "exe_\ud800"}}
    asked = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}
    older = server.client.post("/mcp", headers=headers, content=json.dumps(asked).encode())
    assert (older.status_code, message(older)["error"]["code"]) == (400, -32700)
    meta = {"protocolVersion": CURRENT, "clientCapabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    params["_meta"] = {f"io.modelcontextprotocol/{name}": value for name, value in meta.items()}
    routed = {"MCP-Protocol-Version": CURRENT, "Mcp-Method": "tools/call", "Mcp-Name": "get_execution"}
    newer = server.client.post("/mcp", headers={**headers, **routed}, content=json.dumps(asked).encode())
    assert "a character that no text has" in error(message(newer))["message"]


@pytest.mark.parametrize(
    ("tool", "name"), [("get_execution", "execution_id"), ("stop", "reach"), ("search_audit", "first")]
)
def test_a_key_in_the_wrong_place_is_not_repeated(
    server: Served, headers: dict[str, str], tool: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = headers["Authorization"].removeprefix("Bearer ")
    with caplog.at_level(logging.DEBUG):
        found = call(server, headers, tool, {name: key})
    for secret in (key, key[-20:]):
        assert secret not in json.dumps(found)
        assert secret not in caplog.text


def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(server: Served, headers: dict[str, str]) -> None:
    for name in ("approve", "nothing" * 1000, headers["Authorization"].removeprefix("Bearer ")):
        found = call(server, headers, name, {})["error"]
        assert found["code"] == -32602
        assert len(found["message"]) < 120
        assert headers["Authorization"][-20:] not in found["message"]


def test_what_nobody_expected_says_nothing_of_its_inside(
    server: Served, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(Tools, "_pending", broken)
    found = call(server, {**headers, "X-Request-ID": "broken-one"}, "list_pending", {})
    assert (error(found)["code"], error(found)["request_id"]) == ("ARF-E-0001", "broken-one")
    assert "hunter2" not in json.dumps(found) + caplog.text
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == ["internal error"]


@pytest.mark.parametrize("session", ["nobody", "x" * 4000, "' OR true --"])
def test_a_session_of_nobody_makes_no_difference_for_there_are_none(
    server: Served, headers: dict[str, str], session: str
) -> None:
    answer = server.client.post("/mcp", headers={**headers, "Mcp-Session-Id": session}, json=LIST)
    assert len(message(answer)["result"]["tools"]) == 7
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"])
def test_there_is_no_stream_to_open_and_no_session_to_end(server: Served, headers: dict[str, str], method: str) -> None:
    answer = server.client.request(method, "/mcp", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{nope", 422),
        (b"\xff\xfe{}", 422),
        (b"[" * 100_000, 422),
        (b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping"}', 422),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"n": NaN}}', 422),
        (json.dumps([LIST, LIST]).encode(), 400),
        (b'"text"', 400),
        (b'{"a": "' + b"x" * 1_048_576 + b'"}', 413),
    ],
)
def test_what_is_not_one_message_is_refused_in_our_form(
    server: Served, headers: dict[str, str], body: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = server.client.post("/mcp", headers=headers, content=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == "ARF-E-6001"
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_a_giant_body_that_does_not_say_its_length_is_cut_off(
    server: Served, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"a": "'
        for _ in range(32):
            yield b"x" * 65_536

    answer = server.client.post("/mcp", headers=headers, content=parts())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "ARF-E-6001")
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_what_is_not_said_to_be_json_is_refused(server: Served, headers: dict[str, str]) -> None:
    answer = server.client.post("/mcp", headers={**headers, "Content-Type": "text/plain"}, content=json.dumps(LIST))
    assert answer.status_code == 415


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", ""])
def test_no_page_comes_in_with_whatever_key(server: Served, headers: dict[str, str], origin: str) -> None:
    answer = server.client.post("/mcp", headers={**headers, "Origin": origin}, json=LIST)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ARF-E-3002")


def test_fifty_calls_at_once_get_their_own_answers(server: Served, headers: dict[str, str]) -> None:
    def ask(number: int) -> dict[str, Any]:
        params = {"name": "get_execution", "arguments": {"execution_id": f"exe_{number}"}}
        asked = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        return message(server.client.post("/mcp", headers=headers, json=asked))

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(ask, range(50)))
    assert [one["id"] for one in found] == list(range(50))
    assert {error(one)["code"] for one in found} == {"ARF-E-6002"}


def test_a_call_that_its_client_gave_up_is_one_run_and_leaves_nothing_behind(
    world: World, server: Served, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """The client leaves and asks again, as clients do: the intent is the same, and so is the run."""
    arguments = {"intent": world.intent("rollback").to_enterprise_request()}
    for _ in range(5):
        with pytest.raises(httpx.TimeoutException):
            call(server, headers, "submit_intent", arguments, timeout=0.001)
    receipt = call(server, headers, "submit_intent", arguments)["result"]["structuredContent"]
    assert receipt["status"] == "pending_approval"
    pending = call(server, headers, "list_pending", {})["result"]["structuredContent"]["executions"]
    assert [one["execution_id"] for one in pending] == [receipt["execution_id"]]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert server.client.get("/health").status_code == 200
