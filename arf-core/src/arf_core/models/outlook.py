# SPDX-License-Identifier: Apache-2.0
"""What lies ahead: when a metric will cross its threshold, and what the incident costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When a metric is expected to cross its threshold, counted in seconds from the last sample.

    ``earliest_s`` and ``latest_s`` bound it at 90 %; ``latest_s`` is None where the threshold may never be reached.
    ``trend_per_s`` is in the metric's unit a second, with the 90 % interval ``trend_low`` to ``trend_high``;
    ``confidence`` is 1 less the probability, from 0 to 1, that chance alone makes such a trend; ``samples`` is how many
    known samples it rests on.
    """

    seconds_to_threshold: float
    earliest_s: float
    latest_s: float | None
    trend_per_s: float
    trend_low: float
    trend_high: float
    confidence: float
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What an incident costs so far; None where it cannot be known.

    ``users_affected`` is how many users meet a failure in a minute; ``revenue_at_risk`` is in ``currency`` over
    ``duration_s`` seconds. ``arithmetic`` shows every step with its numbers, ``missing`` says what would be needed.
    """

    users_affected: float | None
    revenue_at_risk: float | None
    currency: str
    duration_s: float
    arithmetic: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A metric that is on its way: where, which canonical metric, the threshold it moves to, and when it gets there."""

    component: str
    metric: str
    threshold: float
    forecast: Forecast
