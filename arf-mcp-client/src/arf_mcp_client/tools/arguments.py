# SPDX-License-Identifier: Apache-2.0
"""What the tools take: the types of their arguments, with the descriptions that a model reads.

A model that was given JSON hands it on as text or as the value itself; both are taken. Text stays as it is given, so
that strict parsing sees every key and digit of it.
"""

from __future__ import annotations

import json
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from arf_core.ingest.formats import Format


def as_text(value: object) -> object:
    """``value`` as JSON text if it is a JSON object or list; anything else as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


_SCHEMA: Final = {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array", "items": {}}]}

Telemetry = Annotated[
    str,
    BeforeValidator(as_text),
    WithJsonSchema(
        {
            **_SCHEMA,
            "description": (
                "The telemetry, as text or as the JSON value itself: an Alertmanager webhook, a Prometheus range-query "
                "answer, readings or incidents (JSON, or JSONL as text), or CSV as text. A reading is for example "
                '{"component": "checkout", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900, "cpu_util": 0.2}, '
                "latency in milliseconds, shares from 0 to 1."
            ),
        }
    ),
]
Artifact = Annotated[
    str,
    BeforeValidator(as_text),
    WithJsonSchema({**_SCHEMA, "description": "The artifact: text as it was received, the JSON value, or base64."}),
]
InputFormat = Annotated[Format, Field(description="What the telemetry is; auto looks at it.")]
Most = Annotated[int, Field(ge=1, le=200, description="The most incidents, and bad records, to tell about.")]
MostSimilar = Annotated[int, Field(ge=1, le=50, description="The most similar incidents to tell about.")]
InFull = Annotated[bool, Field(description="Also give every intent as its full sealed document.")]
ActionName = Annotated[str, Field(description="The action that the decision was about, such as rollback.")]
ComponentName = Annotated[str | None, Field(description="Where; only needed where several components are abnormal.")]
