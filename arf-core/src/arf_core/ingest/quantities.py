# SPDX-License-Identifier: Apache-2.0
"""From the name of a metric to the canonical metric it reports, where name and unit leave no doubt.

The canonical metrics are those of :data:`arf_core.models.event.METRICS`. A name is read by its words and unit, in the
spelling of the Prometheus and OpenTelemetry conventions and their usual short forms (``latency_p99_ms``,
``error_pct``, ``cpu_usage_percent``, ``requests_per_second``):

1. A time needs its unit. The 99th percentile is exact; a lower quantile is a lower bound of it; a latency without a
   quantile is taken as the latency that was meant. A mean is neither, so it is not read.
2. A share needs ``pct``, ``ratio``, ``util`` or the canonical name itself. What is idle, free or throttled is no use of
   the CPU or the memory; seconds, bytes and cores are no share.
3. Everything else means nothing here and stays what it is: a series of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from arf_core.models.event import METRICS

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*[a-z]*|\d+[a-zA-Z]*")

MILLISECONDS: Final = {
    "ns": 1e-6, "nanoseconds": 1e-6, "us": 1e-3, "µs": 1e-3, "micros": 1e-3, "microseconds": 1e-3,
    "ms": 1.0, "msec": 1.0, "millis": 1.0, "millisecond": 1.0, "milliseconds": 1.0,
    "s": 1e3, "sec": 1e3, "secs": 1e3, "second": 1e3, "seconds": 1e3,
}  # fmt: skip
"""How many milliseconds one of each unit of time is."""

_PERCENT: Final = frozenset({"pct", "percent", "percentage"})
_SHARE: Final = frozenset({"ratio", "fraction", "share"})
_UTIL: Final = frozenset({"util", "utilization", "utilisation"})
_MEAN: Final = frozenset({"avg", "average", "mean", "median", "min", "stddev", "sum", "count", "bucket", "total"})
_LATENCY: Final = frozenset({"latency", "latencies", "duration", "response"})
_NO_LATENCY: Final = frozenset(
    "disk io fsync wal gc scrape evaluation rule replication replica lag backup startup boot clock ntp uptime timeout "
    "slo sla target threshold limit objective age interval pause compaction snapshot cpu memory".split()
)
_ERRORS: Final = frozenset({"error", "errors", "err", "errs", "failed", "failure", "failures", "fail", "5xx"})
_NO_ERRORS: Final = frozenset(
    {"budget", "burn", "slo", "sla", "target", "threshold", "memory", "disk", "packet", "packets"}
)
_MEMORY: Final = frozenset({"memory", "mem"})
_NO_USE: Final = frozenset(
    "idle free available avail remaining left steal iowait throttled throttling throttle limit limits request requests "
    "cores seconds bytes mb gb mib gib load quota temperature swap cached buffers pressure threshold target".split()
)
_THROUGHPUT: Final = frozenset({"rps", "qps"})
_NO_THROUGHPUT: Final = frozenset(
    "net network disk bytes bits mbps error errors failed 5xx 4xx limit target threshold".split()
)


class Sureness(StrEnum):
    """How a reading relates to the canonical metric."""

    EXACT = "exact"
    LOWER_BOUND = "a lower bound"
    QUANTILE_NOT_SAID = "the quantile is not said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The canonical ``metric`` a name reports, the factor to its unit, and how sure that is.

    ``unit_said`` is False where the name leaves open whether a share is written as 0.9 or as 90.
    """

    metric: str
    factor: float
    sureness: Sureness = Sureness.EXACT
    unit_said: bool = True

    def of(self, value: float) -> float | None:
        """``value`` in the canonical unit, None where it cannot be that metric.

        A CPU or memory share above 1 (containers pass their limit) is 1.
        """
        factor = 0.01 if not self.unit_said and self.metric != "error_rate" and 1 < value <= 100 else self.factor
        found = value * factor if factor >= 1 else value / round(1 / factor)
        if self.metric in ("cpu_util", "memory_util"):
            found = min(found, 1.0)
        in_range = 0 <= found <= (1.0 if self.metric == "error_rate" else float("1e300"))
        return found if in_range else None


@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning | None:
    """What the metric ``name`` reports in canonical terms, None where that is not clear."""
    if name in METRICS:
        return Meaning(metric=name, factor=1.0)
    words = tuple(word.lower() for word in _WORD.findall(name))
    known = frozenset(words)
    return _latency(known) or _errors(words, known) or _use(known) or _throughput(words, known)


def quantile_of(words: frozenset[str]) -> float | None:
    """The quantile that words such as ``p99`` or ``p999`` name, in (0, 1); None without one."""
    for word in sorted(words):
        if re.fullmatch(r"p\d{2,4}", word):
            return float(f"0.{word[1:]}")
    return None


def sureness_of(quantile: float | None) -> Sureness | None:
    """How a latency of ``quantile`` relates to the 99th percentile; None where it says nothing of it."""
    if quantile is None:
        return Sureness.QUANTILE_NOT_SAID
    if quantile > 0.99:
        return None  # an upper bound is no evidence that something is slow
    return Sureness.EXACT if quantile == 0.99 else Sureness.LOWER_BOUND


def _latency(known: frozenset[str]) -> Meaning | None:
    quantile = quantile_of(known)
    units = sorted(known & MILLISECONDS.keys())
    if not (known & _LATENCY or quantile) or len(units) != 1 or known & (_MEAN | _NO_LATENCY):
        return None
    sureness = sureness_of(quantile)
    if sureness is None:
        return None
    return Meaning(metric="latency_p99", factor=MILLISECONDS[units[0]], sureness=sureness)


def _errors(words: tuple[str, ...], known: frozenset[str]) -> Meaning | None:
    if not known & _ERRORS or known & _NO_ERRORS:
        return None
    if words[-2:] == ("error", "rate"):
        return Meaning(metric="error_rate", factor=1.0, unit_said=False)
    return _share("error_rate", known)


def _use(known: frozenset[str]) -> Meaning | None:
    if known & _NO_USE:
        return None
    if "cpu" in known and not known & _MEMORY:
        return _share("cpu_util", known)
    if known & _MEMORY and "cpu" not in known:
        return _share("memory_util", known)
    return None


def _share(metric: str, known: frozenset[str]) -> Meaning | None:
    if known & _PERCENT:
        return Meaning(metric=metric, factor=0.01)
    if known & _SHARE:
        return Meaning(metric=metric, factor=1.0)
    return Meaning(metric=metric, factor=1.0, unit_said=False) if known & _UTIL else None


def _throughput(words: tuple[str, ...], known: frozenset[str]) -> Meaning | None:
    if known & _NO_THROUGHPUT:
        return None
    per_second = "requests_per_second" in "_".join(words) or ("throughput" in known and "ops" in known)
    return Meaning(metric="throughput", factor=1.0) if per_second or known & _THROUGHPUT else None
