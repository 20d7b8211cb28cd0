# SPDX-License-Identifier: Apache-2.0
"""From the bytes of an input to bytes that a reader can decode: gzip is unpacked within a limit, UTF-8 is asked for."""

from __future__ import annotations

import zlib
from typing import Final

from arf_core.errors import FormatError, TooLargeError

MAX_UNPACKED: Final = 512 * 1024 * 1024
"""How many bytes a gzip input may unpack to, unless the caller says otherwise: a small file may hold a huge one."""


def unpacked(data: bytes, *, limit: int = MAX_UNPACKED) -> bytes:
    """``data``, unpacked if it is gzip (also of several members).

    Raises:
        FormatError: the gzip is damaged or cut short.
        TooLargeError: it unpacks to more than ``limit`` bytes.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    parts: list[bytes] = []
    room = limit
    while data:
        part, data = _member(data, room)
        parts.append(part)
        room -= len(part)
        if room < 0:
            raise TooLargeError(f"the gzip input unpacks to more than {limit} bytes: unpack it and split it")
    return b"".join(parts)


def refuse_other_encodings(data: bytes) -> None:
    """Nothing, if ``data`` may be UTF-8 text.

    Raises:
        FormatError: it is empty, or its first bytes mark another encoding.
    """
    if not data.strip():
        raise FormatError("the input is empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("the input is UTF-16 or UTF-32: write it again as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        raise FormatError("the input starts with a byte order mark: write it again as UTF-8 without one")


def _member(data: bytes, room: int) -> tuple[bytes, bytes]:
    """The content of the first gzip member, at most one byte more than ``room``, and what follows it."""
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        part = engine.decompress(data, room + 1)
    except zlib.error as error:
        raise FormatError(f"the gzip input is damaged: {error}") from error
    if not engine.eof and len(part) <= room:
        raise FormatError("the gzip input is cut short")
    return part, engine.unused_data.lstrip(b"\0")
