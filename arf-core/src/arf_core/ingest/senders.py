# SPDX-License-Identifier: Apache-2.0
"""The shapes in which other systems send: which one a JSON value has, and its reader. The first that fits is taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from arf_core.ingest import alertmanager, datadog, otlp, pagerduty, prometheus
from arf_core.ingest.batch import Batch
from arf_core.ingest.prometheus import Query

Value = Mapping[str, object]


def is_sent(value: Value) -> bool:
    """Whether ``value`` has the shape of one of the systems."""
    return any(looks_like(value) for looks_like in _SHAPES)


def read_sent(value: Value, *, now: datetime, query: Query) -> Batch | None:
    """What ``value`` holds, None if it has the shape of none of the systems; ``now`` is for those that say no time.

    Raises:
        FormatError: it has the shape, but cannot be read as a whole.
    """
    labels = query.component_labels
    if alertmanager.looks_like_alertmanager(value):
        return alertmanager.parse(value, component_labels=labels)
    if prometheus.looks_like_prometheus(value):
        return prometheus.read_answer(value, query=query)
    if otlp.looks_like_otlp(value):
        return otlp.parse_json(value, query=query)
    if pagerduty.looks_like_pagerduty(value):
        return pagerduty.parse(value, now=now, component_labels=labels)
    if datadog.looks_like_datadog(value):
        return datadog.parse(value, now=now, component_labels=labels)
    return None


_SHAPES = (
    alertmanager.looks_like_alertmanager,
    prometheus.looks_like_prometheus,
    otlp.looks_like_otlp,
    pagerduty.looks_like_pagerduty,
    datadog.looks_like_datadog,
)
