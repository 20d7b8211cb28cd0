# SPDX-License-Identifier: Apache-2.0
"""PagerDuty: what is sent to it (Events API v2) and what it sends on (webhooks v3).

1. Of Events v2, a *trigger* becomes a firing event, a *resolve* a resolved one. The ``dedup_key`` is its fingerprint
   and one alert until it is resolved, as in PagerDuty. A trigger without one gets one, made of what it says: whoever
   is told that key can resolve it. The ``routing_key`` is a secret, and is not kept.
2. Of webhooks v3, ``incident.triggered`` and ``incident.reopened`` fire, ``incident.resolved`` resolves; an incident is
   known by its ``id`` and began at ``created_at``. All else that can happen to an incident (it is acknowledged,
   escalated, annotated…) changes nothing of what is wrong: it is a note.
3. The component of an event is ``payload.component``, else what ``custom_details`` name
   (``ingest.foreign.COMPONENT_LABELS``), else ``payload.source``; of an incident it is its service. A resolve needs no
   payload: then its component is :data:`NOT_SAID`, and it is the key that finds the alert.
4. Metrics are read from ``custom_details`` named as metrics, then from the summary (``ingest.evidence``).
5. Fields that are not known are left alone: PagerDuty adds some now and then.

Sources: https://developer.pagerduty.com/docs/send-alert-event, https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from arf_core import canonical
from arf_core.errors import EventError, FormatError, InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector
from arf_core.ingest.claims import (
    STARTS_AT,
    UNTIL_RESOLVED,
    alert_name,
    first_of_each,
    kind_of,
    labels_with,
    named_readings,
    severity_of,
)
from arf_core.ingest.evidence import readings_in
from arf_core.models.event import MAX_NAME, Alert, ReliabilityEvent, Status, checked_name
from arf_core.models.signal import Severity
from arf_core.strict_json import parse_json

SOURCE: Final = "pagerduty"
NOT_SAID: Final = "(not said)"
"""The component of a resolve that says none."""


def parse(
    payload: bytes | Mapping[str, object],
    *,
    now: datetime,
    component_labels: Iterable[str] = foreign.COMPONENT_LABELS,
) -> Batch:
    """The event in the body of a request; ``now`` is its time if it says none.

    Raises:
        FormatError: not JSON, or neither an event of Events v2 nor a webhook of v3.
    """
    body = parse_json(payload, what="the PagerDuty body") if isinstance(payload, (bytes, str)) else payload
    if not isinstance(body, Mapping) or not looks_like_pagerduty(body):
        raise FormatError("the PagerDuty body needs 'event_action' (Events API v2), or 'event' (webhooks v3)")
    found = Collector()
    try:
        if "event_action" in body:
            _add_sent(body, now, tuple(component_labels), found)
        else:
            _add_webhook(foreign.mapping(body["event"], name="event"), found)
    except InputError as error:
        found.fault(1, "the event", error)
    return found.batch()


def looks_like_pagerduty(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has the shape of an event of Events v2, or of a webhook of v3."""
    if "event_action" in value:
        return not {"payload", "dedup_key", "routing_key"}.isdisjoint(value)
    event = value.get("event")
    return isinstance(event, Mapping) and "event_type" in event


_Strings = Mapping[str, str]


def _add_sent(body: Mapping[str, object], now: datetime, order: tuple[str, ...], found: Collector) -> None:
    action = body["event_action"]
    if action == "acknowledge":
        found.notes.append("an acknowledgement was left out: someone looks at the alert, but it still fires")
        return
    if action not in ("trigger", "resolve"):
        raise EventError(f"event_action is {action!r:.60}: it must be 'trigger', 'acknowledge' or 'resolve'")
    status = Status.FIRING if action == "trigger" else Status.RESOLVED
    payload = foreign.mapping(body.get("payload") or {}, name="payload")
    labels = _labels(payload, body)
    summary = _text(payload, "summary", required=status is Status.FIRING)
    severity = severity_of(_severity(payload.get("severity"), required=status is Status.FIRING))
    found.add(
        _event(
            component=_component(labels, order, needed=status is Status.FIRING),
            timestamp=now
            if payload.get("timestamp") is None
            else foreign.moment(payload["timestamp"], name="timestamp"),
            status=status,
            name=labels.get("class") or summary,
            text=summary,
            severity=severity,
            labels=labels,
            identity=_identity(body, labels, summary, status),
        )
    )


