# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Governance policies: pushed by one person, in force once another has approved them, and explained."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request

from arf_core.errors import PolicyError
from arf_core.policy.document import MAX_TEXT, Place
from arf_core.verify.fields import DIGEST, matched, object_of, text_of
from arf_enterprise.errors import PolicyMissing, RequestError
from arf_enterprise.governance import store
from arf_enterprise.governance.explain import explain
from arf_enterprise.governance.gate import Situation
from arf_enterprise.governance.policy import GovernancePolicy, complaints_of
from arf_enterprise.governance.simulate import record_of
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json
from arf_enterprise.stores.postgres.database import Transaction

router: Final = APIRouter(prefix="/api/v1")

_DIGEST: Final = "sha256:" + "0" * 64
_VERSION: Final[dict[str, object]] = {
    "version": 1,
    "digest": _DIGEST,
    "file": "policy.yaml",
    "issuer": "arf",
    "author": "alice@example.com",
    "pushed_at": "2026-01-02T03:04:05.000006Z",
    "state": "waiting",
    "decision": None,
}
_CONTENT: Final = 'schema: arf.governance-policy/1\nrules:\n  - {name: all is advice, when: "true", then: advise}\n'
_GIVEN: Final[dict[str, object]] = {"file": "policy.yaml", "content": _CONTENT}
_GIVEN_SCHEMA: Final = {
    "type": "object",
    "required": ["content"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "minLength": 1, "maxLength": 200},
        "content": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
    },
}
_DECISION_SCHEMA: Final = {
    "type": "object",
    "required": ["reason"],
    "additionalProperties": False,
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": store.MOST_REASON}},
}
_DECIDED: Final[dict[str, object]] = {"schema": "arf.policy-decided/1", "version": 1, "digest": _DIGEST}
_REASON: Final[dict[str, object]] = {"reason": "agreed with the team"}
_ASKED: Final[dict[str, object]] = {
    "asked": {
        "action": "restart_container", "component": "checkout", "environment": "production", "tier": 1,
        "confidence": 0.9, "instances": 1, "share": 0.25, "dependents": 2, "reversible": True,
    },
    "wished": "autonomous",
    "at": "2026-01-02T03:04:05Z",
}  # fmt: skip
_ASKED_SCHEMA: Final = {
    "type": "object",
    "required": ["asked"],
    "additionalProperties": False,
    "properties": {
        "asked": {"type": "object"},
        "wished": {"enum": ["deny", "advise", "require_approval", "autonomous"]},
        "at": {"type": "string"},
        "content": _GIVEN_SCHEMA["properties"]["content"],  # type: ignore[index]  # the literal above
    },
}
_EXPLAINED: Final[dict[str, object]] = {
    "schema": "arf.governance-explanation/1",
    "ruling": {"rung": "require_approval", "reasons": [], "code": None, "quorum": 2},
    "rules": [
        {"name": "r", "place": "policy.yaml:4", "then": "deny", "outcome": "false", "because": "‘tier == 2’ is false"}
    ],
}


@router.get("/policies", responses=answers({"schema": "arf.policies/1", "in_force": _DIGEST, "versions": [_VERSION]}))
def list_policies(request: Request, caller: Annotated[Caller, requires(Operation.POLICY_READ)]) -> dict[str, object]:
    """The versions of the governance policy, the latest first, and the digest of the one in force (null: none)."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found, in_force = store.history(transaction), _digest_in_force(transaction)
    return {"schema": "arf.policies/1", "in_force": in_force, "versions": [version.document() for version in found]}


@router.get("/policies/{digest}", responses=answers({"schema": "arf.policy/1", "digest": _DIGEST, **_GIVEN}, 404))
def show_policy(
    request: Request, digest: str, caller: Annotated[Caller, requires(Operation.POLICY_READ)]
) -> dict[str, object]:
    """The text of a version, as it was pushed."""
    wanted = _digest(digest)
    with app_of(request).database.transaction(caller.tenant) as transaction:
        policy, content = store.by_digest(transaction, wanted)
    return {"schema": "arf.policy/1", "digest": policy.digest, "file": policy.file, "content": content}


@router.post(
    "/policies",
    status_code=201,
    responses=answers(
        {"schema": "arf.policy-pushed/1", "version": 1, "digest": _DIGEST, "in_force": False},
        *of_a_body(409),
        status=201,
    ),
    openapi_extra=body(_GIVEN, _GIVEN_SCHEMA),
)
def push_policy(
    request: Request,
    caller: Annotated[Caller, requires(Operation.POLICY_WRITE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Push a version. It is in force once somebody else has approved it."""
    asked = object_of(given, what="the body", keys=("content",), optional=("file",))
    content, file = _content(asked["content"]), text_of(asked.get("file", "policy.yaml"), what="file", most=200)
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        pushed = store.push(
            transaction, content, file=file, by=caller.principal, request_id=caller.request_id, now=app.clock()
        )
    return {
        "schema": "arf.policy-pushed/1",
        "version": pushed.number,
        "digest": pushed.policy.digest,
        "in_force": pushed.is_in_force,
    }


