# SPDX-License-Identifier: Apache-2.0
"""Made telemetry for tests, yours and ours: small, deterministic, and plainly not real."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from arf_core.models.event import ReliabilityEvent
from arf_core.models.incident import Incident, Outcome
from arf_core.models.signal import Direction, Signal
from arf_core.models.window import Window
from arf_core.vocabulary import sense_of

MOMENT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When everything made here happens."""


def made_event(
    component: str = "checkout-api", *, latency_p99: float | None = 900.0, error_rate: float | None = None
) -> ReliabilityEvent:
    """A reading of one component at :data:`MOMENT`; latency in milliseconds."""
    return ReliabilityEvent(
        component=component, timestamp=MOMENT, latency_p99=latency_p99, error_rate=error_rate, cpu_util=0.2
    )


def made_window(root: str = "cart", *, metric: str = "cpu_pct", high: float = 95.0) -> Window:
    """A window of three components (front calls cart and mail): ``metric`` of ``root`` rises from 5 to ``high``.

    Samples are a minute apart: 20 normal ones, then 4 of which the last 3 are bad.
    """
    ripple = (0.0, 0.4, -0.3, 0.2, -0.1)
    normal = {name: {metric: [5.0 + ripple[i % 5] for i in range(20)]} for name in ("front", "cart", "mail")}
    abnormal = {name: {metric: [5.0 + ripple[i % 5] for i in range(4)]} for name in normal}
    abnormal[root] = {metric: [5.0, high, high + 1, high]}
    return Window(
        normal=normal, abnormal=abnormal, step_s=60.0, ends_at=MOMENT, edges=(("front", "cart"), ("front", "mail"))
    )


def made_incident(
    incident_id: str = "inc_made",
    *,
    component: str | None = "cart",
    metrics: tuple[str, ...] = ("cpu_usage",),
    fault_type: str | None = None,
    action: str | None = None,
    occurred_at: datetime = MOMENT,
) -> Incident:
    """An incident in which ``metrics`` of ``component`` rose; with an ``action``, that action healed it."""
    return Incident(
        incident_id=incident_id,
        occurred_at=occurred_at,
        signals=tuple(
            Signal(component=component or "cart", metric=metric, kind=sense_of(metric).kind, direction=Direction.UP)
            for metric in metrics
        ),
        component=component,
        fault_type=fault_type,
        action=action,
        outcome=Outcome.UNKNOWN if action is None else Outcome.HEALED,
    )
