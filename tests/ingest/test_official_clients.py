# SPDX-License-Identifier: Apache-2.0
"""What the official clients really send, caught by a small server: OpenTelemetry's exporter, PagerDuty's client."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from pagerduty import EventsApiV2Client

from arf_core.ingest import otlp, pagerduty
from arf_core.ingest.grouping import fold
from arf_core.ingest.groups import GroupStatus
from arf_core.ingest.reading import read

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]


class Receiver(ThreadingHTTPServer):
    """Answers every request with ``answer`` and keeps what was posted, as (path, content encoding, body)."""

    daemon_threads = True

    def __init__(self, answer: bytes = b"", status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.status = answer, status
        self.posted: list[tuple[str, str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, self.headers.get("Content-Encoding", ""), body))
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def encrypted(receiver: Receiver, pem: Path) -> ssl.SSLContext:
    """Make ``receiver`` speak TLS with a certificate of its own; the context that trusts it comes back."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    return ssl.create_default_context(cafile=str(pem))


def busy(_: CallbackOptions) -> list[Observation]:
    return [Observation(0.72, {"cpu.mode": "user"}), Observation(0.25, {"cpu.mode": "system"})]


def exported(receiver: Receiver, *, exponential: bool = False, delta: bool = True) -> bytes:
    """The body of one export of real instruments: 98 quick requests, 2 slow ones that failed, and a busy CPU."""
    temporality = AggregationTemporality.DELTA if delta else AggregationTemporality.CUMULATIVE
    exporter = OTLPMetricExporter(
        endpoint=f"{receiver.url}/v1/otlp/v1/metrics",
        compression=Compression.Gzip,
        preferred_temporality={Counter: temporality, Histogram: temporality},
    )
    views = (
        [View(instrument_name="*duration", aggregation=ExponentialBucketHistogramAggregation())] if exponential else []
    )
    provider = MeterProvider(
        resource=Resource.create({"service.name": "checkout", "service.version": "1.2"}),
        metric_readers=[PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)],
        views=views,
    )
    meter = provider.get_meter("test")
    durations = meter.create_histogram(
        "http.server.request.duration", unit="s", explicit_bucket_boundaries_advisory=BOUNDS
    )
    for number in range(100):
        slow = number >= 98
        durations.record(0.9 if slow else 0.04, {"http.response.status_code": 500 if slow else 200})
    meter.create_counter("jobs.done", unit="{job}").add(3)
    meter.create_up_down_counter("queue.depth").add(7)
    meter.create_observable_gauge("process.cpu.utilization", [busy], unit="1")
    provider.force_flush()
    provider.shutdown()
    path, encoding, body = receiver.posted[0]
    assert (path, encoding) == ("/v1/otlp/v1/metrics", "gzip")
    return gzip.decompress(body)


@pytest.mark.promise("EVT-2")
@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("delta", [False, True])
def test_what_the_opentelemetry_sdk_exports_is_read(receiver: Receiver, exponential: bool, delta: bool) -> None:
    batch = otlp.parse_protobuf(exported(receiver, exponential=exponential, delta=delta))
    (event,) = batch.events
    assert batch.faults == ()
    assert (event.component, event.error_rate, event.cpu_util) == ("checkout", 0.02, 0.97)
    assert event.latency_p99 is not None
    assert 750 <= event.latency_p99 <= 1000, "the true p99 is 900 ms"
    assert "p99 of 100 is from " in str(event.labels["arf.read.latency_p99"])
    assert "p50 of 100 is from " in str(event.labels["arf.read.latency_p50"])
    assert "jobs.done" in batch.notes[0]


@pytest.mark.promise("EVT-2")
@pytest.mark.parametrize("enums_as_numbers", [True, False])
def test_the_json_of_what_the_sdk_exports_is_the_same(receiver: Receiver, enums_as_numbers: bool) -> None:
    data = exported(receiver)
    message = ExportMetricsServiceRequest.FromString(data)
    text = json_format.MessageToJson(message, use_integers_for_enums=enums_as_numbers).encode()
    assert (
        otlp.parse_json(text) == otlp.parse_protobuf(data) == read(gzip.compress(data), now=NOW) == read(text, now=NOW)
    )


@pytest.mark.promise("EVT-3")
def test_an_export_that_is_sent_again_is_folded(receiver: Receiver) -> None:
    data = exported(receiver)
    (group,) = fold([*otlp.parse_protobuf(data).events, *otlp.parse_protobuf(data).events]).groups
    assert group.folded == 1


@pytest.mark.promise("EVT-2")
@pytest.mark.promise("EVT-3")
def test_what_pagerdutys_client_sends_opens_and_closes_one_incident(receiver: Receiver, tmp_path: Path) -> None:
    receiver.status = 202
    receiver.answer = json.dumps({"status": "success", "message": "Event processed", "dedup_key": "k1"}).encode()
    trust = encrypted(receiver, tmp_path / "pem")  # the client speaks nothing but https
    client = EventsApiV2Client("R0UT1NG", base_url=receiver.url.replace("http:", "https:"), verify=trust)
    details = {"error_pct": "42"}
    key = client.trigger(
        "p99 900 ms on checkout", "srv01", dedup_key="k1", custom_details=details, payload={"component": "checkout"}
    )
    client.trigger("p99 950 ms on checkout", "srv01", dedup_key=key, payload={"component": "checkout"})
    client.acknowledge(key)
    client.resolve(key)
    client.close()
    assert {path for path, _, _ in receiver.posted} == {"/v2/enqueue"}
    batches = [pagerduty.parse(body, now=NOW) for _, _, body in receiver.posted]
    assert [len(batch.events) for batch in batches] == [1, 1, 0, 1]
    assert [fault for batch in batches for fault in batch.faults] == []
    first = batches[0].events[0]
    assert (first.component, first.latency_p99, first.error_rate) == ("checkout", 900.0, 0.42)
    (group,) = fold([event for batch in batches for event in batch.events]).groups
    assert (group.status, group.folded, group.components) == (GroupStatus.CLOSED, 1, ("checkout",))
