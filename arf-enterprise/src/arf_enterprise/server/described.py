# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How routes are described in OpenAPI: an example of what each takes and answers, and the one form of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from arf_enterprise.server.failures import JSON

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
ERROR: Final[Json] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "remedy", "request_id"],
            "properties": {
                "code": {"type": "string", "pattern": "^ARF-E-[0-9]{4}$"},
                "message": _TEXT,
                "remedy": _TEXT,
                "request_id": _TEXT,
            },
        }
    },
    "examples": [
        {
            "error": {
                "code": "ARF-E-3002",
                "message": "keys.create is permitted to admin, and not to this caller",
                "remedy": "Ask an admin for the role that the message names.",
                "request_id": "9f86d081884c7d65",
            }
        }
    ],
}
_MEANINGS: Final = {
    401: "No key or token, or one that is wrong, expired or revoked.",
    403: "The caller may not do this, or the tenant is not its own.",
    404: "Nothing is known under that name.",
    408: "The body did not come in time.",
    409: "It is not in a state for this, or is known with other content.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A field or parameter is missing, unknown or wrong.",
    424: "The target does not answer, or its settings are wrong: nothing was done.",
    429: "Too many requests, or too many wrong keys: come back after `Retry-After` seconds.",
    500: "Something went wrong inside ARF.",
    503: "The database or the identity provider does not answer, or the server is stopping.",
}
_USUAL: Final = (401, 403, 422, 429, 500, 503)
_OF_A_BODY: Final = (408, 413, 415)


def answers(example: Mapping[str, object], *others: int, status: int = 200) -> dict[int | str, Json]:
    """The responses of a route: ``example`` with ``status``, and the usual errors and ``others``."""
    described: dict[int | str, Json] = {
        status: _content("The answer.", {"schema": {"type": "object"}, "example": example})
    }
    for number in sorted({*_USUAL, *others}):
        described[number] = _content(_MEANINGS[number], {"schema": {"$ref": "#/components/schemas/Error"}})
    return described


def text_answers(media_type: str, example: str) -> dict[int | str, Json]:
    """The responses of a route that answers with text."""
    kind = media_type.partition(";")[0]
    described = answers({})
    described[200] = {"description": "The answer.", "content": {kind: {"schema": _TEXT, "example": example}}}
    return described


def body(example: Mapping[str, object], schema: Json) -> Json:
    """The body that a route reads."""
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema, "example": example}}}}


def of_a_body(*others: int) -> tuple[int, ...]:
    """The errors that reading a body adds to ``others``."""
    return (*_OF_A_BODY, *others)


def finished(document: Json, *, open_paths: frozenset[str]) -> Json:
    """``document``, as FastAPI makes it, with the form of errors and of authentication."""
    components = document.setdefault("components", {})
    components["schemas"] = {"Error": ERROR}
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422", "")):
                del responses["422"]
            if path in open_paths:
                operation["security"] = []
    return document


def _content(description: str, content: Json) -> Json:
    return {"description": description, "content": {JSON: content}}