@router.post(
    "/policies/{digest}/approve",
    responses=answers(_DECIDED, *of_a_body(404, 409)),
    openapi_extra=body(_REASON, _DECISION_SCHEMA),
)
def approve_policy(
    request: Request,
    digest: str,
    caller: Annotated[Caller, requires(Operation.POLICY_APPROVE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Put a version that somebody else wrote in force."""
    return _decide(request, digest, caller, given, approve=True)


@router.post(
    "/policies/{digest}/reject",
    responses=answers(_DECIDED, *of_a_body(404, 409)),
    openapi_extra=body(_REASON, _DECISION_SCHEMA),
)
def reject_policy(
    request: Request,
    digest: str,
    caller: Annotated[Caller, requires(Operation.POLICY_APPROVE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """End the waiting of a version: it never comes into force."""
    return _decide(request, digest, caller, given, approve=False)


@router.post(
    "/policies/explain", responses=answers(_EXPLAINED, *of_a_body(404)), openapi_extra=body(_ASKED, _ASKED_SCHEMA)
)
def explain_policy(
    request: Request, caller: Annotated[Caller, requires(Operation.POLICY_READ)], given: Annotated[object, reads_json()]
) -> dict[str, object]:
    """What would become of a request now, and why: under the policy in force, or under the one in ``content``."""
    asked = object_of(given, what="the body", keys=("asked",), optional=("wished", "at", "content"))
    app = app_of(request)
    now = app.clock()
    record = record_of(
        {"at": now.isoformat(), **{name: value for name, value in asked.items() if name != "content"}},
        Place(file="the body", line=1, column=1),
    )
    policy = _policy(request, caller, _content(asked["content"]) if "content" in asked else None)
    situation = Situation(facts=record.facts, wished=record.wished, now=record.at)
    return explain(policy, situation).document()


def _decide(request: Request, digest: str, caller: Caller, given: object, *, approve: bool) -> dict[str, object]:
    asked = object_of(given, what="the body", keys=("reason",))
    reason = text_of(asked["reason"], what="reason", most=store.MOST_REASON)
    app, wanted = app_of(request), _digest(digest)
    with app.database.transaction(caller.tenant) as transaction:
        number = store.decide(
            transaction,
            wanted,
            by=caller.principal,
            approve=approve,
            reason=reason,
            request_id=caller.request_id,
            now=app.clock(),
        )
    return {"schema": "arf.policy-decided/1", "version": number, "digest": wanted}


def _policy(request: Request, caller: Caller, content: object) -> GovernancePolicy:
    if content is not None:
        return store.read_policy(_content(content), file="policy.yaml")
    with app_of(request).database.transaction(caller.tenant) as transaction:
        return store.current(transaction)


def _digest_in_force(transaction: Transaction) -> str | None:
    try:
        return store.current(transaction).digest
    except PolicyMissing:
        return None


def _content(value: object) -> str:
    if not isinstance(value, str):
        raise RequestError("content must be the text of the policy, in YAML")
    try:
        if found := complaints_of(value, file="policy.yaml"):
            raise RequestError("; ".join(found[:20]))
    except PolicyError as error:
        raise RequestError(str(error)) from error
    return value


def _digest(text: str) -> str:
    return matched(text, DIGEST, what="the digest", rule="sha256: and 64 hex digits")
