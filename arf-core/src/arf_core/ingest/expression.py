# SPDX-License-Identifier: Apache-2.0
"""What a firing Prometheus rule says about a value: ``demo_latency_p99_ms > 500`` fires, so the value is above 500.

The expression stands in an alert's ``generatorURL`` as ``g0.expr``. Only what can be read without evaluating is read:

1. One comparison ``left > number`` or ``left >= number`` (also the other way round); of ``a > 1 and b > 2`` the first,
   because the alert's value is that of the left side; ``or`` leaves it open which side fired, so nothing is read.
2. ``left`` is one metric, in ``max``, ``min``, ``avg`` or their ``_over_time``, which keep unit and meaning;
   ``histogram_quantile(q, ... metric_bucket ...)``, a latency of that quantile; or ``failed / all`` of one kind of
   request, a share of errors; each at most multiplied by 100 or 1000.
3. The name of the metric must say what it is (``ingest.quantities``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs, urlsplit

from arf_core.ingest.quantities import Meaning, meaning_of, sureness_of

MAX_EXPRESSION: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a rule compares: its left side and the least value with which it fires.

    ``meaning`` is None where the left side is not clear; ``bound`` is in the canonical unit.
    """

    text: str
    metric: str | None
    meaning: Meaning | None
    bound: float | None


def expression_of(url: str) -> str | None:
    """The expression in a ``generatorURL``, None without one."""
    return _expression_of(url[: 4 * MAX_EXPRESSION])


@lru_cache(maxsize=1024)
def comparison_of(expression: str) -> Comparison | None:
    """The comparison that made the rule ``expression`` fire, None where it cannot be read without evaluating it."""
    bare = _without_details(expression)
    if re.search(r"\bor\b", bare):
        return None
    first = re.split(r"\b(?:and|unless)\b", bare, maxsplit=1)[0].strip()
    while first.startswith("(") and first.endswith(")") and first.count("(") == 1:
        first = first[1:-1].strip()
    found = _ABOVE.fullmatch(first) or _TURNED.fullmatch(first)
    if not found:
        return None
    left, strict, limit = found["left"].strip(), found["sign"] in (">", "<"), float(found["limit"])
    meaning = _meaning(left, expression)
    return Comparison(
        text=" ".join(expression.split()),
        metric=_one_metric(left),
        meaning=meaning,
        bound=_bound(meaning, limit, strict=strict),
    )


@lru_cache(maxsize=1024)
def _expression_of(url: str) -> str | None:
    try:
        values = parse_qs(urlsplit(url).query, max_num_fields=100).get("g0.expr")
    except ValueError:
        return None
    return values[0][:MAX_EXPRESSION] if values else None


_N: Final = r"(?P<limit>\d{1,15}(?:\.\d{1,15})?(?:e[+-]?\d{1,2})?)"
_ABOVE: Final = re.compile(rf"(?P<left>[^<>=!]+?)\s*(?P<sign>>=?)\s*(?:bool\s+)?{_N}", re.IGNORECASE)
_TURNED: Final = re.compile(rf"{_N}\s*(?P<sign><=?)\s*(?P<left>[^<>=!]+)", re.IGNORECASE)
_DETAILS: Final = re.compile(
    r"\{[^{}]*\}|\[[^\[\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)|\boffset\s+\w+",
    re.IGNORECASE,
)
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_METRIC: Final = r"[A-Za-z_:][\w:]*"
_KEEPS: Final = r"(?:max|min|avg|max_over_time|min_over_time|avg_over_time|last_over_time)"
_RATE: Final = r"(?:rate|increase|irate)"
_ONE: Final = re.compile(rf"(?:{_KEEPS}\s*\(\s*)*\(?(?P<metric>{_METRIC})[\s)]*")
_SCALED: Final = re.compile(r"(?P<inner>.+?)\s*\*\s*(?P<scale>100|1000)\s*(?P<closing>\)*)", re.DOTALL)
_HISTOGRAM: Final = re.compile(
    rf"(?:{_KEEPS}\s*\(\s*)*histogram_quantile\s*\(\s*(?P<q>0?\.\d{{1,4}})\s*,\s*(?:sum\s*\(\s*)?{_RATE}\s*\(\s*(?P<metric>{_METRIC})[\s)]*"
)
_DIVIDED: Final = re.compile(
    rf"\(?\s*(?:sum\s*\(?\s*)?{_RATE}\s*\(\s*(?P<failed>{_METRIC})[\s)]*/\s*(?:sum\s*\(?\s*)?{_RATE}\s*\(\s*(?P<all>{_METRIC})[\s)]*"
)
_FAILED_STATUS: Final = re.compile(r'\{[^{}]*=~?\s*"(?:5\.\.|5\.\*|5\.\+|5xx|5\[0-9\]\{2\}|5\\+d\\+d|5\d\d)"[^{}]*\}')


def _without_details(expression: str) -> str:
    """The expression without selectors, ranges and grouping: what is left is functions, metrics and numbers."""
    return " ".join(_DETAILS.sub(" ", _STRINGS.sub("", expression)).split())


def _meaning(left: str, expression: str) -> Meaning | None:
    scale = 1.0
    if scaled := _SCALED.fullmatch(left):
        left, scale = scaled["inner"] + scaled["closing"], float(scaled["scale"])
    found = _unscaled(left, expression)
    return replace(found, factor=found.factor / scale) if found and scale != 1 else found


def _unscaled(left: str, expression: str) -> Meaning | None:
    if found := _HISTOGRAM.fullmatch(left):
        return _quantile(float(found["q"]), found["metric"])
    if found := _DIVIDED.fullmatch(left):
        return _share_of_errors(found["failed"], found["all"], expression)
    metric = _one_metric(left)
    return meaning_of(metric) if metric else None


def _quantile(q: float, metric: str) -> Meaning | None:
    sureness = sureness_of(q)
    plain = meaning_of(metric.removesuffix("_bucket"))
    if plain is None or plain.metric != "latency_p99" or sureness is None:
        return None
    return replace(plain, sureness=sureness)


def _share_of_errors(failed: str, everything: str, expression: str) -> Meaning | None:
    """``failed / all``: one counter with and without a failed status, or a counter of errors over one of requests."""
    share = Meaning(metric="error_rate", factor=1.0)
    numerator = expression.split("/", maxsplit=1)[0]
    if failed == everything:
        return share if _FAILED_STATUS.search(numerator) else None
    named = {"errors", "failures", "failed", "error"} & set(failed.split("_"))
    return share if named and {"requests", "request", "calls"} & set(everything.split("_")) else None


def _one_metric(left: str) -> str | None:
    found = _ONE.fullmatch(left)
    return found["metric"] if found else None


def _bound(meaning: Meaning | None, limit: float, *, strict: bool) -> float | None:
    """The least value with which the rule fires: for ``>`` the next double above the limit, which is what it proves."""
    value = meaning.of(limit) if meaning else None
    if meaning is None or value is None or not strict:
        return value
    return (
        math.nextafter(value, math.inf) if meaning.metric in _UNLIMITED else min(1.0, math.nextafter(value, math.inf))
    )


_UNLIMITED: Final = ("latency_p99", "throughput")
