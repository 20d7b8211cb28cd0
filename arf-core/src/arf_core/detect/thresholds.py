# SPDX-License-Identifier: Apache-2.0
"""Static thresholds: is one reading bad, how bad, and by which metric?

A metric is over a threshold when it is greater than it. A firing alert is an anomaly even where no metric crosses: what
people's own rules found is evidence. A resolved event never is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final, NamedTuple

from arf_core.errors import SettingsError
from arf_core.models.anomaly import Anomaly
from arf_core.models.event import Alert, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Direction, Severity, Signal, SignalKind
from arf_core.vocabulary import words_of

MAX_WORDS: Final = 64
"""How many words of an alert are kept."""
MAX_TEXT: Final = 1000
"""How many characters of an alert's name and of its text are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where a metric becomes a warning and where it becomes critical.

    Latency is the 99th percentile in milliseconds; the others are shares from 0 to 1.

    Raises:
        SettingsError: a threshold that is not a number in its range, or a warning above its critical threshold.
    """

    latency_critical: float = 300.0
    latency_warning: float = 150.0
    error_rate_critical: float = 0.3
    error_rate_warning: float = 0.1
    cpu_critical: float = 0.9
    cpu_warning: float = 0.8
    memory_critical: float = 0.9
    memory_warning: float = 0.8

    def __post_init__(self) -> None:
        for field in fields(self):
            most = math.inf if field.name.startswith("latency") else 1.0
            object.__setattr__(self, field.name, _checked(field.name, getattr(self, field.name), most))
        for name in ("latency", "error_rate", "cpu", "memory"):
            warning, critical = getattr(self, f"{name}_warning"), getattr(self, f"{name}_critical")
            if warning > critical:
                raise SettingsError(
                    f"{name}_warning is {warning:g}, above {name}_critical ({critical:g}): lower the warning"
                )


def check(event: ReliabilityEvent, thresholds: Thresholds) -> Anomaly | None:
    """What is wrong according to ``event``, or None where nothing is.

    A signal's ``baseline`` is the threshold that was passed; ``score`` is 0.5 for a metric exactly at its critical
    threshold and grows with the ratio between the two.
    """
    if event.status is Status.RESOLVED:
        return None
    found = [
        finding
        for finding in (
            _over(event, "latency_p99", thresholds.latency_warning, thresholds.latency_critical),
            _over(event, "error_rate", thresholds.error_rate_warning, thresholds.error_rate_critical),
            _over(event, "cpu_util", thresholds.cpu_warning, thresholds.cpu_critical),
            _over(event, "memory_util", thresholds.memory_warning, thresholds.memory_critical),
        )
        if finding is not None
    ]
    if event.alert is not None:
        found.append(_claimed(event.component, event.alert))
    return _anomaly(event, found) if found else None


class _Finding(NamedTuple):
    signal: Signal
    severity: Severity
    score: float
    sentence: str


def _anomaly(event: ReliabilityEvent, found: list[_Finding]) -> Anomaly:
    return Anomaly(
        component=event.component,
        severity=max([finding.severity for finding in found], key=_RANK.__getitem__),
        score=max(finding.score for finding in found),
        detected_at=event.timestamp,
        signals=tuple([finding.signal for finding in found]),
        measured=FrozenMap(event.metrics),
        words=() if event.alert is None else _words(event.alert.name[:MAX_TEXT], event.alert.text[:MAX_TEXT]),
        because=tuple([finding.sentence for finding in found]),
    )


def _over(event: ReliabilityEvent, metric: str, warning: float, critical: float) -> _Finding | None:
    value: float | None = getattr(event, metric)
    if value is None or value <= warning:
        return None
    severity, limit = (Severity.CRITICAL, critical) if value > critical else (Severity.WARNING, warning)
    unit = " ms" if metric == "latency_p99" else ""
    return _Finding(
        signal=Signal(
            component=event.component,
            metric=metric,
            kind=_KIND[metric],
            direction=Direction.UP,
            value=value,
            baseline=limit,
        ),
        severity=severity,
        score=value / (value + critical),
        sentence=f"{metric} is {value:g}{unit}, over the {severity.value} threshold of {limit:g}{unit}",
    )


def _claimed(component: str, alert: Alert) -> _Finding:
    direction = Direction.DOWN if alert.kind in _BAD_WHEN_DOWN else Direction.UP
    return _Finding(
        signal=Signal(component=component, metric=alert.name, kind=alert.kind, direction=direction),
        severity=alert.severity,
        score=_CLAIMED_SCORE[alert.severity],
        sentence=f"the alert {alert.name[:MAX_TEXT]!r} is firing with severity {alert.severity.value}",
    )


@lru_cache(maxsize=1024)
def _words(name: str, text: str) -> tuple[str, ...]:
    """Remembered, because one rule fires many times."""
    return words_of(f"{name} {text}")[:MAX_WORDS]


def _checked(name: str, value: object, most: float) -> float:
    rule = "a number of 0 or more" if most == math.inf else f"a number from 0 to {most:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SettingsError(f"{name} is {value!r}: it must be {rule}")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise SettingsError(f"{name} is {value!r}: it must be {rule}")
    return float(value)


_KIND: Final = {
    "latency_p99": SignalKind.LATENCY,
    "error_rate": SignalKind.ERRORS,
    "cpu_util": SignalKind.CPU,
    "memory_util": SignalKind.MEMORY,
}
_RANK: Final = {severity: severity.rank for severity in Severity}
_BAD_WHEN_DOWN: Final = frozenset({SignalKind.AVAILABILITY, SignalKind.TRAFFIC})
_CLAIMED_SCORE: Final = {Severity.INFO: 0.25, Severity.WARNING: 0.4, Severity.CRITICAL: 0.6}
"""An alert says how bad it is in a word; these place the words on the scale of measured metrics."""
