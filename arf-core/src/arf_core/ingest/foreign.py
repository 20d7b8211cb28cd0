# SPDX-License-Identifier: Apache-2.0
"""Values of foreign records, checked: times, numbers, texts, labels, and the component that labels are about.

1. A time has a zone: ISO 8601 with an offset or ``Z``, or seconds since 1970. A naive time is refused.
2. Text is data. It is never trimmed or interpreted; half a UTF-16 pair, which no output could carry, becomes ``?``.
3. What is kept of a record is bounded: :data:`MAX_LABELS` labels of :data:`MAX_TEXT` characters.
4. Label names that start with ``arf.`` are ours; a foreign one is kept as ``label.arf.…``, so it cannot pass for ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from arf_core.errors import EventError
from arf_core.models.event import MAX_NAME, checked_name

MAX_LABELS: Final = 64
MAX_TEXT: Final = 2000
OWN_LABELS: Final = "arf."
"""What the names of labels that ARF itself adds start with."""

COMPONENT_LABELS: Final = (
    "component", "service", "service_name", "app", "app_kubernetes_io_name", "application", "deployment", "statefulset",
    "daemonset", "job", "workload", "pod", "container", "instance", "host", "hostname", "node",
)  # fmt: skip
"""The labels that name what an alert or series is about, the most telling first."""

_LAST_SECOND: Final = 253_402_300_800  # the year 10000
_PLAUSIBLE_SECONDS: Final = 100_000_000_000  # the year 5138; a larger number is milliseconds


def moment(value: object, *, name: str) -> datetime:
    """The time in ``value`` in UTC: an aware datetime, ISO 8601 text with a zone, or seconds since 1970.

    Raises:
        EventError: anything else, a naive time, or one outside the years 1 to 9999.
    """
    try:
        return _moment(value, name)
    except (OverflowError, ValueError, OSError) as error:
        shown = f"{value!r:.60}"
        raise EventError(f"{name} is {shown}: it must be ISO 8601 with a zone, such as 2026-01-02T03:04:05Z") from error


def number(value: object, *, name: str) -> float:
    """A finite number, as it is.

    Raises:
        EventError: a string, a boolean, NaN or an infinity.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        raise EventError(f"{name} is {value!r:.60}: it must be a finite number")
    return float(value)


def written_number(text: str, *, name: str) -> float:
    """The finite number that ``text`` spells, as in a CSV cell or a label.

    Raises:
        EventError: not a number, NaN or an infinity.
    """
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or "_" in text:
        raise EventError(f"{name} is {text!r:.60}: it must be a finite number")
    return found


def text_of(value: object, *, name: str) -> str:
    """A string of at most :data:`MAX_TEXT` characters; what is longer is cut.

    Raises:
        EventError: not a string.
    """
    if not isinstance(value, str):
        raise EventError(f"{name} is {value!r:.60}: it must be a string")
    return encodable(value[:MAX_TEXT])


def encodable(text: str) -> str:
    """``text`` with every lone surrogate replaced by ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def printable(text: str) -> str:
    """``text`` for a message: control characters, line ends and lone surrogates are escaped, as in a Python literal."""
    return text if text.isprintable() else "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def mapping(value: object, *, name: str) -> Mapping[str, object]:
    """A JSON object.

    Raises:
        EventError: anything else.
    """
    if not isinstance(value, Mapping):
        raise EventError(f"{name} is {value!r:.60}: it must be an object")
    return value


def sequence(value: object, *, name: str) -> Sequence[object]:
    """A JSON list.

    Raises:
        EventError: anything else.
    """
    if not isinstance(value, (list, tuple)):
        raise EventError(f"{name} is {value!r:.60}: it must be a list")
    return value


def bounded_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """``labels`` by name, at most :data:`MAX_LABELS` of them; ``arf.labels_left_out`` counts the rest."""
    names = sorted(labels)
    kept = {_foreign_name(name): encodable(labels[name][:MAX_TEXT]) for name in names[:MAX_LABELS]}
    if len(names) > MAX_LABELS:
        kept[f"{OWN_LABELS}labels_left_out"] = str(len(names) - MAX_LABELS)
    return kept


def component_of(labels: Mapping[str, object], *, order: Iterable[str] = COMPONENT_LABELS) -> str:
    """The component that ``labels`` are about: the value of the first label of ``order`` that is there.

    Raises:
        EventError: none of them is there, or its value cannot be a name.
    """
    order = tuple(order)
    for label in order:
        if labels.get(label):
            return checked_name(label, labels[label])
    raise EventError(f"component is missing: one of the labels {', '.join(order[:6])}, … must name it")


@lru_cache(maxsize=4096)
def label_name(value: object) -> str:
    """``value`` if it can be the name of a label; the same names come again and again.

    Raises:
        EventError: not a string, empty, longer than a name may be, or with control characters.
    """
    name = checked_name("a label's name", value)
    if len(name) > MAX_NAME - len("label."):
        raise EventError(f"a label's name has {len(name)} characters: at most {MAX_NAME - len('label.')} are allowed")
    return name


def _moment(value: object, name: str) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
        if value.tzinfo is UTC:
            return value
    if value is None:
        raise EventError(f"{name} is missing: it must be ISO 8601 with a zone, or seconds since 1970")
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise EventError(f"{name} is {value.isoformat()}: it must have a zone, such as {value.isoformat()}Z")
        return value.astimezone(UTC).replace(fold=0)
    return _from_seconds(number(value, name=name), name)


def _from_seconds(seconds: float, name: str) -> datetime:
    if _PLAUSIBLE_SECONDS <= seconds < _LAST_SECOND * 1e6:
        raise EventError(f"{name} is {seconds:.0f}: it must be seconds since 1970, and these look like milliseconds")
    if not 0 <= seconds < _LAST_SECOND:
        raise EventError(f"{name} is {seconds!r}: it must be seconds since 1970, before the year 10000")
    return datetime.fromtimestamp(seconds, UTC)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _foreign_name(name: str) -> str:
    return f"label.{name}" if name.startswith(OWN_LABELS) else name
