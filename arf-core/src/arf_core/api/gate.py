# SPDX-License-Identifier: Apache-2.0
"""What every request passes before a route sees it, and every answer before it leaves.

1. Each request has an id: its own ``X-Request-ID`` if that is well-formed, else a new one; the answer has it too.
2. ``/health`` and ``/ready`` pass everything below: they are asked most when the rest is busy.
3. A server that is stopping takes nothing new.
4. Too many requests, of one address or together, are told when to come back.
5. A server without a token answers only to names of this machine, so that a page in a browser cannot reach it by a name
   of its own. A token is compared in constant time and never logged.
6. An answer that is not taken in time ends the connection.
7. Every error has the one form (``api.failures``); what nobody expected is logged, not told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from math import ceil
from secrets import compare_digest, token_hex
from typing import Any, Final

import anyio
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from arf_core.api.failures import Refused, failure
from arf_core.api.logs import fields
from arf_core.api.rates import Rates
from arf_core.api.serving import Serving
from arf_core.api.settings import is_loopback
from arf_core.errors import ArfError, AuthenticationError, BusyError, InputError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS: Final = frozenset({"/health", "/ready"})
log = logging.getLogger(__name__)


class Gate:
    """The outermost application: it lets a request in, or answers it itself."""

    def __init__(self, app: App, serving: Serving) -> None:
        """Guard ``app``."""
        self._app, self._serving = app, serving
        settings = serving.settings
        self._token = None if settings.token is None else settings.token.encode("ascii")
        self._rates = Rates(whole=settings.rate, client=settings.client_rate, burst=settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's request; anything but HTTP goes to the application as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request.of(scope, started=self._serving.seconds())
        answer = _Answer(send=send, request_id=request.id, seconds=self._serving.settings.answer_seconds)
        self._serving.in_flight += 1
        try:
            await self._pass(scope, request, receive, answer)
        finally:
            self._serving.in_flight -= 1
            self._tell(scope, request, answer)

    async def _pass(self, scope: Scope, request: _Request, receive: Receive, answer: _Answer) -> None:
        scope.setdefault("state", {})["request_id"] = request.id  # 1
        try:
            if request.path not in OPEN_PATHS:  # 2
                self._let_in(request)
            await self._app(scope, receive, answer.send_part)
        except ClientDisconnect:
            answer.status = answer.status or _GONE
        except Exception as error:  # the edge of the process
            if not isinstance(error, Refused):  # 7
                log.exception("internal error", extra=fields(request_id=request.id))
            if not answer.status:
                await self._refuse(error, request, answer)
            elif not answer.is_whole:
                raise  # uvicorn ends the connection, so that nobody takes a part for the whole

    def _let_in(self, request: _Request) -> None:
        serving = self._serving
        if serving.is_stopping:  # 3
            headers = {"Connection": "close", "Retry-After": "1"}
            raise self._refusal(BusyError("the server is stopping"), 503, "stopping", headers)
        if seconds := self._rates.wait(request.client, now=serving.seconds()):  # 4
            headers = {"Retry-After": str(ceil(seconds))}
            raise self._refusal(BusyError("too many requests: come back later"), 429, "rate", headers)
        if self._token is None:
            if serving.settings.is_local and not is_loopback(request.host):  # 5
                error = InputError(f"Host is {request.host!r:.80}: without a token, only localhost is answered")
                raise self._refusal(error, 400, "host")
        elif not compare_digest(request.authorization, b"Bearer " + self._token):
            stranger = AuthenticationError("this server needs a token, and the request has none or another one")
            raise self._refusal(stranger, 401, "token", {"WWW-Authenticate": 'Bearer realm="arf"'})

    def _refusal(self, error: ArfError, status: int, reason: str, headers: Mapping[str, str] | None = None) -> Refused:
        self._serving.measures.count("arf_refused_total", reason=reason)
        return Refused(error, status=status, headers=headers)

    async def _refuse(self, error: Exception, request: _Request, answer: _Answer) -> None:
        told = failure(error, request_id=request.id, path=request.path, content_type=request.content_type)
        headers = {"content-type": told.content_type, "content-length": str(len(told.body)), **told.headers}
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await answer.send_part({"type": "http.response.start", "status": told.status, "headers": pairs})
        await answer.send_part({"type": "http.response.body", "body": told.body})

    def _tell(self, scope: Scope, request: _Request, answer: _Answer) -> None:
        serving = self._serving
        matched = scope.get("route")
        route = matched.path if isinstance(matched, Route) else "none"
        took = serving.seconds() - request.started
        method = request.method if request.method in _METHODS else "other"
        serving.measures.count("arf_requests_total", route=route, method=method, status=str(answer.status))
        serving.measures.observe("arf_request_seconds", took, route=route)
        log.info(
            "answered",
            extra=fields(
                request_id=request.id, method=method, route=route, status=answer.status, ms=round(1000 * took, 1)
            ),
        )


_GONE: Final = 499
"""What is counted where the client left before the answer."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the gate looks at of a request."""

    id: str
    method: str
    path: str
    client: str
    host: str
    content_type: str
    authorization: bytes = field(repr=False)
    started: float

    @staticmethod
    def of(scope: Scope, *, started: float) -> _Request:
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, value)
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        return _Request(
            id=given if _REQUEST_ID.fullmatch(given) else token_hex(8),
            method=scope["method"],
            path=scope["path"],
            client=scope["client"][0] if scope.get("client") else "",
            host=_name_of(headers.get(b"host", b"").decode("latin-1")),
            content_type=headers.get(b"content-type", b"").decode("latin-1").lower(),
            authorization=headers.get(b"authorization", b""),
            started=started,
        )


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


@dataclass(slots=True, kw_only=True)
class _Answer:
    """The answer on its way: its status, and whether it is all sent."""

    send: Send
    request_id: str
    seconds: float
    status: int = 0
    is_whole: bool = False

    async def send_part(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode("ascii"))]
        elif not message.get("more_body", False):
            self.is_whole = True
        with anyio.fail_after(self.seconds):  # 6
            await self.send(message)
