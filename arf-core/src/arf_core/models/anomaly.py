# SPDX-License-Identifier: Apache-2.0
"""What is wrong with one component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """What is wrong with one component, and since when.

    ``score`` is in [0, 1]. ``measured`` holds the canonical metrics known of the component (``latency_p99`` in ms,
    ``error_rate``, ``cpu_util``, ``memory_util`` as shares, ``throughput`` in requests a second): what policies test.
    ``words`` are the words of the alerts that reported it. ``because`` is one sentence a finding.
    """

    component: str
    severity: Severity
    score: float
    detected_at: datetime
    signals: tuple[Signal, ...]
    measured: Mapping[str, object] = field(default_factory=FrozenMap)
    words: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
