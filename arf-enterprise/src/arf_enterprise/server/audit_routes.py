# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The audit log: records, the latest checkpoint, and proofs that ``arf verify`` checks without us."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from arf_core.strict_json import parse_json
from arf_enterprise.audit import proofs
from arf_enterprise.audit.reading import records, size_of
from arf_enterprise.errors import RequestError
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.described import answers
from arf_enterprise.server.failures import JSON
from arf_enterprise.server.guard import app_of, requires

MOST_RECORDS: Final = 1000
MOST_SEQUENCE: Final = 2**53 - 1
router: Final = APIRouter(prefix="/api/v1/audit")

Number = Annotated[int, Query(ge=0, le=MOST_SEQUENCE)]

_NOTE: Final = (
    "arf/4d1f…/default\n2\nq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\narf.time 2026-01-02T03:04:05.000006Z\n\n"
    "— arf/4d1f…/default kX3b…\n"
)
_RECORD: Final = {
    "schema": "arf.audit-record/1", "sequence": 1, "previous": "9c56…", "tenant": "default", "entry_id": "audit_0199…",
    "at": "2026-01-02T03:04:05.000006Z", "actor": {"issuer": "arf", "subject": "subject_41…", "method": "api_key"},
    "action": "key.revoked", "object": "key/key_0199…", "before": None, "after": None, "request_id": "9f86d081884c7d65",
    "details": {}, "sealed": "x4Uj…",
}  # fmt: skip


@router.get(
    "/records",
    responses=answers({"schema": "arf.audit-records/1", "size": 2, "first": 1, "records": [_RECORD]}),
)
def list_records(
    request: Request,
    caller: Annotated[Caller, requires(Operation.AUDIT_READ)],
    first: Number = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS)] = 100,
) -> dict[str, object]:
    """Records from the sequence number ``first`` on, at most ``limit``; ``size`` is how many the log has."""
    database = app_of(request).database
    size = size_of(database, caller.tenant)
    found = records(database, caller.tenant, first=first, last=min(first + limit, size))
    listed = [parse_json(record.text, what=f"record {record.sequence}") for record in found]
    return {"schema": "arf.audit-records/1", "size": size, "first": first, "records": listed}


@router.get("/checkpoint", responses=answers({"schema": "arf.audit-checkpoint/1", "size": 2, "note": _NOTE}))
def checkpoint(request: Request, caller: Annotated[Caller, requires(Operation.AUDIT_READ)]) -> dict[str, object]:
    """The latest checkpoint, as the signed note that it is: keep it, and no later log can leave these records out."""
    with app_of(request).database.transaction(caller.tenant) as transaction:
        found = proofs.latest(transaction)
    return {"schema": "arf.audit-checkpoint/1", "size": found.checkpoint.size, "note": found.note}


@router.get(
    "/proof",
    responses=answers({"schema": "arf.audit-inclusion/1", "checkpoint": _NOTE, "record": _RECORD, "proof": ["nFYq…"]}),
)
def proof(
    request: Request,
    caller: Annotated[Caller, requires(Operation.AUDIT_READ)],
    sequence: Annotated[int | None, Query(ge=0, le=MOST_SEQUENCE)] = None,
    first: Annotated[int | None, Query(ge=1, le=MOST_SEQUENCE)] = None,
    second: Annotated[int | None, Query(ge=1, le=MOST_SEQUENCE)] = None,
) -> Response:
    """That record ``sequence`` is in the log; or that the checkpoint of size ``second`` continues that of ``first``."""
    database = app_of(request).database
    match (sequence, first, second):
        case (int(), None, None):
            found = proofs.prove_inclusion(database, caller.tenant, sequence)
        case (None, int(), int()):
            found = proofs.prove_consistency(database, caller.tenant, first, second)
        case _:
            raise RequestError("give either sequence, or first and second")
    return Response(found, media_type=JSON)
