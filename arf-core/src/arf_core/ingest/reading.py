# SPDX-License-Identifier: Apache-2.0
"""Reads an input whose format may not be known: the one function behind ``arf analyze FILE``.

1. gzip is unpacked, up to a limit: a small file may unpack to a huge one.
2. What starts like JSON is one document, or else one document a line; the rest is CSV, or OTLP in protobuf.
3. The shape of each JSON value decides what it is (:func:`_document`); a list is a list of such values. The OTLP
   requests among them are read as one recording.
4. Nothing is guessed silently: if no format fits, the error lists what was tried and why it did not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, assert_never

from arf_core.errors import EventError, FormatError, InputError
from arf_core.ingest import alertmanager, datadog, incidents, otlp, pagerduty, prometheus, records, windows
from arf_core.ingest.batch import Batch, Collector, Record, joined
from arf_core.ingest.formats import Format
from arf_core.ingest.prometheus import Query
from arf_core.ingest.senders import is_sent, read_sent
from arf_core.ingest.tables import read_csv
from arf_core.ingest.unpack import MAX_UNPACKED, refuse_other_encodings, unpacked
from arf_core.strict_json import parse_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an input may leave out.

    ``baseline`` is what windows share (``ingest.windows.read_baseline``), ``query`` what a Prometheus answer or a CSV
    of series does not say (the calls, the onset, names), ``max_unpacked`` the limit for gzip in bytes.
    """

    baseline: windows.Baseline | None = None
    query: Query = field(default_factory=Query)
    max_unpacked: int = MAX_UNPACKED


def read(data: bytes, *, now: datetime, form: Format = Format.AUTO, surroundings: Surroundings | None = None) -> Batch:
    """The records in ``data``. ``now`` is the time of windows and incidents that do not say theirs.

    Raises:
        FormatError: ``data`` is empty, or not in the format (in none of them, for AUTO).
    """
    around = surroundings or Surroundings()
    plain = unpacked(data, limit=around.max_unpacked)
    refuse_other_encodings(plain)
    match form:
        case Format.AUTO:
            return _auto(plain, now, around)
        case Format.ALERTMANAGER:
            return alertmanager.parse(plain, component_labels=around.query.component_labels)
        case Format.PROMETHEUS:
            return prometheus.read_answer(plain, query=around.query)
        case Format.JSON:
            return _json(plain, now, around)
        case Format.JSONL:
            return _lines(plain, now, around)
        case Format.CSV:
            return _csv(plain, now, around)
        case Format.OTLP:
            return _otlp(plain, now, around)
        case Format.PAGERDUTY:
            return pagerduty.parse(plain, now=now, component_labels=around.query.component_labels)
        case Format.DATADOG:
            return datadog.parse(plain, now=now, component_labels=around.query.component_labels)
        case _:
            assert_never(form)


def read_incidents(data: bytes, *, default_time: datetime, max_unpacked: int = MAX_UNPACKED) -> Batch:
    """The incidents in ``data``: one, a list, or one a line; anything else in it is a fault by its position.

    Raises:
        FormatError: ``data`` is empty, or neither JSON nor JSONL.
    """
    read_all = read(data, now=default_time, surroundings=Surroundings(max_unpacked=max_unpacked))
    if not read_all.events and not read_all.windows:
        return read_all
    found = Collector(incidents=list(read_all.incidents), notes=list(read_all.notes))
    found.faults.extend(read_all.faults)
    others = len(read_all.events) + len(read_all.windows)
    found.fault(
        0, "the input", FormatError(f"{others} of its records are events or windows: only incidents are read here")
    )
    return found.batch()


_Attempt = Callable[[bytes, datetime, Surroundings], Batch]


def _auto(data: bytes, now: datetime, around: Surroundings) -> Batch:
    if otlp.looks_like_protobuf(data):
        return otlp.parse_protobuf(data, query=around.query)
    attempts = _json_attempts(data) if data.lstrip()[:1] in (b"{", b"[") else _CSV_ATTEMPTS
    reasons = []
    for form, attempt in attempts:
        try:
            return attempt(data, now, around)
        except FormatError as error:
            reasons.append(f"not {form}: {error}")
    raise FormatError(f"the input fits no format that ARF reads; {'; '.join(reasons)}")


def _json_attempts(data: bytes) -> tuple[tuple[str, _Attempt], ...]:
    return (("JSON", _json), ("JSONL", _lines)) if _has_a_whole_line(data) else (("JSON", _json),)


def _has_a_whole_line(data: bytes) -> bool:
    """Whether one of the first lines is an object by itself, as in JSONL, and there are several lines."""
    lines = data[: 1 << 20].strip().split(b"\n")[:100]
    if len(lines) < 2:  # one line is one document
        return b"\n" in data.strip() and _is_object(data.strip().split(b"\n", 1)[0])
    return any(_is_object(line) for line in lines)


def _is_object(line: bytes) -> bool:
    line = line.strip()
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return False
    try:
        return isinstance(parse_json(line), dict)
    except FormatError:
        return False


