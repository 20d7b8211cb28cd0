# SPDX-License-Identifier: Apache-2.0
"""People who visit the shop: so many requests a second, whether or not those before were answered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

USUAL: Final = 12.0
PEAK: Final = 60.0
"""Requests a second: the replicas that serve can do 50 together."""
PATIENCE_S: Final = 10.0
MOST_LATE_S: Final = 0.5
"""What a busy machine did not send in time is made up for, as far back as this."""


@dataclass(slots=True, kw_only=True)
class Traffic:
    """``rate`` requests a second from now on, until ``is_over``; ``answers`` counts statuses, 0 for none."""

    url: str
    rate: float = USUAL
    is_over: bool = False
    answers: Counter[int] = field(default_factory=Counter)

    async def flow(self) -> None:
        """Send requests until it is over."""
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=50)
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, limits=limits) as client:
            under_way: set[asyncio.Task[None]] = set()
            due = time.monotonic()
            while not self.is_over:
                task = asyncio.create_task(self._ask(client))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                due = max(due + 1 / self.rate, time.monotonic() - MOST_LATE_S)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _ask(self, client: httpx.AsyncClient) -> None:
        try:
            answer = await client.get(self.url)
            self.answers[answer.status_code] += 1
        except httpx.HTTPError:
            self.answers[0] += 1


@contextmanager
def flowing(url: str) -> Iterator[Traffic]:
    """The usual traffic to ``url``, for as long as the block lasts."""
    traffic = Traffic(url=url)
    thread = threading.Thread(target=lambda: asyncio.run(traffic.flow()), name="traffic", daemon=True)
    thread.start()
    try:
        yield traffic
    finally:
        traffic.is_over = True
        thread.join(PATIENCE_S)
