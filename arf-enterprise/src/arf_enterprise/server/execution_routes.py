# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Intents in, runs out: the hand-off (docs/hand-off.md), and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from arf_core.verify.fields import object_of, text_of
from arf_enterprise.app import App
from arf_enterprise.errors import ExecutionRefused, IntentInvalid, LicenseError, NothingYet, kind_of
from arf_enterprise.execution.asking import MOST_LISTED
from arf_enterprise.execution.intent import Submitted, asked, rung_of, sealed
from arf_enterprise.execution.receipt import REFUSED
from arf_enterprise.execution.run import Run
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.failures import Refused, status_of
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json

PATIENCE_S: Final = 8.0
"""Seconds that are waited for a receipt, unless ``Prefer: wait=N`` says otherwise."""
MOST_PATIENCE_S: Final = 60
router: Final = APIRouter(prefix="/api/v1")

_DIGEST: Final = "sha256:" + "0" * 64
_INTENT: Final[dict[str, object]] = {
    "schema": "arf.healing-intent/1", "intent_id": "intent_0123456789abcdef", "digest": _DIGEST,
    "context_digest": _DIGEST, "action": "restart_container", "component": "checkout-api",
    "parameters": {"container_id": None, "grace_period": 30}, "justification": "latency_p99 is 900 (> 500)",
    "confidence": 0.82, "incident_id": "incident-17", "detected_at": "2026-01-02T03:04:05.000006Z",
    "policy_applied": "slow-responses", "rollback_hint": None, "requires_enterprise": True,
}  # fmt: skip
_RECEIPT: Final[dict[str, object]] = {
    "intent_id": "intent_0123456789abcdef", "digest": _DIGEST, "executed": True, "status": "executed",
    "audit_trail_id": "audit_0199…", "approval_id": None, "execution_id": "exe_0199…",
}  # fmt: skip
_RUN: Final[dict[str, object]] = {
    "schema": "arf.execution/1", "execution_id": "exe_0199…", "intent_id": "intent_0123456789abcdef",
    "digest": _DIGEST, "action": "restart_container", "component": "checkout-api", "mode": "autonomous",
    "status": "succeeded", "code": None, "says": "every symptom is gone", "approval_id": None,
    "audit_trail_id": "audit_0199…", "created_at": "2026-01-02T03:04:05.000006Z",
    "updated_at": "2026-01-02T03:05:05.000006Z", "ended_at": "2026-01-02T03:05:05.000006Z",
}  # fmt: skip
_ASKED: Final[dict[str, object]] = {
    "tool": "restart_container", "component": "checkout-api", "parameters": {"grace_period": 5}, "mode": "approval",
    "justification": "it hangs",
}  # fmt: skip
_ASKED_SCHEMA: Final = {
    "type": "object",
    "required": ["tool", "component"],
    "additionalProperties": False,
    "properties": {
        "tool": {"type": "string"},
        "component": {"type": "string", "minLength": 1},
        "parameters": {"type": "object"},
        "mode": {"enum": ["advisory", "approval", "autonomous"]},
        "justification": {"type": "string"},
        "metadata": {"type": "object"},
    },
}
_REASON: Final = {"reason": "the release was not the cause"}
_REASON_SCHEMA: Final = {
    "type": "object",
    "required": ["reason"],
    "additionalProperties": False,
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 2000}},
}
_OTHERS: Final = of_a_body(404, 409, 424)


