# SPDX-License-Identifier: Apache-2.0
"""The bytes of an ``ExportMetricsServiceRequest`` as the value that its JSON would hold: one reader for both.

Only what is read is taken over: no exemplars, descriptions or schema addresses. The messages are those of the package
``opentelemetry-proto`` (the extra ``otlp``), which is loaded when the first such request comes.

Source: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from arf_core.errors import DependencyError, FormatError, TooLargeError
from arf_core.ingest.otlp.points import MAX_POINTS

if TYPE_CHECKING:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

Value = dict[str, object]


def request_value(data: bytes) -> Value:
    """The request in ``data``, in the shape of OTLP JSON.

    Raises:
        DependencyError: ``opentelemetry-proto`` is not installed.
        FormatError: ``data`` is no such message, or cut short.
        TooLargeError: it has more than ``MAX_POINTS`` messages: a few bytes of protobuf are many of Python.
    """
    request = _decoded(data)
    _check_size(request)
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": _attributes(group.resource.attributes)},
                "scopeMetrics": [
                    {
                        "scope": {"attributes": _attributes(scope.scope.attributes)},
                        "metrics": [_metric(metric) for metric in scope.metrics],
                    }
                    for scope in group.scope_metrics
                ],
            }
            for group in request.resource_metrics
        ]
    }


def _decoded(data: bytes) -> ExportMetricsServiceRequest:
    try:
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    except ImportError as error:
        raise DependencyError(
            "OTLP in protobuf needs the package opentelemetry-proto: pip install 'arf-core[otlp]' "
            "(OTLP in JSON is read without it)"
        ) from error
    try:
        return ExportMetricsServiceRequest.FromString(data)
    except DecodeError as error:
        raise FormatError(
            "the OTLP request is not a protobuf ExportMetricsServiceRequest, or it is cut short"
        ) from error


def _check_size(request: ExportMetricsServiceRequest) -> None:
    """Count the messages, level by level, before any of them is made a value."""
    count = len(request.resource_metrics)
    for group in request.resource_metrics if count <= MAX_POINTS else ():
        count += len(group.scope_metrics)
        for scope in group.scope_metrics if count <= MAX_POINTS else ():
            count += len(scope.metrics)
            for metric in scope.metrics if count <= MAX_POINTS else ():
                field = metric.WhichOneof("data")
                count += len(getattr(metric, field).data_points) if field else 0
    if count > MAX_POINTS:
        raise TooLargeError(f"the OTLP request has more than {MAX_POINTS} data points and other messages: split it")


def _metric(metric: Any) -> Value:
    """A metric message; the field that holds its points has the same name in JSON but for the case."""
    found: Value = {"name": metric.name, "unit": metric.unit}
    field = metric.WhichOneof("data")
    if field is None:
        return found
    data = getattr(metric, field)
    read = _READERS[field]
    content: Value = {"dataPoints": [read(point) for point in data.data_points]}
    if field not in ("gauge", "summary"):
        content["aggregationTemporality"] = data.aggregation_temporality
    if field == "sum":
        content["isMonotonic"] = data.is_monotonic
    return {**found, _CAMEL.get(field, field): content}


def _common(point: Any) -> Value:
    return {
        "attributes": _attributes(point.attributes),
        "startTimeUnixNano": point.start_time_unix_nano,
        "timeUnixNano": point.time_unix_nano,
        "flags": point.flags,
    }


def _number(point: Any) -> Value:
    which = point.WhichOneof("value")
    value = {} if which is None else {"asInt" if which == "as_int" else "asDouble": getattr(point, which)}
    return {**_common(point), **value}


def _histogram(point: Any) -> Value:
    return {
        **_common(point),
        **_extremes(point),
        "count": point.count,
        "bucketCounts": list(point.bucket_counts),
        "explicitBounds": list(point.explicit_bounds),
    }


def _exponential(point: Any) -> Value:
    return {
        **_common(point),
        **_extremes(point),
        "count": point.count,
        "scale": point.scale,
        "zeroCount": point.zero_count,
        "zeroThreshold": point.zero_threshold,
        "positive": {"offset": point.positive.offset, "bucketCounts": list(point.positive.bucket_counts)},
        "negative": {"offset": point.negative.offset, "bucketCounts": list(point.negative.bucket_counts)},
    }


def _summary(point: Any) -> Value:
    quantiles = [{"quantile": one.quantile, "value": one.value} for one in point.quantile_values]
    return {**_common(point), "count": point.count, "quantileValues": quantiles}


def _extremes(point: Any) -> Value:
    return {name: getattr(point, name) for name in ("min", "max") if point.HasField(name)}


_READERS = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}
_CAMEL = {"exponential_histogram": "exponentialHistogram"}


def _attributes(attributes: Iterable[Any]) -> list[Value]:
    return [{"key": one.key, "value": _any_value(one.value)} for one in attributes]


def _any_value(value: Any) -> Value:
    match value.WhichOneof("value"):
        case "string_value":
            return {"stringValue": value.string_value}
        case "bool_value":
            return {"boolValue": value.bool_value}
        case "int_value":
            return {"intValue": value.int_value}
        case "double_value":
            return {"doubleValue": value.double_value}
        case "array_value":
            return {"arrayValue": {}}
        case "kvlist_value":
            return {"kvlistValue": {}}
        case "bytes_value":
            return {"bytesValue": ""}
        case _:
            return {}
