# SPDX-License-Identifier: Apache-2.0
"""The body of a request, read within limits.

1. Bytes are counted while they come, so a body of unknown length is refused at the limit, not after it.
2. All bodies that are held share one budget: when it is used up, the next is told to come back.
3. A body that does not come in time is refused, so a slow sender holds nothing for long.
4. What is packed counts by what it unpacks to, and unpacking stops at the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from typing import Final

import anyio
from starlette.requests import Request

from arf_core.api.failures import Refused
from arf_core.api.settings import ApiSettings
from arf_core.errors import BusyError, FormatError, InputError, TooLargeError

ENCODINGS: Final = ("identity", "gzip")
GZIP: Final = b"\x1f\x8b"


class Budget:
    """How many bytes of bodies may be held at once, and are. For one thread."""

    def __init__(self, most: int) -> None:
        """Nothing held yet, of ``most`` bytes."""
        self.held = 0
        self._most = most

    def take(self, size: int) -> None:
        """Hold ``size`` more bytes.

        Raises:
            BusyError: there is no room for them.
        """
        if self.held + size > self._most:
            raise BusyError(f"the bodies being read take more than {self._most} bytes together: send it again")
        self.held += size

    def give_back(self, size: int) -> None:
        """Hold ``size`` bytes less."""
        self.held -= size


@asynccontextmanager
async def body_of(request: Request, *, settings: ApiSettings, budget: Budget) -> AsyncIterator[bytes]:
    """The body of ``request``; its bytes count in ``budget`` until the context is left.

    Raises:
        TooLargeError: it is longer than the limit, or says that it will be.
        BusyError: the budget is used up.
        Refused: it did not come in time (408).
    """
    parts: list[bytes] = []
    held = 0
    _check_declared(request, settings.max_body)
    try:
        try:
            with anyio.fail_after(settings.body_seconds):
                async for part in request.stream():
                    if held + len(part) > settings.max_body:  # 1
                        raise _too_large(settings.max_body)
                    budget.take(len(part))  # 2
                    held += len(part)
                    parts.append(part)
        except TimeoutError as error:  # 3
            late = InputError(f"the body did not come within {settings.body_seconds:g} s")
            raise Refused(late, status=408, headers={"Connection": "close"}) from error
        yield b"".join(parts)
    finally:
        budget.give_back(held)


def check_type(request: Request, allowed: Container[str]) -> str:
    """The media type of the body, without its parameters.

    Raises:
        Refused: it is none of ``allowed``, or the body is packed in a way that is not read (415).
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ENCODINGS:
        error = FormatError(f"Content-Encoding is {encoding!r:.60}: only gzip is unpacked")
        raise Refused(error, status=415, headers={"Accept-Encoding": "gzip"})
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in allowed:
        listed = ", ".join(sorted(allowed)) if isinstance(allowed, (tuple, frozenset)) else ""
        raise Refused(FormatError(f"Content-Type is {media_type!r:.60}: this route reads {listed}"), status=415)
    return media_type


def is_packed(request: Request) -> bool:
    """Whether the body is said to be gzip."""
    return request.headers.get("content-encoding", "").strip().lower() == "gzip"


def unpack(data: bytes, *, limit: int, packed: bool) -> bytes:
    """``data``, unpacked if it is gzip, of one or several members; ``packed``: it was said to be.

    Raises:
        FormatError: it was said to be gzip and is not, or is damaged or cut short.
        TooLargeError: it unpacks to more than ``limit`` bytes.
    """
    if not data.startswith(GZIP):
        if packed:
            raise FormatError("Content-Encoding is gzip, but the body is not gzip")
        return data
    parts: list[bytes] = []
    room = limit
    while data:
        engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            part = engine.decompress(data, room + 1)
        except zlib.error as error:
            raise FormatError(f"the gzip body is damaged: {error}") from error
        if len(part) > room:  # 4
            raise _too_large(limit)
        if not engine.eof:
            raise FormatError("the gzip body is cut short")
        parts.append(part)
        room -= len(part)
        data = engine.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _check_declared(request: Request, most: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(
        f"the body is longer than {most} bytes, unpacked: split it, or start the server with --max-body"
    )
