# SPDX-License-Identifier: Apache-2.0
"""From the names people give metrics, and the words of their alerts, to kinds of signal.

Names are split into words (``http_request_duration_seconds``, ``container.cpu.usage``, ``HighErrorRate``) and each word
is looked up; no product, component or series is known by name. The words are those of the Prometheus naming
conventions, the OpenTelemetry semantic conventions and the golden signals. Where several kinds match, the first of
``_KINDS`` wins: what people feel (errors, latency) before the resources behind it, and resources before availability,
so that ``memory_available_bytes`` is about memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from arf_core.models.signal import Direction, SignalKind

_WORD = re.compile(r"[pP]\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*")


class Side(StrEnum):
    """From where a request metric is seen: by the component that serves, by its callers, or of the calls it makes."""

    SERVED = "served"
    CALLERS = "callers"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSense:
    """What a metric's name says.

    ``kind`` is what it is about; ``adverse`` the direction that is bad (None: either); ``side`` from where requests are
    seen; ``mean`` whether it is an average or a sum (they add up along calls, percentiles do not); ``words`` its words.
    """

    kind: SignalKind
    adverse: Direction | None
    words: tuple[str, ...]
    side: Side = Side.SERVED
    mean: bool = False


@lru_cache(maxsize=4096)
def sense_of(metric: str) -> MetricSense:
    """What the name of a metric says."""
    words = words_of(metric)
    known = frozenset(words)
    kind = _kind(words, known)
    return MetricSense(
        kind=kind, adverse=_adverse(kind, known), words=words, side=_side(known), mean=not known.isdisjoint(_MEAN)
    )


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or sentence, lower case, in order: ``HighErrorRate`` is high, error, rate."""
    return tuple(word.lower() for word in _WORD.findall(text))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PACKETS = _words("net network rx tx receive received transmit trainsmit transmitted packet packets retransmit tcp")

_KINDS: tuple[tuple[SignalKind, frozenset[str]], ...] = (
    (
        SignalKind.ERRORS,
        _words(
            "error errors err errs fail failed failing failure failures exception exceptions 5xx 4xx 500 502 503 504"
            " success successful successes fault faults dropped rejected timeout timeouts"
        ),
    ),
    (
        SignalKind.LATENCY,
        _words(
            "latency latencies duration durations rt delay delayed elapsed slow slowness lag"
            " p50 p75 p90 p95 p99 p999 quantile"
        ),
    ),
    (SignalKind.NETWORK, _PACKETS | _words("retransmits bandwidth socket sockets")),
    (SignalKind.CPU, _words("cpu load processor throttled throttling cfs")),
    (SignalKind.MEMORY, _words("memory mem heap rss oom oomkilled swap gc")),
    (SignalKind.OTHER, _words("syscall syscalls")),  # they read and write sockets as much as disks
    (SignalKind.DISK, _words("disk diskio fs filesystem volume storage inode inodes iops read reads write writes")),
    (
        SignalKind.AVAILABILITY,
        _words(
            "availability available unavailable up uptime down ready unready health healthy unhealthy alive absent"
            " missing target restarts restart crash crashloop crashlooping"
        ),
    ),
    (
        SignalKind.TRAFFIC,
        _words("throughput qps rps ops tps request requests traffic invocations calls hits workload"),
    ),
)

_LOST = _words("error errors errs dropped drop drops lost loss retransmit retransmits retransmitted corrupt")
_GOOD_ERRORS = _words("success successful successes")
_FREE = _words("available free idle")
_BAD_WHEN_HIGH = _words(
    "unavailable down unready unhealthy absent missing restarts restart crash crashloop crashlooping"
)
_OUTGOING = _words("client outgoing outbound egress src upstream")
_CALLERS = _words("caller callers")
_MEAN = _words("avg average mean sum total")


def _kind(words: tuple[str, ...], known: frozenset[str]) -> SignalKind:
    if "response" in known and ("response", "time") in pairwise(words):
        return SignalKind.LATENCY
    kind = next((kind for kind, names in _KINDS if not known.isdisjoint(names)), SignalKind.OTHER)
    if kind is SignalKind.ERRORS and not known.isdisjoint(_PACKETS):
        return SignalKind.NETWORK
    return kind


def _adverse(kind: SignalKind, known: frozenset[str]) -> Direction | None:
    match kind:
        case SignalKind.LATENCY:
            return Direction.UP
        case SignalKind.CPU | SignalKind.MEMORY | SignalKind.DISK:
            return Direction.UP if known.isdisjoint(_FREE) else Direction.DOWN
        case SignalKind.NETWORK:
            return None if known.isdisjoint(_LOST) else Direction.UP
        case SignalKind.ERRORS:
            return Direction.UP if known.isdisjoint(_GOOD_ERRORS) else Direction.DOWN
        case SignalKind.AVAILABILITY:
            return Direction.DOWN if known.isdisjoint(_BAD_WHEN_HIGH) else Direction.UP
        case SignalKind.TRAFFIC:
            return Direction.DOWN
        case _:
            return None


def _side(known: frozenset[str]) -> Side:
    if not known.isdisjoint(_CALLERS):
        return Side.CALLERS
    return Side.SERVED if known.isdisjoint(_OUTGOING) else Side.OUTGOING
