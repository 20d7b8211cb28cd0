# SPDX-License-Identifier: Apache-2.0
"""The Alertmanager webhook, version 4: each alert becomes one event.

1. An alert is identified by its fingerprint and ``startsAt`` (kept as the label ``arf.starts_at``); a firing one
   happened at ``startsAt``, a resolved one at ``endsAt``.
2. Metrics are evidence, so each is read from exactly one of, in this order: a label or annotation named as a metric, an
   annotation that gives the rule's value, a sentence of an annotation (``ingest.evidence``), the comparison of the rule
   (``ingest.expression``). Where it was read stands in the label ``arf.read.<metric>``. What is not clear is not read.
3. A resolved alert carries no metrics: its sentences speak of the past.
4. Labels and annotations are data. An alert without a component or a time is a fault, and so is one whose component
   holds control characters; the others are read all the same. What only describes (the rule's name) never loses one.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from arf_core import canonical
from arf_core.errors import EventError, FormatError, InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector
from arf_core.ingest.claims import (
    STARTS_AT,
    alert_name,
    first_of_each,
    kind_of,
    labels_with,
    named_readings,
    number_in,
    severity_of,
)
from arf_core.ingest.evidence import Reading, readings_in
from arf_core.ingest.expression import Comparison, comparison_of, expression_of
from arf_core.models.event import Alert, ReliabilityEvent, Status, checked_name
from arf_core.strict_json import parse_json

SOURCE: Final = "alertmanager"


def parse(
    payload: bytes | Mapping[str, object], *, component_labels: Iterable[str] = foreign.COMPONENT_LABELS
) -> Batch:
    """The events in the body of a webhook; alerts that cannot be read are faults by their index.

    Raises:
        FormatError: not JSON, or not the body of an Alertmanager webhook at all.
    """
    body = parse_json(payload, what="the webhook body") if isinstance(payload, (bytes, str)) else payload
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list):
        raise FormatError("the webhook body must be an object with a list 'alerts' (Alertmanager webhook version 4)")
    order = tuple(component_labels)
    found = Collector(notes=list(_notes(body)))
    for index, alert in enumerate(body["alerts"]):
        try:
            found.add(read_alert(alert, component_labels=order))
        except InputError as error:
            found.fault(index + 1, f"alerts[{index}]", error)
    return found.batch()


def looks_like_alertmanager(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has the shape of a webhook body."""
    alerts = value.get("alerts")
    if not isinstance(alerts, list):
        return False
    first = alerts[0] if alerts else None
    return isinstance(first, Mapping) and "labels" in first if alerts else bool({"receiver", "version"} & value.keys())


def read_alert(value: object, *, component_labels: Iterable[str] = foreign.COMPONENT_LABELS) -> ReliabilityEvent:
    """The event in one element of ``alerts``.

    Raises:
        EventError: a field is missing or breaks its rule.
    """
    alert = foreign.mapping(value, name="the alert")
    status = _status(alert.get("status"))
    labels = _strings(alert.get("labels"), "labels")
    annotations = _strings(alert.get("annotations") or {}, "annotations")
    texts = tuple(_texts(annotations))
    starts_at = foreign.moment(alert.get("startsAt"), name="startsAt")
    comparison = _comparison(alert.get("generatorURL"))
    readings = _readings(labels, annotations, texts, comparison) if status is Status.FIRING else {}
    return ReliabilityEvent(
        component=foreign.component_of(labels, order=component_labels),
        timestamp=starts_at if status is Status.FIRING else _ended(alert.get("endsAt"), starts_at),
        status=status,
        alert=_alert(labels, texts, comparison),
        fingerprint=_fingerprint(alert.get("fingerprint"), labels),
        labels=labels_with(labels, {STARTS_AT: canonical.write_time(starts_at)}, readings.values()),
        source=SOURCE,
        **{name: reading.value for name, reading in readings.items()},  # type: ignore[arg-type]  # names are METRICS
    )


_TEXTS: Final = ("summary", "description", "message", "title")
_NO_TEXTS: Final = ("runbook", "dashboard", "link")
_CURRENT: Final = ("value", "current", "current_value")

