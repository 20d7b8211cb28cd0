# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry metrics over HTTP (OTLP/HTTP), in JSON and in protobuf, as events and windows.

* ``request``       a request in either encoding, or several of them → a batch
* ``protobuf``      the bytes of a request → the shape of its JSON
* ``attributes``    resource, scope and point attributes → labels, and the component they name
* ``points``        one data point: its time, its value, its flags
* ``distribution``  histograms and exponential histograms: sums, differences, quantiles with their error bounds
* ``streams``       the points of a stream → what happened in each interval (delta and cumulative)
* ``conventions``   which metric, in which unit, says what of a component
* ``readings``      the canonical metrics of a component at a time
* ``records``       readings → events, or one window where there are series
"""

from arf_core.ingest.otlp.request import (
    decoded,
    looks_like_otlp,
    looks_like_protobuf,
    parse_json,
    parse_protobuf,
    parse_values,
    starts_like_otlp,
)

__all__ = [
    "decoded",
    "looks_like_otlp",
    "looks_like_protobuf",
    "parse_json",
    "parse_protobuf",
    "parse_values",
    "starts_like_otlp",
]
