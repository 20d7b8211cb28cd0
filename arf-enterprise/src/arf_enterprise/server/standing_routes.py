# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How the server stands: alive, ready, what it counts, and its licence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from arf_core.api.measures import Sample, as_text
from arf_enterprise.app import App
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.execution.run import Status
from arf_enterprise.execution.standing import runs
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.described import answers, text_answers
from arf_enterprise.server.guard import MetricsGuard, app_of, requires, serving_of
from arf_enterprise.server.serving import Serving
from arf_enterprise.server.standing import Lag, graph_lag, lag, licence_document, schema_version
from arf_enterprise.stores.postgres.migrate import migrations
from arf_enterprise.version import __version__

router: Final = APIRouter()
LOOK_EVERY_S: Final = 1.0
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_LICENSE: Final[dict[str, object]] = {
    "schema": "arf.license-standing/1",
    "edition": "enterprise",
    "features": ["approval_workflows", "audit_trails"],
    "state": "active",
    "may_execute": True,
    "says": "it is valid until 2027-01-02T00:00:00.000000Z",
    "days_left": 365,
    "warning": None,
    "source": "the database",
    "licence": {"licence_id": "lic_0199…", "customer": "Acme"},
    "servers": [
        {
            "place": 1,
            "server": "arf-1.example:4711",
            "held_since": "2026-01-02T03:04:05.000006Z",
            "seen_at": "2026-01-02T03:05:05.000006Z",
        }
    ],
}


@router.get("/health", responses={200: {"description": "It is alive."}})
def health() -> dict[str, object]:
    """Whether the process answers."""
    return {"status": "alive"}


@router.get("/ready", responses={200: {"description": "It is."}, 503: {"description": "It is not: send elsewhere."}})
def ready(request: Request) -> JSONResponse:
    """Whether requests should be sent here: the database answers, its schema is ours, the audit log keeps up."""
    serving = serving_of(request)
    now = serving.seconds()
    if serving.looked is None or now - serving.looked >= LOOK_EVERY_S:
        serving.parts, serving.looked = _parts(app_of(request), serving), now
    parts = serving.parts
    is_ready = serving.is_ready and not serving.is_stopping and all(part == "ok" for part in parts.values())
    return JSONResponse({"status": "ready" if is_ready else "not ready", **parts}, status_code=200 if is_ready else 503)


@router.get(
    "/metrics",
    dependencies=[Depends(MetricsGuard(Operation.METRICS_READ))],
    response_class=Response,
    responses=text_answers(METRICS_TYPE, 'arf_build_info{version="0.1.0"} 1\n'),
)
def metrics(request: Request) -> Response:
    """What the server counts, in the text format of Prometheus."""
    serving = serving_of(request)
    gauges = [
        Sample(name="arf_build_info", value=1, labels=(("version", __version__),)),
        Sample(name="arf_requests_in_flight", value=serving.in_flight),
    ]
    app = app_of(request)
    text = as_text(serving.measures.samples(gauges)) + _lag_text(lag(app)) + _graph_text(graph_lag(app))
    text += _runs_text(runs(app.database, now=app.clock())) + _engine_text(app)
    return Response(text, media_type=METRICS_TYPE)


@router.get("/api/v1/license", responses=answers(_LICENSE))
def license_standing(
    request: Request, _caller: Annotated[Caller, requires(Operation.LICENSE_READ)]
) -> dict[str, object]:
    """How the licence stands, and which servers hold its places; never the licence itself."""
    return licence_document(app_of(request))


def _parts(app: App, serving: Serving) -> dict[str, str]:
    try:
        newest, waits = schema_version(app), lag(app)
    except EnterpriseError as error:
        return {"database": error.code}
    return {
        "database": "ok",
        "schema": "ok" if newest == migrations()[-1].version else "another version",
        "audit": "ok" if waits.seconds <= serving.settings.most_lag_seconds else "behind",
    }


def _lag_text(waits: Lag) -> str:
    return (
        "# HELP arf_audit_waiting Audit entries that have no place in the log yet.\n"
        "# TYPE arf_audit_waiting gauge\n"
        f"arf_audit_waiting {waits.entries}\n"
        "# HELP arf_audit_lag_seconds How long the oldest of them has waited.\n"
        "# TYPE arf_audit_lag_seconds gauge\n"
        f"arf_audit_lag_seconds {waits.seconds:.3f}\n"
    )


def _graph_text(waits: Lag | None) -> str:
    """Nothing of a server without a graph."""
    if waits is None:
        return ""
    return (
        "# HELP arf_graph_waiting Entries that the graph does not have yet.\n"
        "# TYPE arf_graph_waiting gauge\n"
        f"arf_graph_waiting {waits.entries}\n"
        "# HELP arf_graph_lag_seconds How long the oldest of them has waited.\n"
        "# TYPE arf_graph_lag_seconds gauge\n"
        f"arf_graph_lag_seconds {waits.seconds:.3f}\n"
    )


def _runs_text(found: Mapping[Status, int]) -> str:
    return (
        "# HELP arf_executions Runs that have not ended or that began within a day, by where they stand.\n"
        "# TYPE arf_executions gauge\n"
    ) + "".join(f'arf_executions{{status="{status}"}} {number}\n' for status, number in found.items())


def _engine_text(app: App) -> str:
    """Nothing of a server that carries no runs out."""
    if app.engine is None:
        return ""
    state = app.engine.state
    return (
        "# HELP arf_engine_running Whether this server takes runs: 0 without a place of the licence.\n"
        "# TYPE arf_engine_running gauge\n"
        f"arf_engine_running {int(state.is_running)}\n"
        "# HELP arf_engine_sweeps_total How often it looked for runs that nobody works on.\n"
        "# TYPE arf_engine_sweeps_total counter\n"
        f"arf_engine_sweeps_total {state.sweeps}\n"
        "# HELP arf_engine_taken_up_total Runs of other servers, or in no line, that it took up.\n"
        "# TYPE arf_engine_taken_up_total counter\n"
        f"arf_engine_taken_up_total {state.taken_up}\n"
    )
