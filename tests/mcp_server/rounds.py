# SPDX-License-Identifier: Apache-2.0
"""The suites' fixtures that ask their client for something and go on when it answers (SEP-2322, "input required").

Our own server never asks its client for anything. The fixtures show that the set-up around it keeps the rules all the
same: the state that travels through the client is sealed, and a client is asked only for what it says it can do.
"""

from __future__ import annotations

from typing import Any, Final

from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

ROOTS: Final = ListRootsRequest(method="roots/list")


def register_tools(server: MCPServer[Any]) -> None:
    """Add the tools to ``server``."""
    _one_round(server)
    _with_state(server)
    _capabilities(server)


def register_prompt(server: MCPServer[Any]) -> None:
    """Add the prompt to ``server``."""

    @server.prompt()
    def test_input_required_result_prompt(ctx: Context) -> str | InputRequiredResult:
        """Asks for its context."""
        if _answered(ctx, "user_context"):
            return "The context is known."
        return _ask({"user_context": _question("What context should the prompt use?", "context")})


def _one_round(server: MCPServer[Any]) -> None:
    @server.tool()
    def test_input_required_result_elicitation(ctx: Context) -> str | InputRequiredResult:
        """Asks for a name."""
        if _answered(ctx, "user_name"):
            return "Hello!"
        return _ask({"user_name": _question("What is your name?", "name")})

    @server.tool()
    def test_input_required_result_sampling(ctx: Context) -> str | InputRequiredResult:
        """Asks the client's model."""
        if _answered(ctx, "capital_question"):
            return "The model answered."
        return _ask({"capital_question": _sampling("What is the capital of France?")})

    @server.tool()
    def test_input_required_result_list_roots(ctx: Context) -> str | InputRequiredResult:
        """Asks for the client's roots."""
        return "The roots are known." if _answered(ctx, "client_roots") else _ask({"client_roots": ROOTS})


def _with_state(server: MCPServer[Any]) -> None:
    @server.tool()
    def test_input_required_result_request_state(ctx: Context) -> str | InputRequiredResult:
        """Asks, and knows its own state again."""
        if _answered(ctx, "confirm") and ctx.request_state == "asked":
            return "state-ok"
        return _ask({"confirm": _question("Please confirm", "ok", kind="boolean")}, "asked")

    @server.tool()
    def test_input_required_result_tampered_state(ctx: Context) -> str | InputRequiredResult:
        """Asks with a state that the client must not change."""
        if _answered(ctx, "confirm") and ctx.request_state == "asked":
            return "state-ok"
        return _ask({"confirm": _question("Please confirm", "ok", kind="boolean")}, "asked")

    @server.tool()
    def test_input_required_result_multiple_inputs(ctx: Context) -> str | InputRequiredResult:
        """Asks for three things at once."""
        asked: dict[str, InputRequest] = {
            "user_name": _question("What is your name?", "name"),
            "greeting": _sampling("Generate a greeting"),
            "client_roots": ROOTS,
        }
        return "All is known." if all(_answered(ctx, name) for name in asked) else _ask(asked, "asked")

    @server.tool()
    def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
        """Asks twice."""
        if _answered(ctx, "step2") and ctx.request_state == "second":
            return "Both are known."
        if _answered(ctx, "step1") and ctx.request_state == "first":
            return _ask({"step2": _question("Step 2: What is your favorite color?", "color")}, "second")
        return _ask({"step1": _question("Step 1: What is your name?", "name")}, "first")


def _capabilities(server: MCPServer[Any]) -> None:
    @server.tool()
    def test_input_required_result_capabilities(ctx: Context) -> str | InputRequiredResult:
        """Asks for what the client can do, and no more."""
        able = ctx.client_capabilities
        asked: dict[str, InputRequest] = {}
        if able is not None and able.elicitation is not None:
            asked["user_name"] = _question("What is your name?", "name")
        if able is not None and able.sampling is not None:
            asked["greeting"] = _sampling("Generate a greeting")
        return "All is known." if all(_answered(ctx, name) for name in asked) else _ask(asked)

    @server.tool()
    def test_missing_capability(ctx: Context) -> str:
        """Needs a client that lends its model."""
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            raise MCPError(
                code=MISSING_REQUIRED_CLIENT_CAPABILITY,
                message="this tool needs the client's sampling",
                data={"requiredCapabilities": {"sampling": {}}},
            )
        return "The client can."

    @server.tool()
    def test_streaming_elicitation(ctx: Context) -> str | InputRequiredResult:
        """Asks on the stream of its own request."""
        return "Hello!" if _answered(ctx, "user_name") else _ask({"user_name": _question("What is your name?", "name")})


def _answered(ctx: Context, name: str) -> bool:
    return ctx.input_responses is not None and name in ctx.input_responses


def _ask(requests: dict[str, InputRequest], state: str | None = None) -> InputRequiredResult:
    return InputRequiredResult(input_requests=requests, request_state=state)


def _question(message: str, name: str, *, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return ElicitRequest(
        method="elicitation/create", params=ElicitRequestFormParams(message=message, requested_schema=schema)
    )


def _sampling(text: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequest(
        method="sampling/createMessage", params=CreateMessageRequestParams(messages=[message], max_tokens=100)
    )
