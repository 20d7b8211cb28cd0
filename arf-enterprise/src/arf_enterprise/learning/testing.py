# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What tests of memory and graph begin with: made-up incidents and outcomes, the same for the same numbers."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

from arf_core.canonical import write_time
from arf_core.models.incident import Incident, Outcome
from arf_core.models.signal import CallSymptom, Direction, Signal
from arf_core.testing import MOMENT
from arf_core.vocabulary import sense_of

METRICS: Final = ("latency", "error_rate", "cpu_pct", "memory_pct", "throughput", "disk_io", "queue_length", "restarts")
SERVICES: Final = tuple(f"service-{number}" for number in range(12))
FINDINGS: Final = ("cpu hog", "memory leak", "network delay", "bad deploy")


def made_incidents(count: int, *, seed: int = 7) -> list[Incident]:
    """Incidents of a few services, one in three with what people found it was."""
    chance = random.Random(seed)  # noqa: S311 - made up, not secret
    return [_incident(chance, number) for number in range(count)]


def _incident(chance: random.Random, number: int) -> Incident:
    involved = chance.sample(SERVICES, k=chance.randint(1, 4))
    signals = tuple(
        Signal(
            component=component,
            metric=metric,
            kind=sense_of(metric).kind,
            direction=chance.choice(list(Direction)),
        )
        for component in involved
        for metric in chance.sample(METRICS, k=chance.randint(1, 4))
    )
    is_found = chance.random() < 1 / 3
    return Incident(
        incident_id=f"inc-{number:06d}",
        occurred_at=MOMENT + timedelta(seconds=number),
        signals=signals,
        calls=(CallSymptom(source=involved[0], target=involved[-1], operation="GET", symptom="PD"),),
        component=involved[0] if is_found or chance.random() < 0.5 else None,
        fault_type=_finding(signals[0]) if is_found else None,
        outcome=chance.choice(list(Outcome)),
    )


def _finding(signal: Signal) -> str:
    """What people found: it shows in what moved where it began."""
    return FINDINGS[METRICS.index(signal.metric) // 2]


def made_outcome(number: int, *, component: str = "checkout", result: str = "succeeded") -> dict[str, object]:
    """An outcome as ``learning.outcomes`` writes it."""
    return {
        "execution_id": f"run_{number:06d}",
        "intent_digest": f"sha256:{number:064x}",
        "incident_id": f"inc_{number % 97}",
        "action": "rollback",
        "component": component,
        "kind": "service",
        "environment": "production",
        "signature": f"latency-{number % 5}",
        "result": result,
        "seconds_to_recover": None if result == "failed" else 12.5 + number % 7,
        "evidence": {},
        "at": write_time(MOMENT + timedelta(seconds=number)),
    }
