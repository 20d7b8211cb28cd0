# SPDX-License-Identifier: Apache-2.0
"""A real server in a thread of the test, and the bodies that Alertmanager posts to it, as the fixture ``kit``."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import httpx
import pytest

from arf_core.advisor import Advisor
from arf_core.api.server import Listener, listener
from arf_core.api.serving import Serving
from arf_core.api.settings import ApiSettings
from arf_core.service import AdviceService

JSON = {"Content-Type": "application/json"}
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """What a test makes of the loggers ends with it: its stream does, too."""
    loggers = [logging.getLogger(name) for name in ("arf_core.api", "uvicorn")]
    before = [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that runs, and a client of it."""

    server: Listener
    serving: Serving
    client: httpx.Client
    port: int

    def post(self, path: str, body: bytes | object, **headers: str) -> httpx.Response:
        """Post ``body``, as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = httpx.Headers(JSON)
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.client.post(path, content=content, headers=given)


class Kit:
    """What the tests of the server need."""

    @staticmethod
    @contextmanager
    def running(service: AdviceService | None = None, **settings: Any) -> Iterator[Running]:
        """A server on a free port, with ``settings``; stopped as on SIGTERM when the context is left."""
        chosen = ApiSettings(**{"port": 0, **settings})
        serving = Serving(settings=chosen, service=service or AdviceService(Advisor()))
        server = listener(serving)
        thread = Thread(target=server.run)
        thread.start()
        try:
            port = _port(server, thread)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield Running(server=server, serving=serving, client=client, port=port)
        finally:
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()

    @staticmethod
    def alert(number: int = 1, *, component: str = "cart", status: str = "firing", minute: int = 4) -> dict[str, Any]:
        """One alert as Alertmanager posts it."""
        return {
            "status": status,
            "labels": {"alertname": "HighLatency", "component": component, "instance": str(number)},
            "annotations": {"summary": f"p99 900 ms on {component}"},
            "startsAt": f"2026-01-02T03:{minute:02}:05Z",
            "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else f"2026-01-02T03:{minute + 5:02}:05Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=latency_p99_ms+%3E+500&g0.tab=1",
            "fingerprint": f"{number:016x}",
        }

    @staticmethod
    def webhook(*alerts: dict[str, Any]) -> dict[str, Any]:
        """A delivery of ``alerts``."""
        return {"receiver": "arf", "status": "firing", "alerts": list(alerts), "version": "4", "truncatedAlerts": 0}


@pytest.fixture
def kit() -> Kit:
    """Servers and bodies."""
    return Kit()


@pytest.fixture
def up() -> Iterator[Running]:
    """A server that knows nothing yet."""
    with Kit.running() as found:
        yield found


def _port(server: Listener, thread: Thread) -> int:
    end = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < end, "the server did not start"
        time.sleep(0.005)
    return int(server.servers[0].sockets[0].getsockname()[1])
