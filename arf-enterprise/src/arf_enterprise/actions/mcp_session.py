# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Talking to an upstream MCP server: one connection for each piece of work, bounded in time and size.

1. All of it, from connecting to the last answer, has one time. It runs in a thread of its own: the SDK is
   asynchronous, and whoever calls may be, too.
2. No HTTP answer is read beyond :data:`MOST` bytes. No proxy is used, and no redirect leaves the server's origin.
3. A server that is started gets the variables that the SDK deems safe, and its credentials; what it logs is dropped.
4. What goes wrong is ours: TargetRefused for 401 and 403, otherwise TargetUnavailable. Never with a credential.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from arf_core.models.frozen import FrozenMap, thaw
from arf_enterprise.actions.mcp_settings import McpSettings
from arf_enterprise.actions.webhook_contract import without
from arf_enterprise.errors import EnterpriseError, TargetRefused, TargetUnavailable

if TYPE_CHECKING:
    from mcp_types import CallToolResult, Tool

MOST: Final = 1_048_576
MOST_PAGES: Final = 20
_DENIED: Final = frozenset({401, 403})
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a tool gave: its structured content, and whether it said that it failed, in its own words."""

    content: FrozenMap | None
    is_error: bool
    says: str


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to a server."""

    _client: Client
    _secrets: tuple[str, ...]

    async def tools(self) -> dict[str, Tool]:
        """The server's tools, by name."""
        found: dict[str, Tool] = {}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            found |= {tool.name: tool for tool in page.tools}
            if (cursor := page.next_cursor) is None:
                return found
        raise TargetUnavailable(f"the MCP server has more than {MOST_PAGES} pages of tools")

    async def call(self, tool: str, arguments: FrozenMap) -> Result:
        """Call ``tool``."""
        given = cast("dict[str, Any]", thaw(arguments))
        result: CallToolResult = await self._client.call_tool(tool, given)
        content = result.structured_content
        texts = [text for part in result.content if isinstance(text := getattr(part, "text", None), str)]
        return Result(
            content=None if content is None else FrozenMap(content),
            is_error=bool(result.is_error),
            says=without(" ".join(texts), self._secrets),
        )


def within(settings: McpSettings, component: str, work: Callable[[Session], Awaitable[T]]) -> T:
    """What ``work`` gives, with a session (rule 1).

    Raises:
        TargetRefused: the server does not accept the credentials.
        TargetUnavailable: it does not answer, or not in MCP.
    """
    with ThreadPoolExecutor(1) as threads, _ours(settings, component):
        return threads.submit(anyio.run, _run, settings, work).result()


async def _run(settings: McpSettings, work: Callable[[Session], Awaitable[T]]) -> T:
    with anyio.fail_after(settings.timeout_s):
        async with AsyncExitStack() as held:
            if settings.url is None:
                log = held.enter_context(Path(os.devnull).open("w"))  # noqa: ASYNC230, SIM115 - no wait; the stack ends it
                transport = stdio_client(_parameters(settings), errlog=log)
            else:
                http = await held.enter_async_context(_http(settings))
                transport = streamable_http_client(settings.url, http_client=http, max_sse_event_size=MOST)
            client = await held.enter_async_context(Client(transport, read_timeout_seconds=settings.timeout_s))
            return await work(Session(client, tuple(settings.credentials.values())))


def _parameters(settings: McpSettings) -> StdioServerParameters:
    variables = {name.upper(): value for name, value in settings.credentials.items()}
    return StdioServerParameters(command=settings.command[0], args=list(settings.command[1:]), env=variables, cwd="/")


def _http(settings: McpSettings) -> httpx2.AsyncClient:
    context = ssl.create_default_context(cafile=settings.ca_file)
    headers = {"Authorization": settings.credentials["authorization"]} if settings.credentials else {}
    return httpx2.AsyncClient(
        transport=_Bounded(context),
        headers=headers,
        timeout=settings.timeout_s,
        trust_env=False,
        follow_redirects=False,
    )


class _Bounded(httpx2.AsyncHTTPTransport):
    """Rule 2: an answer ends with an error where it would grow beyond :data:`MOST`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        if answer.status_code in _DENIED:
            await answer.aclose()
            raise TargetRefused(f"the MCP server at {request.url.host} answers {answer.status_code}")
        answer.stream = _Counted(cast("httpx2.AsyncByteStream", answer.stream))
        return answer


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._inner:
            if (size := size + len(piece)) > MOST:
                raise TargetUnavailable(f"the MCP server answers with more than {MOST} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def _ours(settings: McpSettings, component: str) -> Iterator[None]:
    """A block whose foreign exceptions become ours (rule 4); the SDK's come in groups, ours may be among them."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the edge to the SDK: it raises what its transports do
        leaves = tuple(_leaves(error))
        if (own := next((leaf for leaf in leaves if isinstance(leaf, EnterpriseError)), None)) is not None:
            raise own from None
        is_late = any(isinstance(leaf, TimeoutError) for leaf in leaves)
        told = f"did not answer within {settings.timeout_s:g} s" if is_late else _told(leaves[0])
        where = settings.url or settings.command[0]
        raise TargetUnavailable(f"the MCP server {where} of {component} {told}") from None


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _told(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "has no certificate that is trusted here"
    return f"failed with {type(error).__name__}"
