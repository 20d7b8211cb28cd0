# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Who I am, API keys, tenants."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request

from arf_core.verify.fields import list_of, object_of, text_of
from arf_enterprise.errors import RequestError
from arf_enterprise.identity import keys
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.key import MOST_DAYS, WantedKey
from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import Operation, effective, may
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, require_admin, requires
from arf_enterprise.server.reading import reads_json

router: Final = APIRouter(prefix="/api/v1")

_KEY: Final[dict[str, object]] = {
    "key_id": "key_0199d2c3a4b5c6d7e8f90123456789ab",
    "tenant": "default",
    "subject": "alice@example.com",
    "roles": ["operator"],
    "operations": None,
    "is_agent": False,
    "created_at": "2026-01-02T03:04:05.000006Z",
    "expires_at": "2026-04-02T03:04:05.000006Z",
    "last_used_at": None,
    "revoked_at": None,
}
_WANTED: Final[dict[str, object]] = {"subject": "alice@example.com", "roles": ["operator"], "days": 90}
_WANTED_SCHEMA: Final = {
    "type": "object",
    "required": ["subject", "roles"],
    "additionalProperties": False,
    "properties": {
        "subject": {"type": "string", "minLength": 1, "maxLength": 200},
        "roles": {"type": "array", "minItems": 1, "items": {"enum": [role.value for role in Role]}},
        "days": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS},
        "is_agent": {"type": "boolean"},
        "operations": {"type": "array", "minItems": 1, "items": {"enum": [one.value for one in Operation]}},
    },
}
_ME: Final[dict[str, object]] = {
    "schema": "arf.me/1",
    "issuer": "arf",
    "subject": "alice@example.com",
    "method": "api_key",
    "is_agent": False,
    "roles": ["operator"],
    "operations": ["license.read", "me.read", "metrics.read", "tenants.list"],
    "tenant": "default",
    "tenants": ["default"],
    "key_id": "key_0199d2c3a4b5c6d7e8f90123456789ab",
}


@router.get("/me", responses=answers(_ME))
def me(caller: Annotated[Caller, requires(Operation.ME_READ)]) -> dict[str, object]:
    """Who the caller is, and what it may do."""
    who = caller.principal
    return {
        "schema": "arf.me/1",
        "issuer": who.issuer,
        "subject": who.subject,
        "method": who.method,
        "is_agent": who.is_agent,
        "roles": sorted(effective(who.roles, is_agent=who.is_agent)),
        "operations": sorted(operation for operation in Operation if may(who, operation)),
        "tenant": caller.tenant,
        "tenants": sorted(who.tenants),
        "key_id": who.key_id,
    }


@router.get("/keys", responses=answers({"schema": "arf.keys/1", "keys": [_KEY]}))
def list_keys(request: Request, caller: Annotated[Caller, requires(Operation.KEYS_LIST)]) -> dict[str, object]:
    """The keys of the tenant, those that have ended among them; never a secret."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = keys.listed(transaction)
    return {"schema": "arf.keys/1", "keys": [key.document() for key in found]}


@router.post(
    "/keys",
    status_code=201,
    dependencies=[require_admin()],
    responses=answers(
        {"schema": "arf.key-created/1", "key": "arf_key_<id>_<secret>", **_KEY}, *of_a_body(), status=201
    ),
    openapi_extra=body(_WANTED, _WANTED_SCHEMA),
)
def create_key(
    request: Request,
    caller: Annotated[Caller, requires(Operation.KEYS_CREATE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Make a key for the tenant. ``key`` is shown this once."""
    app = app_of(request)
    made = keys.create(
        app.database,
        wanted_key(given),
        tenants=[caller.tenant],
        by=caller.principal,
        request_id=caller.request_id,
        now=app.clock(),
    )
    return {"schema": "arf.key-created/1", "key": made.text, **made.keys[0].document()}


@router.post(
    "/keys/{key_id}/revoke",
    dependencies=[require_admin()],
    responses=answers({"schema": "arf.key-revoked/1", "key_id": _KEY["key_id"]}, 404),
)
def revoke_key(
    request: Request, key_id: str, caller: Annotated[Caller, requires(Operation.KEYS_REVOKE)]
) -> dict[str, object]:
    """End a key of the tenant, from the next request on."""
    app = app_of(request)
    with app.database.transaction(caller.tenant) as transaction:
        keys.revoke(transaction, key_id, by=caller.principal, request_id=caller.request_id, now=app.clock())
    return {"schema": "arf.key-revoked/1", "key_id": key_id}


@router.get("/tenants", responses=answers({"schema": "arf.tenants/1", "tenant": "default", "tenants": ["default"]}))
def list_tenants(caller: Annotated[Caller, requires(Operation.TENANTS_LIST)]) -> dict[str, object]:
    """The tenants that the caller belongs to, and the one that this request is for."""
    return {"schema": "arf.tenants/1", "tenant": caller.tenant, "tenants": sorted(caller.principal.tenants)}


def wanted_key(given: object) -> WantedKey:
    """The key that a JSON value asks for.

    Raises:
        FormatError, RequestError: it is none that can be made.
    """
    asked = object_of(given, what="the body", keys=("subject", "roles"), optional=("days", "is_agent", "operations"))
    days, is_agent = asked.get("days", 90), asked.get("is_agent", False)
    if isinstance(days, bool) or not isinstance(days, int) or not isinstance(is_agent, bool):
        raise RequestError("days must be a whole number, and is_agent true or false")
    operations = _names(asked["operations"], "operations") if "operations" in asked else None
    return WantedKey(
        subject=text_of(asked["subject"], what="subject", most=200),
        roles=frozenset(_role(name) for name in _names(asked["roles"], "roles")),
        days=days,
        is_agent=is_agent,
        operations=None if operations is None else frozenset(_operation(name) for name in operations),
    )


def _names(value: object, what: str) -> list[str]:
    return [text_of(item, what=f"an item of {what}", most=60) for item in list_of(value, what=what, most=100)]


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        raise RequestError(f"{name!r:.60} is no role: there are {', '.join(Role)}") from error


def _operation(name: str) -> Operation:
    try:
        return Operation(name)
    except ValueError as error:
        raise RequestError(f"{name!r:.60} is no operation: /docs lists them") from error
