# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A receiver of signed webhooks, as somebody would write one: a process of its own, run by the tests.

``python receiver.py PORT SECRET``. What tests need besides (a second writer, counting effects, bad answers) is under
``/control``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

PORT, SECRET = int(sys.argv[1]), sys.argv[2]
LOCK: Final = threading.Lock()
KEEPS: Final = 300


class Component:
    """What the receiver changes, and what it remembers of that."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"release": "v2", "replicas": 2}
        self.exists, self.ready = True, 2
        self.last: dict[str, str] | None = None
        self.highest, self.reverted, self.done = 0, set[str](), set[str]()
        self.effects: list[str] = []
        self.asked: list[dict[str, Any]] = []

    def status(self) -> dict[str, Any]:
        found = {"schema": "arf.webhook-status/1", "state": self.state, "exists": self.exists}
        return {**found, "wanted": self.state["replicas"], "ready": self.ready, "last_change": self.last}

    def apply(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body["before"] != self.state or body["execution_id"] in self.reverted or body["fence"] < self.highest:
            return 409, {"says": "it is not as it was when this was decided"}
        self.state = {**self.state, "release": "v1"}
        return self.took(body)

    def revert(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.reverted.add(body["execution_id"])
        self.state = dict(body["before"])
        return self.took(body)

    def took(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.highest = max(self.highest, body["fence"])
        self.effects.append(body["operation"])
        self.last = {"change": body["change"], "operation": body["operation"], "progress": "done"}
        return 200, {}

    def dry_run(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body["before"] != self.state:
            return 200, {"schema": "arf.webhook-dry-run/1", "ok": False, "says": f"moved; the secret is {SECRET}"}
        diff = {"diff": ["release: v2 -> v1"], "undo_diff": ["release: v1 -> v2"]}
        return 200, {"schema": "arf.webhook-dry-run/1", "ok": True, **diff}


IT: Final = Component()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with LOCK:
            status, answer = self.control(body) if self.path.startswith("/control") else self.signed(body)
        self.answer(status, answer)

    def signed(self, body: bytes) -> tuple[int, dict[str, Any]]:
        stamp, given = self.headers["ARF-Timestamp"], self.headers["ARF-Signature"]
        right = "v1=" + hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, given) or abs(time.time() - int(stamp)) > KEEPS:
            return 401, {"says": "the signature is wrong"}
        found = json.loads(body)
        IT.asked.append({"headers": dict(self.headers), "body": found})
        if self.path == "/status":
            return 200, IT.status()
        if self.path == "/dry-run":
            return IT.dry_run(found)
        key = self.headers["Idempotency-Key"]
        if key in IT.done:
            return 200, {}
        status, answer = IT.apply(found) if self.path == "/apply" else IT.revert(found)
        if status == 200:
            IT.done.add(key)
        return status, answer

    def control(self, body: bytes) -> tuple[int, dict[str, Any]]:
        what = self.path.rpartition("/")[2]
        if what == "set":
            for name, value in json.loads(body).items():
                setattr(IT, name, value)
        return 200, {"effects": IT.effects, "asked": IT.asked}

    def answer(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self.answer(200, {})

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
