# SPDX-License-Identifier: Apache-2.0
"""The formats that can be read, by name: apart from the readers, so that the command line starts quickly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """The formats that can be read; AUTO looks at the input."""

    AUTO = "auto"
    ALERTMANAGER = "alertmanager"
    PROMETHEUS = "prometheus"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    OTLP = "otlp"
    PAGERDUTY = "pagerduty"
    DATADOG = "datadog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What people should know of a format, in words.

    ``recognised_by`` is what AUTO looks at; ``identity`` is what makes two messages the same alert or reading;
    ``ends_with`` is what closes its incident; ``example`` is the usual name of such a file.
    """

    form: Format
    what: str
    recognised_by: str
    identity: str
    ends_with: str
    example: str


_READING: Final = "component and time: the same reading twice is one"
_NOTHING: Final = "nothing: a reading is of its own time"

DESCRIBED: Final = (
    Described(
        form=Format.ALERTMANAGER,
        what="Alertmanager webhook, version 4",
        recognised_by="'alerts', a list of objects with 'labels'",
        identity="fingerprint and startsAt",
        ends_with="status 'resolved'",
        example="alertmanager.json",
    ),
    Described(
        form=Format.PROMETHEUS,
        what="Prometheus HTTP API, query_range and query",
        recognised_by="'status' and 'data' with 'resultType'",
        identity="component and time (a vector); a matrix is one window",
        ends_with=_NOTHING,
        example="query_range.json",
    ),
    Described(
        form=Format.OTLP,
        what="OpenTelemetry metrics, OTLP/HTTP in JSON or protobuf",
        recognised_by="'resourceMetrics', or the fields of such a protobuf message",
        identity="component and time; four times or more are one window",
        ends_with=_NOTHING,
        example="metrics.otlp.json",
    ),
    Described(
        form=Format.PAGERDUTY,
        what="PagerDuty Events API v2 and webhooks v3",
        recognised_by="'event_action', or 'event' with 'event_type'",
        identity="dedup_key, until it is resolved; of an incident id and created_at",
        ends_with="event_action 'resolve', incident.resolved",
        example="pagerduty.json",
    ),
    Described(
        form=Format.DATADOG,
        what="Datadog webhook, its default payload or a template of your own",
        recognised_by="'alert_transition', or the keys of the default payload",
        identity="$ALERT_CYCLE_KEY, else $AGGREG_KEY, $ALERT_ID and the scope, until it recovers",
        ends_with="$ALERT_TRANSITION 'Recovered'",
        example="datadog.json",
    ),
    Described(
        form=Format.JSON,
        what="one event, incident or window, or a list of them and of all the above",
        recognised_by="'component' and a time; 'abnormal' (window); 'schema', or 'id' and 'alerts' (incident)",
        identity="fingerprint if given, else component and time",
        ends_with="status 'resolved'",
        example="events.json",
    ),
    Described(
        form=Format.JSONL,
        what="one of the above a line",
        recognised_by="a line that is a JSON object by itself",
        identity="as of each line's own format",
        ends_with="as of each line's own format",
        example="events.jsonl",
    ),
    Described(
        form=Format.CSV,
        what="a table with a header: events, series, or tidy series",
        recognised_by="anything that does not begin like JSON, with a time and a component in its header",
        identity=_READING,
        ends_with="the column status, if there is one",
        example="metrics.csv",
    ),
)
"""Every format that can be read, except AUTO."""
