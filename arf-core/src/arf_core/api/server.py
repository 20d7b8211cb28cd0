# SPDX-License-Identifier: Apache-2.0
"""The listening socket, by uvicorn: nothing else of this edition opens one, and nothing opens a connection.

1. SIGTERM and SIGINT stop it: no new requests, those under way finish, then the process ends with 0. A second SIGINT
   does not wait.
2. A connection without a request under way ends after a while: one that sends its head slowly, or nothing.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from types import FrameType
from typing import Final, Protocol, cast

import uvicorn

from arf_core.api.app import build
from arf_core.api.serving import Serving

MAX_HEAD: Final = 64 * 1024
"""How many bytes the head of a request may have."""
_LOOK_EVERY_S: Final = 1


class Stoppable(Protocol):
    """What is told when its server stops."""

    is_stopping: bool


class Listener(uvicorn.Server):
    """A server that ends quietly when it is told to stop, instead of raising the signal anew."""

    def __init__(self, config: uvicorn.Config, serving: Stoppable) -> None:
        """Serve as ``config`` says; ``serving`` is told when it stops."""
        super().__init__(config)
        self._serving = serving

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop; on being told twice, at once."""
        self.force_exit = self.should_exit  # 1
        self.should_exit = True
        self._serving.is_stopping = True


class IdleConnections:
    """Ends connections that have no request under way for too long."""

    def __init__(self, serving: Serving) -> None:
        """Nothing seen yet; the limit is ``head_seconds`` of the settings."""
        self.connections: AbstractSet[Connection] = frozenset()
        self._serving = serving
        self._since: dict[int, float] = {}

    async def end(self) -> None:
        """Look at all connections, and end those that were idle in each look for longer than the limit."""
        now, limit = self._serving.seconds(), self._serving.settings.head_seconds
        since: dict[int, float] = {}
        for connection in tuple(self.connections):
            if _is_idle(connection):
                since[id(connection)] = self._since.get(id(connection), now)
                if now - since[id(connection)] >= limit:
                    connection.transport.abort()  # 2
        self._since = since


def listener(serving: Serving) -> Listener:
    """A server for ``serving`` that is not running yet."""
    settings = serving.settings
    idle = IdleConnections(serving)
    config = uvicorn.Config(
        app=build(serving),
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=settings.max_connections,
        backlog=1024,
        timeout_keep_alive=int(settings.head_seconds),
        timeout_notify=_LOOK_EVERY_S,
        timeout_graceful_shutdown=int(settings.stop_seconds),
        h11_max_incomplete_event_size=MAX_HEAD,
        callback_notify=idle.end,
    )
    server = Listener(config, serving)
    idle.connections = cast("AbstractSet[Connection]", server.server_state.connections)
    return server


def _is_idle(connection: Connection) -> bool:
    cycle = connection.cycle
    return cycle is None or cycle.response_complete or connection.transport.is_closing()


class _Transport(Protocol):
    def abort(self) -> None: ...

    def is_closing(self) -> bool: ...


class _Cycle(Protocol):
    response_complete: bool


class Connection(Protocol):
    """What is looked at of a uvicorn connection."""

    transport: _Transport
    cycle: _Cycle | None
