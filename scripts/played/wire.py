# SPDX-License-Identifier: Apache-2.0
"""A wire that fails: it stands before any server and passes bytes on, except where it is told not to."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import deque
from types import TracebackType
from typing import Final, Self

FAULTS: Final = (
    "passes",
    "closed at once",
    "reset at once",
    "request lost",
    "answer lost",
    "answer cut",
    "answer never ends",
)
"""What can happen to one connection; of the last three, the server hears the request."""


class FaultyWire:
    """Listens, and connects each client to the server at ``port``; use it in a ``with`` statement."""

    def __init__(self, port: int) -> None:
        """A wire to the server that listens on ``port`` of this machine."""
        self._to = port
        self.planned: deque[str] = deque()
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)
        self._loop.close()

    def fail(self, *names: str) -> None:
        """Let ``names`` happen to the next connections, one each."""
        for name in names:
            assert name in FAULTS, name
        self.planned.extend(names)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listening)
        self._ready.set()
        await self._stop.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        fault = self.planned.popleft() if self.planned else "passes"
        try:
            if fault == "reset at once":
                _reset(writer)
            elif fault != "closed at once":
                await self._passed(reader, writer, fault)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str) -> None:
        request = await _message(reader)
        if fault == "request lost":
            return
        answer_from, request_to = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            request_to.write(request)
            answer = await _message(answer_from)
        finally:
            request_to.close()
        if fault == "answer lost":
            return
        writer.write(answer[:-5] if fault in {"answer cut", "answer never ends"} else answer)
        await writer.drain()
        if fault == "answer never ends":
            await asyncio.sleep(30)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message whose length its head says."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(lengths[0])) if lengths else b"")


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
