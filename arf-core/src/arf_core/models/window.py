# SPDX-License-Identifier: Apache-2.0
"""Many components' series over a stretch of time: a normal part and an abnormal part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from arf_core.errors import EventError
from arf_core.models.event import checked_name
from arf_core.models.signal import SignalKind

Series = Mapping[str, Mapping[str, Sequence[float | None]]]
"""component → metric → samples, oldest first; None where a sample is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Where and how people noticed: the component that alerts and the kind of signal it alerts on."""

    component: str
    kind: SignalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Series of many components around an incident.

    ``normal`` are samples from before (or from another, healthy day), ``abnormal`` from around the incident; only some
    of the abnormal samples need to be bad: no exact onset is assumed. ``step_s`` is the time between samples in
    seconds; ``ends_at`` the aware time of the last abnormal sample; ``edges`` are (caller, callee) pairs.
    ``window_id`` is the name people gave it, if they did.

    Raises:
        EventError: a naive time, a step that is not positive, no abnormal samples, a nameless component.
    """

    normal: Series
    abnormal: Series
    step_s: float
    ends_at: datetime
    edges: tuple[tuple[str, str], ...] = ()
    alerting: Alerting | None = None
    window_id: str | None = None

    def __post_init__(self) -> None:
        if self.ends_at.utcoffset() is None:
            raise EventError(f"ends_at is {self.ends_at.isoformat()}: it must have a time zone")
        if not self.step_s > 0:
            raise EventError(f"step_s is {self.step_s!r}: it must be a number of seconds above 0")
        if not self.abnormal:
            raise EventError("abnormal is empty: a window needs at least one component with samples")
        for component in self.abnormal:
            checked_name("component", component)
