# SPDX-License-Identifier: Apache-2.0
"""An alert storm: bodies as Alertmanager posts them, sent over several connections, every answer counted."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lib.servers.processes import Served, api, free_port, serving

CONNECTIONS: Final = 16
BODIES: Final = 120
ALERTS_EACH: Final = 100
SERVICES: Final = 40
NAMES: Final = ("HighLatency", "HighErrorRate", "HighCpu", "HighMemory", "PodCrashLooping", "QueueGrowing")


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a storm came to: seconds, answers by status, alerts read by the server, seconds of each answer."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    read: int = 0
    waits: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)


def bodies(
    count: int = BODIES, *, each: int = ALERTS_EACH, services: int = SERVICES, status: str = "firing", first: int = 0
) -> list[bytes]:
    """``count`` bodies of ``each`` different alerts, an alert name a body, over ``services`` services."""
    begin = datetime.now(UTC) - timedelta(minutes=2)
    return [_body(first + number, each, services, status, begin) for number in range(count)]


def _body(number: int, each: int, services: int, status: str, begin: datetime) -> bytes:
    name = NAMES[number % len(NAMES)]
    alerts = [_alert(number * each + place, name, services, status, begin) for place in range(each)]
    document = {
        "receiver": "arf",
        "status": status,
        "alerts": alerts,
        "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name, "cluster": "prod", "severity": "critical", "team": "payments"},
        "commonAnnotations": {"runbook_url": "https://runbooks.example/latency"},
        "externalURL": "http://alertmanager:9093",
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{name}", batch="{number}"}}',
        "truncatedAlerts": 0,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _alert(number: int, name: str, services: int, status: str, begin: datetime) -> dict[str, Any]:
    service, started = f"service-{number % services}", begin + timedelta(milliseconds=number % 60_000)
    return {
        "status": status,
        "labels": {
            "alertname": name,
            "cluster": "prod",
            "component": service,
            "instance": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:9598",
            "job": service,
            "severity": "critical",
            "team": "payments",
        },
        "annotations": {
            "description": "the service level objective is 500 ms",
            "runbook_url": "https://runbooks.example/latency",
            "summary": f"p99 {600 + number % 400} ms on {service}",
        },
        "startsAt": started.isoformat().replace("+00:00", "Z"),
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else (started + timedelta(minutes=1)).isoformat(),
        "generatorURL": "http://prometheus:9090/graph?g0.expr=latency_p99_ms+%3E+500&g0.tab=1",
        "fingerprint": f"{number:016x}",
    }


def send(served: Served, work: Sequence[bytes], *, path: str = "/v1/alerts", connections: int = CONNECTIONS) -> Outcome:
    """Post each body of ``work`` once, over ``connections`` at a time; meanwhile ask ``/health`` again and again."""
    outcome, lock, left = Outcome(), threading.Lock(), list(reversed(work))
    over = threading.Event()
    senders = [threading.Thread(target=_send, args=(served, path, left, outcome, lock)) for _ in range(connections)]
    asker = threading.Thread(target=_ask, args=(served, outcome, over))
    start = time.perf_counter()
    for thread in (asker, *senders):
        thread.start()
    for thread in senders:
        thread.join()
    outcome.seconds = time.perf_counter() - start
    over.set()
    asker.join()
    return outcome


def _send(served: Served, path: str, left: list[bytes], outcome: Outcome, lock: threading.Lock) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    while True:
        with lock:
            if not left:
                break
            body = left.pop()
        start = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        with lock:
            outcome.waits.append(time.perf_counter() - start)
            outcome.statuses[answer.status] = outcome.statuses.get(answer.status, 0) + 1
            outcome.read += json.loads(text).get("read", 0)
    connection.close()


def _ask(served: Served, outcome: Outcome, over: threading.Event) -> None:
    while not over.wait(0.1):
        start = time.perf_counter()
        with urllib.request.urlopen(served.url + "/health", timeout=30) as answer:  # noqa: S310 - our own http URL
            answer.read()
        outcome.health.append(time.perf_counter() - start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One server in a storm: alerts a second, and a second of its processor; ms of answers; its peak memory in MiB.

    The rate of the processor's time is what a busy machine does not change.
    """

    title: str
    rate: float
    cpu_rate: float
    median_ms: float
    health_ms: float
    peak: int


def measure() -> list[Measured]:
    """ARF in three storms, and the floor last."""
    found = []
    with tempfile.TemporaryDirectory(prefix="arf-storm-") as name:
        folder = Path(name)
        for title, services, options in (
            (f"alerts of {SERVICES} services", SERVICES, ()),
            (f"alerts of {SERVICES} services, journal", SERVICES, ("--journal", str(folder / "journal"))),
            ("alerts of 100,000 services: each an incident", 100_000, ()),
        ):
            with api(folder, *options) as served:
                found.append(_measured(title, served, services))
        port = free_port()
        command = [sys.executable, str(Path(__file__).with_name("floor.py")), str(port)]
        with serving(command, folder / "floor.log", port=port, path="/health") as served:
            found.append(_measured("floor: a FastAPI route that parses the JSON", served, SERVICES))
    return found


def _measured(title: str, served: Served, services: int) -> Measured:
    send(served, bodies(4, services=services, first=10_000))  # warm
    before = _cpu_seconds(served.process.pid)
    outcome = send(served, bodies(services=services))
    used = _cpu_seconds(served.process.pid) - before
    alerts = BODIES * ALERTS_EACH
    if outcome.statuses != {200: BODIES} or outcome.read != alerts:
        raise RuntimeError(f"{title}: {outcome.statuses}, {outcome.read} alerts read")
    return Measured(
        title=title,
        rate=alerts / outcome.seconds,
        cpu_rate=alerts / max(used, 0.01),
        median_ms=statistics.median(outcome.waits) * 1000,
        health_ms=max(outcome.health, default=0) * 1000,
        peak=peak_mib(served.process.pid),
    )


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process: int) -> int:
    """The most memory that ``process`` ever had, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def print_rows() -> None:
    """Print the lines of ``scripts/bench speed``."""
    rows = measure()
    for row in rows:
        print(
            f"| storm over HTTP, {row.title} | {row.rate:,.0f} alerts/s, {row.cpu_rate:,.0f} a second of processor | "
            f"{row.median_ms:.0f} ms a body of {ALERTS_EACH}, /health at most {row.health_ms:.0f} ms, {row.peak} MiB | "
            f"{rows[-1].cpu_rate / row.cpu_rate:.1f} × |"
        )


if __name__ == "__main__":
    print_rows()
