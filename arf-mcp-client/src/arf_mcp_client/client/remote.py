# SPDX-License-Identifier: Apache-2.0
"""Asks an advisory MCP server: over streamable HTTP, over stdio, or in memory.

1. A server that says it is anything but advisory is refused before it is told anything.
2. What it answers is checked: an intent whose id or digest does not recompute is no answer.
3. Its typed errors become the same errors that ARF raises here.
4. A token is sent to the given address only, over https or to this machine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from arf_core.canonical import canonical_text
from arf_core.errors import ArfError, InputError, IntentError, every_error
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client.client.recommend import Findings, Stopped, ordered
from arf_mcp_client.errors import HandOffError, McpClientError, ModeError, ServerError
from arf_mcp_client.handoff.address import MCP_PATH, address_of
from arf_mcp_client.handoff.credentials import Credentials
from arf_mcp_client.handoff.receipt import shown

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters
    from mcp.server.mcpserver import MCPServer
    from mcp_types import CallToolResult

    Server = str | Sequence[str] | StdioServerParameters | MCPServer[Any]
    """An address, a command with its arguments, the parameters of one, or a server in this process."""

MOST_INCIDENTS: Final = 200
"""How many incidents the server is asked to tell about: the most it takes."""

ERROR_KEY: Final = "arf/error"
"""Where a failed call carries its code and message."""


@dataclass(frozen=True, slots=True)
class RemoteAnalyst:
    """Asks the server that a client is connected to."""

    client: Client
    capabilities: Mapping[str, object]

    async def findings(self, telemetry: bytes) -> Findings:
        """What the server's analysis of ``telemetry`` finds.

        Raises:
            InputError: the server cannot read it.
            ServerError: it does not answer, or not as ARF's advisory server does.
        """
        arguments = {"telemetry": _text(telemetry), "limit": MOST_INCIDENTS, "include_sealed": True}
        answer = await _called(self.client, "analyze", arguments)
        try:
            return _findings(answer)
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerError(f"the server's analysis is not of the form that ARF's has: {error!r}") from None
        except IntentError as error:  # rule 2
            raise ServerError(f"the server answered with an intent that does not verify: {error}") from error


async def opened(
    stack: AsyncExitStack, server: Server, *, credentials: Credentials | None, allow_http: bool, timeout_s: float
) -> RemoteAnalyst:
    """A connection to the advisory ``server``, which ``stack`` keeps open.

    Raises:
        ModeError: it is not advisory.
        ServerError: it cannot be reached, or is not ARF's advisory server.
    """
    import httpx2
    from mcp.shared.exceptions import MCPError

    try:
        connection = _connected(server, credentials, allow_http=allow_http, timeout_s=timeout_s)
        return await stack.enter_async_context(connection)
    except (MCPError, OSError, httpx2.HTTPError, ExceptionGroup) as error:
        failure = _failure_of(error)
    raise failure  # here, so that nothing which carries the token hangs on it


async def closed(stack: AsyncExitStack, error: BaseException | None) -> None:
    """Close what ``stack`` keeps open, after ``error`` ended its use.

    The connection's own tasks are told of a cancellation, which may be theirs; not of an error of the user's, which
    they would wrap into a group.

    Raises:
        ServerError: the connection had failed in the meantime.
    """
    try:
        if error is None or isinstance(error, Exception):
            await stack.aclose()
        else:
            await stack.__aexit__(type(error), error, error.__traceback__)
        return
    except ExceptionGroup as group:
        failure = _failure_of(group)
    raise failure


def _failure_of(error: Exception) -> Exception:
    """What a failed connection is called here: our own error if one is inside, otherwise a :class:`ServerError`."""
    leaves = list(_leaves(error))
    for leaf in leaves:
        if isinstance(leaf, (McpClientError, ArfError)):
            return leaf
    return ServerError(f"the advisory server cannot be used: {shown(_words(leaves[0]))}")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error


def _words(error: BaseException) -> str:
    from mcp.shared.exceptions import MCPError

    if isinstance(error, MCPError):
        return error.message
    if isinstance(error, OSError):
        return error.strerror or "it did not answer in time"
    return {"ReadTimeout": "it did not answer in time", "ConnectError": "no connection could be opened"}.get(
        type(error).__name__, f"the connection failed ({type(error).__name__})"
    )


@asynccontextmanager
async def _connected(
    server: Server, credentials: Credentials | None, *, allow_http: bool, timeout_s: float
) -> AsyncIterator[RemoteAnalyst]:
    from mcp import Client

    async with (
        _target(server, credentials, allow_http=allow_http, timeout_s=timeout_s) as target,
        Client(target, read_timeout_seconds=timeout_s) as client,
    ):
        able = await _called(client, "get_capabilities", {})
        if able.get("mode") != "advisory" or able.get("can_execute") is not False:  # rule 1
            raise ModeError("the server does not say that it only advises: this client asks advisory servers only")
        yield RemoteAnalyst(client, able)


@asynccontextmanager
async def _target(
    server: Server, credentials: Credentials | None, *, allow_http: bool, timeout_s: float
) -> AsyncIterator[Any]:
    """What the SDK's client connects to."""
    import httpx2
    from mcp.client.stdio import StdioServerParameters
    from mcp.client.streamable_http import streamable_http_client

    if isinstance(server, str):
        headers = {} if credentials is None else {"Authorization": f"Bearer {credentials.token}"}
        # The SDK follows a redirect only within the address's own origin.
        async with httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(timeout_s), trust_env=False) as http:
            yield streamable_http_client(_address(server, allow_http=allow_http), http_client=http)
    elif isinstance(server, Sequence):
        yield StdioServerParameters(command=server[0], args=list(server[1:]))
    else:
        yield server


