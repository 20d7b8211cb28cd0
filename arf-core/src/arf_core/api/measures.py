# SPDX-License-Identifier: Apache-2.0
"""What the server counts, and how it is written: Prometheus text, JSON and CSV.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4). Label values are names of our
own (routes, statuses, actions), so the number of series is bounded.
"""

from __future__ import annotations

import csv
import io
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

SCHEMA: Final = "arf.metrics/1"
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of answer times, in seconds."""

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "arf_build_info": ("gauge", "Always 1; the version is a label."),
    "arf_requests_total": ("counter", "Requests answered, by route, method and status."),
    "arf_request_seconds": ("histogram", "Seconds from the head of a request to the end of its answer, by route."),
    "arf_requests_in_flight": ("gauge", "Requests that are being read, wait or are worked on."),
    "arf_refused_total": ("counter", "Requests refused before they were looked at, by reason."),
    "arf_body_bytes": ("gauge", "Bytes of bodies held in memory."),
    "arf_records_read_total": ("counter", "Records read, by route."),
    "arf_records_faulty_total": ("counter", "Records that could not be read, by route."),
    "arf_intents_sealed_total": ("counter", "Intents answered to deliveries, by action; a repeated one counts again."),
    "arf_incidents": ("gauge", "Incidents known, by status."),
    "arf_incidents_dropped_total": ("counter", "Open incidents given up for lack of room."),
    "arf_intents_kept": ("gauge", "Sealed intents that can be asked for."),
    "arf_alert_bytes": ("gauge", "About how many bytes the alerts of all incidents take."),
    "arf_journal_bytes": ("gauge", "Size of the journal."),
    "arf_journal_commits_total": ("counter", "Times the journal was made durable."),
}
"""Name → kind and help."""

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value; ``suffix`` is that of a histogram's series (``_bucket``, ``_sum``, ``_count``)."""

    name: str
    value: float
    labels: Labels = ()
    suffix: str = ""


class Measures:
    """Counters and histograms; safe to share between threads."""

    def __init__(self) -> None:
        """Everything at zero."""
        self._lock = Lock()
        self._counts: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], list[float]] = {}

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add ``by`` to a counter."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + by

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add an observation to a histogram."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            series = self._histograms.setdefault(key, [0.0] * (len(BUCKETS) + 2))
            series[bisect_left(BUCKETS, value)] += 1
            series[-1] += value

    def samples(self, gauges: Iterable[Sample] = ()) -> list[Sample]:
        """Everything counted, and ``gauges``, in the order of :data:`TEXTS`."""
        with self._lock:
            counted = [Sample(name=name, value=value, labels=labels) for (name, labels), value in self._counts.items()]
            observed = [(key, list(series)) for key, series in self._histograms.items()]
        spread = [sample for (name, labels), series in observed for sample in _spread(name, labels, series)]
        order = list(TEXTS)
        return sorted((*counted, *spread, *gauges), key=lambda sample: order.index(sample.name))


def _spread(name: str, labels: Labels, series: list[float]) -> Iterator[Sample]:
    total = 0.0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), series[:-1], strict=True):
        total += count
        yield Sample(name=name, suffix="_bucket", value=total, labels=(*labels, ("le", bound)))
    yield Sample(name=name, suffix="_sum", value=series[-1], labels=labels)
    yield Sample(name=name, suffix="_count", value=total, labels=labels)


def as_text(samples: Iterable[Sample]) -> str:
    """``samples`` in Prometheus' text format."""
    lines: list[str] = []
    last = ""
    for sample in samples:
        if sample.name != last:
            kind, text = TEXTS[sample.name]
            lines += [f"# HELP {sample.name} {text}", f"# TYPE {sample.name} {kind}"]
            last = sample.name
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sample.labels)
        lines.append(f"{sample.name}{sample.suffix}{'{' + labels + '}' if labels else ''} {_number(sample.value)}")
    return "\n".join(lines) + "\n"


def as_json(samples: Iterable[Sample]) -> str:
    """``samples`` as one JSON document, schema ``arf.metrics/1``."""
    by_name: dict[str, list[dict[str, object]]] = {}
    for sample in samples:
        entry = {"series": sample.name + sample.suffix, "labels": dict(sample.labels), "value": sample.value}
        by_name.setdefault(sample.name, []).append(entry)
    metrics = [
        {"name": name, "type": TEXTS[name][0], "help": TEXTS[name][1], "samples": entries}
        for name, entries in by_name.items()
    ]
    return json.dumps({"schema": SCHEMA, "metrics": metrics}, indent=2)


def as_csv(samples: Iterable[Sample]) -> str:
    """``samples`` as CSV with a header: series, labels (``key=value`` joined by ``;``), value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["series", "labels", "value"])
    for sample in samples:
        labels = ";".join(f"{key}={value}" for key, value in sample.labels)
        writer.writerow([sample.name + sample.suffix, labels, _number(sample.value)])
    return text.getvalue()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
