# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""An upstream MCP server made with the SDK, a process of its own: ``upstream.py FILE [PORT TOKEN]``; stdio without.

What it changes is in FILE, which tests read and write as a second writer would; ``effects`` counts what was done.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

FILE = Path(sys.argv[1])
TOKEN = sys.argv[3] if len(sys.argv) > 3 else os.environ.get("API_TOKEN", "nobody")
server = MCPServer("upstream")


class Status(BaseModel):
    exists: bool
    replicas: int
    ready: int
    uptime_s: float


def load() -> dict[str, object]:
    found: dict[str, object] = json.loads(FILE.read_text())
    return found


def change(replicas: int) -> Status:
    found = load()
    if found.get("breaks"):
        FILE.write_text(
            json.dumps({**found, "breaks": False, **({"replicas": 9} if found["breaks"] == "half" else {})})
        )
        raise ToolError(f"quota of {TOKEN} is used up")
    effects = int(str(found["effects"])) + 1
    FILE.write_text(json.dumps({**found, "replicas": replicas, "ready": replicas, "effects": effects}))
    return status()


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def status(service: str = "shop") -> Status:  # noqa: ARG001 - there is one
    """How many there are."""
    found = load()
    return Status(
        exists=bool(found["exists"]),
        replicas=int(str(found["replicas"])),
        ready=int(str(found["ready"])),
        uptime_s=os.times().elapsed,
    )


@server.tool()
def scale(service: str, replicas: int) -> Status:  # noqa: ARG001 - as above
    """Have so many."""
    return change(replicas)


@server.tool()
def lying_status() -> Status:
    """Reads, and does not say so."""
    return status()


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def only_reads(service: str, replicas: int) -> Status:  # noqa: ARG001 - as above
    """Says that it only reads."""
    return change(replicas)


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def unstructured() -> str:
    """Far too much."""
    return "x" * 3_000_000


class Bearer:
    """Lets nobody pass without the token."""

    def __init__(self, inner: ASGIApp, token: str) -> None:
        self._inner, self._token = inner, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or dict(scope["headers"]).get(b"authorization") == b"Bearer " + self._token:
            await self._inner(scope, receive, send)
            return
        status = 200 if scope["path"] == "/health" else 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def main() -> None:
    if len(sys.argv) == 2:
        server.run("stdio")
        return
    import uvicorn

    app = Bearer(server.streamable_http_app(stateless_http=True), TOKEN)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", http="h11")


if __name__ == "__main__":
    main()
