# SPDX-License-Identifier: Apache-2.0
"""Readings in the sentences of an alert: ``p99 900 ms``, ``error rate 42%``, ``CPU at 97 %``, ``5xx ratio is 0.31``.

A sentence is searched for *signals* (words that name a metric) and *quantities* (a number with a unit):

1. A quantity belongs to the signal right before it, or, if none claims it, to the one right after it (``97% CPU``).
2. Between the two stand only words that say "is" or "is above" (:data:`_BETWEEN`); any other word breaks the bond:
   ``latency SLO 500 ms``, ``CPU limit 80%``, ``p99 over the last 30 s``, ``memory grew by 30%`` say nothing of the
   present value. ``above`` makes a lower bound; ``below`` makes nothing.
3. A latency needs a unit of time, a share ``%`` or the word ratio; ``error rate 0.42`` is a share too, since a rate of
   events would have a unit after it.
4. What is out of range, or a mean, or about a disk or a backup, is left out. The first reading of a metric wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from arf_core.ingest.quantities import MILLISECONDS, Sureness, quantile_of, sureness_of

MAX_SEARCHED: Final = 2000
"""How many characters of a text are searched: alerts are sentences, not books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A canonical metric's value and where it was read: the words themselves, for people to check."""

    metric: str
    value: float
    origin: str


def readings_in(texts: Iterable[tuple[str, str]]) -> dict[str, Reading]:
    """The readings in ``(where, text)`` pairs by canonical metric, the first one of each metric."""
    found: dict[str, Reading] = {}
    for where, text in texts:
        for reading in _readings(where, text[:MAX_SEARCHED]):
            found.setdefault(reading.metric, reading)
    return found


