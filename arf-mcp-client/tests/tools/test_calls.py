# SPDX-License-Identifier: Apache-2.0
"""The tools, called by the SDK's own client in memory: schemas, answers, errors, progress, cancellation."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable

import anyio
import jsonschema
import pytest
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, TextContent

from arf_core.ingest.formats import Format
from arf_core.models.healing_intent import HealingIntent
from arf_core.stages import Subject
from arf_core.testing import MOMENT
from arf_core.verify.receipt import write
from arf_mcp_client.desk import Desk
from arf_mcp_client.server.build import ERROR_KEY, make_server
from arf_mcp_client.settings import MAX_INPUT
from arf_mcp_client.tools.calls import LONG_WORK

pytestmark = [pytest.mark.anyio, pytest.mark.promise("MCP-2")]
NAMES = {
    "analyze",
    "recommend_action",
    "find_similar_incidents",
    "explain_decision",
    "verify_artifact",
    "get_capabilities",
}


async def call(desk: Desk, tool: str, **arguments: object) -> CallToolResult:
    async with Client(make_server(desk)) as client:
        return await client.call_tool(tool, arguments)


def many(count: int) -> str:
    return "\n".join(
        json.dumps({"component": f"c{n}", "timestamp": f"2026-01-02T{n // 60:02}:{n % 60:02}:00Z", "latency_p99": 900})
        for n in range(count)
    )


def code_of(result: CallToolResult) -> str:
    """The code of a failed call; what it says and what it carries must agree."""
    assert result.is_error
    assert result.structured_content is None  # some clients hold whatever is structured against the tool's schema
    error = (result.meta or {})[ERROR_KEY]
    (text,) = result.content
    assert isinstance(text, TextContent)
    assert text.text == f"{error['code']}: {error['message']}\nWhat to do: {error['remedy']}"
    assert "Traceback" not in text.text
    return str(error["code"])


async def test_the_tools_say_what_they_do_and_that_they_only_read(desk: Desk) -> None:
    async with Client(make_server(desk)) as client:
        listed = (await client.list_tools()).tools
    assert {tool.name for tool in listed} == NAMES
    for tool in listed:
        assert tool.title
        assert 60 < len(tool.description or "") < 500
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False
        assert tool.annotations.idempotent_hint is True
        assert tool.annotations.open_world_hint is False
        assert tool.output_schema is not None
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)


async def test_every_answer_fits_its_published_schema(desk: Desk, reading: dict[str, object]) -> None:
    calls: dict[str, dict[str, object]] = {
        "analyze": {"telemetry": reading, "include_sealed": True},
        "recommend_action": {"telemetry": reading},
        "find_similar_incidents": {"telemetry": reading},
        "explain_decision": {"telemetry": reading, "action": "rollback"},
        "verify_artifact": {"artifact": "no artifact"},
        "get_capabilities": {},
    }
    assert set(calls) == NAMES
    async with Client(make_server(desk)) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        for name, arguments in calls.items():
            result = await client.call_tool(name, arguments)
            assert not result.is_error
            jsonschema.validate(result.structured_content, schemas[name] or {})
            (text,) = result.content
            assert isinstance(text, TextContent)
            assert json.loads(text.text) == result.structured_content


async def test_a_recommended_intent_verifies_and_is_the_one_that_core_seals(
    desk: Desk, reading: dict[str, object]
) -> None:
    answer = (await call(desk, "recommend_action", telemetry=reading)).structured_content or {}
    intent = HealingIntent.from_dict(answer["recommended"])
    (answered,) = desk.analyze(json.dumps(reading), form=Format.AUTO).answered
    assert intent == answered.advice.intents[0]
    assert len(answer["alternatives"]) == len(answered.advice.intents) - 1
    for artifact, encoding in (
        (answer["recommended"], "text"),
        (intent.to_json(), "text"),
        (write(intent), "text"),
        (base64.b64encode(intent.to_json().encode()).decode(), "base64"),
    ):
        report = (await call(desk, "verify_artifact", artifact=artifact, encoding=encoding)).structured_content or {}
        assert report["ok"] is True
        assert report["count"] == 1


async def test_an_altered_intent_does_not_verify_and_the_place_is_named(desk: Desk, reading: dict[str, object]) -> None:
    answer = (await call(desk, "recommend_action", telemetry=reading)).structured_content or {}
    altered = {**answer["recommended"], "confidence": 1.0}
    report = (await call(desk, "verify_artifact", artifact=altered)).structured_content or {}
    assert report["ok"] is False
    assert report["proven"] == []
    assert "confidence" in report["first_bad"]


async def test_text_and_json_of_the_same_telemetry_have_the_same_answer(desk: Desk, reading: dict[str, object]) -> None:
    answers = [
        (await call(desk, "analyze", telemetry=form)).structured_content
        for form in (reading, [reading], json.dumps(reading), json.dumps([reading]))
    ]
    assert all(answer == answers[0] for answer in answers)


async def test_similar_incidents_are_recalled_with_what_healed_them(desk: Desk, reading: dict[str, object]) -> None:
    answer = (await call(desk, "find_similar_incidents", telemetry=reading)).structured_content or {}
    assert answer["remembered"] == 1
    (similar,) = answer["incidents"]
    assert (similar["incident_id"], similar["action"], similar["outcome"]) == ("inc_old", "restart_container", "healed")
    assert similar["why"]


async def test_a_decision_is_explained_by_its_rule_and_by_what_would_turn_it(
    desk: Desk, reading: dict[str, object]
) -> None:
    answer = (await call(desk, "explain_decision", telemetry=reading, action="rollback")).structured_content or {}
    assert answer["recommended"] is False
    assert answer["rule"]["file"] == "defaults.yaml"
    assert answer["rule"]["line"] > 1
    assert "error_rate" in answer["change"]


async def test_a_limit_bounds_the_answer_and_says_what_it_left_out(desk: Desk) -> None:
    answer = (await call(desk, "analyze", telemetry=many(30), limit=7)).structured_content or {}
    assert (answer["read"], len(answer["incidents"]), answer["left_out"]) == (30, 7, 23)


async def test_bad_records_are_named_and_do_not_lose_the_others(desk: Desk, reading: dict[str, object]) -> None:
    bad = {**reading, "component": "cart", "error_rate": 7}
    answer = (await call(desk, "analyze", telemetry=[reading, bad])).structured_content or {}
    assert len(answer["incidents"]) == 1
    (fault,) = answer["faults"]
    assert fault["code"] == "ARF-1001"
    assert "error_rate" in fault["message"]


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("analyze", {}, "ARF-1000"),
        ("analyze", {"telemetry": 5}, "ARF-1000"),
        ("analyze", {"telemetry": "{}", "limit": 0}, "ARF-1000"),
        ("analyze", {"telemetry": "{}", "input_format": "nope"}, "ARF-1000"),
        ("analyze", {"telemetry": ""}, "ARF-1002"),
        ("analyze", {"telemetry": "{broken"}, "ARF-1002"),
        ("analyze", {"telemetry": '{"a": NaN}'}, "ARF-1002"),
        ("analyze", {"telemetry": "[" * 50_000}, "ARF-1002"),
        ("analyze", {"telemetry": "a" * (MAX_INPUT + 1)}, "ARF-1006"),
        ("recommend_action", {"telemetry": many(3)}, "ARF-1000"),
        ("explain_decision", {"telemetry": many(1), "action": "reboot_the_world"}, "ARF-1000"),
        ("explain_decision", {"telemetry": many(1), "action": "rollback", "component": "elsewhere"}, "ARF-1000"),
        ("verify_artifact", {"artifact": "not base64!", "encoding": "base64"}, "ARF-1000"),
        ("verify_artifact", {"artifact": "A" * (MAX_INPUT * 2), "encoding": "base64"}, "ARF-1006"),
    ],
)
async def test_what_a_tool_cannot_do_is_a_typed_error(
    desk: Desk, tool: str, arguments: dict[str, object], code: str
) -> None:
    assert code_of(await call(desk, tool, **arguments)) == code


async def test_a_tool_that_does_not_exist_is_an_error_of_the_protocol(desk: Desk) -> None:
    async with Client(make_server(desk)) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("execute_intent", {})
    assert caught.value.error.code == INVALID_PARAMS


async def test_a_crash_is_answered_without_its_text(
    desk: Desk, reading: dict[str, object], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(Desk, "one", crash)
    result = await call(desk, "recommend_action", telemetry=reading)
    assert code_of(result) == "ARF-0001"
    assert "secret" not in str(result)
    assert "a secret of the inside" in caplog.text


async def test_a_long_analysis_tells_how_far_it_is(desk: Desk) -> None:
    seen: list[tuple[float, float | None]] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        assert message
        seen.append((progress, total))

    async with Client(make_server(desk)) as client:
        await client.call_tool("analyze", {"telemetry": many(100)}, progress_callback=progress)
        await client.call_tool("analyze", {"telemetry": many(LONG_WORK - 1)}, progress_callback=progress)
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert seen[0] == (0, 100)
    assert seen[-1] == (100, 100)


class Held(Desk):
    """A desk that stops at the first incident until it is let go, and counts how many it went on to."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.advisor, clock=lambda: MOMENT)
        self.reached, self.go_on, self.analysed = threading.Event(), threading.Event(), 0

    def analyze(self, telemetry: str, *, form: Format, watch: Callable[[list[Subject]], Iterable[Subject]] = iter):  # type: ignore[no-untyped-def]
        def held(work: list[Subject]) -> Iterable[Subject]:
            for piece in watch(work):
                self.reached.set()
                self.go_on.wait(10)
                self.analysed += 1
                yield piece

        return super().analyze(telemetry, form=form, watch=held)


async def test_an_analysis_that_nobody_waits_for_stops(desk: Desk) -> None:
    held = Held(desk)
    async with Client(make_server(held)) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "analyze", {"telemetry": many(300)})
        assert await anyio.to_thread.run_sync(held.reached.wait, 10)
        group.cancel_scope.cancel()
        # The client tells the server while it is being cancelled; only then is the worker let go.
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.2)
            held.go_on.set()
            await anyio.sleep(0.2)
    assert held.analysed < 300


async def test_calls_do_not_hold_each_other_up(desk: Desk, reading: dict[str, object]) -> None:
    held = Held(desk)
    async with Client(make_server(held)) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "analyze", {"telemetry": reading})
        assert await anyio.to_thread.run_sync(held.reached.wait, 10)
        assert not (await client.call_tool("recommend_action", {"telemetry": reading})).is_error
        held.go_on.set()
