# SPDX-License-Identifier: Apache-2.0
"""Which metric says what of a component: the semantic conventions, and names that leave no doubt with their unit.

1. A histogram of the durations of served requests (:data:`FAMILIES`; else any latency by its name and unit) gives the
   99th percentile. Those of the conventions also count requests, and by their attributes failed ones. What a
   *client* waits for, a connection's or a session's life, is no latency of the component.
2. A counter of requests gives the throughput and, by its attributes, the share of failed ones.
3. CPU and memory: the ``system``, ``process`` and ``k8s … limit_utilization`` conventions.
   ``container.cpu.utilization`` and ``k8s.*.cpu.utilization`` are percent with one receiver and cores with another, so
   they are not read.
4. Any other level is read by its name and unit (``ingest.quantities``): ``%``, ``1``, ``s``, ``ms``.

Sources: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/, …/rpc/rpc-metrics/, …/system/system-metrics/,
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/kubeletstatsreceiver
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from arf_core.ingest.otlp.points import Kind, Metric
from arf_core.ingest.otlp.streams import is_level
from arf_core.ingest.quantities import Meaning, Sureness, meaning_of
from arf_core.vocabulary import words_of

FAMILIES: Final = {
    "http.server.request.duration": ("http", 0),
    "http.server.duration": ("http", 1),
    "rpc.server.call.duration": ("rpc", 0),
    "rpc.server.duration": ("rpc", 1),
}
"""Durations of served requests → what they count, and which of two conventions for the same is preferred (0)."""


class What(StrEnum):
    """How the readings of a metric become canonical ones."""

    DURATIONS = "durations"
    REQUESTS = "requests"
    SHARES = "shares"
    CPU_TIME = "CPU time"
    AMOUNTS = "amounts"
    LEVEL = "level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a metric is for: ``meaning`` is the canonical metric with the factor to its unit."""

    what: What
    meaning: Meaning
    family: str = ""
    order: int = 0


@lru_cache(maxsize=4096)
def role_of(metric: Metric) -> Role | None:
    """What ``metric`` is for, None where that is not clear: it stays a series of its own."""
    if metric.kind in (Kind.HISTOGRAM, Kind.EXPONENTIAL):
        return _durations(metric)
    if metric.name in _STATED and (is_level(metric) or metric.name == "system.cpu.time"):
        return _STATED[metric.name]
    if is_level(metric):
        return _level(metric)
    return _requests(metric)


def is_failed(attributes: Mapping[str, str]) -> bool | None:
    """Whether the requests with ``attributes`` failed by the server's fault; None where nothing is said of it."""
    for name in _HTTP_STATUS:
        if (code := attributes.get(name)) is not None and re.fullmatch(r"[1-5](\d\d|xx)", code):
            return code.startswith("5")
    for name in _RPC_STATUS:
        if (code := attributes.get(name)) is not None:
            return code.upper() in _RPC_FAILED
    return True if attributes.get("error.type") else None


_HTTP_STATUS: Final = ("http.response.status_code", "http.status_code", "status_code", "status", "code")
_RPC_STATUS: Final = ("rpc.response.status_code", "rpc.grpc.status_code", "grpc_code")
_RPC_FAILED: Final = frozenset(
    "2 4 12 13 14 15 UNKNOWN DEADLINE_EXCEEDED UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS DEADLINEEXCEEDED DATALOSS"
    "".split()
)

_CPU: Final = Meaning(metric="cpu_util", factor=1.0)
_MEMORY: Final = Meaning(metric="memory_util", factor=1.0)
_STATED: Final[Mapping[str, Role | None]] = {
    "system.cpu.utilization": Role(what=What.SHARES, meaning=_CPU),
    "process.cpu.utilization": Role(what=What.SHARES, meaning=_CPU),
    "system.cpu.time": Role(what=What.CPU_TIME, meaning=_CPU),
    "system.memory.utilization": Role(what=What.SHARES, meaning=_MEMORY),
    "system.memory.usage": Role(what=What.AMOUNTS, meaning=_MEMORY),
    "k8s.container.cpu_limit_utilization": Role(what=What.LEVEL, meaning=_CPU),
    "k8s.pod.cpu_limit_utilization": Role(what=What.LEVEL, meaning=_CPU),
    "k8s.container.memory_limit_utilization": Role(what=What.LEVEL, meaning=_MEMORY),
    "k8s.pod.memory_limit_utilization": Role(what=What.LEVEL, meaning=_MEMORY),
    "container.cpu.utilization": None,
    "k8s.container.cpu.utilization": None,
    "k8s.pod.cpu.utilization": None,
    "k8s.node.cpu.utilization": None,
}
_UNITS: Final = {
    "s": "seconds", "ms": "ms", "us": "us", "µs": "us", "ns": "ns", "%": "percent", "1": "ratio",
}  # fmt: skip
_NOT_SERVED: Final = frozenset(
    "client outgoing outbound egress connection connections session sessions dns tls pool lease queue consumer producer"
    " body size bytes dropped active".split()
)


def _meaning(metric: Metric) -> Meaning | None:
    unit = _UNITS.get(metric.unit)
    if unit in words_of(metric.name) or unit is None:
        return meaning_of(metric.name)
    return meaning_of(f"{metric.name}.{unit}")


def _durations(metric: Metric) -> Role | None:
    meaning = _meaning(metric)
    if meaning is None or meaning.metric != "latency_p99" or _NOT_SERVED & set(words_of(metric.name)):
        return None
    family, order = FAMILIES.get(metric.name, (metric.name, 0))
    return Role(what=What.DURATIONS, meaning=meaning, family=family, order=order)


def _level(metric: Metric) -> Role | None:
    meaning = _meaning(metric)
    if meaning is None or meaning.sureness is Sureness.LOWER_BOUND or _NOT_SERVED & set(words_of(metric.name)):
        return None
    return Role(what=What.LEVEL, meaning=meaning)


def _requests(metric: Metric) -> Role | None:
    """A counter of requests: its name says so, or its unit."""
    words = set(words_of(metric.name))
    counts = words & {"request", "requests"} or metric.unit in ("{request}", "{requests}")
    if not counts or words & (_NOT_SERVED | {"error", "errors", "failed", "duration", "latency", "time", "seconds"}):
        return None
    return Role(what=What.REQUESTS, meaning=Meaning(metric="throughput", factor=1.0), family=metric.name)
