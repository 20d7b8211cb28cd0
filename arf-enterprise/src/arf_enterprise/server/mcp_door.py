# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""MCP over streamable HTTP at ``/mcp``: behind the same gate, for the same callers, as REST.

1. It is stateless: any request may go to any server, and a restart loses nobody's session.
2. Who calls is asked before MCP sees the request, and put where the tools find it; a request of nobody is answered as
   REST answers it.
3. A browser has no business here: a request that names an ``Origin`` is refused.
4. A request is one JSON object, read as strictly as a body of REST, and whole before MCP sees it.
5. Nothing is ever sent that was not asked for, so there is no stream to open (GET), and no session to end (DELETE).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio.to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, InputRequiredResult
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arf_enterprise.app import App
from arf_enterprise.errors import NotPermitted, RequestError
from arf_enterprise.identity.hiding import hidden
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.failures import Refused
from arf_enterprise.server.guard import Guarded, app_of, identified
from arf_enterprise.server.mcp_failures import failed, require_plain
from arf_enterprise.server.mcp_tools import DESCRIPTION, INSTRUCTIONS, NAME, caller_of, register
from arf_enterprise.server.reading import json_body
from arf_enterprise.version import __version__

PATH: Final = "/mcp"


class Server(MCPServer[Any]):
    """An MCP server whose tools fail with our errors."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; how it fails is a typed answer, and one that there is not is an error of the protocol."""
        schema = self._tool_input_schema(name)
        if schema is None:
            raise MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {hidden(name)[:80]!r}")
        request_id = caller_of(context).request_id
        try:
            require_plain(arguments, schema, request_id)
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            return failed(error, request_id)


class Door(Guarded):
    """The route ``/mcp``, and what MCP needs for as long as the server lives."""

    operation = Operation.ME_READ
    """What whoever is let in may do; each tool asks for its own."""

    def __init__(self, app: App, *, most_bytes: int) -> None:
        """The door to the tools of ``app``."""
        server = Server(
            NAME,
            title="ARF Enterprise",
            description=DESCRIPTION,
            instructions=INSTRUCTIONS,
            version=__version__,
            log_level="WARNING",
            subscriptions=False,  # the lists never change, and a listener would hold a connection for nothing
        )
        register(server, app)
        self._inside = server.streamable_http_app(
            streamable_http_path=PATH,
            stateless_http=True,
            max_request_body_size=most_bytes,
            # Rule 3 stands in for it: the door is open to no page at all.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        super().__init__(PATH, _Entrance(self._inside), methods=["POST"], include_in_schema=False)  # 5

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Let requests in, for as long as the block lasts."""
        async with self._inside.router.lifespan_context(self._inside):
            yield


class _Entrance:
    def __init__(self, inside: ASGIApp) -> None:
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if "origin" in request.headers:  # rule 3
            raise NotPermitted("MCP is for programs: what names an Origin comes from a page, which no role lets in")
        caller = await anyio.to_thread.run_sync(identified, request)
        await anyio.to_thread.run_sync(app_of(request).access.permit, caller, Door.operation)
        if not isinstance(await json_body(request), dict):  # 4
            raise Refused(RequestError("the body must be one message: MCP has no batches"), status=400)
        scope["state"]["caller"] = caller
        await self._inside(scope, _again(await request.body(), receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives ``body`` whole, then waits for the client to leave."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return left.pop() if left else await receive()

    return given
