# SPDX-License-Identifier: Apache-2.0
"""Datadog's webhook: the payload is a template that people write, so what a key means is told by its name.

1. A variable is found under its own name in any spelling (``alert_transition``, ``alertTransition``), also one level
   down (``alert: {transition}``). A variable that Datadog did not fill in (``$ALERT_METRIC``, ``null``) is not there.
2. Needed are the transition (or a title that begins with one, as in Datadog's default payload: ``[Triggered on
   {service:checkout}] …``), something that tells alerts apart, and a component. All else may be missing.
3. ``$ALERT_CYCLE_KEY`` links "from the time an alert triggers until it resolves", so it identifies; else
   ``$AGGREG_KEY``, ``$ALERT_ID`` and ``$ALERT_SCOPE`` together, else the title without its transition. It stands until
   the alert recovers.
4. The component is named by a key of the template, by the scope that alerted, by the tags or by ``$HOSTNAME``: of all
   of them the first in the order of ``ingest.foreign.COMPONENT_LABELS``; :data:`LABEL_OF` has Datadog's own names.
5. Metrics are read from keys of the template named as metrics, then from the texts (``ingest.evidence``). A monitor's
   query is not evaluated.

Source: https://docs.datadoghq.com/integrations/webhooks/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from arf_core import canonical
from arf_core.errors import EventError, FormatError, InputError
from arf_core.ingest import foreign
from arf_core.ingest.batch import Batch, Collector
from arf_core.ingest.claims import (
    UNTIL_RESOLVED,
    alert_name,
    first_of_each,
    kind_of,
    labels_with,
    named_readings,
    severity_of,
)
from arf_core.ingest.evidence import Reading, readings_in
from arf_core.models.event import Alert, ReliabilityEvent, Status
from arf_core.models.signal import Severity
from arf_core.strict_json import parse_json

SOURCE: Final = "datadog"

LABEL_OF: Final = {
    "kube_deployment": "deployment",
    "kube_stateful_set": "statefulset",
    "kube_daemon_set": "daemonset",
    "kube_job": "job",
    "pod_name": "pod",
    "container_name": "container",
    "kube_app_name": "app",
    "kube_node": "node",
}
"""Datadog's tags → the component labels that they are."""

TRANSITIONS: Final = {
    **dict.fromkeys(("triggered", "retriggered", "warn", "rewarn", "nodata", "renodata", "renotify"), Status.FIRING),
    "recovered": Status.RESOLVED,
}
"""The values of ``$ALERT_TRANSITION``, in small letters without marks → what they say."""

MAX_TAGS: Final = 1000


def parse(
    payload: bytes | Mapping[str, object],
    *,
    now: datetime,
    component_labels: Iterable[str] = foreign.COMPONENT_LABELS,
) -> Batch:
    """The event in the body of a webhook; ``now`` is its time if it says none.

    Raises:
        FormatError: not JSON, or not an object.
    """
    body = parse_json(payload, what="the Datadog body") if isinstance(payload, (bytes, str)) else payload
    if not isinstance(body, Mapping):
        raise FormatError(f"the Datadog body is a {type(body).__name__}: it must be an object")
    found = Collector()
    try:
        found.add(_event(body, now, tuple(component_labels)))
    except InputError as error:
        found.fault(1, "the webhook", error)
    return found.batch()


