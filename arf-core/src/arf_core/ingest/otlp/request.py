# SPDX-License-Identifier: Apache-2.0
"""An ``ExportMetricsServiceRequest`` in JSON or protobuf, or many of them, as a batch.

1. Fields that are not known are ignored: the OTLP specification demands it of receivers ("MUST ignore message fields
   with unknown names"), so that older ones outlive newer senders. Our own formats stay strict.
2. A 64-bit integer may be a string or a number of any size, unlike in our own JSON; a key stands once in its object.
3. One data point that cannot be read is a fault by its number in the input, counted from 1, and by its place; the
   others are read all the same. A request without metrics is empty, not wrong.
4. Several requests (a file of the Collector's file exporter: one a line) are read as one recording.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from arf_core.errors import FormatError, InputError, TooLargeError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector
from arf_core.ingest.otlp.attributes import component_in, component_of, labels_of
from arf_core.ingest.otlp.points import MAX_POINTS, Metric, Point, read_metric, read_point
from arf_core.ingest.otlp.protobuf import request_value
from arf_core.ingest.otlp.records import add_records
from arf_core.ingest.otlp.streams import Stream
from arf_core.ingest.prometheus import Query

Request = Mapping[str, object]

ENOUGH_FIELDS: Final = 1000


def parse_json(payload: bytes | Request, *, query: Query | None = None) -> Batch:
    """The events, or the window, in a request in JSON.

    Raises:
        FormatError: not JSON, or not such a request.
    """
    value = decoded(payload) if isinstance(payload, bytes) else payload
    return parse_values([("", value)], query=query)


def parse_protobuf(payload: bytes, *, query: Query | None = None) -> Batch:
    """The events, or the window, in a request in protobuf.

    Raises:
        DependencyError: ``opentelemetry-proto`` (the extra ``otlp``) is not installed.
        FormatError: not such a message, or cut short.
        TooLargeError: more than ``points.MAX_POINTS`` data points.
    """
    return parse_values([("", request_value(payload))], query=query)


def parse_values(requests: Iterable[tuple[str, object]], *, query: Query | None = None) -> Batch:
    """The events, or the window, in several requests, each as (where it is from, its value).

    Raises:
        FormatError: a value that is no request.
        TooLargeError: more than ``points.MAX_POINTS`` data points in all.
    """
    around = query or Query()
    reading = _Reading(order=around.component_labels)
    for where, value in requests:
        reading.take(value, where)
    add_records(reading.streams.values(), around, reading.found)
    return reading.found.batch()


def looks_like_otlp(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has the shape of a request with metrics."""
    return isinstance(value.get("resourceMetrics"), list)


def starts_like_otlp(data: bytes) -> bool:
    """Whether ``data`` is JSON whose first key is that of such a request: its integers may be larger than ours."""
    return _FIRST_KEY.match(data) is not None


def looks_like_protobuf(data: bytes) -> bool:
    """Whether ``data`` is a run of fields 1 that ends where it ends, the first of them a ``ResourceMetrics``.

    Of a long run the first :data:`ENOUGH_FIELDS` are looked at.

    Text that begins with an empty line would need a control character right after.
    """
    start, fields = 0, 0
    while start < len(data) and fields < ENOUGH_FIELDS:
        if data[start] != _FIELD_1:
            return False
        length, body = _varint(data, start + 1)
        if length < 0 or body + length > len(data):
            return False
        if length and fields == 0 and data[body] not in _FIELDS_OF_RESOURCE_METRICS:
            return False
        start, fields = body + length, fields + 1
    return fields > 0


def decoded(data: bytes) -> object:
    """The JSON value in ``data`` (rule 2).

    Raises:
        FormatError: not UTF-8, not JSON, a key twice, or nested too deep.
    """
    try:
        return _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError(f"the OTLP request is not UTF-8: offset {error.start}") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FormatError(f"the OTLP request is not JSON: {error.msg} at {place}") from error
    except RecursionError as error:
        raise FormatError("the OTLP request is nested too deep to be read") from error


