# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Questions to the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request

from arf_core.verify.fields import time_of
from arf_enterprise.errors import NotAvailable
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.learning import questions
from arf_enterprise.server.described import answers
from arf_enterprise.server.guard import app_of, requires

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.stores.neo4j.graph import GraphStore

router: Final = APIRouter(prefix="/api/v1/graph")
MOST_DAYS: Final = 366

Component = Annotated[str, Query(min_length=1, max_length=2000, description="The component that is asked about.")]
Limit = Annotated[int, Query(ge=1, le=questions.MOST)]

_DONE: Final = {
    "incident": "inc_7f3a…", "action": "rollback", "on_component": "checkout", "result": "succeeded",
    "signature": "latency", "seconds_to_recover": 41.0, "at": "2026-01-02T03:04:05.000006Z", "execution": "run_0199…",
}  # fmt: skip
_CHANGE: Final = {
    "change": "deploy-1842", "component": "payment", "steps": 1, "what": "deploy 2.3.1",
    "at": "2026-01-02T03:04:05.000006Z", "incidents": 1,
}  # fmt: skip


def _example(question: str, answer: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "schema": "arf.graph-answer/1",
        "question": question,
        "component": "checkout",
        "answers": [answer],
        **more,
    }


@router.get(
    "/healed",
    responses=answers(_example("healed", _DONE, actions=[{"action": "rollback", "tried": 9, "succeeded": 8}]), 404),
)
def healed(
    request: Request,
    component: Component,
    caller: Annotated[Caller, requires(Operation.GRAPH_READ)],
    signature: Annotated[str | None, Query(max_length=2000)] = None,
    limit: Limit = 50,
) -> dict[str, object]:
    """What was done about incidents of a component before, and how it ended, latest first; the sum by action."""
    store = _graph(app_of(request))
    found = questions.healed(store, caller.tenant, component, signature=signature, most=limit)
    return questions.healed_document(component, found)


@router.get(
    "/depends",
    responses=answers(
        _example("depends", {"component": "web", "kind": "service", "environment": "production", "steps": 1}), 404
    ),
)
def depends(
    request: Request,
    component: Component,
    caller: Annotated[Caller, requires(Operation.GRAPH_READ)],
    limit: Limit = 100,
) -> dict[str, object]:
    """What depends on a component, near first."""
    store = _graph(app_of(request))
    found = questions.depends(store, caller.tenant, component, most=limit)
    return questions.document("depends", component, found)


@router.get("/changed", responses=answers(_example("changed", _CHANGE), 404))
def changed(
    request: Request,
    component: Component,
    caller: Annotated[Caller, requires(Operation.GRAPH_READ)],
    before: Annotated[
        str | None, Query(description="A time such as 2026-01-02T03:04:05.000006Z; now if absent.")
    ] = None,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7,
    limit: Limit = 100,
) -> dict[str, object]:
    """What changed on a component, and on what it depends on, within the days before a time."""
    app = app_of(request)
    moment = app.clock() if before is None else time_of(before, what="before")
    with _graph(app) as store:
        found = questions.changed(store, caller.tenant, component, before=moment, days=days, most=limit)
    return questions.document("changed", component, found)


@router.get(
    "/together",
    responses=answers(
        _example("together", {"component": "payment", "incidents": 4, "share": 0.5, "examples": ["inc_7f3a…"]}), 404
    ),
)
def together(
    request: Request,
    component: Component,
    caller: Annotated[Caller, requires(Operation.GRAPH_READ)],
    limit: Limit = 50,
) -> dict[str, object]:
    """Which components fail together with a component, the most often first."""
    store = _graph(app_of(request))
    found = questions.together(store, caller.tenant, component, most=limit)
    return questions.document("together", component, found)


def _graph(app: App) -> GraphStore:
    """The graph of the installation.

    Raises:
        NotAvailable: it has none.
    """
    if app.graph is None:
        raise NotAvailable("this installation has no graph: set NEO4J_URI and NEO4J_PASSWORD")
    return app.graph