def _identity(body: Mapping[str, object], labels: _Strings, summary: str, status: Status) -> tuple[str, _Strings]:
    """The fingerprint of an alert of Events v2, and the labels that say how long it stands."""
    if body.get("dedup_key") in (None, ""):
        if status is Status.RESOLVED:
            raise EventError("dedup_key is missing: it says which alert is resolved")
        return canonical.short_id("pd_", {"labels": dict(labels), "summary": summary}), {}
    key = foreign.text_of(body["dedup_key"], name="dedup_key")
    is_name = len(key) <= MAX_NAME and key.isprintable() and not key.isspace()
    return key if is_name else canonical.short_id("pd_", {"dedup_key": key}), {UNTIL_RESOLVED: "dedup_key"}


def _add_webhook(event: Mapping[str, object], found: Collector) -> None:
    kind = foreign.text_of(event.get("event_type"), name="event_type")
    status = _WEBHOOKS.get(kind)
    if status is None:
        found.notes.append(
            f"a webhook of type {foreign.printable(kind)[:60]} was left out: it does not say what is wrong"
        )
        return
    incident = foreign.mapping(event.get("data"), name="data")
    identity = checked_name("data.id", incident.get("id"))
    began = foreign.moment(incident.get("created_at"), name="data.created_at")
    service = foreign.mapping(incident.get("service") or {}, name="data.service")
    title = _text(incident, "title", required=False)
    found.add(
        _event(
            component=checked_name("data.service.summary", service.get("summary") or service.get("id")),
            timestamp=foreign.moment(event.get("occurred_at"), name="occurred_at"),
            status=status,
            name=title,
            text=title,
            severity=_urgency(incident),
            labels=_plain({name: incident.get(name) for name in ("number", "urgency", "html_url", "incident_key")}),
            identity=(canonical.short_id("pd_", {"incident": identity}), {STARTS_AT: canonical.write_time(began)}),
        )
    )


_WEBHOOKS: Final = {
    "incident.triggered": Status.FIRING,
    "incident.reopened": Status.FIRING,
    "incident.resolved": Status.RESOLVED,
}
_PRIORITIES: Final = {
    "p1": Severity.CRITICAL, "p2": Severity.CRITICAL, "p3": Severity.WARNING, "p4": Severity.INFO, "p5": Severity.INFO,
}  # fmt: skip


def _urgency(incident: Mapping[str, object]) -> Severity:
    """By the incident's priority, else by its urgency."""
    priority = foreign.mapping(incident.get("priority") or {}, name="data.priority").get("summary")
    named = _PRIORITIES.get(str(priority).strip().lower())
    return named or severity_of(str(incident.get("urgency") or ""))


def _event(
    *,
    component: str,
    timestamp: datetime,
    status: Status,
    name: str,
    text: str,
    severity: Severity,
    labels: _Strings,
    identity: tuple[str, _Strings],
) -> ReliabilityEvent:
    known = first_of_each((*named_readings("custom_details", labels), *readings_in([("summary", text)]).values()))
    readings = known if status is Status.FIRING else {}
    title = alert_name(name)
    return ReliabilityEvent(
        component=component,
        timestamp=timestamp,
        status=status,
        alert=Alert(name=title, severity=severity, kind=kind_of(title, text), text=text),
        fingerprint=identity[0],
        labels=labels_with(labels, identity[1], readings.values()),
        source=SOURCE,
        **{metric: reading.value for metric, reading in readings.items()},  # type: ignore[arg-type]  # names are METRICS
    )


def _labels(payload: Mapping[str, object], body: Mapping[str, object]) -> dict[str, str]:
    """What describes the alert; not the ``routing_key``, which is a secret."""
    details = payload.get("custom_details")
    own = {name: payload.get(name) for name in ("component", "source", "group", "class")}
    own |= {"client": body.get("client"), "dedup_key": body.get("dedup_key")}
    return {**_plain(details if isinstance(details, Mapping) else {}), **_plain(own)}


def _plain(values: Mapping[str, object]) -> dict[str, str]:
    """The strings, numbers and booleans of ``values`` as strings."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, (str, int, float)) and value != "":
            text = ("true" if value else "false") if isinstance(value, bool) else f"{value!s}"
            found[foreign.label_name(name)] = foreign.text_of(text, name=name)
    return found


def _component(labels: _Strings, order: tuple[str, ...], *, needed: bool) -> str:
    if not any(labels.get(name) for name in (*order, "source")) and not needed:
        return NOT_SAID
    return foreign.component_of(labels, order=(*order, "source"))


def _text(values: Mapping[str, object], name: str, *, required: bool) -> str:
    value = values.get(name)
    if value is None and not required:
        return ""
    return foreign.text_of(value, name=name)


def _severity(value: object, *, required: bool) -> str:
    if value is None and not required:
        return ""
    if value not in ("critical", "error", "warning", "info"):
        raise EventError(f"severity is {value!r:.60}: it must be critical, error, warning or info")
    return str(value)
