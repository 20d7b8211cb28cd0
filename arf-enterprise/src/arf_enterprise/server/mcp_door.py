# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""MCP over streamable HTTP at ``/mcp``: behind the same gate, for the same callers, as REST.

1. It is stateless: any request may go to any server, and a restart loses nobody's session.
2. Who calls is asked before MCP sees the request, and put where the tools find it; a request of nobody is answered as
   REST answers it.
3. A browser has no business here: a request that names an ``Origin`` is refused.
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
from starlette.types import ASGIApp, Receive, Scope, Send

from arf_enterprise.app import App
from arf_enterprise.errors import NotPermitted
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.guard import Guarded, app_of, identified
from arf_enterprise.server.mcp_tools import DESCRIPTION, INSTRUCTIONS, NAME, Typed, failed, register
from arf_enterprise.version import __version__

PATH: Final = "/mcp"


class Server(MCPServer[Any]):
    """An MCP server whose tools fail with our errors."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; what it raises on purpose is a typed answer, one that there is not an error of the protocol."""
        if self._tool_input_schema(name) is None:
            raise MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {name[:80]!r}")
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, Typed):
                return failed(error.__cause__)
            raise


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
        )
        register(server, app)
        self._inside = server.streamable_http_app(
            streamable_http_path=PATH,
            stateless_http=True,
            json_response=True,
            max_request_body_size=most_bytes,
            # Rule 3 stands in for it: the door is open to no page at all.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        super().__init__(PATH, _Entrance(self._inside), methods=["GET", "POST", "DELETE"], include_in_schema=False)

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Let requests in, for as long as the block lasts."""
        async with self._inside.router.lifespan_context(self._inside):
            yield


class _Entrance:
    def __init__(self, inside: ASGIApp) -> None:
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if "origin" in request.headers:  # rule 3
            raise NotPermitted("MCP is not for pages: the request names an Origin")
        caller = await anyio.to_thread.run_sync(identified, request)
        await anyio.to_thread.run_sync(app_of(request).access.permit, caller, Door.operation)
        scope["state"]["caller"] = caller
        await self._inside(scope, receive, send)
