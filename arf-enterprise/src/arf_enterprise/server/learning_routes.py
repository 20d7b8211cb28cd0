# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Outcomes and their corrections; what was learned, its switch, and autonomy that was earned."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request

from arf_core.verify.fields import object_of, text_of
from arf_enterprise.errors import RequestError
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.learning import autonomy, corrections, outcomes, service, switch
from arf_enterprise.learning.observed import Result
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json

router: Final = APIRouter(prefix="/api/v1")

_OUTCOME: Final[dict[str, object]] = {
    "execution_id": "execution_0199d2c3a4b5c6d7e8f90123456789ab",
    "intent_digest": "sha256:" + "ab" * 32,
    "incident_id": "incident_7",
    "action": "restart_container",
    "component": "shop",
    "kind": "web",
    "environment": "production",
    "signature": "memory runs out",
    "result": "succeeded",
    "seconds_to_recover": 12.5,
    "evidence": {"says": "the symptom is gone"},
    "at": "2026-01-02T03:04:05.000006Z",
}
_CORRECTION: Final[dict[str, object]] = {
    "label_id": "label_0199d2c3a4b5c6d7e8f90123456789ab",
    "result": "failed",
    "reason": "it came back within the hour",
    "labeller": "9f86d081884c",
    "at": "2026-01-02T04:04:05.000006Z",
}
_ESTIMATE: Final[dict[str, object]] = {
    "action": "restart_container",
    "kind": "web",
    "component": "shop",
    "signature": "memory runs out",
    "outcomes": 11,
    "succeeded": 3,
    "effective": 10.2,
    "class_outcomes": 0,
    "mean": 0.31,
    "spread": 0.12,
    "lower": 0.12,
    "placebo": 0.0,
    "controls": 8.0,
    "earned": 0.02,
    "says": "restart_container here: 3 of 11 verified, lower bound .12",
}
_PROPOSAL: Final[dict[str, object]] = {
    "proposal_id": "proposal_0199d2c3a4b5c6d7e8f90123456789ab",
    "state": "waiting",
    "action": "restart_container",
    "component": "shop",
    "kind": "web",
    "signature": "memory runs out",
    "lower": 0.81,
    "outcomes": 64,
    "bar": 0.8,
    "says": "restart_container here: 64 of 64 verified, lower bound .93",
    "at": "2026-01-02T03:04:05.000006Z",
    "decided_at": None,
    "because": None,
    "ended_at": None,
}
_RESULTS: Final = [one.value for one in Result]
_LABEL: Final[dict[str, object]] = {"result": "failed", "reason": "it came back within the hour"}
_LABEL_SCHEMA: Final = {
    "type": "object",
    "required": ["result", "reason"],
    "additionalProperties": False,
    "properties": {"result": {"enum": _RESULTS}, "reason": {"type": "string", "minLength": 1, "maxLength": 2000}},
}
_DECISION: Final[dict[str, object]] = {"accept": True, "reason": "64 of 64, and small"}
_DECISION_SCHEMA: Final = {
    "type": "object",
    "required": ["accept", "reason"],
    "additionalProperties": False,
    "properties": {"accept": {"type": "boolean"}, "reason": {"type": "string", "minLength": 1, "maxLength": 2000}},
}
_MODE_SCHEMA: Final = {
    "type": "object",
    "required": ["mode"],
    "additionalProperties": False,
    "properties": {"mode": {"enum": [one.value for one in switch.Mode]}},
}
_INTENTS_SCHEMA: Final = {
    "type": "object",
    "required": ["intents"],
    "additionalProperties": False,
    "properties": {"intents": {"type": "array", "maxItems": service.MOST_INTENTS, "items": {"type": "object"}}},
}


@router.get("/outcomes", responses=answers({"schema": "arf.outcomes/1", "outcomes": [_OUTCOME]}))
def list_outcomes(
    request: Request,
    caller: Annotated[Caller, requires(Operation.OUTCOMES_READ)],
    component: str | None = None,
    action: str | None = None,
    result: str | None = None,
) -> dict[str, object]:
    """The newest outcomes of the tenant; each parameter narrows."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = outcomes.listed(transaction, component=component, action=action, result=result)
    return {"schema": "arf.outcomes/1", "outcomes": [one.plain() for one in found]}


@router.get(
    "/outcomes/{execution_id}",
    responses=answers({"schema": "arf.outcome/1", **_OUTCOME, "corrections": [_CORRECTION]}, 404),
)
def show_outcome(
    request: Request, execution_id: str, caller: Annotated[Caller, requires(Operation.OUTCOMES_READ)]
) -> dict[str, object]:
    """An outcome as it was verified, and what people said of it."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = outcomes.one(transaction, execution_id)
        said = corrections.listed(transaction, execution_id)
    return {"schema": "arf.outcome/1", **found.plain(), "corrections": [one.document() for one in said]}


