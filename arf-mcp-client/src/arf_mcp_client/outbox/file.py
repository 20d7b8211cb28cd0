# SPDX-License-Identifier: Apache-2.0
"""The outbox file: intents wait in it until a server has answered for each, whatever happens to this process.

1. :meth:`Outbox.add` returns when the line is on the disk (fsync), not before.
2. One writer at a time: an exclusive lock on the file, between processes and threads; readers share it. A lock is held
   while a line is written or read, never while a server is asked.
3. Lines are only ever appended. The one exception: an unfinished last line, of a writer that was killed, was never
   acknowledged; it is ignored by readers and removed by the next writer.
4. The file is created readable by its owner only. Its folder must be local: network file systems may not lock.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from arf_core.errors import FormatError
from arf_core.models.healing_intent import HealingIntent
from arf_core.strict_json import parse_json
from arf_mcp_client.errors import OutboxError
from arf_mcp_client.outbox.ledger import Entry, Ledger, State

MAX_FILE: Final = 256 * 1024 * 1024
"""How large an outbox may become, in bytes: many thousand intents."""


class Outbox:
    """The outbox in one file. Safe to share between threads and processes."""

    def __init__(self, file: Path | str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """The outbox in ``file``, which is made when the first intent is added; ``clock`` gives aware times."""
        self.file = Path(file)
        self._clock = clock
        self._lock = Lock()
        self._forget()

    def add(self, intent: HealingIntent) -> bool:
        """Keep ``intent`` until it is answered for; False if it is here already, answered or not.

        Raises:
            OutboxError: the file cannot be written, is full, or was altered.
        """
        with self._opened(write=True) as opened:
            if intent.digest in self._ledger.entries:
                return False
            self._append(opened, "intent", {"intent": intent.to_dict()})
            return True

    def settle(self, intent: HealingIntent, state: State, answer: Mapping[str, object]) -> None:
        """Record what the server said of ``intent``: it was ``SENT`` or ``REFUSED``. The first record counts.

        Raises:
            OutboxError: as :meth:`add`, or ``intent`` is not in the outbox.
        """
        kinds = {State.SENT: "receipt", State.REFUSED: "refusal"}
        with self._opened(write=True) as opened:
            if (entry := self._ledger.entries.get(intent.digest)) is None or state not in kinds:
                raise OutboxError(f"{self.file}: {intent.intent_id} is not in the outbox, or {state} settles nothing")
            if entry.state is State.PENDING:
                self._append(opened, kinds[state], {"digest": intent.digest, "answer": dict(answer)})

    def entries(self) -> tuple[Entry, ...]:
        """Everything in the outbox, in the order in which it was added.

        Raises:
            OutboxError: the file cannot be read, or was altered; the message has the line.
        """
        with self._opened(write=False):
            return tuple(self._ledger.entries.values())

    def pending(self) -> tuple[HealingIntent, ...]:
        """The intents that no server has answered for, the first added first.

        Raises:
            OutboxError: as :meth:`entries`.
        """
        return tuple(entry.intent for entry in self.entries() if entry.state is State.PENDING)

    def is_pending(self, intent: HealingIntent) -> bool:
        """Whether ``intent`` is here and unanswered.

        Raises:
            OutboxError: as :meth:`entries`.
        """
        with self._opened(write=False):
            entry = self._ledger.entries.get(intent.digest)
            return entry is not None and entry.state is State.PENDING

    def _forget(self) -> None:
        self._ledger, self._read_to, self._identity = Ledger(), 0, (0, 0)
        self._unended = False

    @contextmanager
    def _opened(self, *, write: bool) -> Iterator[int]:
        """The file, locked, and all its lines taken in. A file that is not there reads as empty."""
        with self._lock:
            try:
                opened = _open(self.file, write=write)
            except OSError as error:
                raise OutboxError(f"the outbox {self.file} cannot be opened: {error.strerror}") from error
            if opened is None:
                self._forget()
                yield -1
                return
            try:
                _flock(opened, write=write)  # rule 2
                self._catch_up(opened)
                yield opened
            except OSError as error:
                raise OutboxError(f"the outbox {self.file} cannot be used: {error.strerror}") from error
            finally:
                os.close(opened)

    def _catch_up(self, opened: int) -> None:
        """Take in the lines that were appended since the last time; all of them if it is another file."""
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
            raise OutboxError(
                f"the outbox {self.file} is no file, or larger than {MAX_FILE // 2**20} MiB: begin another"
            )
        if (status.st_dev, status.st_ino) != self._identity or status.st_size < self._read_to:
            self._forget()
            self._identity = (status.st_dev, status.st_ino)
        if self._unended:  # a last line without its newline was taken in: it may have got one since
            self._end_line(opened)
        data = _read_from(opened, self._read_to)
        whole, newline, rest = data.rpartition(b"\n")
        for line in whole.split(b"\n") if newline else ():
            self._take(line, ended=True)
        if rest and _is_json(rest):  # all but the newline: an editor, or a copy, lost it
            self._take(rest, ended=False)

    def _end_line(self, opened: int) -> None:
        if os.pread(opened, 1, self._read_to) == b"\n":
            self._read_to, self._unended = self._read_to + 1, False

    def _take(self, line: bytes, *, ended: bool) -> None:
        try:
            self._ledger.read(line)
        except OutboxError as error:
            self._forget()
            raise OutboxError(f"{self.file}: {error}") from error
        self._read_to += len(line) + ended
        self._unended = not ended

    def _append(self, opened: int, kind: str, carried: Mapping[str, object]) -> None:
        line = self._ledger.line(kind, carried, at=self._clock())
        if os.fstat(opened).st_size > self._read_to:
            os.ftruncate(opened, self._read_to)  # rule 3: what follows is an unfinished line
        data = b"\n" + line if self._unended else line
        if self._read_to + len(data) > MAX_FILE:
            raise OutboxError(f"the outbox {self.file} is full ({MAX_FILE // 2**20} MiB): begin another")
        try:
            _write_all(opened, data)
            os.fsync(opened)  # rule 1
        except OSError:
            os.ftruncate(opened, self._read_to)
            raise
        self._read_to += self._unended
        self._take(line[:-1], ended=True)


def _open(file: Path, *, write: bool) -> int | None:
    """A descriptor of ``file``; None where it is only to be read and is not there."""
    # O_NONBLOCK: a named pipe in its place would otherwise hold us for ever.
    flags = os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(file, flags | (os.O_RDWR | os.O_APPEND if write else os.O_RDONLY))
    except FileNotFoundError:
        if not write:
            return None
    opened = os.open(file, flags | os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)  # rule 4
    folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the name itself
    finally:
        os.close(folder)
    return opened


def _flock(opened: int, *, write: bool) -> None:
    try:
        import fcntl
    except ImportError:
        raise OutboxError("the outbox needs the file locks of a POSIX system") from None
    fcntl.flock(opened, fcntl.LOCK_EX if write else fcntl.LOCK_SH)


def _read_from(opened: int, offset: int) -> bytes:
    parts = []
    while part := os.pread(opened, 1024 * 1024, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _write_all(opened: int, data: bytes) -> None:
    while data:
        data = data[os.write(opened, data) :]


def _is_json(data: bytes) -> bool:
    try:
        parse_json(data)
    except FormatError:
        return False
    return True
