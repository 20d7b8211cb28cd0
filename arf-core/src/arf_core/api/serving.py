# SPDX-License-Identifier: Apache-2.0
"""What the parts of the server share: settings, the service, what is counted, and how work leaves the event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TypeVar

import anyio
import anyio.to_thread

from arf_core.api.body import Budget
from arf_core.api.journal import Journal
from arf_core.api.measures import Measures, Sample
from arf_core.api.settings import ApiSettings
from arf_core.errors import BusyError
from arf_core.service import AdviceService
from arf_core.version import __version__

_T = TypeVar("_T")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Serving:
    """One server at work. ``is_ready`` and ``is_stopping`` are set by the process that runs it."""

    settings: ApiSettings
    service: AdviceService
    journal: Journal | None = None
    now: Callable[[], datetime] = _now
    seconds: Callable[[], float] = monotonic
    measures: Measures = field(default_factory=Measures)
    is_ready: bool = False
    is_stopping: bool = False
    in_flight: int = 0
    budget: Budget = field(init=False)
    _working: anyio.CapacityLimiter | None = field(init=False, default=None)
    _looking: anyio.CapacityLimiter | None = field(init=False, default=None)
    _waiting: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.budget = Budget(self.settings.max_waiting_bytes)

    async def work(self, step: Callable[[], _T]) -> _T:
        """Run ``step`` off the event loop; at most so many at once, and only so many wait.

        Raises:
            BusyError: too many wait already.
        """
        if self._waiting >= self.settings.max_waiting:
            raise BusyError(f"{self._waiting} requests wait to be worked on: send it again")
        self._working = self._working or anyio.CapacityLimiter(self.settings.workers)
        self._waiting += 1
        try:
            return await anyio.to_thread.run_sync(step, limiter=self._working)
        finally:
            self._waiting -= 1

    async def look(self, step: Callable[[], _T]) -> _T:
        """Run ``step``, which only reads, off the event loop, in threads that work does not take up."""
        self._looking = self._looking or anyio.CapacityLimiter(2)
        return await anyio.to_thread.run_sync(step, limiter=self._looking)

    def samples(self) -> list[Sample]:
        """Everything that is measured, now."""
        size = self.service.size()
        journal = self.journal
        gauges = [
            Sample(name="arf_build_info", value=1, labels=(("version", __version__),)),
            Sample(name="arf_requests_in_flight", value=self.in_flight),
            Sample(name="arf_body_bytes", value=self.budget.held),
            Sample(name="arf_incidents", value=size.open, labels=(("status", "open"),)),
            Sample(name="arf_incidents", value=size.closed, labels=(("status", "closed"),)),
            Sample(name="arf_incidents_dropped_total", value=size.dropped),
            Sample(name="arf_intents_kept", value=size.intents),
            Sample(name="arf_alert_bytes", value=size.weight),
            Sample(name="arf_journal_bytes", value=journal.size if journal else 0),
            Sample(name="arf_journal_commits_total", value=journal.commits if journal else 0),
        ]
        return self.measures.samples(gauges)