@router.post(
    "/outcomes/{execution_id}/labels",
    status_code=201,
    responses=answers({"schema": "arf.outcome-label/1", **_CORRECTION}, *of_a_body(404), status=201),
    openapi_extra=body(_LABEL, _LABEL_SCHEMA),
)
def label_outcome(
    request: Request,
    execution_id: str,
    caller: Annotated[Caller, requires(Operation.OUTCOMES_LABEL)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Say what an outcome really was. What was verified stays; people only."""
    app, asked = app_of(request), object_of(given, what="the body", keys=("result", "reason"))
    with app.database.transaction(caller.tenant) as transaction:
        said = corrections.label(
            transaction,
            execution_id,
            text_of(asked["result"], what="result", most=60),
            reason=text_of(asked["reason"], what="reason"),
            by=caller.principal,
            request_id=caller.request_id,
            now=app.clock(),
        )
    return {"schema": "arf.outcome-label/1", "execution_id": execution_id, **said.document()}


@router.get("/learning", responses=answers({"schema": "arf.learning/1", "mode": "on", "effective": "on"}))
def learning(request: Request, caller: Annotated[Caller, requires(Operation.LEARNING_READ)]) -> dict[str, object]:
    """How the switch stands, and how learning does with the licence considered."""
    app = app_of(request)
    is_licensed = switch.licensed(app.entitlements)
    with app.database.transaction(caller.tenant) as transaction:
        stands, effective = switch.mode(transaction), switch.effective(transaction, is_licensed=is_licensed)
    return {"schema": "arf.learning/1", "mode": stands.value, "effective": effective.value}


@router.post(
    "/learning",
    responses=answers({"schema": "arf.learning-switched/1", "was": "off", "is": "shadow"}, *of_a_body()),
    openapi_extra=body({"mode": "shadow"}, _MODE_SCHEMA),
)
def switch_learning(
    request: Request,
    caller: Annotated[Caller, requires(Operation.LEARNING_CHANGE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Set the switch. It goes on from shadow only; the licence must include ``learning_engine``."""
    app, wanted = app_of(request), _mode(object_of(given, what="the body", keys=("mode",))["mode"])
    if wanted is not switch.Mode.OFF:
        app.entitlements.current().require(switch.FEATURE)
    with app.database.transaction(caller.tenant) as transaction:
        before = switch.switch(
            transaction, wanted, by=caller.principal, request_id=caller.request_id, now=app.clock()
        )  # fmt: skip
    return {"schema": "arf.learning-switched/1", "was": before.value, "is": wanted.value}


@router.get("/learning/explain", responses=answers({"schema": "arf.learned/1", "learned": [_ESTIMATE]}))
def explain(
    request: Request,
    caller: Annotated[Caller, requires(Operation.LEARNING_READ)],
    action: str | None = None,
    component: str | None = None,
    signature: str | None = None,
) -> dict[str, object]:
    """What is believed of each action where it was tried, and from what; each parameter narrows."""
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        found = service.explained(
            transaction, now=app.clock(), action=action, component=component, signature=signature
        )  # fmt: skip
    return {"schema": "arf.learned/1", "learned": [one.document() for one in found]}


@router.post(
    "/learning/advise",
    responses=answers({"schema": "arf.learned-advice/1", "mode": "on", "intents": [], "learned": []}, *of_a_body()),
    openapi_extra=body({"intents": []}, _INTENTS_SCHEMA),
)
def advise(
    request: Request,
    caller: Annotated[Caller, requires(Operation.LEARNING_READ)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Candidates in learning's order, sealed anew with why; as they are, where learning is not on."""
    app = app_of(request)
    intents = service.intents_of(object_of(given, what="the body", keys=("intents",))["intents"])
    is_licensed = switch.licensed(app.entitlements)
    with app.database.transaction(caller.tenant) as transaction:
        effective = switch.effective(transaction, is_licensed=is_licensed)
        return service.advised(transaction, intents, mode=effective, now=app.clock()).document()


@router.get(
    "/learning/proposals", responses=answers({"schema": "arf.autonomy-proposals/1", "proposals": [_PROPOSAL]})
)  # fmt: skip
def list_proposals(
    request: Request, caller: Annotated[Caller, requires(Operation.LEARNING_READ)]
) -> dict[str, object]:  # fmt: skip
    """What has earned autonomy, and what became of it."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = autonomy.proposals(transaction)
    return {"schema": "arf.autonomy-proposals/1", "proposals": [one.document() for one in found]}


@router.post(
    "/learning/proposals/{proposal_id}/decide",
    responses=answers({"schema": "arf.autonomy-proposal/1", **_PROPOSAL}, *of_a_body(404)),
    openapi_extra=body(_DECISION, _DECISION_SCHEMA),
)
def decide_proposal(
    request: Request,
    proposal_id: str,
    caller: Annotated[Caller, requires(Operation.POLICY_APPROVE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Accept or reject autonomy: people only. What no longer holds cannot be accepted."""
    app, asked = app_of(request), object_of(given, what="the body", keys=("accept", "reason"))
    if not isinstance(accept := asked["accept"], bool):
        raise RequestError("accept must be true or false")
    with app.database.transaction(caller.tenant) as transaction:
        found = autonomy.decide(
            transaction,
            proposal_id,
            accept=accept,
            reason=text_of(asked["reason"], what="reason"),
            by=caller.principal,
            request_id=caller.request_id,
            now=app.clock(),
        )
    return {"schema": "arf.autonomy-proposal/1", **found.document()}


def _mode(value: object) -> switch.Mode:
    try:
        return switch.Mode(text_of(value, what="mode", most=20))
    except ValueError as error:
        raise RequestError("mode must be one of off, shadow, on") from error
