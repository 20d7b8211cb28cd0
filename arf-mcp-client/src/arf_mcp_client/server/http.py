# SPDX-License-Identifier: Apache-2.0
"""Listens over streamable HTTP: stateless, so any request may go to any server, and a restart loses nobody's session.

1. The socket is bound before anything is said, so that "listening" is true and a port that is taken is a typed error.
2. A stop (SIGTERM, SIGINT) takes no new request, lets those in work finish for a while, and ends with exit code 0.
3. Headers are parsed by h11: it strips the white space around a value, which the specification asks for.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from arf_core.errors import SettingsError
from arf_mcp_client.server.build import AdvisoryServer, make_server
from arf_mcp_client.server.guard import Guard
from arf_mcp_client.server.tokens import auth_of
from arf_mcp_client.settings import PATH, HttpSettings

if TYPE_CHECKING:
    import uvicorn

    from arf_mcp_client.desk import Desk


def http_app(desk: Desk, settings: HttpSettings) -> ASGIApp:
    """The server as an ASGI application.

    Raises:
        SettingsError: the keys of the OAuth issuer cannot be used.
    """
    auth, verifier = auth_of(settings)
    return guarded(make_server(desk, auth=auth, token_verifier=verifier), settings)


def guarded(server: AdvisoryServer, settings: HttpSettings) -> ASGIApp:
    """``server`` over streamable HTTP, behind its guard."""
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        max_request_body_size=settings.max_body,
        # The guard checks Host and Origin before anything else is done, and answers with a code.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return Guard(app, settings)


def serve(app: ASGIApp, settings: HttpSettings, *, listening: Callable[[str], None]) -> None:
    """Serve ``app`` until a signal stops it; ``listening`` is told the address once connections are taken.

    Raises:
        SettingsError: the host or port cannot be listened on.
    """
    with bound(settings) as listener:
        asyncio.run(_serve(app, settings, listener, listening))


@contextlib.contextmanager
def bound(settings: HttpSettings) -> Iterator[socket.socket]:
    """A socket that listens at the host and port of ``settings``.

    Raises:
        SettingsError: the port is taken, or the host is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named, because asyncio sends small parts at once (TCP_NODELAY) only where it stands: 40 ms a call.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(128)
        except OSError as error:
            raise SettingsError(
                f"{settings.host} port {settings.port} cannot be listened on: {error.strerror}; choose another --port"
            ) from error
        yield listener


async def _serve(
    app: ASGIApp, settings: HttpSettings, listener: socket.socket, listening: Callable[[str], None]
) -> None:
    server = _uvicorn(app, settings)
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, _stop, server)  # rule 2
    host, port = listener.getsockname()[:2]
    listening(f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}")
    await server.serve(sockets=[listener])


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True


def _uvicorn(app: ASGIApp, settings: HttpSettings) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:  # ours are set already, and end with exit code 0
            yield

    config = uvicorn.Config(
        app,
        http="h11",  # rule 3
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=4 * settings.most_at_once,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(settings.stop_timeout),
    )
    return Server(config)
