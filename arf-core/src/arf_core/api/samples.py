# SPDX-License-Identifier: Apache-2.0
"""The example of the API's documentation: an alert as Alertmanager posts it. Its answers are made by asking ARF."""

from __future__ import annotations

import json
from typing import Final

from arf_core.advisor import Advisor
from arf_core.analysis import analysis_document
from arf_core.api import documents
from arf_core.canonical import read_time
from arf_core.ingest.reading import read
from arf_core.service import AdviceService

ALERTS: Final[dict[str, object]] = {
    "receiver": "arf",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLatency", "component": "checkout-api", "severity": "critical"},
            "annotations": {"summary": "p99 900 ms on checkout-api"},
            "startsAt": "2026-01-02T03:04:05Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=latency_p99_ms+%3E+500&g0.tab=1",
            "fingerprint": "7da19d70a9ed8675",
        }
    ],
    "groupLabels": {"alertname": "HighLatency"},
    "commonLabels": {"alertname": "HighLatency", "component": "checkout-api", "severity": "critical"},
    "commonAnnotations": {"summary": "p99 900 ms on checkout-api"},
    "externalURL": "http://alertmanager:9093",
    "version": "4",
    "groupKey": '{}:{alertname="HighLatency"}',
    "truncatedAlerts": 0,
}
METRICS: Final[dict[str, object]] = {
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout-api"}}]},
            "scopeMetrics": [
                {
                    "metrics": [
                        {
                            "name": "system.cpu.utilization",
                            "unit": "1",
                            "gauge": {"dataPoints": [{"timeUnixNano": "1767323045000000000", "asDouble": 0.97}]},
                        }
                    ]
                }
            ],
        }
    ]
}
EVENT: Final[dict[str, object]] = {
    "routing_key": "0123456789abcdef0123456789abcdef",
    "event_action": "trigger",
    "dedup_key": "checkout-latency",
    "payload": {
        "summary": "p99 900 ms on checkout-api",
        "source": "checkout-api-1",
        "severity": "critical",
        "component": "checkout-api",
        "timestamp": "2026-01-02T03:04:05Z",
    },
}
DATADOG: Final[dict[str, object]] = {
    "id": "1234567890",
    "alert_id": "42",
    "title": "[Triggered] p99 latency is high on checkout-api",
    "alert_title": "p99 latency is high on checkout-api",
    "alert_transition": "Triggered",
    "alert_type": "error",
    "date": "1767323045000",
    "tags": "service:checkout-api,env:prod",
}


def answers() -> dict[str, object]:
    """What the routes answer to :data:`ALERTS`, by schema."""
    moment = read_time("2026-01-02T03:04:06.000000Z")
    batch = read(json.dumps(ALERTS).encode(), now=moment)
    service = AdviceService(Advisor())
    taken = service.take(batch, now=moment)
    known = service.incidents()
    return {
        "Analysis": analysis_document(service.analyze(batch)),
        "Accepted": documents.accepted(taken),
        "Incidents": documents.incidents(known),
        "Incident": documents.incident(known[0]),
        "Intents": documents.intents(service.recent_intents(1)),
        "Intent": service.recent_intents(1)[0].to_dict(),
    }
