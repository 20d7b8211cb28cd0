# SPDX-License-Identifier: Apache-2.0
"""The two shapes an intent is read from: the sealed document and the older MCP request. Each becomes keyword arguments.

What is checked here is the shape (which keys, and that an object is an object); the fields have rules of their own
(``models.intent_fields``), and the id and digests are compared by ``models.healing_intent``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from arf_core.canonical import read_time
from arf_core.errors import InputError, IntentError
from arf_core.models.frozen import shown
from arf_core.models.intent_fields import action_of

SCHEMA: Final = "arf.healing-intent/1"
LEGACY_CONFIDENCE: Final = 0.85
"""The confidence of a request in the older MCP shape, which carried none."""


def document_fields(value: object) -> dict[str, Any]:
    """The fields of a sealed document, its id and digests left out.

    Raises:
        IntentError: not an object, an unknown or missing key, another schema, a field of another JSON type.
    """
    given = _checked_keys(value)
    fields = {name: given[name] for name in _GIVEN}
    for name, (kind, kind_name) in _JSON_KINDS.items():
        if not isinstance(fields[name], kind):
            raise IntentError(f"{name} is {shown(fields[name])}: it must be {kind_name}")
    try:
        return {**fields, "detected_at": read_time(cast("str", fields["detected_at"]))}
    except InputError as error:
        raise IntentError(f"detected_at: {error}") from error


def mcp_request_fields(request: object) -> dict[str, Any]:
    """The fields of a request in the older MCP shape: see ``HealingIntent.from_mcp_request``.

    Raises:
        IntentError: a part is not an object, an unknown tool, a time that cannot be read.
    """
    given = _mapping("the request", request)
    metadata = _mapping("metadata", given.get("metadata"))
    return {
        "action": action_of(given.get("tool")),
        "component": given.get("component"),
        "parameters": _legacy_parameters(_mapping("parameters", given.get("parameters"))),
        "justification": given.get("justification") or "",
        "confidence": metadata.get("oss_confidence", LEGACY_CONFIDENCE),
        "incident_id": metadata.get("incident_id") or "unknown",
        "detected_at": _legacy_time(metadata.get("detected_at")),
    }


_GIVEN: Final = (
    "action", "component", "incident_id", "detected_at", "justification", "confidence", "parameters",
    "reasoning_chain", "similar_incidents", "policy_applied", "rollback_hint", "evidence",
)  # fmt: skip
_KEYS: Final = frozenset(_GIVEN) | {"schema", "intent_id", "context_digest", "digest", "requires_enterprise"}
_JSON_KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "detected_at": (str, "a string"),
    "parameters": (Mapping, "an object"),
    "evidence": (Mapping, "an object"),
    "reasoning_chain": (Sequence, "a list"),
    "similar_incidents": (Sequence, "a list"),
}
_LEGACY_NAMES: Final = {"factor": "scale_factor"}


def _checked_keys(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise IntentError(f"an intent is a JSON object, not {type(value).__name__}")
    if unknown := [key for key in value if key not in _KEYS]:
        raise IntentError(f"{shown(unknown[0])} is not a field of {SCHEMA}")
    if missing := sorted(_KEYS - set(value)):
        raise IntentError(f"the field {missing[0]!r} of {SCHEMA} is missing")
    if value["schema"] != SCHEMA:
        raise IntentError(f"schema is {shown(value['schema'])}: this version reads {SCHEMA!r}")
    if value["requires_enterprise"] is not True:
        raise IntentError(f"requires_enterprise is {shown(value['requires_enterprise'])}: it must be true")
    return value


def _mapping(name: str, value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise IntentError(f"{name} is {shown(value)}: it must be an object")
    return value


def _legacy_parameters(given: Mapping[str, object]) -> dict[str, object]:
    renamed = {_LEGACY_NAMES.get(key, key): value for key, value in given.items()}
    if len(renamed) != len(given):
        raise IntentError("parameters has 'factor' and 'scale_factor': both name the same parameter")
    return renamed


def _legacy_time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(cast("str", value))
    except (TypeError, ValueError) as error:
        raise IntentError(f"metadata.detected_at is {shown(value)}: it must be an ISO 8601 time with a zone") from error
