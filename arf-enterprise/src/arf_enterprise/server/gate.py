# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What every request passes before a route sees it, and every answer before it leaves.

1. Each request has an id: its own ``X-Request-ID`` if that is well-formed, else a new one; the answer has it too.
2. ``/health`` and ``/ready`` pass rules 3 and 4: they are asked most when the rest is busy.
3. A server that is stopping takes nothing new.
4. Too many requests, of one address or together, are told when to come back.
5. A body is counted while it comes: it is refused at the limit, and when it does not come in time.
6. An answer that is not taken in time ends the connection.
7. Every error has the one form (``server.failures``). The log has ids, routes, statuses and codes: no header, no body,
   no query, and of what nobody expected the kind and the place, not its text.
8. No answer is kept by a cache, or taken for another kind than it says.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from math import ceil
from secrets import token_hex
from typing import Any, Final

import anyio
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from arf_core.api.logs import fields
from arf_core.api.rates import Rates
from arf_enterprise.errors import RequestError, ServerStopping, TooManyAttempts
from arf_enterprise.server.failures import JSON, Refused, failure
from arf_enterprise.server.serving import Serving

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ALWAYS_ANSWERED: Final = frozenset({"/health", "/ready"})
log = logging.getLogger(__name__)


class Gate:
    """Lets a request in to the application, or answers it itself (ASGI)."""

    def __init__(self, app: Application, serving: Serving) -> None:
        """Guard ``app``."""
        self._app, self._serving = app, serving
        settings = serving.settings
        self._rates = Rates(whole=settings.rate, client=settings.client_rate, burst=settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; anything but HTTP goes to the application as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id  # 1
        answer = _Answer(send=send, request_id=request_id, seconds=self._serving.settings.answer_seconds)
        started = self._serving.seconds()
        self._serving.in_flight += 1
        try:
            await self._pass(scope, receive, answer)
        finally:
            self._serving.in_flight -= 1
            self._tell(scope, answer, self._serving.seconds() - started)

    async def _pass(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        body = _Body(receive, most=self._serving.settings.max_body, seconds=self._serving.settings.body_seconds)
        try:
            if scope["path"] not in ALWAYS_ANSWERED:  # 2
                self._let_in(scope)
            body.check_declared(Headers(scope=scope).get("content-length", ""))
            await self._app(scope, body.receive, answer.send_part)
        except ClientDisconnect:
            answer.status = answer.status or _GONE
        except Exception as error:  # the edge of the process
            if answer.status:
                tell_unexpected(error, answer.request_id)
                raise  # uvicorn ends the connection, so that nobody takes a part for the whole
            await answer_error(error, answer)

    def _let_in(self, scope: Scope) -> None:
        if self._serving.is_stopping:  # 3
            self._serving.measures.count("arf_refused_total", reason="stopping")
            stopping = ServerStopping("the server is stopping")
            raise Refused(stopping, status=503, headers={"Connection": "close", "Retry-After": "1"})
        client = scope["client"][0] if scope.get("client") else ""
        if seconds := self._rates.wait(client, now=self._serving.seconds()):  # 4
            self._serving.measures.count("arf_refused_total", reason="rate")
            raise TooManyAttempts("too many requests came at once", retry_after=ceil(seconds))

    def _tell(self, scope: Scope, answer: _Answer, took: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        measures = self._serving.measures
        measures.count("arf_requests_total", route=route, method=method, status=str(answer.status))
        measures.observe("arf_request_seconds", took, route=route)
        log.info(
            "answered",
            extra=fields(
                request_id=answer.request_id, method=method, route=route, status=answer.status, code=answer.code,
                ms=round(1000 * took, 1),
            ),
        )  # fmt: skip


async def answer_error(error: Exception, answer: _Answer) -> None:
    """Send ``error`` in its form (rule 7)."""
    told = failure(error, request_id=answer.request_id)
    if told.is_ours:
        tell_unexpected(error, answer.request_id)
    answer.code = told.code
    headers = {"content-type": JSON, "content-length": str(len(told.body)), **told.headers}
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await answer.send_part({"type": "http.response.start", "status": told.status, "headers": pairs})
    await answer.send_part({"type": "http.response.body", "body": told.body})


def tell_unexpected(error: BaseException, request_id: str) -> None:
    """Log the kind and the place of ``error``, and nothing of its text (rule 7)."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < _MOST_CAUSES:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("internal error", extra=fields(request_id=request_id, kinds=kinds, places=places[-_MOST_PLACES:]))


_GONE: Final = 499
"""What is counted where the client left before the answer."""
_MOST_CAUSES: Final = 5
_MOST_PLACES: Final = 12
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


def _request_id(given: str) -> str:
    return given if _REQUEST_ID.fullmatch(given) else token_hex(8)


class _Body:
    """The body of one request, within its limits (rule 5)."""

    def __init__(self, receive: Receive, *, most: int, seconds: float) -> None:
        self._receive, self._most, self._seconds = receive, most, seconds
        self._size, self._is_whole = 0, False

    def check_declared(self, length: str) -> None:
        if length.isdecimal() and int(length) > self._most:
            raise self._too_large()

    async def receive(self) -> Message:
        if self._is_whole:  # then the application waits for the client to leave
            return await self._receive()
        try:
            with anyio.fail_after(self._seconds):
                message = await self._receive()
        except TimeoutError as error:
            late = RequestError(f"the body did not come within {self._seconds:g} s")
            raise Refused(late, status=408, headers={"Connection": "close"}) from error
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            raise self._too_large()
        self._is_whole = not message.get("more_body", False)
        return message

    def _too_large(self) -> Refused:
        return Refused(RequestError(f"the body is longer than {self._most} bytes"), status=413)


@dataclass(slots=True, kw_only=True)
class _Answer:
    """The answer on its way: its status, and the code of the error it tells."""

    send: Send
    request_id: str
    seconds: float
    status: int = 0
    code: str | None = None

    async def send_part(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (b"x-request-id", self.request_id.encode("ascii"))
            message["headers"] = [*message.get("headers", ()), own, *_SAFE]  # 1, 8
        with anyio.fail_after(self.seconds):  # 6
            await self.send(message)
