# SPDX-License-Identifier: Apache-2.0
"""One form for every error: ``{"error": {"code", "message", "remedy", "request_id"}}``.

1. The code is that of ``arf_core.errors``, explained by ``arf explain CODE``; the HTTP status follows from it.
2. On the OTLP route the form is that of OTLP (``google.rpc.Status``), as JSON or protobuf like the request; the JSON
   has ours beside it. Source: https://opentelemetry.io/docs/specs/otlp/#failures
3. An unexpected error says nothing of its inside: that is in the log, under the request's id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from arf_core.errors import (
    ArfError,
    AuthenticationError,
    BusyError,
    EventError,
    FormatError,
    InputError,
    NotFoundError,
    TooLargeError,
)

OTLP_PATH: Final = "/v1/otlp"
PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"


class Refused(Exception):
    """An error with the status it is answered with, where that does not follow from its class."""

    def __init__(self, error: ArfError, *, status: int, headers: Mapping[str, str] | None = None) -> None:
        """Answer ``error`` with ``status`` and ``headers``."""
        super().__init__(str(error))
        self.error, self.status, self.headers = error, status, dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as it is answered."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def failure(error: Exception, *, request_id: str, path: str = "", content_type: str = "") -> Failure:
    """How ``error`` is answered to a request for ``path`` with a body of ``content_type``."""
    told, status, headers = _told(error)
    document: dict[str, object] = {
        "error": {
            "code": told.code,
            "message": str(told),
            "remedy": _REMEDIES.get(status, told.remedy),
            "request_id": request_id,
        }
    }
    if path.startswith(OTLP_PATH):  # 2
        number, message = _RPC_CODES.get(status, 2), str(told)
        if content_type.startswith(PROTOBUF):
            return Failure(status=status, content_type=PROTOBUF, body=_rpc_status(number, message), headers=headers)
        document = {"code": number, "message": message, **document}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Failure(status=status, content_type=JSON, body=body, headers=headers)


def _told(error: Exception) -> tuple[ArfError, int, dict[str, str]]:
    if isinstance(error, Refused):
        return error.error, error.status, error.headers
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return error, status, dict(_HEADERS.get(kind, {}))
    return ArfError("something went wrong inside ARF; the log says what, under the request's id"), 500, {}  # 3


_STATUSES: Final[Mapping[type[ArfError], int]] = {
    AuthenticationError: 401,
    BusyError: 503,
    NotFoundError: 404,
    TooLargeError: 413,
    EventError: 422,
    FormatError: 400,
    InputError: 400,
}
"""The first that fits counts."""
_HEADERS: Final[Mapping[type[ArfError], Mapping[str, str]]] = {
    AuthenticationError: {"WWW-Authenticate": 'Bearer realm="arf"'},
    BusyError: {"Retry-After": "1"},
}
_REMEDIES: Final = {
    400: "Read the message: it says what is wrong and where. /docs shows an example of each route's body.",
    404: "List what is known (/v1/incidents, /v1/intents), or see /docs for the paths there are.",
    405: "Use a method that the header `Allow` names; /docs lists the routes.",
    408: "Send the body faster or in smaller parts, or start the server with a longer --body-seconds.",
    413: "Send fewer records at once, or start the server with a larger --max-body.",
    415: "Send what the message names, with its Content-Type; /docs lists what each route reads.",
    422: "Mend the named field at its source. Nothing of this request was kept.",
    429: "Send it again after the seconds in the header `Retry-After`, or put more records into one request.",
    500: "Look in the server's log for the request's id, and report what it says with `arf --version`.",
}
"""HTTP status → what a caller can do; of other statuses the error's own remedy is told."""
_RPC_CODES: Final = {400: 3, 401: 16, 404: 5, 405: 12, 408: 4, 413: 8, 415: 3, 422: 3, 429: 8, 500: 13, 503: 14}
"""HTTP status → code of google.rpc.Code."""


def _rpc_status(number: int, message: str) -> bytes:
    """``google.rpc.Status``: field 1 the code, field 2 the message."""
    text = message.encode("utf-8", "replace")
    return b"\x08" + varint(number) + b"\x12" + varint(len(text)) + text


def varint(number: int) -> bytes:
    """``number``, 0 or more, as a protobuf varint."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
