# SPDX-License-Identifier: Apache-2.0
"""What lies ahead of an incident: which metrics will cross their thresholds, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Final

from arf_core.config.oss_config import OSSConfig
from arf_core.detect.forecast import forecast
from arf_core.detect.impact import Rates, estimate
from arf_core.detect.thresholds import Thresholds
from arf_core.diagnose.units import reading
from arf_core.models.anomaly import Anomaly
from arf_core.models.outlook import Impact, Outlook
from arf_core.models.signal import Direction
from arf_core.models.window import Window
from arf_core.stages import Subject

MINUTE_S: Final = 60.0
"""For how long an impact is counted where the subject does not say how long it lasted."""

FURTHEST: Final = 10
"""A trend is not believed further ahead than this many times as long as it was seen."""


def outlook(subject: Subject, anomalies: Sequence[Anomaly], thresholds: Thresholds) -> tuple[Outlook, ...]:
    """The metrics of abnormal components that move towards a threshold they have not crossed; of windows only."""
    if not isinstance(subject, Window):
        return ()
    found = (one for anomaly in anomalies for one in _of_component(subject, anomaly.component, thresholds))
    return tuple(sorted(found, key=lambda one: (one.forecast.seconds_to_threshold, one.component, one.metric)))


def impact(
    subject: Subject, anomalies: Sequence[Anomaly], rates: Rates | None, thresholds: Thresholds
) -> Impact | None:
    """What the worst component's failures cost; None where no rate is configured, because nothing is invented."""
    if rates is None or not anomalies:
        return None
    measured = anomalies[0].measured
    latency = _number(measured.get("latency_p99"))
    return estimate(
        throughput=_number(measured.get("throughput")),
        error_rate=_number(measured.get("error_rate")),
        duration_s=_duration(subject),
        rates=rates,
        slow=latency is not None and latency > thresholds.latency_critical,
    )


def rates_of(config: OSSConfig) -> Rates | None:
    """The rates among the settings, which have the same names; None if none is configured."""
    rates = Rates(**config.model_dump(include={field.name for field in fields(Rates)}))
    return None if rates == Rates(currency=config.currency) else rates


def _of_component(window: Window, component: str, thresholds: Thresholds) -> Iterator[Outlook]:
    limits = {
        "latency_p99": thresholds.latency_critical,
        "cpu_util": thresholds.cpu_critical,
        "memory_util": thresholds.memory_critical,
    }
    for metric, samples in sorted(window.abnormal.get(component, {}).items()):
        converts = reading(metric, window.step_s)
        if converts is None or converts[0] not in limits:
            continue
        name, convert = converts
        series = (*window.normal.get(component, {}).get(metric, ()), *samples)
        course = [None if sample is None else convert(sample) for sample in series]
        ahead = forecast(course, step_s=window.step_s, threshold=limits[name], direction=Direction.UP)
        horizon = FURTHEST * len(course) * window.step_s
        if ahead is not None and 0 < ahead.seconds_to_threshold <= horizon:
            yield Outlook(component=component, metric=name, threshold=limits[name], forecast=ahead)


def _duration(subject: Subject) -> float:
    if not isinstance(subject, Window):
        return MINUTE_S
    samples = max((len(series) for metrics in subject.abnormal.values() for series in metrics.values()), default=1)
    return samples * subject.step_s


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
