# SPDX-License-Identifier: Apache-2.0
"""Reads the archive of a bundle or pack, and refuses every other zip file: in memory, never on disk.

1. At most ``MAX_BYTES`` bytes and ``MAX_ENTRIES`` entries (``archive_form``).
2. The end record is the last 22 bytes: no comment, nothing after it, no zip64, one disk.
3. The central directory ends where the end record begins, and has as many entries as that says.
4. Names follow the rules of ``entry_names``, and stand in order.
5. Each entry is a plain stored file with the fixed fields of ``archive_form``: no link, folder or device; no encryption
   or other flag, no compression, no extra field, no comment.
6. Each local header says what the central directory says of it.
7. Entries fill the file from its first byte to the central directory, without a gap or an overlap.
8. Each content has the CRC-32 that its header states. Where it has not, that is told, not raised: the manifest knows
   the content better, and names it with both digests (``verify.manifest``).

Two readers of such a file cannot see two contents: whatever bytes are left to choose are content or names. Nothing is
unpacked, so no entry can be larger than the archive.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from arf_core.errors import ArchiveError, BadPlace, TooLargeError
from arf_core.verify.archive_form import (
    ATTRIBUTES,
    CENTRAL,
    CENTRAL_MARK,
    END,
    END_MARK,
    LOCAL,
    LOCAL_MARK,
    MAX_BYTES,
    MAX_ENTRIES,
    ZIP64_MARK,
    Placed,
)
from arf_core.verify.entry_names import check_names, shown

MOST_COMMENT: Final = 0xFFFF
ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000


def looks_like_archive(data: bytes) -> bool:
    """Whether ``data`` starts or ends as a zip file does; it may still break every rule."""
    return data[:4] in (LOCAL_MARK, END_MARK) or data.rfind(END_MARK, -END.size - MOST_COMMENT) >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The entries, content by name in the order of names, and the first whose CRC-32 does not recompute."""

    entries: Mapping[str, bytes]
    damaged: BadPlace | None = None


