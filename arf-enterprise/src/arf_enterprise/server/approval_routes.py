# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Approvals over REST: what waits, what it would do, and what people say to it."""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from arf_core.models.frozen import thaw
from arf_core.verify.fields import digest_of, object_of, text_of
from arf_enterprise.governance import approval
from arf_enterprise.governance.approval import Said, State
from arf_enterprise.governance.approval_statement import statement
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.deciding import decide
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.failures import JSON
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json

router: Final = APIRouter(prefix="/api/v1")

_DIGEST: Final = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ID: Final = "approval_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e"
_APPROVAL: Final[dict[str, object]] = {
    "tenant": "default",
    "approval_id": _ID,
    "execution_id": "exe_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e",
    "intent_digest": _DIGEST,
    "change_digest": _DIGEST,
    "policy_digest": _DIGEST,
    "state_digest": _DIGEST,
    "shown_digest": _DIGEST,
    "executor": "supervisor",
    "requester": {"issuer": "arf", "subject": "remediator"},
    "quorum": 2,
    "expires_at": "2026-01-03T03:04:05.000006Z",
    "state": "waiting",
    "given": 0,
    "digest": _DIGEST,
    "asked_at": "2026-01-02T03:04:05.000006Z",
    "ended_at": None,
    "votes": [],
    "shown": {"summary": "restart checkout", "diff": ["- pid 1", "+ pid 2"]},
}
_LINE: Final = {name: value for name, value in _APPROVAL.items() if name != "shown"} | {"summary": "restart checkout"}
_APPROVE_SCHEMA: Final = {
    "type": "object",
    "required": ["digest"],
    "additionalProperties": False,
    "properties": {
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "reason": {"type": "string", "minLength": 1, "maxLength": 2000},
    },
}
_REJECT_SCHEMA: Final = {**_APPROVE_SCHEMA, "required": ["digest", "reason"]}
_DECIDED: Final[dict[str, object]] = {"schema": "arf.approval-state/1", **_APPROVAL, "state": "approved", "given": 2}


@router.get("/approvals", responses=answers({"schema": "arf.approvals/1", "approvals": [_LINE]}))
def list_approvals(
    request: Request,
    caller: Annotated[Caller, requires(Operation.APPROVALS_READ)],
    *,
    every: bool = False,
) -> dict[str, object]:
    """The requests that are not decided, the latest first; with `every=true`, all; at most 200 either way."""
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        found = approval.listed(transaction, now=app.clock(), only_waiting=not every)
    return {"schema": "arf.approvals/1", "approvals": [state.line() for state in found]}


@router.get("/approvals/{approval_id}", responses=answers({"schema": "arf.approval-state/1", **_APPROVAL}, 404))
def show_approval(
    request: Request, approval_id: str, caller: Annotated[Caller, requires(Operation.APPROVALS_READ)]
) -> dict[str, object]:
    """One request: the change forward and back, its reach, its reasons; `digest` is what an approver approves."""
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        return _described(approval.look(transaction, approval_id, app.clock()))


@router.post(
    "/approvals/{approval_id}/approve",
    responses=answers(_DECIDED, *of_a_body(404, 409)),
    openapi_extra=body({"digest": _DIGEST, "reason": "the diff is right"}, _APPROVE_SCHEMA),
)
def approve(
    request: Request,
    approval_id: str,
    caller: Annotated[Caller, requires(Operation.APPROVALS_DECIDE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Approve what `digest` is of. A person does, and not the one who asked."""
    asked = object_of(given, what="the body", keys=("digest",), optional=("reason",))
    return _said(request, caller, approval_id, asked, approve=True)


@router.post(
    "/approvals/{approval_id}/reject",
    responses=answers({**_DECIDED, "state": "rejected"}, *of_a_body(404, 409)),
    openapi_extra=body({"digest": _DIGEST, "reason": "wrong service"}, _REJECT_SCHEMA),
)
def reject(
    request: Request,
    approval_id: str,
    caller: Annotated[Caller, requires(Operation.APPROVALS_DECIDE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Reject it: one rejection ends the request."""
    asked = object_of(given, what="the body", keys=("digest", "reason"))
    return _said(request, caller, approval_id, asked, approve=False)


@router.get("/approvals/{approval_id}/statement", responses=answers({"schema": "arf.statement/1"}, 404))
def export_approval(
    request: Request, approval_id: str, caller: Annotated[Caller, requires(Operation.AUDIT_EXPORT)]
) -> Response:
    """The approval as a signed statement, which `arf verify` verifies; it names nobody."""
    app = app_of(request)
    now = app.clock()
    with app.database.transaction(caller.tenant) as transaction:
        found = approval.look(transaction, approval_id, now)
        stated = statement(transaction, found, key=app.audit_key, now=now)
    return Response(stated, media_type=JSON)


def _said(request: Request, caller: Caller, approval_id: str, asked: object, *, approve: bool) -> dict[str, object]:
    given = cast("dict[str, object]", asked)
    said = Said(
        approval_id=approval_id,
        by=caller.principal,
        approve=approve,
        digest=digest_of(given["digest"], what="digest"),
        reason=text_of(given["reason"], what="reason") if "reason" in given else "",
        request_id=caller.request_id,
    )
    return _described(decide(app_of(request), caller.tenant, said))


def _described(state: State) -> dict[str, object]:
    return {"schema": "arf.approval-state/1", **_plain(state)}


def _plain(state: State) -> dict[str, object]:
    return cast("dict[str, object]", thaw(state.document()))
