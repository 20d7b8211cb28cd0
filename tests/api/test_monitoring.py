# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus and Alertmanager: something goes bad, ARF hears of it and advises; it goes well, ARF closes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from arf_core.models.healing_intent import HealingIntent
from lib.servers.monitoring import alertmanager, missing, prometheus
from lib.servers.processes import Served, api

RULES = """\
groups:
  - name: demo
    rules:
      - alert: HighLatency
        expr: demo_latency_p99_ms > 500
        labels: {severity: critical, component: checkout-api}
        annotations: {summary: "p99 {{ $value }} ms on checkout-api"}
"""


class Exporter(ThreadingHTTPServer):
    """A component's metrics, which the test makes bad and good."""

    daemon_threads = True
    latency = 20.0


class _Metrics(BaseHTTPRequestHandler):
    server: Exporter

    def do_GET(self) -> None:
        body = f"demo_latency_p99_ms {self.server.latency}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def exporting() -> Iterator[Exporter]:
    """An exporter on a free port."""
    with Exporter(("127.0.0.1", 0), _Metrics) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def until(found: Callable[[], Any], *, seconds: float = 90) -> Any:
    """What ``found`` gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")


def incidents(served: Served, status: str) -> list[dict[str, Any]]:
    """What ARF knows."""
    return httpx.get(f"{served.url}/v1/incidents?status={status}").json()["incidents"]  # type: ignore[no-any-return]


@pytest.mark.promise("API-1")
@pytest.mark.promise("API-2")
def test_an_alert_of_a_real_prometheus_becomes_sealed_intents_and_its_end_closes_the_incident(tmp_path: Path) -> None:
    if absent := missing():
        pytest.skip(f"not installed: {absent} (Debian packages prometheus, prometheus-alertmanager)")
    with (
        exporting() as exporter,
        api(tmp_path, "--journal", str(tmp_path / "journal")) as arf,
        alertmanager(tmp_path, webhook=f"{arf.url}/v1/alerts") as manager,
        prometheus(
            tmp_path, rules=RULES, jobs={"demo": exporter.server_port, "arf": arf.port}, alerts_to=manager.port
        ) as monitor,
    ):
        assert incidents(arf, "open") == []
        exporter.latency = 900.0
        (opened,) = until(lambda: incidents(arf, "open"))
        assert opened["components"] == ["checkout-api"]
        sealed = httpx.get(f"{arf.url}/v1/intents/{opened['intent_ids'][0]}").text
        intent = HealingIntent.from_json(sealed)
        assert (intent.component, intent.incident_id) == ("checkout-api", opened["incident_id"])
        exporter.latency = 20.0
        (closed,) = until(lambda: incidents(arf, "closed"))
        assert closed["incident_id"] == opened["incident_id"]
        assert closed["intent_ids"] == opened["intent_ids"]
        assert incidents(arf, "open") == []
        query = {"query": 'arf_requests_total{route="/v1/alerts",status="200"}'}
        scraped = until(lambda: httpx.get(f"{monitor.url}/api/v1/query", params=query).json()["data"]["result"])
        assert int(scraped[0]["value"][1]) >= 1
        up = httpx.get(f"{monitor.url}/api/v1/query", params={"query": 'up{job="arf"}'}).json()["data"]["result"]
        assert up[0]["value"][1] == "1"
        assert arf.stop() == 0
