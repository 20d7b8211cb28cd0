# SPDX-License-Identifier: Apache-2.0
"""CSV with a header line, in three forms. Which one it is, the header says:

1. *Events*, one reading a row: a time named ``timestamp`` (or ``time``, ``ts``, …), a component, and at least one
   metric with a canonical meaning (``ingest.quantities``); other columns become labels. An empty cell says nothing.
2. *Series*, many components over time: the time is named ``t``, or no column has a canonical meaning. Every numeric
   column besides time and component is a metric; the rows become one window.
3. *Tidy series*: a column ``value`` and, mostly, one named ``metric``; each row is one sample.

The separator is a comma, a semicolon or a tab, whichever splits the header. A row that cannot be read is a fault by its
line; the others are read all the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.errors import EventError, FormatError, InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector
from arf_core.ingest.quantities import meaning_of
from arf_core.ingest.records import TIMES, read_event
from arf_core.ingest.series import window_of
from arf_core.models.event import checked_name

MAX_COLUMNS: Final = 10_000
SOURCE: Final = "csv"


def read_csv(data: bytes, *, onset: datetime | None = None, edges: Iterable[tuple[str, str]] = ()) -> Batch:
    """The events of a CSV file, or the window of its series.

    Raises:
        FormatError: not UTF-8, no header, or a header without a time, a component or a metric.
    """
    text = _decoded(data)
    header = _header(text)
    found = Collector()
    rows = _rows(text, header, found)
    if header.is_events:
        _events(header, rows, found)
    else:
        _window(header, rows, found, onset=onset, edges=edges)
    return found.batch()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    names: tuple[str, ...]
    separator: str
    time: int
    component: int
    metric: int | None
    value: int | None

    @property
    def is_events(self) -> bool:
        named = any(meaning_of(name) for name in self.names)
        return named and self.names[self.time] != "t" and self.value is None


_Row = tuple[int, Sequence[str]]


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"the CSV is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}") from error
    if text.startswith("\ufeff"):
        raise FormatError("the CSV starts with a byte order mark: write it again as UTF-8 without one")
    if "\0" in text:
        raise FormatError(f"the CSV has a NUL character at offset {text.index(chr(0))}")
    return text


def _header(text: str) -> _Header:
    line = text.lstrip("\r\n").split("\n", 1)[0].strip("\r")
    separator = max((",", ";", "\t"), key=lambda mark: (line[:65536].count(mark), mark == ","))
    try:
        names = tuple(name.strip() for name in next(csv.reader([line], delimiter=separator, strict=True), []))
    except csv.Error as error:
        raise FormatError(f"the CSV header cannot be read: {error}") from error
    if len(names) > MAX_COLUMNS or len(set(names)) != len(names):
        raise FormatError("the CSV header has a column twice" if len(names) <= MAX_COLUMNS else "too many CSV columns")
    time = _column(names, TIMES)
    component = _column(names, (*foreign.COMPONENT_LABELS, "series"))
    if time is None or component is None:
        missing = "time (timestamp, time, ts, t)" if time is None else "component (component, service, app, …)"
        raise FormatError(f"the CSV header {line[:100]!r} has no column for the {missing}")
    if len(names) < 3:  # a time, a component and something to say about it
        raise FormatError(f"the CSV header {line[:100]!r} has no column for a metric")
    metric, value = _column(names, ("metric", "metric_name", "__name__")), _column(names, ("value",))
    return _Header(names=names, separator=separator, time=time, component=component, metric=metric, value=value)


def _column(names: Sequence[str], wanted: Iterable[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _rows(text: str, header: _Header, found: Collector) -> Iterator[_Row]:
    """The rows after the header that have its number of cells, with the line each one ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=header.separator)
    titled = False
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            found.fault(reader.line_num, f"line {reader.line_num}", FormatError(f"the row cannot be read: {error}"))
            continue
        if row is None:
            return
        if not row or not titled:
            titled = titled or bool(row)
        elif len(row) == len(header.names):
            yield reader.line_num, row
        else:
            message = f"the row has {len(row)} cells: the header has {len(header.names)}"
            found.fault(reader.line_num, f"line {reader.line_num}", FormatError(message))


def _events(header: _Header, rows: Iterable[_Row], found: Collector) -> None:
    reads = tuple(_cell_reader(name) for name in header.names)
    for line, row in rows:
        try:
            record = {name: read(cell) for name, read, cell in zip(header.names, reads, row, strict=True) if cell}
            found.add(read_event(record, source=SOURCE))
        except InputError as error:
            found.fault(line, f"line {line}", error)


def _cell_reader(name: str) -> Callable[[str], object]:
    if name in TIMES:
        return _time
    if name in ("upstream_deps", "downstream_deps"):
        return lambda cell: [part.strip() for part in cell.replace("|", " ").replace(";", " ").split()]
    return (lambda cell: foreign.written_number(cell, name=name)) if meaning_of(name) else str


def _time(cell: str) -> object:
    try:
        return float(cell)
    except ValueError:
        return cell


def _window(
    header: _Header,
    rows: Iterable[_Row],
    found: Collector,
    *,
    onset: datetime | None,
    edges: Iterable[tuple[str, str]],
) -> None:
    samples: dict[str, dict[str, dict[float, float | None]]] = {}
    for line, row in rows:
        try:
            time = foreign.moment(_time(row[header.time]), name=header.names[header.time]).timestamp()
            component = checked_name("component", row[header.component])
            readings = list(_readings(header, row))
        except EventError as error:
            found.fault(line, f"line {line}", error)
            continue
        for metric, value in readings:
            samples.setdefault(component, {}).setdefault(metric, {})[time] = value
    _add_window(samples, found, onset=onset, edges=edges)


def _add_window(
    samples: Mapping[str, Mapping[str, Mapping[float, float | None]]],
    found: Collector,
    *,
    onset: datetime | None,
    edges: Iterable[tuple[str, str]],
) -> None:
    try:
        found.add(window_of(samples, onset=onset, edges=edges))
    except InputError as error:
        found.fault(1, "the series", error)


def _readings(header: _Header, row: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    if header.value is not None:
        metric = "value" if header.metric is None else checked_name("metric", row[header.metric])
        yield metric, _sample(row[header.value], "value")
        return
    for index, name in enumerate(header.names):
        if index not in (header.time, header.component):
            yield name, _sample(row[index], name)


def _sample(cell: str, name: str) -> float | None:
    return None if cell.strip().lower() in _MISSING else foreign.written_number(cell, name=name)


_MISSING: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "inf", "+inf", "-inf"})
