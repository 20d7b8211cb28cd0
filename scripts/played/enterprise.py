# SPDX-License-Identifier: Apache-2.0
"""Plays the part of ARF Enterprise that takes intents, as docs/hand-off.md has it, on a real HTTP server.

1. It is strict: token, media type, canonical body, ``Idempotency-Key``, id and digest are checked, and what does not
   fit is refused.
2. It acts once for each ``Idempotency-Key``. What it did is counted, so a client that sent another key when it asks
   again would be found out.
3. What it decides is in the action: ``scale_out`` waits for approval, ``traffic_shift`` is refused, the others are
   executed.
4. ``say`` makes it answer in another way, once for each name given, before or after it has acted.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Final, Self

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from arf_core.canonical import canonical_bytes, digest, short_id
from arf_core.strict_json import parse_json

TOKEN: Final = "token-that-must-not-leak-7f3a9c"  # noqa: S105 - a made one
SCHEMA: Final = "arf.healing-intent/1"
Answer = Callable[["PlayedEnterprise", Response], Awaitable[Response]]


class PlayedEnterprise:
    """A running server; use it in a ``with`` statement. ``effects`` counts what it did, by key."""

    def __init__(self, *, token: str = TOKEN, certificate: tuple[str, str] | None = None) -> None:
        """A server that takes ``token``; with a ``certificate`` (certificate and key files) it speaks TLS."""
        self.token = token
        self.effects: dict[str, int] = {}
        self.seen: list[tuple[Mapping[str, str], bytes]] = []
        self.planned: deque[str] = deque()
        self._receipts: dict[str, dict[str, object]] = {}
        self._digests: dict[str, str] = {}
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.scheme = "http" if certificate is None else "https"
        certificate_file, key_file = certificate or (None, None)
        config = uvicorn.Config(
            self._app(),
            http="h11",
            ws="none",
            lifespan="off",
            log_level="critical",
            date_header=False,
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate_file,
            ssl_keyfile=key_file,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def say(self, *names: str) -> None:
        """Answer the next requests as ``names`` say, one each: see :data:`ANSWERS`."""
        for name in names:
            assert name in ANSWERS, name
        self.planned.extend(names)

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.post("/api/v1/intents")
        async def intents(request: Request) -> Response:
            body = await request.body()
            self.seen.append((dict(request.headers), body))
            name = self.planned.popleft() if self.planned else "as documented"
            before, after = ANSWERS[name]
            if before is not None:
                return await before(self, Response())
            taken = self._take(request.headers, body)
            return taken if after is None else await after(self, taken)

        return app

    def _take(self, headers: Mapping[str, str], body: bytes) -> Response:
        key = headers.get("idempotency-key", "")
        if headers.get("authorization") != f"Bearer {self.token}":
            return _error(401, "ARF-ENT-3002", "the token is not accepted")
        if headers.get("content-type") != "application/json":
            return _error(415, "ARF-ENT-1000", "send application/json")
        given = parse_json(body)
        if not isinstance(given, dict) or canonical_bytes(given) != body:
            return _error(400, "ARF-ENT-1003", "the body is not canonical JSON", key)
        content = {name: value for name, value in given.items() if name != "digest"}
        if given.get("digest") != key or digest(SCHEMA, content) != key or _id_of(given) != given["intent_id"]:
            return _error(400, "ARF-ENT-1003", "the id, the digest and the key do not agree", key)
        return self._decide(key, given)

    def _decide(self, key: str, given: Mapping[str, object]) -> Response:
        with self._lock:
            if self._digests.setdefault(str(given["intent_id"]), key) != key:
                return _error(409, "ARF-ENT-4009", "this id is known with another digest", key)
            if given["action"] == "traffic_shift":
                return _error(403, "ARF-ENT-4003", "policy night-freeze (gov.yaml:12) forbids it", key)
            if key not in self._receipts:
                self.effects[key] = self.effects.get(key, 0) + 1
                self._receipts[key] = _receipt(key, given, len(self._receipts) + 1)
            return JSONResponse(self._receipts[key])


def _receipt(key: str, given: Mapping[str, object], number: int) -> dict[str, object]:
    waits = given["action"] == "scale_out"
    return {
        "intent_id": given["intent_id"],
        "digest": key,
        "executed": not waits,
        "status": "pending_approval" if waits else "succeeded",
        "approval_id": f"apr_{number}" if waits else None,
        "audit_trail_id": f"aud_{number}",
        "execution_id": None if waits else f"exe_{number}",
    }


def _id_of(given: Mapping[str, object]) -> str:
    names = ("action", "component", "detected_at", "incident_id", "parameters")
    return short_id("intent_", {name: given[name] for name in names})


def _error(status: int, code: str, message: str, key: str | None = None) -> Response:
    named = {} if key is None else {"digest": key}
    return JSONResponse({"error": {"code": code, "message": message}, **named}, status_code=status)


def _status(status: int, **headers: str) -> Answer:
    async def answer(_server: PlayedEnterprise, _taken: Response) -> Response:
        return Response(status_code=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return answer


def _with(status: int = 200, *, media: str = "application/json", body: bytes = b"", **headers: str) -> Answer:
    async def answer(_server: PlayedEnterprise, _taken: Response) -> Response:
        return Response(status_code=status, content=body, media_type=media, headers=headers)

    return answer


async def _wrong_digest(_server: PlayedEnterprise, taken: Response) -> Response:
    document = parse_json(bytes(taken.body))
    assert isinstance(document, dict)
    return JSONResponse({**document, "digest": "sha256:" + "0" * 64})


async def _slow(_server: PlayedEnterprise, taken: Response) -> Response:
    await asyncio.sleep(1.0)
    return taken


async def _leaky(server: PlayedEnterprise, taken: Response) -> Response:
    document = parse_json(bytes(taken.body))
    assert isinstance(document, dict)
    return JSONResponse({**document, "debug": f"Authorization: Bearer {server.token}"})


async def _leaky_refusal(server: PlayedEnterprise, _taken: Response) -> Response:
    said = {"error": {"code": "X", "message": f"bad header Bearer {server.token}"}}
    return JSONResponse(said, status_code=400, headers={"location": f"http://x/{server.token}"})


async def _huge(_server: PlayedEnterprise, taken: Response) -> Response:
    return Response(content=bytes(taken.body)[:-1] + b',"more":"' + b"x" * 2_000_000 + b'"}')


ANSWERS: Final[Mapping[str, tuple[Answer | None, Answer | None]]] = {
    "as documented": (None, None),
    "429": (_status(429), None),
    "429 for 7 s": (_status(429, retry_after="7"), None),
    "429 for an hour": (_status(429, retry_after="3600"), None),
    "429 until a date": (
        _status(429, retry_after="Fri, 02 Jan 2026 00:00:09 GMT", date="Fri, 02 Jan 2026 00:00:04 GMT"),
        None,
    ),
    "502": (_status(502), None),
    "503": (_status(503), None),
    "504": (_status(504), None),
    "500": (_status(500), None),
    "502 after acting": (None, _status(502)),
    "503 after acting": (None, _status(503)),
    "500 after acting": (None, _status(500)),
    "slow after acting": (None, _slow),
    "huge": (None, _huge),
    "wrong digest": (None, _wrong_digest),
    "its credentials sent back": (None, _leaky),
    "its credentials in a refusal": (_leaky_refusal, None),
    "html": (_with(media="text/html", body=b"<html>Sign in to the Wi-Fi</html>"), None),
    "forbidden by a proxy": (_with(403, media="text/html", body=b"<html>Forbidden</html>"), None),
    "not there": (_status(404), None),
    "redirect": (_status(307, location="https://elsewhere.example/api/v1/intents?token=x"), None),
    "empty": (_with(200), None),
    "compressed": (_with(200, body=b"\x1f\x8b\x08\x00", **{"content-encoding": "gzip"}), None),
    "a list": (_with(200, body=b"[]"), None),
    "half a receipt": (None, _with(200, body=b'{"intent_id": "inte')),
}
"""By name: what is said instead of acting, and what is said instead of the receipt."""
