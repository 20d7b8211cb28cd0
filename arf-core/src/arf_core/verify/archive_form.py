# SPDX-License-Identifier: Apache-2.0
"""The archive of bundles and packs: a zip file of which every byte follows from its entries.

1. Entries stand in the order of their names' bytes, one after the other from the first byte on: nothing is before,
   between or after them but the central directory and the 22 bytes that end a zip file.
2. An entry is stored, never compressed: so the bytes do not depend on a compressor, and nothing can unpack to more
   than it has.
3. All else is fixed: 1980-01-01 00:00, a plain file of mode 0644, made by Unix, version 2.0, no flags, no extra field,
   no comment, one disk, no zip64.

Any zip program reads such a file; only this writer, or one like it, makes it. Source: PKWARE APPNOTE 6.3, sections
4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 64 * 2**20
"""The largest archive, in bytes."""

MAX_ENTRIES: Final = 1000
"""The most entries an archive has."""

LOCAL: Final = struct.Struct("<4s5H3I2H")
CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
END: Final = struct.Struct("<4s4H2IH")
LOCAL_MARK: Final = b"PK\x03\x04"
CENTRAL_MARK: Final = b"PK\x01\x02"
END_MARK: Final = b"PK\x05\x06"
ZIP64_MARK: Final = b"PK\x06\x07"

VERSION: Final = 20
MADE_BY: Final = 3 << 8 | VERSION
DATE: Final = 1 << 5 | 1
"""1980-01-01 in the encoding of MS-DOS: the year from 1980 in the upper 7 bits, then month and day."""
ATTRIBUTES: Final = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One entry: its name as bytes, the CRC-32 and size of its content, and where its local header starts."""

    name: bytes
    crc: int
    size: int
    offset: int

    @property
    def after(self) -> int:
        """Where the entry ends, and what comes next begins."""
        return self.offset + LOCAL.size + len(self.name) + self.size

    def local(self) -> bytes:
        """Its local header."""
        sizes = (self.crc, self.size, self.size)
        return LOCAL.pack(LOCAL_MARK, VERSION, 0, 0, 0, DATE, *sizes, len(self.name), 0) + self.name

    def central(self) -> bytes:
        """Its header in the central directory."""
        sizes = (self.crc, self.size, self.size)
        rest = (len(self.name), 0, 0, 0, 0, ATTRIBUTES, self.offset)
        return CENTRAL.pack(CENTRAL_MARK, MADE_BY, VERSION, 0, 0, 0, DATE, *sizes, *rest) + self.name


def write_archive(entries: Mapping[str, bytes]) -> bytes:
    """The archive of ``entries``, by name: the same entries give the same bytes, everywhere and for ever."""
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in sorted(entries):
        content = entries[name]
        placed = Placed(name=name.encode("ascii"), crc=zlib.crc32(content), size=len(content), offset=offset)
        parts += (placed.local(), content)
        directory.append(placed.central())
        offset = placed.after
    return b"".join([*parts, *directory, end_of(directory, offset)])


def end_of(directory: list[bytes], offset: int) -> bytes:
    """The 22 bytes after the central directory ``directory``, which starts at ``offset``."""
    count, size = len(directory), sum(map(len, directory))
    return END.pack(END_MARK, 0, 0, count, count, size, offset, 0)