def read_archive(data: bytes) -> Archive:
    """The archive in ``data``.

    Raises:
        TooLargeError: rule 1.
        ArchiveError: any other rule; the message says which entry, what is wrong, and at which byte.
    """
    if len(data) > MAX_BYTES:  # rule 1
        raise TooLargeError(f"the archive has {len(data)} bytes: at most {MAX_BYTES} are read")
    end = _end(data)
    headers = tuple(_headers(data, end))
    check_names(header.name for header in headers)  # rule 4
    if [header.name for header in headers] != sorted(header.name for header in headers):
        raise ArchiveError("the entries are not in the order of their names")
    for header in headers:
        _check_header(header)  # rule 5
    contents = list(_contents(data, headers, end))
    damaged = (_damaged(header, content) for header, content in zip(headers, contents, strict=True))
    entries = {header.name: content for header, content in zip(headers, contents, strict=True)}
    return Archive(entries=MappingProxyType(entries), damaged=next(filter(None, damaged), None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    count: int
    start: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What the central directory says of one entry."""

    name: str
    made_by: int
    flags: int
    method: int
    stored: int
    attributes: int
    extra: int
    comment: int
    placed: Placed
    written: bytes


def _end(data: bytes) -> _End:
    at = len(data) - END.size
    if at < 0 or data[at : at + 4] != END_MARK:
        raise ArchiveError(_without_end(data))  # rule 2
    _, disk, start_disk, here, count, size, start, comment = END.unpack_from(data, at)
    if ZIP64_MARK in data[max(0, at - 20) : at] or 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start):
        raise ArchiveError("the archive is zip64: no bundle or pack is so large")
    if comment or disk or start_disk or here != count:
        raise ArchiveError("the end of the archive speaks of a comment, of several disks or of two numbers of entries")
    if count > MAX_ENTRIES:  # rule 1
        raise TooLargeError(f"the archive has {count} entries: at most {MAX_ENTRIES} are read")
    if start + size != at:  # rule 3
        raise ArchiveError(f"there are bytes between the central directory (to byte {start + size}) and its end ({at})")
    return _End(count=count, start=start, after=at)


def _without_end(data: bytes) -> str:
    at = data.rfind(END_MARK, max(0, len(data) - END.size - MOST_COMMENT))
    if at < 0 or at + END.size > len(data):
        return "the archive has no end: it was cut short, or it is no zip file"
    stated = END.unpack_from(data, at)[-1]
    if at + END.size + stated == len(data):
        return f"the archive has a comment of {stated} bytes"
    return f"there are {len(data) - at - END.size} bytes after the end of the archive"


def _headers(data: bytes, end: _End) -> Iterator[_Header]:
    at = end.start
    for number in range(1, end.count + 1):
        if at + CENTRAL.size > end.after or data[at : at + 4] != CENTRAL_MARK:
            raise ArchiveError(f"entry {number} of the central directory is not there (byte {at})")
        header = _header(data, at, end.after)
        yield header
        at += len(header.written)
    if at != end.after:
        raise ArchiveError(f"the central directory has {end.after - at} bytes beyond its {end.count} entries")


def _header(data: bytes, at: int, limit: int) -> _Header:
    fields = CENTRAL.unpack_from(data, at)
    made_by, _needs, flags, method, _time, _date, crc, stored, size = fields[1:10]
    name_size, extra, comment, _disk, _internal, attributes, offset = fields[10:]
    after = at + CENTRAL.size + name_size + extra + comment
    if after > limit:
        raise ArchiveError(f"an entry of the central directory is longer than the directory (byte {at})")
    name = data[at + CENTRAL.size : at + CENTRAL.size + name_size]
    return _Header(
        name=name.decode("utf-8", "backslashreplace"),
        made_by=made_by,
        flags=flags,
        method=method,
        stored=stored,
        attributes=attributes,
        extra=extra,
        comment=comment,
        placed=Placed(name=name, crc=crc, size=size, offset=offset),
        written=data[at:after],
    )


def _check_header(header: _Header) -> None:
    if why := _why_not(header):
        raise ArchiveError(f"the entry {shown(header.name)} {why}")


def _why_not(header: _Header) -> str:
    if kind := _special(header):
        return f"is {kind}: only plain files are entries"
    if header.flags & ENCRYPTED:
        return "is encrypted"
    if header.method:
        return (
            f"is compressed (method {header.method}, {header.stored} bytes for {header.placed.size}): it must be stored"
        )
    if header.stored != header.placed.size:
        return f"states two sizes, {header.stored} and {header.placed.size}"
    if header.extra or header.comment:
        return "has an extra field or a comment"
    if header.written != header.placed.central():
        return "has another time, mode, version or flag than every entry has"
    return ""


def _special(header: _Header) -> str:
    mode = header.attributes >> 16
    kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder", 0: "", stat.S_IFREG: ""}
    kind = kinds.get(stat.S_IFMT(mode), "a device, pipe or socket")
    if not kind and header.attributes & 0x10 and header.attributes != ATTRIBUTES:
        return "a folder"
    return kind


def _contents(data: bytes, headers: tuple[_Header, ...], end: _End) -> Iterator[bytes]:
    at = 0
    for header in headers:
        placed, name = header.placed, shown(header.name)
        if placed.offset != at:  # rule 7
            raise ArchiveError(f"the entry {name} starts at byte {placed.offset}, and must start at {at}")
        if placed.after > end.start:
            raise ArchiveError(f"the entry {name} reaches into the central directory")
        if data[at : at + LOCAL.size + len(placed.name)] != placed.local():  # rule 6
            raise ArchiveError(f"the entry {name} has a local header that differs from the central directory")
        yield data[placed.after - placed.size : placed.after]
        at = placed.after
    if at != end.start:
        raise ArchiveError(f"there are {end.start - at} bytes between the last entry and the central directory")


def _damaged(header: _Header, content: bytes) -> BadPlace | None:  # rule 8
    computed = zlib.crc32(content)
    if computed == header.placed.crc:
        return None
    stated, found = f"crc32:{header.placed.crc:08x}", f"crc32:{computed:08x}"
    return BadPlace(
        where=header.name, what="it is damaged: its CRC-32 does not recompute", stated=stated, computed=found
    )
