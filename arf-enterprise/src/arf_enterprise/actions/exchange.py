# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""One HTTP request and its answer, bounded in everything: what adapters and probes ask with.

1. One deadline for all of it, from connecting to the last byte: a server that sends a byte a second meets it, too.
   (Only the resolver's own time is not ours to bound: it has that of resolv.conf.)
2. At most as many bytes of the body are read as asked for; more is said, not read. Nothing is unpacked: no encoding of
   the content is asked for.
3. No redirect is followed, no proxy is used, no cookie kept: what is asked is what the inventory names.
4. Certificates are checked: the system's authorities, or those of one file instead.
5. What goes wrong is :class:`NoAnswer`, which says what in our own words: never a header or a body that was sent. So a
   header that HTTP cannot carry is refused here, and not by a library that quotes it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

MOST: Final = 1_048_576
"""Bytes of a body that are read, unless asked otherwise."""


class NoAnswer(Exception):
    """There was no answer. ``is_sure`` says that the request cannot have reached anybody."""

    def __init__(self, message: str, *, is_sure: bool = False) -> None:
        """``message`` begins with where it was sent."""
        super().__init__(message)
        self.is_sure = is_sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request. ``timeout_s`` is rule 1's, ``most`` rule 2's, ``ca_file`` rule 4's."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout_s: float = 5.0
    most: int = MOST
    ca_file: str | None = None

    @property
    def place(self) -> str:
        """Where it goes, for messages: no query, which may have a token in it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An answer. ``is_whole`` says that the body ended within what was to be read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


def exchange(ask: Ask) -> Got:
    """The answer to ``ask``.

    Raises:
        NoAnswer: none came in time, or no connection, or no valid certificate.
    """
    if not all(value.isascii() and value.isprintable() for value in ask.headers.values()):  # rule 5
        raise NoAnswer(f"{ask.place} was not asked: a header has characters that HTTP cannot carry", is_sure=True)
    backend = _Bounded(time.monotonic() + ask.timeout_s)
    host = urlsplit(ask.url).netloc
    headers = {"Host": host, "Accept-Encoding": "identity", "User-Agent": "arf-enterprise", **ask.headers}
    if ask.body or ask.method not in {"GET", "HEAD"}:
        headers["Content-Length"] = str(len(ask.body))
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(ask.ca_file), network_backend=backend) as pool,
            pool.stream(ask.method, ask.url, headers=list(headers.items()), content=ask.body) as answer,
        ):
            body, is_whole = _read(answer.iter_stream(), ask.most)
            return Got(status=answer.status, headers=_headers(answer.headers), body=body, is_whole=is_whole)
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
        raise NoAnswer(f"{ask.place} {_told(error, ask)}", is_sure=not backend.has_connected) from error


def _told(error: Exception, ask: Ask) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"has no certificate that is trusted here: {cause.verify_message}"
    if isinstance(error, httpcore.TimeoutException):
        return f"did not answer within {ask.timeout_s:g} s"
    if isinstance(error, httpcore.ProtocolError):
        return "does not answer in HTTP"
    reason = getattr(cause, "strerror", None) or type(cause).__name__
    return f"cannot be reached: {reason}"


def _read(pieces: Iterable[bytes], most: int) -> tuple[bytes, bool]:
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > most:  # rule 2
            return bytes(found[:most]), False
    return bytes(found), True


def _headers(found: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in found}


@lru_cache(maxsize=16)
def _trust(ca_file: str | None) -> ssl.SSLContext:  # rule 4
    return ssl.create_default_context(cafile=ca_file)


class _Bounded(httpcore.NetworkBackend):
    """Connections that know one deadline (rule 1)."""

    def __init__(self, end: float) -> None:
        self._end = end
        self._inner = httpcore.SyncBackend()
        self.has_connected = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """As the plain one, within the time that is left."""
        found = self._inner.connect_tcp(host, port, _left(self._end, timeout), local_address, socket_options)
        self.has_connected = True
        return _Stream(found, self._end)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, end: float) -> None:
        self._inner, self._end = inner, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._end, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._end, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(self._end, timeout)), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(end: float, timeout: float | None) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left if timeout is None else min(left, timeout)
