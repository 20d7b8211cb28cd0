# SPDX-License-Identifier: Apache-2.0
"""A small real service: HTTP, health, metrics, releases that are good or bad, and faults that can be switched.

Run by path, with the standard library alone: ``python service.py --port P --release FOLDER [--replica N]
[--faults FILE]``. It listens on 127.0.0.1 at port ``P + N``, and ends with its parent.

1. ``GET /health`` is 200 or 503, ``GET /metrics`` Prometheus text; any other GET is a request: 200, or 500 by the share
   ``errors``. ``POST /fault`` takes faults as JSON, in the keys of rule 3.
2. Faults are those of ``FOLDER/release.json``, over them those of ``FILE`` (read again and again), over both what was
   posted: that lasts until the process ends, so a restart heals it.
3. ``errors`` share of requests that fail · ``latency_ms`` added to each · ``work_ms`` for which a request has the one
   worker, so more than 1000/work_ms requests a second queue up · ``sick`` makes /health 503 · ``crash`` ends the
   process with 1, at once and at every start.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final

BUCKETS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5)
LONGEST_WAIT_S: Final = 2.0
NONE: Final[dict[str, Any]] = {"errors": 0.0, "latency_ms": 0, "work_ms": 0, "sick": False, "crash": False}


def write_release(releases: Path, name: str, **faults: object) -> Path:
    """The folder of a release: good, or bad by ``faults`` (the keys of the module)."""
    folder = releases / name
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps({"name": name, **faults}), encoding="utf-8")
    return folder


@dataclass(slots=True, kw_only=True)
class State:
    """What the threads share: where faults come from, and what was counted."""

    release: Path
    faults: Path | None
    posted: dict[str, Any] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)
    buckets: Counter[float] = field(default_factory=Counter)
    seconds: float = 0.0
    asked: int = 0
    in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    worker: threading.Lock = field(default_factory=threading.Lock)

    def name(self) -> str:
        """The release's."""
        return str(_read(self.release / "release.json").get("name", self.release.name))

    def now(self) -> dict[str, Any]:
        """The faults in force."""
        return {**NONE, **_read(self.release / "release.json"), **_read(self.faults), **self.posted}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    state: ClassVar[State]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Health, metrics, or a request."""
        if self.path == "/health":
            self._answer(503 if self.state.now()["sick"] else 200, self.state.name())
        elif self.path == "/metrics":
            self._answer(200, metrics(self.state), kind="text/plain; version=0.0.4")
        else:
            self._work()

    def do_POST(self) -> None:
        """Faults, until the process ends."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path != "/fault":
            self._answer(404, "only /fault is posted to")
            return
        self.state.posted.update(json.loads(body))
        self._answer(200, "set")

    def _work(self) -> None:
        start, state = time.perf_counter(), self.state
        with state.lock:
            state.in_flight += 1
            state.asked += 1
            number = state.asked
        code = _served(state, number)
        took = time.perf_counter() - start
        with state.lock:
            state.in_flight -= 1
            state.codes[code] += 1
            state.seconds += took
            state.buckets.update(edge for edge in BUCKETS if took <= edge)
        self._answer(code, state.name())

    def _answer(self, code: int, text: str, kind: str = "text/plain") -> None:
        body = (text + "\n").encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: a request a line would be the most of the log."""


def _served(state: State, number: int) -> int:
    """The status of request ``number``; every n-th fails, not by chance, so that runs are alike."""
    faults = state.now()
    if faults["work_ms"]:
        if not state.worker.acquire(timeout=LONGEST_WAIT_S):
            return 503
        time.sleep(faults["work_ms"] / 1000)
        state.worker.release()
    time.sleep(faults["latency_ms"] / 1000)
    return 500 if int(number * faults["errors"]) > int((number - 1) * faults["errors"]) else 200


def metrics(state: State) -> str:
    """Prometheus text."""
    with state.lock:
        codes = [f'http_requests_total{{code="{code}"}} {count}' for code, count in sorted(state.codes.items())]
        count = sum(state.codes.values())
        edges = [f'http_request_duration_seconds_bucket{{le="{edge}"}} {state.buckets[edge]}' for edge in BUCKETS]
        lines = [
            "# TYPE http_requests_total counter",
            *codes,
            "# TYPE http_request_duration_seconds histogram",
            *edges,
            f'http_request_duration_seconds_bucket{{le="+Inf"}} {count}',
            f"http_request_duration_seconds_sum {state.seconds}",
            f"http_request_duration_seconds_count {count}",
            "# TYPE http_requests_in_flight gauge",
            f"http_requests_in_flight {state.in_flight}",
            "# TYPE service_info gauge",
            f'service_info{{release="{state.name()}"}} 1',
        ]
    return "\n".join(lines)


def die_with_parent() -> None:
    """The kernel ends this process when its parent ends (PR_SET_PDEATHSIG is 1)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _read(file: Path | None) -> dict[str, Any]:
    if file is None or not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8") or "{}")
    return found


def _watch(state: State) -> None:
    while not state.now()["crash"]:
        time.sleep(0.1)
    os._exit(1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until the process is ended."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--replica", type=int, default=0)
    asked.add_argument("--release", type=Path, required=True)
    asked.add_argument("--faults", type=Path)
    given = asked.parse_args()
    die_with_parent()
    if os.getppid() == 1:
        raise SystemExit("its parent ended before it had begun")
    # Resolved once: what runs is the release at the start, until it is started again.
    state = State(release=given.release.resolve(strict=True), faults=given.faults)
    if state.now()["crash"]:
        raise SystemExit(1)
    threading.Thread(target=_watch, args=(state,), daemon=True).start()
    Handler.state = state
    _Server(("127.0.0.1", given.port + given.replica), Handler).serve_forever()


if __name__ == "__main__":
    main()