def looks_like_datadog(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has a transition, or the keys of Datadog's default payload."""
    if "alert_transition" in value or "alertTransition" in value or value.keys() >= _DEFAULT_KEYS:
        return True
    alert = value.get("alert")
    return isinstance(alert, Mapping) and ("transition" in alert or "alert_transition" in alert)


_DEFAULT_KEYS: Final = frozenset({"body", "last_updated", "event_type", "title", "date", "org", "id"})
_MARKS: Final = re.compile(r"[^a-z0-9]")
_UNFILLED: Final = re.compile(r"\$[A-Z][A-Z_]*")
_TITLE: Final = re.compile(
    r"\A\s*(?:\[[^\[\]]*\]\s*)??\[(?P<transition>(?:re-?)?(?:triggered|warn|no data)|recovered|renotify)"
    r"(?:\s+on\s+\{(?P<scope>[^{}]*)\})?\]\s*(?P<name>.*)",
    re.DOTALL | re.IGNORECASE,
)
_Strings = Mapping[str, str]


def _variables(body: Mapping[str, object]) -> dict[str, str]:
    """The texts of the template by their key in small letters without marks; those one level down also by both."""
    found: dict[str, str] = {}
    for key, value in body.items():
        if isinstance(value, Mapping):
            inner = {f"{key}_{name}": item for name, item in value.items()} | {
                name: item for name, item in value.items() if str(name).startswith(f"{key}_")
            }
            found.update({_plain_key(name): text for name, item in inner.items() if (text := _text(item)) is not None})
    found.update({_plain_key(key): text for key, value in body.items() if (text := _text(value)) is not None})
    return found


def _plain_key(key: object) -> str:
    return _MARKS.sub("", str(key).lower())


def _text(value: object) -> str | None:
    """What Datadog filled in, None where it had nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = foreign.text_of(f"{value!s}"[: foreign.MAX_TEXT], name="a value").strip()
    return None if text.lower() in ("", "null", "none", "n/a") or _UNFILLED.fullmatch(text) else text


def _event(body: Mapping[str, object], now: datetime, order: tuple[str, ...]) -> ReliabilityEvent:
    variables = _variables(body)
    titles = [variables[name] for name in _TITLES if name in variables]
    headed = next((found for title in titles if (found := _TITLE.fullmatch(title))), None)
    transition = _first(variables, "alerttransition", "transition") or (headed["transition"] if headed else None)
    status = _status(transition)
    name = _TITLE.sub(r"\g<name>", titles[0]) if titles else ""
    scope = _first(variables, "alertscope", "scope") or (headed["scope"] if headed else None) or ""
    labels = _labels(variables, scope)
    text = ". ".join(dict.fromkeys(filter(None, (name, variables.get("alertstatus"), _first(variables, *_BODIES)))))
    readings = _readings(body, text) if status is Status.FIRING else {}
    called = alert_name(name)
    return ReliabilityEvent(
        component=foreign.component_of(_component_labels(variables, scope), order=order),
        timestamp=_time(variables, now),
        status=status,
        alert=Alert(
            name=called,
            severity=_severity(variables, str(transition)),
            kind=kind_of(called, f"{variables.get('alertmetric', '')} {text}"),
            text=text[: foreign.MAX_TEXT],
        ),
        fingerprint=_identity(variables, scope, called),
        labels=labels_with(labels, {UNTIL_RESOLVED: "alert"}, readings.values()),
        source=SOURCE,
        **{metric: reading.value for metric, reading in readings.items()},  # type: ignore[arg-type]  # names are METRICS
    )


_TITLES: Final = ("alerttitle", "eventtitle", "title", "monitorname")
_BODIES: Final = ("textonlymsg", "eventmsg", "body", "message", "msg", "text")


def _first(variables: _Strings, *names: str) -> str | None:
    return next((variables[name] for name in names if name in variables), None)


def _status(transition: str | None) -> Status:
    status = TRANSITIONS.get(_plain_key(transition)) if transition else None
    if status is None:
        said = "missing" if transition is None else repr(transition)[:60]
        raise EventError(
            f"alert_transition is {said}: it must be Triggered, Re-Triggered, Warn, Re-Warn, No Data, Re-No Data, "
            'Renotify or Recovered; the template needs "alert_transition": "$ALERT_TRANSITION"'
        )
    return status


def _severity(variables: _Strings, transition: str) -> Severity:
    if "warn" in transition.lower():
        return Severity.WARNING
    priority = _PRIORITIES.get((_first(variables, "alertpriority", "priority") or "").lower())
    return priority or severity_of(_first(variables, "alerttype", "severity") or "")


_PRIORITIES: Final = {
    "p1": Severity.CRITICAL, "p2": Severity.CRITICAL, "p3": Severity.WARNING, "p4": Severity.INFO, "p5": Severity.INFO,
}  # fmt: skip
_KEPT: Final = ("alertid", "alertmetric", "alertquery", "alertpriority", "eventtype", "link", "org", "orgname")


def _labels(variables: _Strings, scope: str) -> dict[str, str]:
    """The tags, those of the scope before others of that name, and what describes the monitor."""
    described = {f"datadog.{name}": variables[name] for name in _KEPT if name in variables}
    return {**_tags(variables.get("tags", "")), **_tags(scope), **described}


def _tags(text: str) -> dict[str, str]:
    """``service:checkout, env:prod`` as labels; a tag without a value is one with an empty value."""
    found: dict[str, str] = {}
    for tag in text.split(",")[:MAX_TAGS]:
        name, _, value = tag.strip().partition(":")
        if name and name.isprintable() and len(name) <= 200:
            found.setdefault(name, value.strip())
    return found


def _component_labels(variables: _Strings, scope: str) -> dict[str, str]:
    tagged = {**_tags(variables.get("tags", "")), **_tags(scope)}
    found = {LABEL_OF.get(name, name.replace("-", "_")): value for name, value in tagged.items() if value}
    own = {name: variables[key] for name in foreign.COMPONENT_LABELS if (key := _plain_key(name)) in variables}
    return {**found, **own}


def _readings(body: Mapping[str, object], text: str) -> dict[str, Reading]:
    named = {str(key): value for key, item in body.items() if (value := _text(item)) is not None}
    return first_of_each((*named_readings("key", named), *readings_in([("text", text)]).values()))


def _time(variables: _Strings, now: datetime) -> datetime:
    said = _first(variables, "date", "lastupdated", "timestamp")
    if said is None:
        return now
    if said.isdecimal() and said.isascii() and len(said) <= 16:
        seconds = int(said)
        return foreign.moment(seconds / 1000 if seconds >= _MILLISECONDS else seconds, name="date")
    return foreign.moment(said, name="date")


_MILLISECONDS: Final = 100_000_000_000  # as seconds this is the year 5138


def _identity(variables: _Strings, scope: str, name: str) -> str:
    if cycle := _first(variables, "alertcyclekey", "cyclekey"):
        return canonical.short_id("dd_", {"cycle": cycle})
    known = {
        "aggreg": _first(variables, "aggregkey", "aggregationkey"),
        "id": _first(variables, "alertid", "monitorid"),
    }
    about = {
        "scope": ",".join(sorted(part.strip() for part in scope.split(","))),
        "host": variables.get("hostname", ""),
    }
    given = {key: value for key, value in known.items() if value}
    return canonical.short_id("dd_", {**(given or {"name": name}), **about})
