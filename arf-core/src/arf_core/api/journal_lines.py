# SPDX-License-Identifier: Apache-2.0
"""Steps of the service as JSON, and back: exactly, unlike telemetry, whose labels are cut and renamed on reading."""

from __future__ import annotations

import json
from collections.abc import Mapping

from arf_core.canonical import read_time, write_time
from arf_core.errors import FormatError, InputError
from arf_core.models.event import METRICS, Alert, ReliabilityEvent, Status
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import Severity, SignalKind
from arf_core.service.delivery import Delivered


def write_step(step: Delivered) -> str:
    """``step`` as one line of JSON."""
    document = {
        "at": write_time(step.at),
        "events": [_written(event) for event in step.events],
        "homes": [list(homes) for homes in step.homes],
    }
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def read_step(value: object, *, where: str) -> Delivered:
    """The step that :func:`write_step` wrote; ``where`` is the place for messages.

    Raises:
        FormatError: ``value`` is something else.
    """
    try:
        return _read(value)
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{where} is not a step: {type(error).__name__}: {error}") from error


def _written(event: ReliabilityEvent) -> dict[str, object]:
    alert = event.alert
    document: dict[str, object] = {
        "component": event.component,
        "timestamp": write_time(event.timestamp),
        "status": event.status.value,
        "source": event.source,
        "fingerprint": event.fingerprint,
        "labels": dict(event.labels),
        "upstream_deps": list(event.upstream_deps),
        "downstream_deps": list(event.downstream_deps),
        "alert": alert and {"name": alert.name, "severity": alert.severity, "kind": alert.kind, "text": alert.text},
        **event.metrics,
    }
    return {name: value for name, value in document.items() if value not in (None, [], {})}


def _read(value: object) -> Delivered:
    if not isinstance(value, Mapping):
        raise FormatError("it is no object")
    events = tuple(_read_event(event) for event in value["events"])
    homes = tuple(tuple(str(home) for home in homes) for homes in value["homes"])
    if len(events) != len(homes):
        raise FormatError("it has not one list of incidents for each event")
    return Delivered(at=read_time(value["at"]), events=events, homes=homes)


def _read_event(value: Mapping[str, object]) -> ReliabilityEvent:
    alert = value.get("alert")
    return ReliabilityEvent(
        component=str(value["component"]),
        timestamp=read_time(str(value["timestamp"])),
        status=Status(str(value["status"])),
        source=str(value["source"]),
        fingerprint=None if value.get("fingerprint") is None else str(value["fingerprint"]),
        labels=FrozenMap(_object(value.get("labels", {}))),
        upstream_deps=tuple(map(str, _list(value.get("upstream_deps", [])))),
        downstream_deps=tuple(map(str, _list(value.get("downstream_deps", [])))),
        alert=None if alert is None else _read_alert(_object(alert)),
        **{name: value[name] for name in METRICS if name in value},  # type: ignore[arg-type]  # the event checks them
    )


def _read_alert(value: Mapping[str, object]) -> Alert:
    return Alert(
        name=str(value["name"]),
        severity=Severity(str(value["severity"])),
        kind=SignalKind(str(value["kind"])),
        text=str(value["text"]),
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise FormatError("a part of it is no object")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise FormatError("a part of it is no list")
    return value
