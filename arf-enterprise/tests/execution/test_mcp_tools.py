# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The MCP endpoint with a real client over real HTTP: what agents may do, and what they may not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import Operation, permits
from arf_enterprise.server.mcp_failures import ERROR_KEY
from arf_enterprise.server.testing import Clock, Served, served
from lib.governed import World, engine_on

TOOLS = {
    "submit_intent": Operation.INTENTS_SUBMIT,
    "execute_intent": Operation.INTENTS_SUBMIT,
    "get_execution": Operation.EXECUTIONS_READ,
    "list_pending": Operation.EXECUTIONS_READ,
    "roll_back": Operation.EXECUTIONS_ROLL_BACK,
    "stop": Operation.STOP_PRESS,
    "search_audit": Operation.AUDIT_READ,
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "submit_intent": {"intent": {}},
    "execute_intent": {"tool": "nothing", "component": "shop"},
    "get_execution": {"execution_id": "exe_0"},
    "list_pending": {},
    "roll_back": {"execution_id": "exe_0", "reason": "test"},
    "stop": {"reach": "component", "name": "another", "reason": "test"},
    "search_audit": {},
}


@pytest.fixture
def server(world: World) -> Iterator[Served]:
    with served(world.app, Clock(), background=engine_on(world.app)) as found:
        yield found


def call(server: Served, key: str, tool: str, arguments: dict[str, Any]) -> Any:
    return asked(server, key, lambda client: client.call_tool(tool, arguments))


def asked(server: Served, key: str, ask: Callable[[Client], Any]) -> Any:
    async def run() -> Any:
        async with create_mcp_http_client(headers={"Authorization": f"Bearer {key}"}) as http:
            transport = streamable_http_client(f"{server.client.base_url}/mcp", http_client=http)
            async with Client(transport) as client:
                return await ask(client)

    return anyio.run(run)


def document(result: Any) -> dict[str, Any]:
    assert not result.is_error, result
    return dict(result.structured_content or json.loads(result.content[0].text))


def code(result: Any) -> str:
    assert result.is_error, result
    return str(result.meta[ERROR_KEY]["code"])


@pytest.mark.promise("SRV-1")
def test_an_agent_submits_an_intent_and_follows_it_to_its_end(world: World, server: Served) -> None:
    key = server.key(Role.OPERATOR, subject="a person")
    intent = world.intent()
    receipt = document(call(server, key, "submit_intent", {"intent": intent.to_enterprise_request()}))
    assert (receipt["status"], receipt["executed"], receipt["digest"]) == ("executed", True, intent.digest)
    again = document(call(server, key, "submit_intent", {"intent": intent.to_enterprise_request()}))
    assert again == receipt
    found = document(call(server, key, "get_execution", {"execution_id": receipt["execution_id"]}))
    assert found["intent_id"] == intent.intent_id
    assert {"decided", "apply_begun", "applied"} <= {one["step"] for one in found["steps"]}


@pytest.mark.promise("SRV-1")
@pytest.mark.promise("EXE-1")
def test_the_plans_request_is_sealed_first_and_waits_for_people(world: World, server: Served) -> None:
    key = server.key(Role.OPERATOR)
    asked_for = {"tool": "rollback", "component": "shop", "justification": "it is the release", "mode": "approval"}
    receipt = document(call(server, key, "execute_intent", asked_for))
    assert (receipt["status"], receipt["executed"]) == ("pending_approval", False)
    pending = document(call(server, key, "list_pending", {}))["executions"]
    assert [one["approval_id"] for one in pending] == [receipt["approval_id"]]
    assert world.release() == "r10"


@pytest.mark.promise("GOV-4")
def test_there_is_no_tool_to_approve_with(server: Served) -> None:
    tools = asked(server, server.key(Role.OPERATOR), lambda client: client.list_tools())
    names = {tool.name for tool in tools.tools}
    assert names == set(TOOLS)
    assert not any("approve" in name or "reject" in name for name in names)
    deciding = {Operation.APPROVALS_DECIDE, Operation.POLICY_APPROVE, Operation.STOP_LIFT, Operation.AGENTS_ATTEST}
    assert not deciding & set(TOOLS.values())


@pytest.mark.promise("GOV-4")
def test_an_agent_that_nobody_attested_submits_nothing(world: World, server: Served) -> None:
    key = server.key(Role.OPERATOR, subject="robot", is_agent=True)
    refused = call(server, key, "submit_intent", {"intent": world.intent().to_enterprise_request()})
    assert code(refused) == "ARF-E-4104"
    assert "intent.refused" in world.actions()


def test_an_altered_intent_is_refused_by_its_code_and_recorded(world: World, server: Served) -> None:
    altered = {**world.intent().to_enterprise_request(), "component": "another"}
    refused = call(server, server.key(Role.OPERATOR), "submit_intent", {"intent": altered})
    assert code(refused) == "ARF-E-4101"
    assert world.actions()[-1] == "intent.refused"


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("role", Role)
def test_every_role_has_the_tools_it_should_and_no_other(server: Served, role: Role) -> None:
    key = server.key(role)
    for tool, operation in TOOLS.items():
        server.clock.passed += 1000  # nobody has to wait for what was refused before
        result = call(server, key, tool, ARGUMENTS[tool])
        is_refused = result.is_error and code(result) == "ARF-E-3002"
        assert is_refused is not permits(role, operation), (tool, result)


@pytest.mark.promise("SRV-2")
def test_nobody_comes_in_without_a_key_or_from_a_page(server: Served) -> None:
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Bearer {server.key(Role.OPERATOR)}", "Origin": "https://evil.example"}, 403),
    ):
        answer = server.client.post("/mcp", headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["code"].startswith("ARF-E-3")
