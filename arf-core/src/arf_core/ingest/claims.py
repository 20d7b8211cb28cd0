# SPDX-License-Identifier: Apache-2.0
"""What the alerts of all senders have in common: a severity, a kind, readings in their words, a time of beginning.

Labels that start with ``arf.`` are ours:

* :data:`STARTS_AT` is when the alert began, for senders that say it in each message;
* :data:`UNTIL_RESOLVED` marks an alert whose sender says that its key stands for one problem until it is resolved:
  however late it is reported again, it is the same alert;
* :data:`READ_FROM` + a metric says where that metric was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from arf_core.errors import EventError
from arf_core.ingest import foreign
from arf_core.ingest.evidence import Reading
from arf_core.ingest.quantities import Sureness, meaning_of
from arf_core.models.event import MAX_NAME
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, SignalKind
from arf_core.vocabulary import sense_of

STARTS_AT: Final = "arf.starts_at"
UNTIL_RESOLVED: Final = "arf.until_resolved"
READ_FROM: Final = "arf.read."

UNNAMED: Final = "unnamed alert"
"""What an alert is called whose rule has no name."""

_SEVERITIES: Final = {
    **dict.fromkeys("critical crit page fatal emergency disaster error high severe sev1 p1".split(), Severity.CRITICAL),
    **dict.fromkeys("info informational information notice low none debug ok".split(), Severity.INFO),
}
_KINDS: Final = {
    "latency_p99": SignalKind.LATENCY,
    "error_rate": SignalKind.ERRORS,
    "throughput": SignalKind.TRAFFIC,
    "cpu_util": SignalKind.CPU,
    "memory_util": SignalKind.MEMORY,
}


def severity_of(word: str) -> Severity:
    """The severity that a sender's word means: a warning, unless it is known as worse or as less."""
    return _SEVERITIES.get(word.strip().lower(), Severity.WARNING)


def kind_of(name: str, text: str, *, metric: str | None = None) -> SignalKind:
    """What an alert is about: by its name, else by the canonical ``metric`` it compares, else by its text."""
    named = sense_of(name).kind
    if named is not SignalKind.OTHER:
        return named
    return _KINDS[metric] if metric else sense_of(text[:200]).kind


def alert_name(text: str) -> str:
    """``text`` as the name of an alert: what only describes never loses one."""
    return foreign.printable(text.strip() or UNNAMED)[:MAX_NAME]


def named_readings(what: str, values: Mapping[str, str]) -> Iterator[Reading]:
    """Values whose name is that of a metric: ``latency_p99_ms: "900"``."""
    for name in sorted(values):
        meaning = meaning_of(name)
        value = meaning.of(number) if meaning and (number := number_in(values[name])) is not None else None
        if meaning and value is not None and meaning.sureness is not Sureness.LOWER_BOUND:
            yield Reading(metric=meaning.metric, value=value, origin=f"{what} {name}: {values[name].strip()}")


def number_in(text: str) -> float | None:
    """The finite number that ``text`` spells, None where it is none."""
    try:
        return foreign.written_number(text, name="a label") if 0 < len(text) <= 40 else None
    except EventError:
        return None


def first_of_each(readings: Iterable[Reading]) -> dict[str, Reading]:
    """The first reading of each metric."""
    found: dict[str, Reading] = {}
    for reading in readings:
        found.setdefault(reading.metric, reading)
    return found


def labels_with(labels: Mapping[str, str], own: Mapping[str, str], readings: Iterable[Reading]) -> FrozenMap:
    """The labels of an event: foreign ones, bounded, and ours, with where each reading was read."""
    origins = {f"{READ_FROM}{reading.metric}": foreign.encodable(reading.origin) for reading in readings}
    return FrozenMap({**foreign.bounded_labels(labels), **own, **origins})
