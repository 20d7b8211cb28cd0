# SPDX-License-Identifier: Apache-2.0
"""What every reader returns: what it could read, and by position what it could not.

1. One bad record never loses the others: it becomes a :class:`RecordFault` and reading goes on.
2. Faults are bounded: after :data:`MAX_FAULTS` they are only counted, in a note.
3. A note is about the input as a whole (alerts cut off by the sender, series that were skipped); it is not a fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from arf_core.errors import InputError
from arf_core.ingest.foreign import printable
from arf_core.models.event import ReliabilityEvent
from arf_core.models.incident import Incident
from arf_core.models.window import Window

MAX_FAULTS: Final = 10_000
MAX_MESSAGE: Final = 500

Record = ReliabilityEvent | Incident | Window


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFault:
    """A record that could not be read.

    ``position`` counts from 1: the line of a line format (a CSV header is line 1), otherwise the element of its list.
    ``where`` says it in words (``line 7``, ``alerts[2]``, counted as the format itself counts); ``code`` is that of the
    error; ``message`` names the field, the value and the rule, is printable and at most :data:`MAX_MESSAGE` characters.
    """

    position: int
    where: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The events, incidents and windows of an input, each in input order, with its faults and notes."""

    events: tuple[ReliabilityEvent, ...] = ()
    incidents: tuple[Incident, ...] = ()
    windows: tuple[Window, ...] = ()
    faults: tuple[RecordFault, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many records were read; faults do not count."""
        return len(self.events) + len(self.incidents) + len(self.windows)


@dataclass(slots=True)
class Collector:
    """Collects records, faults and notes while a reader goes through its input, and makes the :class:`Batch`."""

    events: list[ReliabilityEvent] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    faults: list[RecordFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unlisted: int = 0

    @property
    def is_full(self) -> bool:
        """Whether further faults are only counted."""
        return len(self.faults) >= MAX_FAULTS

    def add(self, record: Record) -> None:
        """Keep ``record``."""
        if isinstance(record, ReliabilityEvent):
            self.events.append(record)
        elif isinstance(record, Window):
            self.windows.append(record)
        else:
            self.incidents.append(record)

    def fault(self, position: int, where: str, error: InputError) -> None:
        """Keep the fact that the record at ``position`` could not be read."""
        if self.is_full:
            self.unlisted += 1
            return
        self._keep(RecordFault(position=position, where=where, code=error.code, message=_cut(str(error))))

    def include(self, batch: Batch, *, position: int, where: str) -> None:
        """Keep all of ``batch``, which was read from the one record at ``position``."""
        self.events.extend(batch.events)
        self.incidents.extend(batch.incidents)
        self.windows.extend(batch.windows)
        self.notes.extend(f"{where}: {note}" for note in batch.notes)
        for fault in batch.faults:
            inner = f"{where}, {fault.where}"
            self._keep(RecordFault(position=position, where=inner, code=fault.code, message=fault.message))

    def batch(self) -> Batch:
        """What was collected."""
        notes = self.notes + ([f"{self.unlisted} more bad records are not listed"] if self.unlisted else [])
        return Batch(
            events=tuple(self.events),
            incidents=tuple(self.incidents),
            windows=tuple(self.windows),
            faults=tuple(self.faults),
            notes=tuple(notes),
        )

    def _keep(self, fault: RecordFault) -> None:
        if self.is_full:
            self.unlisted += 1
        else:
            self.faults.append(fault)


def joined(batches: Iterable[Batch]) -> Batch:
    """Several inputs as one batch, in order; positions stay those of each input."""
    together = Collector()
    for batch in batches:
        together.events.extend(batch.events)
        together.incidents.extend(batch.incidents)
        together.windows.extend(batch.windows)
        together.faults.extend(batch.faults)
        together.notes.extend(batch.notes)
    return together.batch()


def _cut(message: str) -> str:
    return printable(message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…")[:MAX_MESSAGE]