def _csv(data: bytes, _now: datetime, around: Surroundings) -> Batch:
    return read_csv(data, onset=around.query.onset, edges=around.query.edges)


_CSV_ATTEMPTS: Final[tuple[tuple[str, _Attempt], ...]] = (("CSV", _csv),)


def _otlp(data: bytes, _now: datetime, around: Surroundings) -> Batch:
    """OTLP in protobuf; in JSON one request, or one a line."""
    if not data.lstrip().startswith(b"{") or otlp.looks_like_protobuf(data):
        return otlp.parse_protobuf(data, query=around.query)
    lines = list(_split(data))
    if len(lines) > 1 and otlp.starts_like_otlp(lines[1][1]):
        return _lines(data, _now, around)
    return otlp.parse_json(data, query=around.query)


def _json(data: bytes, now: datetime, around: Surroundings) -> Batch:
    value = _parsed(data)
    if not isinstance(value, list):
        return _document(value, now, around)
    return _values(((n + 1, f"element [{n}]", item) for n, item in enumerate(value)), now, around)


def _lines(data: bytes, now: datetime, around: Surroundings) -> Batch:
    return _values(((n, f"line {n}", line) for n, line in _split(data)), now, around)


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    start, number = 0, 1
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = data[start:end]
        if not line.isspace() and line:
            yield number, line
        start, number = end + 1, number + 1


def _values(values: Iterator[tuple[int, str, object]], now: datetime, around: Surroundings) -> Batch:
    """The records in ``(position, where, value)``; a value is a JSON value, or a line that is still to be parsed."""
    found = Collector()
    requests: list[tuple[str, object]] = []
    for position, where, value in values:
        if found.is_full and isinstance(value, bytes) and not value.lstrip().startswith(b"{"):
            found.unlisted += 1  # a file that is no JSONL at all must not cost an exception a line
            continue
        try:
            item = _parsed(value, what="the line") if isinstance(value, bytes) else value
            if isinstance(item, dict) and otlp.looks_like_otlp(item):
                requests.append((where, item))
            elif isinstance(item, dict) and (record := _record(item, now, around)) is not None:
                found.add(record)
            else:
                found.include(_document(item, now, around), position=position, where=where)
        except InputError as error:
            found.fault(position, where, error)
    own = found.batch()
    return joined([own, otlp.parse_values(requests, query=around.query)]) if requests else own


def _parsed(data: bytes, *, what: str = "the input") -> object:
    """The JSON value in ``data``; OTLP has integers of 64 bits, which other JSON may not have."""
    return otlp.decoded(data) if otlp.starts_like_otlp(data) else parse_json(data, what=what)


def _document(value: object, now: datetime, around: Surroundings) -> Batch:
    """What one JSON value holds, by its shape.

    Raises:
        FormatError: a shape that is none of the known ones.
    """
    if not isinstance(value, Mapping):
        raise FormatError(f"the JSON is a {type(value).__name__}: a record is an object")
    if (sent := read_sent(value, now=now, query=around.query)) is not None:
        return sent
    found = Collector()
    try:
        record = _record(value, now, around)
    except EventError as error:
        found.fault(1, "the record", error)
        return found.batch()
    if record is None:
        raise FormatError(_unknown(value))
    found.add(record)
    return found.batch()


def _record(value: Mapping[str, object], now: datetime, around: Surroundings) -> Record | None:
    """The window, incident or event in ``value``, None if it has the shape of neither."""
    if not _TELLTALES.isdisjoint(value):
        if windows.looks_like_window(value):
            return windows.read_window(value, baseline=around.baseline, edges=around.query.edges, default_time=now)
        if incidents.looks_like_incident(value):
            return incidents.read_incident(value, default_time=now)
        if is_sent(value):
            return None
    return records.read_event(value) if records.looks_like_event(value) else None


_TELLTALES: Final = frozenset(
    "abnormal alerts schema data error errorType resourceMetrics event_action event alert alert_transition"
    " alertTransition event_type".split()
)
"""Keys without one of which a value can only be an event."""


def _unknown(value: Mapping[str, object]) -> str:
    keys = ", ".join(f"{key!r:.40}" for key in sorted(map(str, value))[:8]) or "none"
    if windows.looks_like_baseline(value):
        return f"the JSON (keys: {keys}) is a baseline or a topology: give it beside a window, it has no abnormal part"
    return (
        f"the JSON (keys: {keys}) has no known shape: not an Alertmanager webhook (needs 'alerts' with 'labels'), "
        "not a Prometheus answer (needs 'status' and 'data'), not OTLP metrics (needs 'resourceMetrics'), not "
        "PagerDuty (needs 'event_action' or 'event'), not Datadog (needs 'alert_transition'), not a window (needs "
        "'abnormal'), "
        "not an incident (needs 'schema', or 'id' and 'alerts'), not an event (needs 'component' and 'timestamp')"
    )
