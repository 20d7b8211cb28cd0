# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The inventory of targets: read, and put in force. Credentials are references only."""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import APIRouter
from starlette.requests import Request

from arf_core.models.frozen import thaw
from arf_core.policy.document import MAX_TEXT
from arf_core.verify.fields import object_of, text_of
from arf_enterprise.errors import NotFound, RequestError, TargetUnknown
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.learning.outbox import enqueue_inventory
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, requires
from arf_enterprise.server.reading import reads_json
from arf_enterprise.stores.postgres.database import Transaction
from arf_enterprise.targets import store
from arf_enterprise.targets.inventory import Inventory

router: Final = APIRouter(prefix="/api/v1")

_TARGET: Final[dict[str, object]] = {
    "component": "checkout",
    "environment": "production",
    "tier": 1,
    "owner": "team-shop",
    "kind": "web",
    "depends_on": ["payments"],
    "ways": [
        {
            "adapter": "supervisor",
            "actions": ["restart_container"],
            "settings": {"program": "checkout"},
            "credentials": {"password": "file:/run/secrets/supervisor"},
        }
    ],
    "health": {
        "window_s": 60,
        "interval_s": 2,
        "settle_s": 0,
        "sustained_s": 10,
        "traffic_floor": 0.5,
        "probes": [
            {"name": "answers", "kind": "http", "is_symptom": True, "settings": {"url": "http://127.0.0.1:9000/ready"}}
        ],
    },
}
_VERSION: Final[dict[str, object]] = {
    "version": 1,
    "digest": "sha256:" + "0" * 64,
    "file": "targets.yaml",
    "issuer": "arf",
    "author": "alice@example.com",
    "pushed_at": "2026-01-02T03:04:05.000006Z",
}
_INVENTORY: Final[dict[str, object]] = {"schema": "arf.targets/1", "targets": [_TARGET], **_VERSION}
_GIVEN: Final[dict[str, object]] = {"file": "targets.yaml", "content": "schema: arf.targets/1\ntargets: []\n"}
_GIVEN_SCHEMA: Final = {
    "type": "object",
    "required": ["content"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "minLength": 1, "maxLength": 200},
        "content": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
    },
}


@router.get("/targets", responses=answers(_INVENTORY, 404))
def list_targets(request: Request, caller: Annotated[Caller, requires(Operation.TARGETS_READ)]) -> dict[str, object]:
    """The inventory in force."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        version, inventory = _in_force(transaction)
    return _described(version, inventory)


@router.get(
    "/targets/{component}",
    responses=answers(
        {"schema": "arf.target/1", **_TARGET, "digest": _VERSION["digest"], "dependents": ["shopfront"]}, 404
    ),
)
def show_target(
    request: Request, component: str, caller: Annotated[Caller, requires(Operation.TARGETS_READ)]
) -> dict[str, object]:
    """One target, and who depends on it, directly or through others."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        _, inventory = _in_force(transaction)
    try:
        target = inventory.target(component)
    except TargetUnknown as error:
        raise NotFound(str(error)) from error
    return {
        "schema": "arf.target/1",
        **cast("dict[str, object]", thaw(target.document())),
        "digest": target.digest,
        "dependents": list(inventory.dependents(component)),
    }


@router.put(
    "/targets",
    responses=answers(_INVENTORY, *of_a_body()),
    openapi_extra=body(_GIVEN, _GIVEN_SCHEMA),
)
def push_targets(
    request: Request,
    caller: Annotated[Caller, requires(Operation.TARGETS_WRITE)],
    given: Annotated[object, reads_json()],
) -> dict[str, object]:
    """Put an inventory in force, all of it at once. Every mistake in it is named with file, line and column."""
    asked = object_of(given, what="the body", keys=("content",), optional=("file",))
    file = text_of(asked.get("file", "targets.yaml"), what="file", most=200)
    content, app = asked["content"], app_of(request)
    if not isinstance(content, str):
        raise RequestError("content must be the text of the inventory, in YAML")
    now, tenant = app.clock(), caller.tenant
    with app.database.transaction(tenant) as transaction:
        store.push(transaction, content, file=file, by=caller.principal, request_id=caller.request_id, now=now)
        version, inventory = _in_force(transaction)
        enqueue_inventory(transaction, inventory.targets)
    return _described(version, inventory)


def _described(version: store.Version, inventory: Inventory) -> dict[str, object]:
    return {**cast("dict[str, object]", thaw(inventory.document())), **version.document()}


def _in_force(transaction: Transaction) -> tuple[store.Version, Inventory]:
    try:
        return store.current_version(transaction)
    except TargetUnknown as error:
        raise NotFound(str(error)) from error
