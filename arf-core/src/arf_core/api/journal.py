# SPDX-License-Identifier: Apache-2.0
"""The journal: what was taken, so that a restart loses nothing and doubles nothing.

A file of lines. The first is its header; each other is what one commit made durable: the SHA-256 of the line before it
and this one's text, a space, and the text, a JSON list of steps.

1. A line is durable (written and synced) before anyone is told that what it holds was taken. Those who wait at one
   moment share one sync.
2. At the start the lines are read again. The last may be torn, for the process may have ended while it was written:
   nobody was told about it, and it is cut off. Any other line that does not check is refused, by its number, and so is
   a last line that is whole and does not check.
3. When a write fails nothing is lost: the file is cut back to its last whole line and the next commit tries again.
4. What belongs to no known incident is left out when the file is written anew, which happens when it has doubled.
5. One server has one journal: a file that grew or shrank by another hand is not written to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

from arf_core.api.journal_lines import read_step, write_step
from arf_core.canonical import file_digest
from arf_core.errors import BusyError, FormatError, InputError
from arf_core.service.delivery import Delivered
from arf_core.strict_json import parse_json

HEADER: Final = b'{"schema":"arf.journal/1"}\n'
LEAST_SIZE: Final = 4 * 1024 * 1024
"""Below this size in bytes the file is not written anew."""


class Journal:
    """Keeps deliveries in a file; safe to share between threads. It is a ``service.delivery.Keeper``."""

    def __init__(self, path: Path, *, known: Callable[[], frozenset[str]] = frozenset) -> None:
        """Open or begin the journal at ``path``; ``known`` gives the ids of the incidents worth keeping.

        Raises:
            InputError: the file cannot be opened for writing.
            FormatError: it is no journal, or a line of it was altered.
        """
        self.path, self.known = path, known
        self.commits = 0
        self.torn = 0
        self._line = Lock()  # guards what is in line to be written
        self._writing = Lock()  # held while the file is written
        self._in_line: list[str] = []
        self._number = self._durable = 0
        self._kept_size = 0
        try:
            self._file: BinaryIO = path.open("r+b" if path.exists() else "x+b")
        except OSError as error:
            raise InputError(f"the journal {path} cannot be opened: {error.strerror}") from error
        try:
            self._size, self._digest = self._check()
        except BaseException:
            self._file.close()
            raise
        self._kept_size = self._size

    @property
    def size(self) -> int:
        """How many bytes are durable."""
        return self._size

    def steps(self) -> Iterator[Delivered]:
        """What is kept, in the order in which it was taken."""
        for number, text in enumerate(self._texts(), start=2):
            yield from _steps(text, f"the journal {self.path}, line {number}")

    def add(self, delivered: Delivered) -> None:
        """Put ``delivered`` in line to be written."""
        text = write_step(delivered)
        with self._line:
            self._in_line.append(text)
            self._number += 1

    def commit(self) -> None:
        """Return once everything added before is durable.

        Raises:
            BusyError: the file cannot be written, or was changed by someone else.
        """
        number = self._number
        if self._durable >= number:
            return
        with self._writing:
            if self._durable >= number:  # another thread's sync covered it
                return
            with self._line:
                taken, upto = self._in_line[:], self._number
            self._write(taken)
            with self._line:
                del self._in_line[: len(taken)]
            self._durable = upto
            self._compact_if_due()

    def close(self) -> None:
        """Make everything durable and close the file."""
        try:
            self.commit()
        finally:
            self._file.close()

    def compact(self) -> None:
        """Write the file anew with what belongs to a known incident; the old one stands until the new is durable."""
        with self._writing:
            self._compact()

    def _write(self, texts: list[str]) -> None:
        text = ("[" + ",".join(texts) + "]").encode("utf-8", "replace")
        digest = _chained(self._digest, text)
        line = digest.encode("ascii") + b" " + text + b"\n"
        try:
            self._refuse_strangers()
            self._file.seek(self._size)
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())  # 1
        except OSError as error:
            self._cut_back()  # 3
            raise BusyError(f"the journal {self.path} cannot be written: {error.strerror}") from error
        self._size, self._digest = self._size + len(line), digest
        self.commits += 1

    def _refuse_strangers(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        if size != self._size:  # 5
            raise BusyError(
                f"the journal {self.path} has {size} bytes and should have {self._size}: another process writes to it; "
                "give each server a journal of its own"
            )

    def _cut_back(self) -> None:
        try:
            self._file.truncate(self._size)
        except OSError:  # then the next start finds a torn line and cuts it off
            return

    def _compact_if_due(self) -> None:
        if self._size > max(LEAST_SIZE, 2 * self._kept_size):  # 4
            self._compact()

    def _compact(self) -> None:
        part = self.path.with_name(f".{self.path.name}.new")
        known = self.known()
        digest, size = _chained("", HEADER), len(HEADER)
        try:
            with part.open("wb") as file:
                file.write(HEADER)
                for step in _living(self.steps(), known):
                    text = f"[{write_step(step)}]".encode("utf-8", "replace")
                    digest = _chained(digest, text)
                    size += file.write(digest.encode("ascii") + b" " + text + b"\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
            _sync_folder(self.path.parent)
            anew = self.path.open("r+b")
        except OSError as error:
            raise BusyError(f"the journal {self.path} cannot be written anew: {error.strerror}") from error
        self._file.close()
        self._file, self._size, self._digest, self._kept_size = anew, size, digest, size

    def _check(self) -> tuple[int, str]:
        """The size and digest of what is whole; what is torn off the end is cut off, a new file gets its header."""
        header = self._file.readline()
        if not header.endswith(b"\n"):  # empty, or its very first write was torn
            if not HEADER.startswith(header):
                raise FormatError(f"{self.path} is not a journal: its first line is not {HEADER.decode().strip()}")
            return self._begin()
        if header != HEADER:
            raise FormatError(f"{self.path} is not a journal: its first line is not {HEADER.decode().strip()}")
        size, digest = len(header), _chained("", header)
        for number, line in enumerate(self._file, start=2):
            found = _whole(line, digest)
            if found is None:
                return self._end_at(size, digest, number, line)
            size, digest = size + len(line), found
        return size, digest

    def _begin(self) -> tuple[int, str]:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(HEADER)
        self._file.flush()
        os.fsync(self._file.fileno())
        _sync_folder(self.path.parent)
        return len(HEADER), _chained("", HEADER)

    def _end_at(self, size: int, digest: str, number: int, line: bytes) -> tuple[int, str]:
        if self._file.read(1) or _looks_whole(line):  # 2
            raise FormatError(
                f"the journal {self.path} was altered in line {number}: it does not match its checksum. Nothing was "
                "read from it; restore the file, or move it away to begin empty"
            )
        self.torn = number
        self._file.truncate(size)
        self._file.flush()
        os.fsync(self._file.fileno())
        return size, digest

    def _texts(self) -> Iterator[bytes]:
        """The text of each line, of those that are durable now."""
        with self.path.open("rb") as file:
            position = len(file.readline())
            while position < self._size:
                line = file.readline()
                position += len(line)
                yield line.partition(b" ")[2]


def _whole(line: bytes, digest: str) -> str | None:
    """The digest of ``line`` if it is whole and follows on ``digest``."""
    told, _, text = line.removesuffix(b"\n").partition(b" ")
    expected = _chained(digest, text)
    return expected if line.endswith(b"\n") and told == expected.encode("ascii") else None


def _looks_whole(line: bytes) -> bool:
    """Whether ``line`` was written to its end, whatever it says."""
    try:
        return line.endswith(b"]\n") and isinstance(parse_json(line.partition(b" ")[2]), list)
    except FormatError:
        return False


def _chained(digest: str, text: bytes) -> str:
    return file_digest(digest.encode("ascii") + text).removeprefix("sha256:")


def _steps(text: bytes, where: str) -> Iterator[Delivered]:
    found = parse_json(text, what=where)
    if not isinstance(found, list):
        raise FormatError(f"{where} is not a list of steps")
    yield from (read_step(step, where=where) for step in found)


def _living(steps: Iterable[Delivered], known: frozenset[str]) -> Iterator[Delivered]:
    for step in steps:
        kept = [
            (event, homes) for event, homes in zip(step.events, step.homes, strict=True) if not known.isdisjoint(homes)
        ]
        if kept:
            events, homes = zip(*kept, strict=True)
            yield Delivered(at=step.at, events=events, homes=homes)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
