# SPDX-License-Identifier: Apache-2.0
"""Asks ARF in this very process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from anyio import to_thread

from arf_mcp_client.client.recommend import Findings, Stopped, ordered

if TYPE_CHECKING:
    from arf_core.analysis import Analysis
    from arf_core.service import AdviceService


class LocalAnalyst:
    """Analyses in a worker thread, so that an event loop is never held up. Safe to share between tasks."""

    def __init__(self, service: AdviceService | None, *, clock: Callable[[], datetime]) -> None:
        """Ask ``service``; without one, an advisor with the default policies, made at the first question."""
        self._service, self._clock = service, clock
        self._lock = Lock()

    async def findings(self, telemetry: bytes) -> Findings:
        """What the analysis of ``telemetry`` finds.

        Raises:
            InputError: it is in no format that ARF reads.
        """
        return await to_thread.run_sync(partial(self._analyze, telemetry))

    def _analyze(self, telemetry: bytes) -> Findings:
        from arf_core.ingest.reading import read

        return findings_of(self._asked().analyze(read(telemetry, now=self._clock())))

    def _asked(self) -> AdviceService:
        from arf_core.advisor import Advisor
        from arf_core.service import AdviceService

        with self._lock:
            if self._service is None:
                self._service = AdviceService(Advisor())
            return self._service


def findings_of(analysis: Analysis) -> Findings:
    """What an analysis found, as a client needs it."""
    advice = [answered.advice for answered in analysis.answered]
    return Findings(
        intents=ordered([intent for one in advice for intent in one.intents]),
        stopped=tuple(
            Stopped(action=refused.action, component=refused.component, why=f"{refused.because} [{refused.rule}]")
            for one in advice
            for refused in one.refused
        ),
        because=tuple(one.because for one in advice if one.because),
        faults=tuple(str(fault) for fault in analysis.faults),
        read=analysis.read,
    )
