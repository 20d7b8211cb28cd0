# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""One form for every error: ``{"error": {"code", "message", "remedy", "request_id"}}``.

1. The code is that of ``arf_enterprise.errors`` (``ARF-E-…``); the HTTP status follows from it.
2. What nobody expected, and what is the server's own affair, says nothing of its inside: that is in the log, under the
   request's id.
3. What looks like a secret is hidden: a caller may have put a key where another text belongs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from arf_core.errors import FormatError, InputError
from arf_enterprise.errors import (
    ApprovalForged,
    ApprovalRefused,
    ApprovalStale,
    ApprovalUsed,
    ConflictError,
    EnterpriseError,
    ExecutionRefused,
    IdentityUnavailable,
    IntentConflict,
    IntentInvalid,
    LicenseError,
    NotAuthenticated,
    NotAvailable,
    NotFound,
    NothingYet,
    NotPermitted,
    QueueFull,
    RequestError,
    ServerStopping,
    StoreUnavailable,
    TargetMoved,
    TargetUnavailable,
    TargetUnknown,
    TenantError,
    TooManyAttempts,
)
from arf_enterprise.identity.hiding import hidden

JSON: Final = "application/json"


class Refused(Exception):
    """An error with the status it is answered with, where that does not follow from its class."""

    def __init__(
        self,
        error: EnterpriseError,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        """Answer ``error`` with ``status``, ``headers``, and ``more`` beside the error."""
        super().__init__(str(error))
        self.error, self.status, self.headers, self.more = error, status, dict(headers or {}), dict(more or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as it is answered."""

    status: int
    code: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether it is the server's own affair, so that the log needs the rest."""
        return self.status == 500


def failure(error: Exception, *, request_id: str) -> Failure:
    """How ``error`` is answered."""
    told, status, headers = _told(error)
    document = {
        "code": told.code,
        "message": hidden(str(told)),
        "remedy": _REMEDIES.get(status, told.remedy),
        "request_id": request_id,
    }
    more = error.more if isinstance(error, Refused) else {}
    body = json.dumps({"error": document, **more}, ensure_ascii=False).encode("utf-8", "replace")
    return Failure(status=status, code=told.code, body=body, headers=headers)


def status_of(kind: type[EnterpriseError]) -> int:
    """The HTTP status of errors of ``kind``: that of the first in the table that it is."""
    return next((status for known, status in _STATUSES.items() if issubclass(kind, known)), 500)


def _told(error: Exception) -> tuple[EnterpriseError, int, dict[str, str]]:
    if isinstance(error, Refused):
        return error.error, error.status, error.headers
    if isinstance(error, TooManyAttempts):
        return error, 429, {"Retry-After": str(error.retry_after)}
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return error, status, dict(_HEADERS.get(kind, {}))
    return _foreign(error)


def _foreign(error: Exception) -> tuple[EnterpriseError, int, dict[str, str]]:
    """What FastAPI, Starlette and the open edition raise, as an error of ours."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return RequestError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}"), 422, {}
    if isinstance(error, (FormatError, InputError)):
        return RequestError(str(error)), 422, {}
    if isinstance(error, HTTPException) and error.status_code == 404:
        return NotFound("there is no such path"), 404, {}
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = dict(error.headers or {})
        return (
            RequestError(f"the path does not take this method: it takes {allowed.get('Allow', 'others')}"),
            405,
            allowed,
        )
    return EnterpriseError("something went wrong inside ARF; the log says what, under the request's id"), 500, {}  # 2


_STATUSES: Final[Mapping[type[EnterpriseError], int]] = {
    NotAuthenticated: 401,
    NotPermitted: 403,
    TenantError: 403,
    NotFound: 404,
    ConflictError: 409,
    RequestError: 422,
    LicenseError: 403,
    IntentInvalid: 422,
    IntentConflict: 409,
    TargetUnknown: 404,
    TargetMoved: 409,
    ExecutionRefused: 403,
    ApprovalForged: 401,
    ApprovalUsed: 409,
    ApprovalStale: 409,
    ApprovalRefused: 403,
    TargetUnavailable: 424,
    NotAvailable: 404,
    QueueFull: 429,
    NothingYet: 503,
    ServerStopping: 503,
    StoreUnavailable: 503,
    IdentityUnavailable: 503,
}
"""Every other is the server's own affair: 500 (rule 2)."""
_HEADERS: Final[Mapping[type[EnterpriseError], Mapping[str, str]]] = {
    NotAuthenticated: {"WWW-Authenticate": 'Bearer realm="arf"'},
    QueueFull: {"Retry-After": "5"},
    NothingYet: {"Retry-After": "2"},
    ServerStopping: {"Retry-After": "1"},
    StoreUnavailable: {"Retry-After": "5"},
    IdentityUnavailable: {"Retry-After": "30"},
}
_REMEDIES: Final = {
    405: "Use a method that the header `Allow` names; /docs lists the routes.",
    408: "Send the body faster, or in smaller parts.",
    413: "Send less at once: the message says how much is read.",
    415: "Send JSON, with `Content-Type: application/json`.",
    500: "Look in the server's log for the request's id, and send what it says to support.",
}
"""HTTP status → what a caller can do; of other statuses the error's own remedy is told."""
