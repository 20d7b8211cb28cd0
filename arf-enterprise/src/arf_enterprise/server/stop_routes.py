# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The stop button over REST."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request

from arf_core.verify.fields import object_of, text_of
from arf_enterprise.app import App
from arf_enterprise.errors import RequestError
from arf_enterprise.governance import stop
from arf_enterprise.governance.notify import stop_notice
from arf_enterprise.governance.stop import Reach, Scope
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json

router: Final = APIRouter(prefix="/api/v1")

_STOP: Final[dict[str, object]] = {
    "stop_id": "stop_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e",
    "scope": "component",
    "name": "checkout",
    "reason": "smoke in the rack",
    "pressed_by": "olga@example.com",
    "pressed_at": "2026-01-02T03:04:05.000006Z",
    "lifted_at": None,
}
_WANTED: Final[dict[str, object]] = {"scope": "component", "name": "checkout", "reason": "smoke in the rack"}
_WANTED_SCHEMA: Final = {
    "type": "object",
    "required": ["scope", "reason"],
    "additionalProperties": False,
    "properties": {
        "scope": {"enum": [reach.value for reach in Reach]},
        "name": {"type": "string", "minLength": 1, "maxLength": stop.MOST_NAME},
        "reason": {"type": "string", "minLength": 1, "maxLength": 2000},
    },
}


@router.get("/stop", responses=answers({"schema": "arf.stops/1", "stops": [_STOP]}))
def list_stops(
    request: Request,
    caller: Annotated[Caller, requires(Operation.STOP_READ)],
    *,
    every: bool = False,
) -> dict[str, object]:
    """The stops in force, the latest first; with `every=true`, those that were lifted, too."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = stop.listed(transaction, with_lifted=every)
    return {"schema": "arf.stops/1", "stops": [one.document() for one in found]}


@router.post(
    "/stop",
    status_code=201,
    responses=answers({"schema": "arf.stop/1", **_STOP}, *of_a_body(), status=201),
    openapi_extra=body(_WANTED, _WANTED_SCHEMA),
)
def press_stop(
    request: Request,
    caller: Annotated[Caller, requires(Operation.STOP_PRESS)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Stop an action, a component, the tenant or, as an admin where there are several tenants, all."""
    asked = object_of(given, what="the body", keys=("scope", "reason"), optional=("name",))
    scope, reason = _scope(asked.get("scope"), asked.get("name")), text_of(asked["reason"], what="reason")
    app = app_of(request)
    check_reach(app, caller, scope)
    with app.database.transaction(caller.tenant) as transaction:
        pressed = stop.press(
            transaction, scope, reason=reason, by=caller.principal, request_id=caller.request_id, now=app.clock()
        )
    tell_stop(app, pressed)
    return {"schema": "arf.stop/1", **pressed.document()}


@router.post(
    "/stop/{stop_id}/lift",
    responses=answers({"schema": "arf.stop/1", **_STOP, "lifted_at": "2026-01-02T03:14:05.000006Z"}, 404, 409),
)
def lift_stop(
    request: Request, stop_id: str, caller: Annotated[Caller, requires(Operation.STOP_LIFT)]
) -> dict[str, object]:
    """End a stop."""
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        scope = stop.find(transaction, stop_id).scope
    check_reach(app, caller, scope)
    with app.database.transaction(caller.tenant) as transaction:
        lifted = stop.lift(
            transaction, stop_id, by=caller.principal, request_id=caller.request_id, now=app.clock()
        )  # fmt: skip
    tell_stop(app, lifted)
    return {"schema": "arf.stop/1", **lifted.document()}


def tell_stop(app: App, found: stop.Stop) -> None:
    """Tell people that something was stopped, or set going again."""
    if app.notifier is not None:
        app.notifier.tell(stop_notice(found))


def check_reach(app: App, caller: Caller, scope: Scope) -> None:
    """Nothing, if ``caller`` may press or lift a stop of ``scope``: with several tenants, all of them are an admin's.

    Raises:
        NotPermitted: the caller is no admin.
    """
    if scope.reach is Reach.ALL and app.settings.is_multi_tenant:
        app.access.permit(caller, Operation.ADMINISTER)


def _scope(reach: object, name: object) -> Scope:
    if not isinstance(reach, str) or reach not in set(Reach):
        raise RequestError(f"scope must be one of {', '.join(Reach)}")
    return Scope(reach=Reach(reach), name="" if name is None else text_of(name, what="name"))
