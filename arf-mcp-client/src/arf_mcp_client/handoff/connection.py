# SPDX-License-Identifier: Apache-2.0
"""One request and its answer. With ``client.remote``, all of this distribution that connects.

1. Certificates are always checked, against the system's authorities or a given file. Redirects are not followed.
2. No proxy, ``.netrc`` or other setting is taken from the environment: nothing adds a way or credentials of its own.
3. An answer is read up to :data:`MAX_ANSWER` bytes, uncompressed, within the time given for all of it.
4. The library's exceptions carry the request, and with it the credentials. So they end here: what happened is
   returned as a value, in words of ours. The library's debug log shows what a server answers: a record in which a
   server sends the credentials back is left out.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from arf_mcp_client.errors import HandOffError
from arf_mcp_client.handoff.credentials import Credentials

if TYPE_CHECKING:
    import httpx

MAX_ANSWER: Final = 1024 * 1024
"""How many bytes of an answer are read at most."""

CONNECT_S: Final = 5.0
"""How long a connection may take to open, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent: to ``url``, ``body`` with ``headers``, and the credentials beside them."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    credentials: Credentials
    authorities: ssl.SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the status, the headers that matter in lower case, and the whole body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Why nothing usable came back; whether the server may have the request; whether to ask again is of use."""

    why: str
    may_be_taken: bool
    is_passing: bool = True


def authorities_for(url: str, ca_file: Path | None) -> ssl.SSLContext:
    """Whom to believe that a server is the one at ``url``: those in ``ca_file`` (PEM), by default the system's.

    Raises:
        HandOffError: the file cannot be used.
    """
    if not url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # believes nobody; reading the system's takes 40 ms
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError):
        raise HandOffError(f"the file of authorities {ca_file} cannot be read as PEM certificates") from None


async def post(request: Request, *, within_s: float) -> Answer | NoAnswer:
    """Send ``request`` once."""
    import httpx

    limits = httpx.Timeout(within_s, connect=min(CONNECT_S, within_s))
    try:
        with anyio.fail_after(within_s), _unlogged(request.credentials.token):
            async with httpx.AsyncClient(
                verify=request.authorities, timeout=limits, trust_env=False
            ) as client:  # rules 1, 2
                return await _exchange(client, request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return _unconnected(error)
    except (TimeoutError, httpx.TimeoutException):
        return NoAnswer(why=f"no whole answer came within {within_s:.1f} s", may_be_taken=True)
    except httpx.LocalProtocolError:
        return NoAnswer(why="the request cannot be written as HTTP", may_be_taken=False, is_passing=False)
    except (httpx.TransportError, httpx.StreamError):
        return NoAnswer(why="the connection broke before the answer was whole", may_be_taken=True)
    except httpx.InvalidURL:
        return NoAnswer(why="the server's address cannot be used", may_be_taken=False, is_passing=False)


@contextmanager
def _unlogged(token: str) -> Iterator[None]:
    def without(record: logging.LogRecord) -> bool:
        return token not in record.getMessage()

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(without)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(without)


async def _exchange(client: httpx.AsyncClient, request: Request) -> Answer | NoAnswer:
    headers = {
        **request.headers,
        "Accept-Encoding": "identity",
        "Authorization": f"Bearer {request.credentials.token}",
    }
    async with client.stream("POST", request.url, content=request.body, headers=headers) as response:
        if response.headers.get("content-encoding", "identity") != "identity":  # rule 3
            return NoAnswer(why="the answer is compressed, unasked", may_be_taken=True, is_passing=False)
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > MAX_ANSWER:
                return NoAnswer(
                    why=f"the answer is larger than {MAX_ANSWER} bytes", may_be_taken=True, is_passing=False
                )
        hidden = request.credentials.hidden_in
        kept = {name: hidden(response.headers[name].encode()).decode() for name in _KEPT if name in response.headers}
        return Answer(status=response.status_code, headers=kept, body=hidden(bytes(body)))


def _unconnected(error: BaseException) -> NoAnswer:
    """Nothing was sent. A certificate does not become right by waiting."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"the server's certificate is not trusted: {cause.verify_message}"
            return NoAnswer(why=why, may_be_taken=False, is_passing=False)
        if isinstance(cause, ssl.SSLError):
            return NoAnswer(why="the server does not speak TLS as it should", may_be_taken=False, is_passing=False)
        if isinstance(cause, OSError) and cause.strerror:  # refused, unreachable, or a name that is not known
            why = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror
            return NoAnswer(why=f"no connection could be opened: {why}", may_be_taken=False)
        cause = cause.__cause__ or cause.__context__
    return NoAnswer(why="no connection could be opened", may_be_taken=False)


_LOGGERS: Final = ("httpx", "httpcore.connection", "httpcore.http11")
_KEPT: Final = ("content-type", "date", "location", "retry-after")
