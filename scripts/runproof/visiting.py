# SPDX-License-Identifier: Apache-2.0
"""The visitor of the watched server: another process, not watched, that asks and then tells the server to stop.

The watched process may listen on loopback and accept, never connect; so whoever connects must be someone else. It is
started beside the watched process, in the same network namespace, and leaves what went wrong in ``out/visited.json``.
"""

from __future__ import annotations

import fcntl
import gzip
import http.client
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runproof.serving import PORT_FILE, RESULT_FILE

WAIT_S: Final = 900
_POST: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request and the status it must be answered with."""

    path: str
    status: int = 200
    method: str = "GET"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def main(arguments: list[str]) -> int:
    """Visit the server whose outputs are in the folder that ``arguments`` name, and stop it.

    ``--loopback`` brings the loopback interface up first, which is down in a new network namespace.
    """
    folder = Path(arguments[0])
    if "--loopback" in arguments:
        os.closerange(3, 1024)  # the report's pipe was inherited: its reader waits for every writer
        _raise_loopback()
    process, port = _await(folder / "out" / PORT_FILE)
    wrong = [f"{visit.method} {visit.path}: {told}" for visit in visits(folder / "data") if (told := _go(visit, port))]
    part = folder / "out" / f"{RESULT_FILE}.part"
    part.write_text(json.dumps(wrong), encoding="utf-8")
    part.rename(folder / "out" / RESULT_FILE)
    os.kill(process, signal.SIGTERM)
    return 0


def visits(data: Path) -> Iterator[Visit]:
    """Every route, with what it takes and with what it refuses."""
    alerts, readings = (data / "alerts.json").read_bytes(), (data / "readings.jsonl").read_bytes()
    for path in ("/health", "/ready", "/metrics", "/metrics?format=json", "/metrics?format=csv", "/v1/capabilities"):
        yield Visit(path=path)
    for path in ("/openapi.json", "/docs", "/v1/incidents", "/v1/incidents?status=open&limit=3", "/v1/intents"):
        yield Visit(path=path)
    yield _post("/v1/alerts", alerts)
    yield _post("/v1/alerts", gzip.compress(alerts), headers={"Content-Encoding": "gzip"})
    yield _post("/v1/analyze", readings, headers={"Content-Type": "application/x-ndjson"})
    yield _post("/v1/otlp/v1/metrics", b'{"resourceMetrics":[]}')
    yield _post("/v1/otlp/v1/metrics", b"", headers={"Content-Type": "application/x-protobuf"})
    yield _post("/v1/otlp/v1/metrics", b"zzz", status=400, headers={"Content-Type": "application/x-protobuf"})
    yield _post("/v1/events/pagerduty", b"{}", status=400)
    yield _post("/v1/events/datadog", b"{}", status=422)
    yield Visit(path="/v1/incidents/none", status=404)
    yield Visit(path="/v1/intents/none", status=404)
    yield Visit(path="/none", status=404)
    yield Visit(path="/v1/alerts", status=405)
    yield Visit(path="/v1/intents?limit=0", status=422)
    yield Visit(path="/health", headers={"X-Request-ID": "visit-1"})
    yield Visit(path="/v1/intents", status=400, headers={"Host": "elsewhere.example"})
    yield _post("/v1/alerts", b"{", status=400)
    yield _post("/v1/alerts", b"{}", status=415, headers={"Content-Type": "text/html"})
    yield _post("/v1/alerts", b" " * 100_000, status=413)
    yield _post("/v1/alerts", gzip.compress(b" " * 100_000), status=413, headers={"Content-Encoding": "gzip"})


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        fcntl.ioctl(made, _SET_FLAGS, struct.pack("16sh", b"lo", _UP_AND_RUNNING))


_SET_FLAGS: Final = 0x8914
_UP_AND_RUNNING: Final = 0x41


def _post(path: str, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Visit:
    return Visit(path=path, method="POST", body=body, status=status, headers={**_POST, **(headers or {})})


def _go(visit: Visit, port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(visit.method, visit.path, visit.body or None, visit.headers)
        answer = connection.getresponse()
        text = answer.read()
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return "" if answer.status == visit.status else f"{answer.status}, not {visit.status}: {text[:200]!r}"


def _await(file: Path) -> tuple[int, int]:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text(encoding="ascii")).endswith("\n"):
            process, port = map(int, text.split())
            if not _go(Visit(path="/health"), port):
                return process, port
        time.sleep(0.05)
    raise TimeoutError(f"no server was announced in {file} and answered within {WAIT_S} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
