# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document: schemas, examples, and the errors of each route. The schemas say what is always there; answers
may gain members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from arf_core.api.failures import JSON, PROTOBUF
from arf_core.api.samples import ALERTS, DATADOG, EVENT, METRICS, answers

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_TEXTS: Final[Json] = {"type": "array", "items": _TEXT}
_FREE: Final[Json] = {"type": "object"}
_ANY_LIST: Final[Json] = {"type": "array"}


def _object(**members: Json) -> Json:
    return {"type": "object", "required": sorted(members), "properties": members}


def _list_of(name: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_ERROR: Final = _object(
    code={"type": "string", "pattern": "^ARF-[0-9]{4}$"}, message=_TEXT, remedy=_TEXT, request_id=_TEXT
)
_SUMMARY: Final = _object(
    incident_id=_TEXT,
    status={"enum": ["open", "closed"]},
    opened_at=_TEXT,
    last_at=_TEXT,
    components=_TEXTS,
    members=_COUNT,
    repeated=_COUNT,
    intent_ids=_TEXTS,
)
SCHEMAS: Final[Mapping[str, Json]] = {
    "Error": _object(error=_ERROR),
    "OtlpError": _object(code={"type": "integer"}, message=_TEXT, error=_ERROR),
    "Fault": _object(position=_COUNT, where=_TEXT, code=_TEXT, message=_TEXT),
    "Analysis": _object(
        schema={"const": "arf.analysis/1"},
        read=_COUNT,
        normal=_COUNT,
        advice={"type": "array", "items": _FREE},
        closed=_TEXTS,
        faults=_list_of("Fault"),
        notes=_TEXTS,
    ),
    "Outcome": _object(
        incident_id=_TEXT,
        status={"enum": ["open", "closed"]},
        components=_TEXTS,
        intents=_TEXTS,
        refused=_COUNT,
        because=_TEXT,
    ),
    "Accepted": _object(
        schema={"const": "arf.accepted/1"},
        read=_COUNT,
        normal=_COUNT,
        incidents=_list_of("Outcome"),
        closed=_TEXTS,
        faults=_list_of("Fault"),
        notes=_TEXTS,
    ),
    "Incidents": _object(schema={"const": "arf.incidents/1"}, incidents={"type": "array", "items": _SUMMARY}),
    "Incident": _object(
        schema={"const": "arf.incident/1"},
        alerts={"type": "array", "items": _FREE},
        grouped_because=_TEXTS,
        advice=_FREE,
        intents=_list_of("Intent"),
        **_SUMMARY["properties"],
    ),
    "Intent": _object(schema=_TEXT, intent_id=_TEXT, digest=_TEXT, action=_TEXT, component=_TEXT, incident_id=_TEXT),
    "Intents": _object(schema={"const": "arf.intents/1"}, intents=_list_of("Intent")),
    "Capabilities": _object(edition={"const": "oss"}, can_execute={"const": False}, limits=_FREE, limits_digest=_TEXT),
    "Metrics": _object(schema={"const": "arf.metrics/1"}, metrics={"type": "array", "items": _FREE}),
    "Exported": {"type": "object"},
    "Alerts": {
        "type": "object",
        "required": ["alerts"],
        "properties": {"alerts": {"type": "array", "description": "Alertmanager webhook, version 4."}},
    },
    "State": _object(status=_TEXT),
}

_MEANINGS: Final = {
    400: "The body or the request is not what it was said to be.",
    401: "The server has a token, and the request has none or another one.",
    404: "Nothing is known under the id.",
    408: "The body did not come in time.",
    413: "The body is too large, as it came or unpacked.",
    415: "The route does not read this Content-Type or Content-Encoding.",
    422: "No record, or no parameter, could be read.",
    429: "Too many requests: come back after `Retry-After` seconds.",
    500: "Something went wrong inside ARF.",
    503: "Busy, or stopping: come back after `Retry-After` seconds.",
}
_ASKING: Final = (400, 401, 429, 500, 503)
_TAKING: Final = (400, 401, 408, 413, 415, 422, 429, 500, 503)
_EXAMPLE_ERROR: Final[Json] = {
    "error": {
        "code": "ARF-1006",
        "message": "the body is longer than 8388608 bytes, unpacked: split it, or start the server with --max-body",
        "remedy": "Send fewer records at once, or start the server with a larger --max-body.",
        "request_id": "9f86d081884c7d65",
    }
}


def asking(schema: str, *errors: int, other: Mapping[str, Json] | None = None) -> Json:
    """How a route that only looks is described: what it answers, and its errors beside the usual ones."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}, **(other or {})}
    return {"responses": {"200": {"description": "The answer.", "content": content}, **_errors((*_ASKING, *errors))}}


def standing(schema: str, *, errors: bool) -> Json:
    """How ``/health`` and ``/ready`` are described: without errors of the gate, which they pass."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    answer = {"200": {"description": "It is.", "content": content}}
    return {"responses": {**answer, "503": {"description": "It is not.", "content": content}} if errors else answer}


def taking(
    schema: str, body: Json, *, status: int = 200, other: Mapping[str, Json] | None = None, otlp: bool = False
) -> Json:
    """How a route that takes telemetry is described: its body's example, what it answers, and its errors."""
    reads = "Exported" if otlp else "Alerts" if body is ALERTS else None
    described = {"schema": {"$ref": f"#/components/schemas/{reads}"} if reads else {}, "example": body}
    answer = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    if otlp:
        answer[PROTOBUF] = {"schema": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {"required": True, "content": {JSON: described, **(other or {})}},
        "responses": {str(status): {"description": "Taken.", "content": answer}, **_errors(_TAKING, otlp=otlp)},
    }


def describe(document: Json, *, with_token: bool) -> Json:
    """``document``, as FastAPI makes it, with schemas, bodies, answers, errors and examples."""
    examples, parts = answers(), _routes()
    schemas = {
        name: {**schema, **({"examples": [examples[name]]} if name in examples else {})}
        for name, schema in SCHEMAS.items()
    }
    schemas["Error"]["examples"] = [_EXAMPLE_ERROR]
    made = document.get("components", {}).get("schemas", {})
    document["components"] = {"schemas": {**_without_validation(made), **schemas}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation.pop("responses", None)
            operation.update(parts[f"{method} {path}"])
            if with_token and path in ("/health", "/ready"):
                operation["security"] = []
    if with_token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _routes() -> Mapping[str, Json]:
    """Method and path → its part of the document."""
    return {
        "get /health": standing("State", errors=False),
        "get /ready": standing("State", errors=True),
        "get /metrics": asking("Metrics", 422, other={"text/plain": {"schema": _TEXT}, "text/csv": {"schema": _TEXT}}),
        "post /v1/analyze": taking(
            "Analysis",
            {"component": "checkout-api", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900.0},
            other={
                "application/x-ndjson": {"schema": {}},
                "text/csv": {"schema": {}},
                "application/octet-stream": {"schema": {}},
            },
        ),
        "post /v1/alerts": taking("Accepted", ALERTS),
        "post /v1/otlp/v1/metrics": taking(
            "Exported", METRICS, other={PROTOBUF: {"schema": {"type": "string", "format": "binary"}}}, otlp=True
        ),
        "post /v1/events/pagerduty": taking("Accepted", EVENT, status=202),
        "post /v1/events/pagerduty/v2/enqueue": taking("Accepted", EVENT, status=202),
        "post /v1/events/datadog": taking("Accepted", DATADOG),
        "get /v1/incidents": asking("Incidents", 422),
        "get /v1/incidents/{incident_id}": asking("Incident", 404, 422),
        "get /v1/intents": asking("Intents", 422),
        "get /v1/intents/{intent_id}": asking("Intent", 404, 422),
        "get /v1/capabilities": asking("Capabilities"),
    }


def _without_validation(schemas: Json) -> Json:
    """FastAPI's schemas without those of its own errors, which are never answered."""
    return {name: schema for name, schema in schemas.items() if "ValidationError" not in name}


def _errors(statuses: tuple[int, ...], *, otlp: bool = False) -> Json:
    schema = {"$ref": f"#/components/schemas/{'OtlpError' if otlp else 'Error'}"}
    content: Json = {JSON: {"schema": schema}}
    if otlp:
        content[PROTOBUF] = {"schema": {"type": "string", "format": "binary"}}
    return {str(status): {"description": _MEANINGS[status], "content": content} for status in sorted(statuses)}