def _address(server: str, *, allow_http: bool) -> str:
    try:
        return address_of(server, MCP_PATH, allow_http=allow_http)  # rule 4
    except HandOffError as error:
        raise ServerError(str(error)) from None


async def _called(client: Client, tool: str, arguments: dict[str, Any]) -> Mapping[str, object]:
    from mcp.shared.exceptions import MCPError

    try:
        result = await client.call_tool(tool, arguments)
    except MCPError as error:
        raise ServerError(f"the server did not answer {tool}: {error}") from None
    if result.is_error:
        raise _error_of(result, tool)
    if not isinstance(result.structured_content, dict):
        raise ServerError(f"the server's answer to {tool} has no structured content: it is not ARF's advisory server")
    return result.structured_content


def _error_of(result: CallToolResult, tool: str) -> ArfError | ServerError:
    """The server's typed error as the same class here (rule 3)."""
    said = (result.meta or {}).get(ERROR_KEY)
    given = cast("Mapping[str, object]", said if isinstance(said, Mapping) else {})
    kinds = {kind.code: kind for kind in every_error() if issubclass(kind, InputError)}
    if (kind := kinds.get(str(given.get("code")))) is not None:
        return kind(str(given.get("message")))
    text = next((part.text for part in result.content if part.type == "text"), "it gives no reason")
    return ServerError(f"the server failed at {tool}: {shown(text)}")


def _findings(answer: Mapping[str, Any]) -> Findings:
    incidents = answer["incidents"]
    return Findings(
        intents=ordered([HealingIntent.from_json(canonical_text(sealed)) for sealed in answer["sealed"]]),
        stopped=tuple(
            Stopped(action=one["action"], component=one["component"], why=f"{one['because']} [{_rule(one['rule'])}]")
            for incident in incidents
            for one in incident["refused"]
        ),
        because=tuple(incident["because"] for incident in incidents if incident["because"]),
        faults=tuple(f"{fault['where']}: {fault['message']}" for fault in answer["faults"]),
        read=answer["read"],
        left_out=answer["left_out"],
    )


def _rule(rule: Mapping[str, object]) -> str:
    return f"{rule['name']} ({rule['file']}:{rule['line']})"


def _text(telemetry: bytes) -> str:
    try:
        return telemetry.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"the telemetry is not UTF-8: offset {error.start}; a server takes text") from error
