# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Records in the forms that other systems read. Nothing here is secret: who a person is stays sealed in the record.

1. CSV (RFC 4180): a cell that a spreadsheet would take for a formula begins with an apostrophe.
2. OCSF 1.3.0 (schema.ocsf.io): logins are Authentication (3002), everything else API Activity (6003); the record
   itself is in ``unmapped``.
3. CEF 0 (ArcSight Common Event Format, revision 25): in the header ``\\`` and ``|`` are escaped, in the extension
   ``\\`` and ``=``; a newline is written ``\\n``.
4. OTLP logs, JSON encoding (opentelemetry-proto 1.3): 64-bit numbers are strings.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from arf_core.canonical import canonical_text, read_time
from arf_core.strict_json import parse_json
from arf_enterprise.audit.reading import Record
from arf_enterprise.version import __version__

OCSF: Final = "1.3.0"
PRODUCT: Final = "arf-enterprise"
COLUMNS: Final = (
    "sequence", "at", "tenant", "issuer", "subject", "method", "action", "object", "before", "after", "request_id",
    "details", "entry_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A record, taken apart."""

    value: Mapping[str, object]

    @classmethod
    def of(cls, record: Record) -> Event:
        """What ``record`` says."""
        value = parse_json(record.text, what=f"record {record.sequence}")
        return cls(value=cast("Mapping[str, object]", value))

    def __getitem__(self, name: str) -> str:
        """A field as text."""
        found = self.value[name]
        return found if isinstance(found, str) else "" if found is None else canonical_text(found)

    @property
    def actor(self) -> Mapping[str, str]:
        """Who did it."""
        return cast("Mapping[str, str]", self.value["actor"])

    @property
    def at(self) -> datetime:
        """When it happened."""
        return read_time(self["at"])

    @property
    def was_refused(self) -> bool:
        """Whether it is a refusal or a failure."""
        return self["action"].rpartition(".")[2] in {"refused", "failed", "denied"}


def csv_head() -> str:
    """The first line of a CSV file."""
    return _csv_line(COLUMNS)


def csv_line(event: Event) -> str:
    """A record as a line of CSV (rule 1)."""
    cells = {**event.actor, **{name: event[name] for name in COLUMNS if name in event.value}}
    return _csv_line([_harmless(cells[name]) for name in COLUMNS])


def ocsf(event: Event) -> Mapping[str, object]:
    """A record as an event of OCSF (rule 2)."""
    is_login = event["action"].startswith(("login.", "session."))
    kind = 3002 if is_login else 6003
    activity = 1 if is_login else _ACTIVITIES.get(event["action"].rpartition(".")[2], 99)
    user = {"uid": event.actor["subject"], "domain": event.actor["issuer"], "type_id": 0}
    found: dict[str, object] = {
        "class_uid": kind,
        "category_uid": kind // 1000,
        "activity_id": activity,
        "type_uid": kind * 100 + activity,
        "severity_id": 3 if event.was_refused else 1,
        "status_id": 2 if event.was_refused else 1,
        "time": int(event.at.timestamp() * 1000),
        "message": f"{event['action']} {event['object']}",
        "metadata": {
            "version": OCSF,
            "uid": event["entry_id"],
            "sequence": event.value["sequence"],
            "tenant_uid": event["tenant"],
            "correlation_uid": event["request_id"],
            "product": {"name": PRODUCT, "vendor_name": "ARF", "version": __version__},
        },
        "actor": {"user": user, "idp": {"name": event.actor["issuer"]}},
        "unmapped": event.value,
    }
    if activity == 99:
        found["activity_name"] = event["action"]
    if is_login:
        return {**found, "user": user, "auth_protocol": event.actor["method"]}
    api = {"operation": event["action"], "service": {"name": PRODUCT}, "request": {"uid": event["request_id"]}}
    resource = {"uid": event["object"], "name": event["object"]}
    return {**found, "api": api, "src_endpoint": {"svc_name": PRODUCT}, "resources": [resource]}


def cef(event: Event) -> str:
    """A record as a CEF message (rule 3)."""
    severity = "6" if event.was_refused else "3"
    head = ("CEF:0", "ARF", PRODUCT, __version__, event["action"], event["action"].replace(".", " "), severity)
    known = {
        "rt": str(int(event.at.timestamp() * 1000)),
        "externalId": event["entry_id"],
        "suid": event.actor["subject"],
        "suser": event.actor["subject"],
        "act": event["action"],
        "outcome": "failure" if event.was_refused else "success",
        "request": event["request_id"],
        "cs1Label": "tenant", "cs1": event["tenant"],
        "cs2Label": "object", "cs2": event["object"],
        "cs3Label": "issuer", "cs3": event.actor["issuer"],
        "cs4Label": "details", "cs4": event["details"],
        "cn1Label": "sequence", "cn1": event["sequence"],
    }  # fmt: skip
    extension = " ".join(f"{name}={_escaped(value, '=')}" for name, value in known.items())
    return "|".join([head[0], *(_escaped(part, "|") for part in head[1:]), extension])


def otlp(events: Iterable[Event], *, tenant: str) -> bytes:
    """Records as the body of an OTLP export (rule 4)."""
    resource = {
        "attributes": _attributes({"service.name": PRODUCT, "service.version": __version__, "arf.tenant": tenant})
    }
    logs = {"scope": {"name": "arf.audit", "version": __version__}, "logRecords": [_log(event) for event in events]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [logs]}]}).encode()


def _log(event: Event) -> dict[str, object]:
    nanoseconds = str(int(event.at.timestamp()) * 10**9 + event.at.microsecond * 1000)
    number, text = (13, "WARN") if event.was_refused else (9, "INFO")
    attributes = {
        "event.name": event["action"],
        "arf.sequence": event.value["sequence"],
        "arf.entry_id": event["entry_id"],
        "arf.object": event["object"],
        "arf.request_id": event["request_id"],
        "enduser.id": event.actor["subject"],
    }
    return {
        "timeUnixNano": nanoseconds,
        "observedTimeUnixNano": nanoseconds,
        "severityNumber": number,
        "severityText": text,
        "eventName": event["action"],
        "body": {"stringValue": canonical_text(event.value)},
        "attributes": _attributes(attributes),
    }


def _attributes(values: Mapping[str, object]) -> list[dict[str, object]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}}
        for key, value in values.items()
    ]


def _csv_line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(("\t", "\r", "\n")) else cell


def _escaped(text: str, mark: str) -> str:
    lines = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return lines.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\r")


_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_ACTIVITIES: Final = {
    "created": 1, "installed": 1, "added": 1, "read": 2, "exported": 2, "updated": 3, "pushed": 3, "rotated": 3,
    "deleted": 4, "revoked": 4, "erased": 4, "removed": 4,
}  # fmt: skip
