# SPDX-License-Identifier: Apache-2.0
"""What other systems send: OpenTelemetry, PagerDuty, Datadog, and ``arf ingest``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

HELP: Final = ("ingest",)
GOOD: Final = (
    "ingest --list",
    "ingest --list --json",
    "ingest alerts.json --json --strict",
    "ingest metrics.otlp.json --format otlp",
    "ingest metrics.otlp.jsonl --now 2026-01-02T03:04:05Z",
    "ingest pagerduty.jsonl",
    "ingest datadog.json --format datadog --quiet",
    "ingest window.json",
    "ingest incident.json",
    "ingest some-bad.jsonl",
    "analyze metrics.otlp.json --quiet",
    "analyze pagerduty.jsonl --quiet",
)
BAD: Final = ("ingest", "ingest some-bad.jsonl --strict", "ingest cut.otlp", "ingest datadog.json --format pagerduty")
PROTOBUF: Final = "ingest metrics.otlp"
"""Read if ``opentelemetry-proto`` is installed; :func:`protobuf_code` is its exit code."""

_NANOS: Final = 1_767_323_045_000_000_000
_SERVICE: Final = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
_DATADOG: Final = {
    "alert_id": "77",
    "alert_transition": "Triggered",
    "alert_scope": "service:checkout",
    "alert_title": "Slow",
    "body": "p99 900 ms",
    "date": "1767323045000",
}


def protobuf_code() -> int:
    """How reading protobuf ends here: 0, or 7 where the optional package is not installed."""
    return 0 if find_spec("opentelemetry") and find_spec("opentelemetry.proto") else 7


def write_inputs(folder: Path) -> None:
    """Write the inputs of the command lines above."""
    details = {"summary": "p99 900 ms", "source": "web-1", "severity": "error", "custom_details": {"error_pct": "12"}}
    keyed = {"dedup_key": "k", "routing_key": "r"}
    sent = [
        {**keyed, "event_action": "trigger", "payload": details},
        {**keyed, "event_action": "trigger", "payload": details},
        {**keyed, "event_action": "acknowledge"},
        {**keyed, "event_action": "resolve"},
    ]
    (folder / "metrics.otlp.json").write_text(json.dumps(_request(range(1, 2))), "utf-8")
    (folder / "metrics.otlp.jsonl").write_text(
        "".join(json.dumps(_request(range(at, at + 1))) + "\n" for at in range(1, 9)), "utf-8"
    )
    (folder / "pagerduty.jsonl").write_text("".join(json.dumps(one) + "\n" for one in sent), "utf-8")
    (folder / "datadog.json").write_text(json.dumps(_DATADOG), "utf-8")
    (folder / "metrics.otlp").write_bytes(_protobuf())
    (folder / "cut.otlp").write_bytes(b'{"resourceMetrics": [')


def drive() -> None:
    """Every kind of metric in one request, and a webhook of an incident."""
    from arf_core.ingest import otlp, pagerduty
    from arf_core.ingest.otlp.attributes import component_in, component_of
    from arf_core.ingest.otlp.distribution import Distribution, merged
    from arf_core.testing import MOMENT

    recording = otlp.parse_json(_request(range(1, 9)))
    assert recording.windows
    assert otlp.parse_values([("", _request(range(1, 2)))]).events
    one = Distribution(cells={1: 3}, bounds=(1.0, 2.0))
    assert merged([one, one])[0].minus(one) == one
    assert component_in({"service.name": "unknown_service"}) is None
    assert component_of({"service.name": "unknown_service"}) == "unknown_service"
    data = {"id": "P1", "created_at": "2026-01-02T03:04:05Z", "title": "x", "service": {"summary": "checkout"}}
    event = {"event_type": "incident.resolved", "occurred_at": "2026-01-02T03:04:05Z", "data": data}
    assert pagerduty.parse({"event": event}, now=MOMENT).events


def _request(minutes: range) -> dict[str, object]:
    """A request with each kind of metric, of these minutes."""

    def points(fields: Mapping[str, object]) -> list[dict[str, object]]:
        about = [{"key": "http.response.status_code", "value": {"intValue": "500"}}]
        return [
            {
                "startTimeUnixNano": str(_NANOS + (minute - 1) * 60 * 10**9),
                "timeUnixNano": str(_NANOS + minute * 60 * 10**9),
                "attributes": about,
                **fields,
            }
            for minute in minutes
        ]

    buckets = {"explicitBounds": [0.5, 1], "bucketCounts": ["0", "9", "0"], "count": "9"}
    exponential = {"scale": 1, "positive": {"offset": 1, "bucketCounts": ["1"]}, "count": "1"}
    quantiles = {"count": "1", "quantileValues": [{"quantile": 0.99, "value": 3.0}]}
    kinds: dict[str, tuple[str, str, Mapping[str, object]]] = {
        "gauge": ("app.cpu.usage", "%", {"asDouble": 97.0}),
        "sum": ("jobs.done", "1", {"asInt": "60"}),
        "histogram": ("http.server.request.duration", "s", buckets),
        "exponentialHistogram": ("message.size", "By", exponential),
        "summary": ("http.latency", "s", quantiles),
    }
    metrics = [
        {
            "name": name,
            "unit": unit,
            kind: {"dataPoints": points(fields), "aggregationTemporality": 1, "isMonotonic": True},
        }
        for kind, (name, unit, fields) in kinds.items()
    ]
    return {"resourceMetrics": [{"resource": _SERVICE, "scopeMetrics": [{"metrics": metrics}]}]}


def _protobuf() -> bytes:
    """One gauge as an ``ExportMetricsServiceRequest``, written by hand: nothing is loaded for it."""
    point = b"\x19" + _NANOS.to_bytes(8, "little") + b"\x31" + (97).to_bytes(8, "little")  # time_unix_nano, as_int
    metric = _field(1, b"app.cpu.usage") + _field(3, b"%") + _field(5, _field(1, point))
    attribute = _field(1, b"service.name") + _field(2, _field(1, b"checkout"))
    return _field(1, _field(1, _field(1, attribute)) + _field(2, _field(2, metric)))


def _field(number: int, body: bytes) -> bytes:
    """A length-delimited field of fewer than 128 bytes."""
    assert len(body) < 0x80
    return bytes([number << 3 | 2, len(body)]) + body
