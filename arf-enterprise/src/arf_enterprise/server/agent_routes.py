# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Attestations of agents over REST."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request

from arf_core.verify.fields import digest_of, object_of, text_of
from arf_enterprise.errors import RequestError
from arf_enterprise.identity import agents
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.agents import MOST_DAYS, WantedAgent
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json

router: Final = APIRouter(prefix="/api/v1")

_WANTED: Final[dict[str, object]] = {
    "subject": "remediator",
    "name": "remediator",
    "version": "1.2.0",
    "description_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "days": 90,
}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_WANTED_SCHEMA: Final = {
    "type": "object",
    "required": ["subject", "name", "version", "description_digest"],
    "additionalProperties": False,
    "properties": {
        "issuer": _TEXT,
        "subject": _TEXT,
        "name": _TEXT,
        "version": _TEXT,
        "description_digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "days": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS},
    },
}
_AGENT: Final[dict[str, object]] = {
    "agent_id": "agent_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e",
    "issuer": "arf",
    **{name: value for name, value in _WANTED.items() if name != "days"},
    "attested_at": "2026-01-02T03:04:05.000006Z",
    "until": "2026-04-02T03:04:05.000006Z",
    "revoked_at": None,
}


@router.get("/agents", responses=answers({"schema": "arf.agents/1", "agents": [_AGENT]}))
def list_agents(request: Request, caller: Annotated[Caller, requires(Operation.AGENTS_READ)]) -> dict[str, object]:
    """The attestations of the tenant, those that have ended among them."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = agents.listed(transaction)
    return {"schema": "arf.agents/1", "agents": [agent.document() for agent in found]}


@router.post(
    "/agents",
    status_code=201,
    responses=answers({"schema": "arf.agent/1", **_AGENT}, *of_a_body(), status=201),
    openapi_extra=body(_WANTED, _WANTED_SCHEMA),
)
def attest_agent(
    request: Request,
    caller: Annotated[Caller, requires(Operation.AGENTS_ATTEST)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Vouch for an agent; `issuer` is who says that it is this subject, `arf` for a key of ours."""
    wanted, app = _wanted(given), app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        made = agents.attest(
            transaction, wanted, by=caller.principal, request_id=caller.request_id, now=app.clock()
        )  # fmt: skip
    return {"schema": "arf.agent/1", **made.document()}


@router.post(
    "/agents/{agent_id}/revoke",
    responses=answers({"schema": "arf.agent-revoked/1", "agent_id": _AGENT["agent_id"]}, 404),
)
def revoke_agent(
    request: Request, agent_id: str, caller: Annotated[Caller, requires(Operation.AGENTS_ATTEST)]
) -> dict[str, object]:
    """Take an attestation back, from the next intent on."""
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        agents.revoke(transaction, agent_id, by=caller.principal, request_id=caller.request_id, now=app.clock())
    return {"schema": "arf.agent-revoked/1", "agent_id": agent_id}


def _wanted(given: object) -> WantedAgent:
    needed = ("subject", "name", "version", "description_digest")
    asked = object_of(given, what="the body", keys=needed, optional=("issuer", "days"))
    days = asked.get("days", 90)
    if isinstance(days, bool) or not isinstance(days, int):
        raise RequestError("days must be a whole number")
    return WantedAgent(
        issuer=text_of(asked.get("issuer", "arf"), what="issuer", most=200),
        subject=text_of(asked["subject"], what="subject", most=200),
        name=text_of(asked["name"], what="name", most=200),
        version=text_of(asked["version"], what="version", most=200),
        description_digest=digest_of(asked["description_digest"], what="description_digest"),
        days=days,
    )
