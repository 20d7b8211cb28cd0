# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A metering service of a marketplace, as a real server on this machine, that can be told how to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Metering:
    """What the service has and has seen. ``failures`` are answered first: a status, or 0 for a connection that ends.

    A connection that ends does so after the usage was counted: the worst that can happen to who reports.
    """

    url: str = ""
    token: str = "a-token"
    licence: str | None = None
    body: bytes | None = None
    failures: list[int] = field(default_factory=list)
    usage: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: int = 0


@pytest.fixture
def service() -> Iterator[Metering]:
    found = Metering()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"service": found}))
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    service: Metering

    def do_GET(self) -> None:
        self.service.asked += 1
        if not self._failed():
            body = (
                json.dumps({"licence": self.service.licence}).encode()
                if self.service.body is None
                else self.service.body
            )
            self._answer(404 if self.service.licence is None and self.service.body is None else 200, body)

    def do_POST(self) -> None:
        self.service.asked += 1
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        if self.service.failures[:1] == [0] and key not in self.service.usage:
            self.service.usage[key] = said
        if self._failed():
            return
        if int(said["quantity"]) > 1000:
            self._answer(422, b"{}")
        elif key in self.service.usage:
            self._answer(409, b"{}")
        else:
            self.service.usage[key] = said
            self._answer(201, b"{}")

    def _failed(self) -> bool:
        if self.headers["Authorization"] != f"Bearer {self.service.token}":
            self._answer(401, b"{}")
            return True
        if not self.service.failures:
            return False
        if (status := self.service.failures.pop(0)) == 0:
            self.close_connection = True
        else:
            self._answer(status, b"{}")
        return True

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""
