# SPDX-License-Identifier: Apache-2.0
"""What a metric says: its kind, the way it moved, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SignalKind(StrEnum):
    """What a metric is about: the golden signals, the resources, and the rest."""

    LATENCY = "latency"
    ERRORS = "errors"
    TRAFFIC = "traffic"
    AVAILABILITY = "availability"
    CPU = "cpu"
    MEMORY = "memory"
    DISK = "disk"
    NETWORK = "network"
    OTHER = "other"


class Direction(StrEnum):
    """Which way a metric left its normal band."""

    UP = "up"
    DOWN = "down"


class Severity(StrEnum):
    """How bad it is, in the words of Prometheus rules."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One metric of one component that left its normal band.

    ``value`` and ``baseline`` are in the metric's own unit and None where only the movement is known (an alert).
    ``shift`` is the movement in robust deviations (always >= 0), None where there is no baseline to measure from.
    """

    component: str
    metric: str
    kind: SignalKind
    direction: Direction
    value: float | None = None
    baseline: float | None = None
    shift: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSymptom:
    """A call between two components that was slow (``symptom`` "PD") or answered with a bad status ("500")."""

    source: str
    target: str
    operation: str
    symptom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningStep:
    """One link of a reasoning chain: which signal, its value and baseline, and the conclusion it led to."""

    step: str
    signal: str
    value: float | str | None
    baseline: float | str | None
    conclusion: str
