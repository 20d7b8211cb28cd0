# SPDX-License-Identifier: Apache-2.0
"""Stands before the server on HTTP and turns away what must not reach it, each time with a typed answer:

1. More requests at once than are served: 503, come back later.
2. A ``Host`` that is not one of ours: 421. A web page whose name was made to point here (DNS rebinding) sends its own.
3. An ``Origin`` that is not one of ours: 403. Other web pages have no business here.
4. A body that is too large, said or sent: 413; one that does not arrive in time: 408. Bodies are read after tokens.
5. A stream from us without a question, or the end of a session: 405. There are no sessions, and such a stream would
   only hold a place. Another path: 404; a body that is not said to be JSON: 415.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arf_core.errors import ArfError, BoundaryError, BusyError, InputError, NotFoundError, TooLargeError
from arf_mcp_client.settings import PATH, HttpSettings

LOCAL: Final = ("127.0.0.1", "localhost", "[::1]")
"""The names under which this machine reaches itself."""


METADATA: Final = "/.well-known/"
"""Where clients look up who issues tokens for this server (RFC 9728)."""

LINGER: Final = 2.0
"""For how many seconds the rest of a body that is too large is waited for."""


class Guard:
    """An ASGI application that lets pass to ``app`` what may."""

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app, self._settings = app, settings
        self._hosts, self._origins = _hosts(settings), _origins(settings)
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or turn it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if (refused := self._refusal(scope["method"], scope["path"], Headers(scope=scope))) is not None:
            await refused(scope, receive, send)
            return
        self._at_once += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._at_once -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive=receive, send=send, most=self._settings.max_body, seconds=self._settings.body_timeout)
        try:
            await self._app(scope, body.receive_within_limits, body.send_unless_refused)
        except _BodyError:
            if body.refused is not None and not body.started:
                await body.let_finish()
                await body.refused(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers) -> Response | None:
        if self._at_once >= self._settings.most_at_once:  # rule 1
            return _answer(503, BusyError("as many requests as are served at once are being served"), retry_after="1")
        host, origin = headers.get("host", ""), headers.get("origin")
        if not _is_among(host, self._hosts):  # rule 2
            return _answer(421, BoundaryError(f"the Host {host[:80]!r} is not a name of this server"), _ALLOW_HOST)
        if origin is not None and not _is_among(origin, self._origins):  # rule 3
            return _answer(403, BoundaryError(f"the Origin {origin[:80]!r} may not call this server"), _ALLOW_ORIGIN)
        if path != PATH and not path.startswith(METADATA):
            return _answer(404, NotFoundError(f"nothing is served at {path[:80]!r}"), f"The server is at {PATH}.")
        if path == PATH and method != "POST":  # rule 5
            return _answer(
                405, BoundaryError(f"{method[:20]} is not served here: there are no sessions"), _POST, allow="POST"
            )
        kind = headers.get("content-type", "")
        if path == PATH and kind.partition(";")[0].strip().lower() != "application/json":
            return _answer(415, InputError(f"the body is said to be {kind[:80]!r}"), "Send JSON, as application/json.")
        said = headers.get("content-length", "")
        if said.isdecimal() and int(said[:20]) > self._settings.max_body:  # rule 4
            return _too_large(self._settings.max_body)
        return None


class _BodyError(Exception):
    """Ends the reading of a body that is refused."""


@dataclass(slots=True)
class _Body:
    """The body of one request, read within limits; once it is refused, nothing of the application is sent."""

    receive: Receive
    send: Send
    most: int
    seconds: float
    read: int = 0
    complete: bool = False
    started: bool = False
    refused: Response | None = field(default=None)

    async def receive_within_limits(self) -> Message:
        if self.complete:
            return await self.receive()
        with anyio.move_on_after(self.seconds):
            message = await self.receive()
            self.read += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
            if self.read > self.most:
                self._refuse(_too_large(self.most))
            return message
        slow = InputError(f"the body of the request did not arrive within {self.seconds:g} s")
        return self._refuse(_answer(408, slow))

    async def let_finish(self) -> None:
        """Drop what the client still sends, for a moment: who is cut off while sending never reads the answer."""
        with anyio.move_on_after(LINGER):
            while not self.complete:
                message = await self.receive()
                self.complete = not message.get("more_body", False)

    async def send_unless_refused(self, message: Message) -> None:
        if self.refused is None:
            self.started = True
            await self.send(message)

    def _refuse(self, answer: Response) -> Message:
        self.refused = answer
        raise _BodyError


_POST: Final = "Send each request by POST."
_ALLOW_HOST: Final = "Call it by a name it knows, or start it with --allow-host NAME."
_ALLOW_ORIGIN: Final = "Only pages of this machine may call it, unless it is started with --allow-origin ORIGIN."


def _too_large(most: int) -> Response:
    return _answer(413, TooLargeError(f"the body of the request has more than {most} bytes: split the input"))


def _answer(status: int, error: ArfError, remedy: str | None = None, **headers: str) -> Response:
    document = {"error": {"code": error.code, "message": str(error), "remedy": remedy or error.remedy}}
    named = {"connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Response(json.dumps(document), status_code=status, headers=named, media_type="application/json")


def _hosts(settings: HttpSettings) -> frozenset[str]:
    own = () if settings.is_open and settings.host in {"0.0.0.0", "::", ""} else (_bracketed(settings.host),)  # noqa: S104
    local = () if settings.is_open else LOCAL
    return frozenset(name.lower() for name in (*own, *local, *settings.allowed_hosts))


def _origins(settings: HttpSettings) -> frozenset[str]:
    local = () if settings.is_open else tuple(f"{scheme}://{name}" for scheme in ("http", "https") for name in LOCAL)
    return frozenset(name.lower().rstrip("/") for name in (*local, *settings.allowed_origins))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_among(value: str, allowed: Iterable[str]) -> bool:
    """Whether ``value`` is allowed, as it stands or without its port."""
    value = value.lower()
    return value in allowed or _without_port(value) in allowed


def _without_port(value: str) -> str:
    name, colon, port = value.rpartition(":")
    return name if colon and port.isdecimal() else value