_FIRST_KEY: Final = re.compile(rb'\s*\{\s*"resourceMetrics"\s*:')
_FIELD_1: Final = 0x0A  # field number 1, length-delimited
_FIELDS_OF_RESOURCE_METRICS: Final = (0x0A, 0x12, 0x1A)


def _varint(data: bytes, start: int) -> tuple[int, int]:
    """The number at ``start`` and where it ends; -1 if there is none."""
    number = 0
    for index, byte in enumerate(data[start : start + 10]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, start + index + 1
    return -1, start


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("the OTLP request has a key twice in one object")
    return found


def _whole(literal: str) -> int | float:
    return int(literal) if len(literal) <= 20 else float(literal)


def _constant(name: str) -> NoReturn:
    raise FormatError(f"the OTLP request has {name}, which is not a JSON number: OTLP writes it as a string")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_whole, parse_constant=_constant)

_Key = tuple[str, Metric, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Collects the streams of requests; ``count`` is the number of data points seen."""

    order: tuple[str, ...]
    found: Collector = field(default_factory=Collector)
    streams: dict[_Key, Stream] = field(default_factory=dict)
    count: int = 0

    def take(self, value: object, where: str) -> None:
        if not isinstance(value, Mapping):
            raise FormatError(f"the OTLP request is a {type(value).__name__}: it must be an object")
        if "resource_metrics" in value and "resourceMetrics" not in value:
            raise FormatError("the OTLP request has 'resource_metrics': in OTLP JSON the key is 'resourceMetrics'")
        if others := sorted({"resourceSpans", "resourceLogs"} & value.keys()):
            self.found.notes.append(f"{others[0]} were ignored: only metrics are read")
        elif value and "resourceMetrics" not in value:
            self.found.notes.append("nothing was read: the request has no 'resourceMetrics'")
        where = f"{where}, " if where else ""
        for place, group in self._each(value.get("resourceMetrics"), f"{where}resourceMetrics"):
            resource = self._labels(group.get("resource"), f"{place}.resource")
            for inner, scope in self._each(group.get("scopeMetrics"), f"{place}.scopeMetrics"):
                labels = self._labels(scope.get("scope"), f"{inner}.scope")
                for last, metric in self._each(scope.get("metrics"), f"{inner}.metrics"):
                    self._metric(metric, last, resource, labels)

    def _each(self, values: object, place: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        """The objects of a list, with their places; what is no list or no object is a fault."""
        if values is None:
            return
        try:
            items = foreign.sequence(values, name=place)
        except InputError as error:
            self.found.fault(self.count + 1, place, error)
            return
        for index, item in enumerate(items):
            try:
                yield f"{place}[{index}]", foreign.mapping(item, name=f"{place}[{index}]")
            except InputError as error:
                self.found.fault(self.count + 1, f"{place}[{index}]", error)

    def _labels(self, owner: object, place: str) -> dict[str, str]:
        try:
            return labels_of(foreign.mapping(owner or {}, name=place).get("attributes"), name=place)
        except InputError as error:
            self.found.fault(self.count + 1, place, error)
            return {}

    def _metric(self, value: object, place: str, resource: dict[str, str], scope: dict[str, str]) -> None:
        try:
            metric, points = read_metric(value)
            shared = component_in(resource, scope, order=self.order)
        except InputError as error:
            self.found.fault(self.count + 1, place, error)
            return
        labels = {**scope, **resource}
        about = tuple(sorted(labels.items()))
        for index, item in enumerate(points):
            self.count += 1
            if self.count > MAX_POINTS:
                raise TooLargeError(f"the OTLP input has more than {MAX_POINTS} data points: split it")
            try:
                point = read_point(item, metric.kind)
                attributes = dict(point.attributes)
                component = shared or component_of(resource, scope, attributes, order=self.order)
            except InputError as error:
                self.found.fault(self.count, f"{place}.dataPoints[{index}]", error)
                continue
            self._keep(point, (component, metric, about, point.attributes), labels, attributes)

    def _keep(self, point: Point, key: _Key, labels: dict[str, str], attributes: dict[str, str]) -> None:
        stream = self.streams.get(key)
        if stream is None:
            stream = Stream(component=key[0], metric=key[1], labels=labels, attributes=attributes)
            self.streams[key] = stream
        stream.points.append(point)