@router.post(
    "/intents",
    responses=answers(_RECEIPT, *_OTHERS),
    openapi_extra=body(_INTENT, {"type": "object", "required": sorted(_INTENT)}),
)
def submit_intent(
    request: Request,
    caller: Annotated[Caller, requires(Operation.INTENTS_SUBMIT)],
    given: Annotated[object, reads_json()],
    mode: Annotated[str, Query()] = "autonomous",
    irreversible_reason: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """Carry a sealed intent out, as far as policy and people let it. The same intent again gives the same receipt."""
    app, key = app_of(request), request.headers.get("idempotency-key")
    with _named(key):
        submitted = _sealed(app, caller, given, key)
        return _answered(request, caller, submitted, rung_of(mode), irreversible_reason=_plain(irreversible_reason))


@router.post("/execute", responses=answers(_RECEIPT, *_OTHERS), openapi_extra=body(_ASKED, _ASKED_SCHEMA))
def execute(
    request: Request,
    caller: Annotated[Caller, requires(Operation.INTENTS_SUBMIT)],
    given: Annotated[object, reads_json()],
) -> Response:
    """Seal the request as an intent of the caller, then carry that out. ``mode`` is the most that may happen."""
    app = app_of(request)
    submitted, wished = asked(given, now=app.clock())
    with _named(submitted.digest):
        return _answered(request, caller, submitted, wished)


@router.get("/executions", responses=answers({"schema": "arf.executions/1", "executions": [_RUN]}))
def list_executions(
    request: Request,
    caller: Annotated[Caller, requires(Operation.EXECUTIONS_READ)],
    status: Annotated[str | None, Query(max_length=40)] = None,
    component: Annotated[str | None, Query(max_length=253)] = None,
    before: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
) -> dict[str, object]:
    """The latest runs, the newest first; ``before`` is the last ``execution_id`` of the page before."""
    found = app_of(request).asking.some(
        caller.tenant, status=status, component=_plain(component), before=_plain(before), most=limit
    )
    return {"schema": "arf.executions/1", "executions": list(found)}


@router.get("/executions/{execution_id}", responses=answers({**_RUN, "intent": _INTENT, "steps": []}, 404))
def show_execution(
    request: Request, execution_id: str, caller: Annotated[Caller, requires(Operation.EXECUTIONS_READ)]
) -> dict[str, object]:
    """One run, and what each of its steps found: the change, its dry run, why it was decided so, its health."""
    return app_of(request).asking.one(caller.tenant, _plain(execution_id) or "")


@router.post(
    "/executions/{execution_id}/roll_back",
    responses=answers({**_RUN, "status": "reverting"}, *of_a_body(404, 409)),
    openapi_extra=body(_REASON, _REASON_SCHEMA),
)
def roll_back(
    request: Request,
    execution_id: str,
    caller: Annotated[Caller, requires(Operation.EXECUTIONS_ROLL_BACK)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Undo what a run did that had succeeded. It goes on in the background: ask for the run."""
    return app_of(request).intake.roll_back(_plain(execution_id) or "", reason=_reason(given), by=caller).document()


@router.post(
    "/executions/{execution_id}/release",
    responses=answers({**_RUN, "status": "needs_person"}, *of_a_body(404, 409)),
    openapi_extra=body(_REASON, _REASON_SCHEMA),
)
def release(
    request: Request,
    execution_id: str,
    caller: Annotated[Caller, requires(Operation.EXECUTIONS_ROLL_BACK)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Give back the target of a run that needed a person, once one has looked: others may act on it again."""
    return app_of(request).intake.release(_plain(execution_id) or "", reason=_reason(given), by=caller).document()


def _sealed(app: App, caller: Caller, given: object, key: str | None) -> Submitted:
    try:
        return sealed(given, key=key)
    except IntentInvalid as error:
        app.intake.refused(caller, error, about={"digest": key if key and _IS_DIGEST.fullmatch(key) else None})
        raise


def _answered(
    request: Request, caller: Caller, submitted: Submitted, wished: Rung, *, irreversible_reason: str | None = None
) -> Response:
    app = app_of(request)
    run = app.intake.submit(submitted, wished, by=caller, irreversible_reason=irreversible_reason)
    found = app.asking.receipt(run, patience_s=_patience(request))
    if found is None:
        if "prefer" not in request.headers:
            raise NothingYet(f"the intent is taken as {run.execution_id}, and nothing can be said of it yet")
        return JSONResponse(_accepted(run), 202)
    if found["status"] == REFUSED:
        return JSONResponse(_refusal(request, found), _status_of_a_refusal(str(found["code"])))
    return JSONResponse(found)


def _accepted(run: Run) -> dict[str, object]:
    return {
        "intent_id": run.intent_id,
        "digest": run.digest,
        "executed": False,
        "status": "accepted",
        "audit_trail_id": run.audit_trail_id,
        "approval_id": None,
        "execution_id": run.execution_id,
    }


def _refusal(request: Request, found: dict[str, object]) -> dict[str, object]:
    kind = kind_of(str(found["code"]))
    error = {"code": kind.code, "message": found["reason"], "remedy": kind.remedy}
    return {"error": {**error, "request_id": request.state.request_id}, **found}


def _status_of_a_refusal(code: str) -> int:
    """Its status: what would be the server's own affair elsewhere is the target's here, whose settings are wrong."""
    found = status_of(kind_of(code))
    return found if found < 500 else 424


@contextmanager
def _named(digest: str | None) -> Iterator[None]:
    """A refusal names the intent that it refuses, by its digest."""
    try:
        yield
    except (ExecutionRefused, LicenseError) as error:
        raise Refused(error, status=status_of(type(error)), more={"digest": digest} if digest else {}) from error


def _patience(request: Request) -> float:
    """The seconds that ``Prefer: wait=N`` asks for (RFC 7240)."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    return PATIENCE_S if found is None else float(min(int(found[1]), MOST_PATIENCE_S))


def _reason(given: object) -> str:
    return text_of(object_of(given, what="the body", keys=("reason",))["reason"], what="reason", most=2000)


def _plain(text: str | None) -> str | None:
    """``text`` as the database can have it: what it cannot is as good as unknown."""
    return text if text is None or "\x00" not in text else "-"


_IS_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_WAIT: Final = re.compile(r"\bwait=([0-9]{1,4})\b")
