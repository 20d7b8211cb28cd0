# SPDX-License-Identifier: Apache-2.0
"""One reading of one component, as people's monitoring reported it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from arf_core.errors import EventError
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, SignalKind

MAX_NAME = 253
"""The longest component name, in characters: that of a DNS name, which Kubernetes uses too."""


class Status(StrEnum):
    """Whether what the event reports is going on or over."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What an alerting rule claimed: evidence beside the measurements, never a command."""

    name: str
    severity: Severity
    kind: SignalKind
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityEvent:
    """One reading of one component.

    ``timestamp`` is aware; ``latency_p99`` is in milliseconds; ``error_rate``, ``cpu_util`` and ``memory_util`` are
    shares from 0 to 1; ``throughput`` is in requests a second. A metric that was not reported is None, not 0.
    ``upstream_deps`` call this component, ``downstream_deps`` are called by it.

    Raises:
        EventError: a field breaks its rule; the message names the field, the value and the rule.
    """

    component: str
    timestamp: datetime
    latency_p99: float | None = None
    error_rate: float | None = None
    throughput: float | None = None
    cpu_util: float | None = None
    memory_util: float | None = None
    upstream_deps: tuple[str, ...] = ()
    downstream_deps: tuple[str, ...] = ()
    status: Status = Status.FIRING
    alert: Alert | None = None
    fingerprint: str | None = None
    labels: FrozenMap = field(default_factory=FrozenMap)
    source: str = "direct"

    def __post_init__(self) -> None:
        checked_name("component", self.component)
        _check_time(self.timestamp)
        for name, most in _MOST.items():
            value = getattr(self, name)
            # A float in its range is left as it is: readings come by the hundred thousand.
            if value is not None and not (type(value) is float and 0.0 <= value <= most and value < math.inf):
                object.__setattr__(self, name, _checked_number(name, value, most=most))
        for name in ("upstream_deps", "downstream_deps"):
            if getattr(self, name) != ():
                object.__setattr__(self, name, _checked_names(name, getattr(self, name)))
        if type(self.status) is not Status:
            object.__setattr__(self, "status", _checked_status(self.status))
        if not isinstance(self.labels, FrozenMap):
            object.__setattr__(self, "labels", FrozenMap(self.labels))

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics that were reported, by name, in a fixed order."""
        return {name: value for name in METRICS if (value := getattr(self, name)) is not None}


_MOST: Final = {
    "latency_p99": math.inf,
    "error_rate": 1.0,
    "throughput": math.inf,
    "cpu_util": 1.0,
    "memory_util": 1.0,
}

METRICS: Final = tuple(_MOST)
"""The canonical metrics of a component: the names that policies use."""


def checked_name(field_name: str, value: object) -> str:
    """``value`` if it can name a component.

    Raises:
        EventError: not a string, empty, longer than :data:`MAX_NAME`, or with control characters.
    """
    if not isinstance(value, str) or not value.strip():
        raise EventError(f"{field_name} is {value!r}: it must be a string that is not empty")
    if len(value) > MAX_NAME:
        raise EventError(f"{field_name} has {len(value)} characters ({value[:40]!r}…): at most {MAX_NAME} are allowed")
    if not value.isprintable():
        raise EventError(f"{field_name} is {value!r}: control characters are not allowed in a name")
    return value


def _check_time(value: object) -> None:
    if not isinstance(value, datetime):
        raise EventError(f"timestamp is {value!r}: it must be a datetime")
    if value.utcoffset() is None:
        raise EventError(f"timestamp is {value.isoformat()}: it must have a time zone, such as {value.isoformat()}Z")


def _checked_status(value: object) -> Status:
    try:
        return Status(value)  # type: ignore[arg-type]
    except ValueError as error:
        raise EventError(f"status is {value!r}: it must be {' or '.join(Status)}") from error


def _checked_number(name: str, value: object, *, most: float) -> float:
    rule = "0 or more" if most == math.inf else f"from 0 to {most:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EventError(f"{name} is {value!r}: it must be a number {rule}")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise EventError(f"{name} is {value!r}: it must be {rule}")
    return float(value)


def _checked_names(name: str, value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise EventError(f"{name} is {value!r}: it must be a list of component names")
    return tuple(checked_name(name, item) for item in value)