_Texts = tuple[tuple[str, str], ...]
"""The sentences of an alert, each with the name of its annotation."""


def _status(value: object) -> Status:
    if value not in ("firing", "resolved"):
        raise EventError(f"status is {value!r:.60}: it must be 'firing' or 'resolved'")
    return Status(value)


def _strings(value: object, name: str) -> dict[str, str]:
    strings: dict[str, str] = {}
    for key, text in foreign.mapping(value, name=name).items():
        if not isinstance(text, str):
            raise EventError(f"{name}.{key!s:.60} is {text!r:.60}: it must be a string")
        strings[foreign.label_name(key)] = text
    return strings


def _ended(value: object, starts_at: datetime) -> datetime:
    """``endsAt``; Alertmanager writes the year 1 for an end that it does not know."""
    ends_at = foreign.moment(value, name="endsAt")
    return starts_at if ends_at.year == 1 else ends_at


def _fingerprint(value: object, labels: Mapping[str, str]) -> str:
    if value is None or value == "":
        return canonical.short_id("", {foreign.encodable(key): foreign.encodable(text) for key, text in labels.items()})
    return checked_name("fingerprint", value)


def _alert(labels: Mapping[str, str], texts: _Texts, comparison: Comparison | None) -> Alert:
    name = alert_name(labels.get("alertname", ""))
    text = ". ".join(text for _, text in texts)
    words = f"{comparison.metric} {text}" if comparison and comparison.metric else text
    meaning = comparison.meaning if comparison else None
    return Alert(
        name=name,
        severity=severity_of(labels.get("severity", "")),
        kind=kind_of(name, words, metric=meaning.metric if meaning else None),
        text=foreign.encodable(text[: foreign.MAX_TEXT]),
    )


def _texts(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The annotations that are sentences: the usual ones first, then the others by name; links are none."""
    others = sorted(annotations.keys() - set(_TEXTS))
    for name in (*_TEXTS, *others):
        text = annotations.get(name)
        if text and not (name.lower().startswith(_NO_TEXTS) or name.lower().endswith("url") or "://" in text[:12]):
            yield name, text


def _comparison(url: object) -> Comparison | None:
    expression = expression_of(url) if isinstance(url, str) else None
    return comparison_of(expression) if expression else None


def _readings(
    labels: Mapping[str, str], annotations: Mapping[str, str], texts: _Texts, comparison: Comparison | None
) -> dict[str, Reading]:
    return first_of_each(
        (
            *named_readings("label", labels),
            *named_readings("annotation", annotations),
            *_current(annotations, comparison),
            *readings_in((f"annotation {name}", text) for name, text in texts).values(),
            *_bound(comparison),
        )
    )


def _current(annotations: Mapping[str, str], comparison: Comparison | None) -> Iterator[Reading]:
    """An annotation ``value: "0.42"`` is the value of the rule's left side."""
    for name in _CURRENT:
        number = number_in(annotations.get(name, ""))
        if comparison and comparison.meaning and number is not None:
            value = comparison.meaning.of(number)
            if value is not None:
                origin = f"annotation {name}: {number:g} of the rule {comparison.text:.200}"
                yield Reading(metric=comparison.meaning.metric, value=value, origin=origin)


def _bound(comparison: Comparison | None) -> Iterator[Reading]:
    if comparison and comparison.meaning and comparison.bound is not None:
        origin = f"the rule {comparison.text:.200} fires (a lower bound)"
        yield Reading(metric=comparison.meaning.metric, value=comparison.bound, origin=origin)


def _notes(body: Mapping[str, object]) -> Iterator[str]:
    version = body.get("version")
    if version != "4":
        yield f"the webhook's version is {version!r:.20}, not '4': it was read as version 4"
    truncated = body.get("truncatedAlerts", 0)
    if isinstance(truncated, int) and truncated > 0:
        yield f"truncatedAlerts is {truncated}: Alertmanager cut off {truncated} alerts of this group (its max_alerts)"
