# SPDX-License-Identifier: Apache-2.0
"""The official clients of others' protocols: OpenTelemetry's exporter, PagerDuty's library."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from lib.servers.processes import Served, api

TOKEN = "0123456789abcdef-token"


def export(url: str, *, compression: Compression, headers: dict[str, str] | None = None) -> bool:
    """Export one bad reading of checkout-api as its own SDK does; whether the exporter was content."""
    exporter = OTLPMetricExporter(f"{url}/v1/otlp/v1/metrics", compression=compression, headers=headers, timeout=30)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=Resource.create({"service.name": "checkout-api"}))
    provider.get_meter("test").create_gauge("system.cpu.utilization", unit="1").set(0.97)
    content = provider.force_flush()
    provider.shutdown()
    return content


@pytest.mark.promise("EVT-2")
@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_official_exporter_s_metrics_open_an_incident(served: Served, compression: Compression) -> None:
    assert export(served.url, compression=compression)
    (known,) = httpx.get(f"{served.url}/v1/incidents").json()["incidents"]
    assert known["components"] == ["checkout-api"]
    assert known["intent_ids"]


def test_the_exporter_is_refused_without_the_token_and_taken_with_it(tmp_path: Path) -> None:
    with api(tmp_path, environment={"ARF_API_TOKEN": TOKEN}) as served:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        export(served.url, compression=Compression.Gzip)
        assert httpx.get(f"{served.url}/v1/incidents", headers=headers).json()["incidents"] == []
        assert export(served.url, compression=Compression.Gzip, headers=headers)
        assert httpx.get(f"{served.url}/v1/incidents", headers=headers).json()["incidents"]


@pytest.mark.promise("EVT-2")
def test_pagerduty_s_own_client_triggers_and_resolves(served: Served) -> None:
    import pagerduty

    client = pagerduty.EventsApiV2Client("0123456789abcdef0123456789abcdef")
    client._url = f"{served.url}/v1/events/pagerduty"  # its setter wants https
    key = client.trigger("p99 900 ms on checkout-api", "checkout-api-1", payload={"component": "checkout-api"})
    (known,) = httpx.get(f"{served.url}/v1/incidents").json()["incidents"]
    assert known["status"] == "open"
    client.resolve(key)
    (known,) = httpx.get(f"{served.url}/v1/incidents").json()["incidents"]
    client.close()
    assert known["status"] == "closed"
