# SPDX-License-Identifier: Apache-2.0
"""What our set-up adds to a tool call: the same tools on our server and on the bare SDK, in one run, call about.

Our server over HTTP checks Host, Origin, sizes and a bearer token; the bare one is what the SDK's own ``run`` would
serve, stateless, on the same uvicorn with h11. The clients are the SDK's, of the current revision.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer
from mcp.shared._httpx_utils import create_mcp_http_client

from arf_core.advisor import Advisor
from arf_mcp_client.desk import Desk
from arf_mcp_client.server.build import AdvisoryServer, make_server
from arf_mcp_client.server.http import guarded, serve
from arf_mcp_client.server.tokens import auth_of
from arf_mcp_client.settings import HttpSettings
from arf_mcp_client.tools import calls

TOKEN: Final = "a-token-of-some-length"  # noqa: S105 - it guards nothing
READING: Final = {"component": "checkout", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900, "error_rate": 0.2}
CALLS: Final[dict[str, dict[str, object]]] = {"get_capabilities": {}, "recommend_action": {"telemetry": READING}}
TIMES: Final = 400
WARM: Final = 60
BLOCK: Final = 20
HTTP: Final = HttpSettings(port=0, token=TOKEN)


def lines() -> Iterator[str]:
    """The table's rows: p50 of a call in milliseconds, of ours and of the bare SDK, and their ratio."""
    for transport in ("in-process", "stdio", "HTTP"):
        for tool, (ours, bare) in asyncio.run(measured(transport)).items():
            yield (
                f"| MCP {tool}, {transport} | {ours:.2f} ms | | {ours / bare:.2f} × the same tool on the bare SDK "
                f"({bare:.2f} ms) |"
            )


async def measured(transport: str) -> dict[str, tuple[float, float]]:
    """For each tool the median milliseconds of a call, ours and bare; they take turns, so both meet the same load."""
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(client_of(transport, ours=True))
        bare = await stack.enter_async_context(client_of(transport, ours=False))
        return {tool: await _turns(ours, bare, tool, arguments) for tool, arguments in CALLS.items()}


async def _turns(ours: Client, bare: Client, tool: str, arguments: dict[str, object]) -> tuple[float, float]:
    taken: dict[int, list[float]] = {0: [], 1: []}
    for client in (ours, bare):
        await _timed(client, tool, arguments, WARM)
    for _ in range(TIMES // BLOCK):
        for which, client in enumerate((ours, bare)):
            taken[which].extend(await _timed(client, tool, arguments, BLOCK))
    return statistics.median(taken[0]), statistics.median(taken[1])


async def _timed(client: Client, tool: str, arguments: dict[str, object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        start = time.perf_counter_ns()
        result = await client.call_tool(tool, arguments)
        found.append((time.perf_counter_ns() - start) / 1e6)
        assert not result.is_error
    return found


@asynccontextmanager
async def client_of(transport: str, *, ours: bool) -> AsyncIterator[Client]:
    """A client of our server, or of the bare one, over ``transport``."""
    which = "ours" if ours else "bare"
    if transport == "in-process":
        async with Client(our_server() if ours else bare_server()) as client:
            yield client
    elif transport == "stdio":
        started = StdioServerParameters(
            command=sys.executable, args=["-m", "mcpsuite.bench", "stdio", which], env=_environment()
        )
        async with Client(stdio_client(started)) as client:
            yield client
    else:
        with _listening(which) as address:
            http = create_mcp_http_client(headers={"authorization": f"Bearer {TOKEN}"})
            async with http, Client(streamable_http_client(address, http_client=http)) as client:
                yield client


def our_server(*, with_token: bool = False) -> AdvisoryServer:
    """The server as ``arf-mcp serve`` makes it."""
    auth, verifier = auth_of(HTTP) if with_token else (None, None)
    return make_server(_desk(), auth=auth, token_verifier=verifier)


def bare_server() -> MCPServer:
    """The SDK's server with the same tool functions and nothing else of ours."""
    server = MCPServer("bare", log_level="WARNING")
    tools = calls.Tools(_desk())
    for tool in (tools.get_capabilities, tools.recommend_action):
        server.add_tool(tool)
    return server


def _desk() -> Desk:
    return Desk(Advisor(), clock=lambda: datetime.now(UTC))


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}


@contextmanager
def _listening(which: str) -> Iterator[str]:
    process = Popen([sys.executable, "-m", "mcpsuite.bench", "http", which], stdout=PIPE, text=True, env=_environment())
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


def main() -> None:
    """Serve, as the measuring process asks, or measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", nargs="?", choices=["stdio", "http"])
    parser.add_argument("which", nargs="?", choices=["ours", "bare"])
    asked = parser.parse_args()
    if asked.transport is None:
        print("| what | median | p99 | beside its floor |\n|---|---|---|---|")
        for line in lines():
            print(line, flush=True)
    elif asked.transport == "stdio":
        asyncio.run((our_server() if asked.which == "ours" else bare_server()).run_stdio_async())
    else:
        app = (
            guarded(our_server(with_token=True), HTTP)
            if asked.which == "ours"
            else bare_server().streamable_http_app(stateless_http=True)
        )
        serve(app, HTTP, listening=lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
