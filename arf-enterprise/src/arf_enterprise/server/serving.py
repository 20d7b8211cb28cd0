# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the parts of the server share: settings, what is counted, and whether it is stopping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from arf_core.api.measures import Measures
from arf_enterprise.server.settings import ServerSettings


@dataclass(slots=True, kw_only=True)
class Serving:
    """One server at work. ``is_ready`` and ``is_stopping`` are set by the process that runs it."""

    settings: ServerSettings = field(default_factory=ServerSettings)
    seconds: Callable[[], float] = monotonic
    measures: Measures = field(default_factory=Measures)
    is_ready: bool = False
    is_stopping: bool = False
    in_flight: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    """What ``/ready`` found when it last looked, and when that was: anybody may ask, so it looks once a second."""
    looked: float | None = None


class Background(Protocol):
    """Work that goes on beside the requests: the sequencer of the audit log, the watch over the licence."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End, and return when it has ended."""


class Together:
    """Several works as one: they begin in their order, and end in the other."""

    def __init__(self, *works: Background) -> None:
        """None of them has begun."""
        self._works = works

    def start(self) -> None:
        """Begin all."""
        for work in self._works:
            work.start()

    def stop(self) -> None:
        """End all."""
        for work in reversed(self._works):
            work.stop()
