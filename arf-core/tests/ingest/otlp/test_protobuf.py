# SPDX-License-Identifier: Apache-2.0
"""The protobuf encoding: the same records as the JSON of the same message."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from arf_core.errors import DependencyError, FormatError, TooLargeError
from arf_core.ingest.formats import Format
from arf_core.ingest.otlp import looks_like_protobuf, parse_json, parse_protobuf
from arf_core.ingest.otlp.points import MAX_POINTS
from arf_core.ingest.reading import read

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT, SINCE = 1_767_323_105_000_000_000, 1_767_323_045_000_000_000
TIMES = {"timeUnixNano": AT, "startTimeUnixNano": SINCE}


def varint(number: int) -> bytes:
    low = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(byte | 0x80 for byte in low[:-1]), low[-1]])


def a_message() -> ExportMetricsServiceRequest:
    """One request with all five kinds of points and every kind of attribute."""
    about = [
        {"key": "http.response.status_code", "value": {"intValue": 503}},
        {"key": "b", "value": {"boolValue": True}},
        {"key": "d", "value": {"doubleValue": 0.5}},
        {"key": "l", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}},
        {"key": "m", "value": {"kvlistValue": {}}},
        {"key": "n", "value": {"bytesValue": "AAE="}},
        {"key": "none", "value": {}},
    ]
    buckets = {"bucketCounts": [0, 30], "explicitBounds": [0.5], "count": 30, "sum": 20.0, "min": 0.6, "max": 0.8}
    exponential = {
        "count": 3,
        "scale": 2,
        "zeroCount": 1,
        "positive": {"offset": 3, "bucketCounts": [1]},
        "negative": {"bucketCounts": [1]},
        "max": 2.0,
    }
    metrics = [
        {"name": "app.cpu.usage", "unit": "%", "gauge": {"dataPoints": [{**TIMES, "asInt": 97}]}},
        {
            "name": "jobs",
            "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [{**TIMES, "asDouble": 2}]},
        },
        {
            "name": "http.server.request.duration",
            "unit": "s",
            "histogram": {"aggregationTemporality": 1, "dataPoints": [{**TIMES, **buckets, "attributes": about}]},
        },
        {
            "name": "size",
            "unit": "By",
            "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [{**TIMES, **exponential}]},
        },
        {
            "name": "wait",
            "unit": "s",
            "summary": {"dataPoints": [{**TIMES, "count": 1, "quantileValues": [{"quantile": 0.5, "value": 2}]}]},
        },
        {"name": "empty"},
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
    scope = {"scope": {"name": "s", "attributes": about}, "metrics": metrics}
    value = {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}
    return json_format.ParseDict(value, ExportMetricsServiceRequest())


@pytest.mark.promise("EVT-2")
def test_protobuf_and_json_of_one_message_give_the_same_batch() -> None:
    message = a_message()
    batch = parse_protobuf(message.SerializeToString())
    assert batch == parse_json(json_format.MessageToJson(message).encode())
    (event,) = batch.events
    assert (event.cpu_util, event.throughput, event.error_rate) == (0.97, 0.5, 1.0)
    assert [fault.where.rpartition(".")[2] for fault in batch.faults] == ["metrics[5]"]


def test_bytes_are_recognised_and_every_cut_of_them_is_refused_or_smaller() -> None:
    data = a_message().SerializeToString()
    assert looks_like_protobuf(data)
    assert read(data, now=NOW).events == read(data, now=NOW, form=Format.OTLP).events != ()
    for end in range(1, len(data)):
        assert not looks_like_protobuf(data[:end])
        with pytest.raises(FormatError):
            parse_protobuf(data[:end])


@pytest.mark.parametrize("level", ["resources", "points"])
def test_millions_of_messages_in_a_few_bytes_each_are_refused_by_their_number(level: str) -> None:
    """Told as an attack: two bytes make a message, and a message a dictionary, so 2 MB would become gigabytes."""
    empty = b"\x0a\x00" * (MAX_POINTS + 1)

    def wrapped(tag: int, body: bytes) -> bytes:
        return bytes([tag]) + varint(len(body)) + body

    of_points = wrapped(0x0A, wrapped(0x12, wrapped(0x12, b"\x0a\x01a" + wrapped(0x2A, empty))))
    with pytest.raises(TooLargeError, match="split it"):
        read(empty if level == "resources" else of_points, now=NOW)


def test_a_field_that_is_not_known_is_passed_over() -> None:
    data = a_message().SerializeToString()
    assert parse_protobuf(data + b"\xfa\x3e\x03abc").events == parse_protobuf(data).events


def test_without_the_package_the_error_has_the_command_and_json_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = a_message()
    data, text = message.SerializeToString(), json_format.MessageToJson(message).encode()
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", None)
    for form in (Format.OTLP, Format.AUTO):
        with pytest.raises(DependencyError, match=r"pip install 'arf-core\[otlp\]'"):
            read(data, now=NOW, form=form)
    assert parse_json(text).events
