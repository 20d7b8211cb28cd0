# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The Enterprise server that the public MCP conformance suites are run against, with their fixture tools beside ours.

It is a whole installation (``lib.governed``) on a Postgres of its own, as ``arf-enterprise serve`` makes it: the gate,
the keys and the door are its own. The suites send no key, so a forwarder in front adds it, and changes nothing else.

Run as a program, it prints one line of JSON, ``{"listening": address}``, and serves until a signal.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from mcp.server.mcpserver import MCPServer

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
from tests.mcp_server import profile

from arf_enterprise.app import App
from arf_enterprise.identity.principal import Role
from arf_enterprise.server import mcp_door, mcp_tools
from arf_enterprise.server.mcp_door import PATH
from arf_enterprise.server.testing import Clock, Served, served
from arf_enterprise.testing import fresh_databases
from lib.governed import engine_on, governed

CHUNK: Final = 65_536
END_OF_HEAD: Final = b"\r\n\r\n"


def main() -> None:
    """Serve the profile."""
    with serving() as server:
        asyncio.run(_forward(server))


@contextmanager
def serving() -> Iterator[Served]:
    """The server, with the suites' tools."""
    folder = Path(tempfile.mkdtemp(prefix="arf-mcp-profile-"))
    folder.chmod(0o711)  # as root, Postgres runs as another user
    own = folder / "own"
    own.mkdir()
    try:
        with (
            fresh_databases(folder / "server") as databases,
            databases.database() as database,
            governed(database, own) as world,
            patch.object(mcp_door, "register", _register),
            served(world.app, Clock(), background=engine_on(world.app)) as server,
        ):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _register(server: MCPServer[Any], app: App) -> None:
    mcp_tools.register(server, app)
    profile.add_tools(server)


async def _forward(server: Served) -> None:
    """Listen; each connection carries one request, to which the key is added."""
    ended = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, ended.set)
    added = f"Authorization: Bearer {server.key(*Role)}\r\nConnection: close".encode()
    inside = server.client.base_url

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(END_OF_HEAD)
            to_server = await asyncio.open_connection(inside.host, inside.port)
            to_server[1].write(_with_key(head, added))
            forth = asyncio.create_task(_pump(reader, to_server[1]))
            await _pump(to_server[0], writer)
            forth.cancel()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    print(json.dumps({"listening": f"http://127.0.0.1:{port}{PATH}"}), flush=True)  # noqa: T201 - its one line
    await ended.wait()
    listening.close()


def _with_key(head: bytes, added: bytes) -> bytes:
    first, *headers = head.removesuffix(END_OF_HEAD).split(b"\r\n")
    kept = [header for header in headers if not header.lower().startswith(b"connection:")]
    return b"\r\n".join([first, *kept, added]) + END_OF_HEAD


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, until it ends; then the other side is told so."""
    with suppress(OSError):
        try:
            while part := await reader.read(CHUNK):
                writer.write(part)
                await writer.drain()
        finally:
            writer.close()


if __name__ == "__main__":
    main()