_NUMBER: Final = r"(?<![\w.,:/-])(?P<number>\d{1,15}(?:\.\d{1,15})?)"
_TIME_UNIT: Final = "|".join(sorted((re.escape(unit) for unit in MILLISECONDS), key=len, reverse=True))
_QUANTITY: Final = re.compile(
    _NUMBER + rf"(?:\s?(?P<percent>%|percent\b|pct\b)|\s?(?P<time>{_TIME_UNIT})(?![\w/])|(?P<bare>)(?![\w%/:-]|\.\d))",
    re.IGNORECASE,
)
_SIGNAL: Final = re.compile(
    r"""(?<![\w-])(?:
      (?P<latency>(?:(?:p|P)(?P<quantile>\d{2,4})|(?P<ordinal>\d{2})th\s+percentile(?:\s+of)?)
                  (?:\s+(?:request\s+|http\s+)?(?:latency|response\s+times?|durations?|request\s+times?))?
         |(?:latency|response\s+times?|request\s+durations?)(?:\s+\(?p(?P<after>\d{2,4})\)?)?)
     |(?P<ratio>(?:error|errors|failure|5xx|5xx\s+errors?)\s+(?:ratio|share|fraction|percentage))
     |(?P<success>success\s+(?:rate|ratio))
     |(?P<errors>(?:error|failure|5xx|5xx\s+error)\s+rate|5xx\s+(?:errors|responses)|(?:5xx|errors)(?=\s*(?:at|is|=|:|\d)))
     |(?P<failing>(?:of\s+(?:all\s+)?(?:http\s+)?requests\s+(?:are\s+)?(?:fail(?:ed|ing)?|erroring)|errors\b|5xx\b))
     |(?P<cpu>cpu(?:\s+(?:usage|use|utili[sz]ation|util|load))?)
     |(?P<memory>(?:memory|mem|ram)(?:\s+(?:usage|use|utili[sz]ation|util))?)
    )(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_ABOVE: Final = r">=?|above|over|exceeds|exceeded|exceeding|more\s+than|higher\s+than|greater\s+than|at\s+least"
_BETWEEN: Final = re.compile(
    rf"\s*(?:[:=]|\bis|\bat|\bof|\bwas|\breached|\breaches|\bhas\s+reached|\bhit|\bto|\brose\s+to|\bnow|\bcurrently|\bdropped\s+to"
    rf"|\bfell\s+to|\((?=[\d>]))?\s*(?:\bnow|\bat|\bcurrently|\babout|~|=)?\s*(?P<above>{_ABOVE})?\s*",
    re.IGNORECASE,
)
_BREAKS_BEFORE: Final = re.compile(
    r"(?:\b(?:avg|average|mean|median|max|idle|free|available|disk|io|i/o|fsync|wal|gc|scrape|replication|backup|commit|swap|"
    r"request|node|clock|budget|burn|no|without|slo|sla|target|limit|threshold|storage|volume|write|read|packet)\s+|[\w-])$",
    re.IGNORECASE,
)
_BREAKS_AFTER: Final = re.compile(
    r"\s*(?:/\s*\w|per\b|(?:higher|more|above|over|below|less|lower|free|idle|available|left|remaining|increase|decrease|growth|"
    r"drop|of\s+(?:its\s+)?(?:limit|quota|budget)\s+left|slo|sla|target|threshold|objective|limit|errors?/|req|ops|rps)\b)",
    re.IGNORECASE,
)
_OF: Final = re.compile(r"\s(?:of\s)?$")


@lru_cache(maxsize=1024)
def _readings(where: str, text: str) -> tuple[Reading, ...]:
    """All readings in ``text``; remembered, because Alertmanager repeats its messages."""
    return tuple(_found_in(where, text))


def _found_in(where: str, text: str) -> Iterable[Reading]:
    quantities = [found for found in _QUANTITY.finditer(text) if not _BREAKS_AFTER.match(text, found.end())]
    starts = {found.start(): found for found in quantities}
    ends = {found.end(): found for found in quantities}
    claimed: set[int] = set()
    for signal in _SIGNAL.finditer(text):
        if _BREAKS_BEFORE.search(text[max(0, signal.start() - 16) : signal.start()]):
            continue
        quantity, above = _quantity_of(signal, text, starts, ends, claimed)
        if quantity is None:
            continue
        claimed.add(quantity.start())
        words = text[min(signal.start(), quantity.start()) : max(signal.end(), quantity.end())]
        if reading := _reading(signal, quantity, above=above, origin=f"{where}: {words}"):
            yield reading


_Found = re.Match[str]


def _quantity_of(
    signal: _Found, text: str, starts: dict[int, _Found], ends: dict[int, _Found], claimed: set[int]
) -> tuple[_Found | None, bool]:
    """The quantity that belongs to ``signal`` (rule 1) and whether the text says that the value is above it."""
    before = ends.get(len(_OF.sub("", text[: signal.start()])))
    if before and before.start() not in claimed and before["bare"] is None:
        return before, False
    if signal["failing"] and not signal["errors"]:
        return None, False
    bond = _BETWEEN.match(text, signal.end())
    quantity = starts.get(bond.end()) if bond else None
    above = bool(bond and bond["above"])
    if quantity and above and bond and bond["above"].lower() == "over" and quantity["time"]:
        return None, False  # "p99 over 30 s" may be a span of time
    return quantity, above


def _reading(signal: _Found, quantity: _Found, *, above: bool, origin: str) -> Reading | None:
    number = float(quantity["number"])
    if signal["latency"]:
        return _latency(signal, quantity, number, above=above, origin=origin)
    share = _share(signal, quantity, number)
    if share is None or not 0 <= share <= 1:
        return None
    metric = "cpu_util" if signal["cpu"] else "memory_util" if signal["memory"] else "error_rate"
    if signal["success"]:
        return None if above else Reading(metric=metric, value=round(1 - share, 12), origin=origin)
    return Reading(metric=metric, value=share, origin=_said(origin, Sureness.LOWER_BOUND if above else Sureness.EXACT))


def _latency(signal: _Found, quantity: _Found, number: float, *, above: bool, origin: str) -> Reading | None:
    unit = quantity["time"]
    digits = signal["quantile"] or signal["ordinal"] or signal["after"]
    sureness = sureness_of(quantile_of(frozenset({f"p{digits}"})) if digits else None)
    if unit is None or sureness is None:
        return None
    value = number * MILLISECONDS[unit.lower()]
    return Reading(metric="latency_p99", value=value, origin=_said(origin, Sureness.LOWER_BOUND if above else sureness))


def _share(signal: _Found, quantity: _Found, number: float) -> float | None:
    if quantity["percent"]:
        return min(number / 100, 1.0) if signal["cpu"] or signal["memory"] else number / 100
    is_share = signal["ratio"] or (signal["errors"] and signal["errors"].lower().endswith("rate"))
    return number if is_share and quantity["time"] is None else None


def _said(origin: str, sureness: Sureness) -> str:
    return origin if sureness is Sureness.EXACT else f"{origin} ({sureness.value})"
