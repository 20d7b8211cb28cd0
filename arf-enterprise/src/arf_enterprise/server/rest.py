# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The REST application: every route there is, each with its operation, and what becomes of an error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

from arf_core.api.page import SECURITY_POLICY, page
from arf_enterprise.app import App
from arf_enterprise.server import (
    agent_routes,
    approval_routes,
    audit_routes,
    callback_routes,
    execution_routes,
    graph_routes,
    identity_routes,
    learning_routes,
    policy_routes,
    standing_routes,
    stop_routes,
    target_routes,
)
from arf_enterprise.server.described import finished
from arf_enterprise.server.failures import JSON
from arf_enterprise.server.gate import Gate
from arf_enterprise.server.guard import OPEN, SIGNED, undeclared
from arf_enterprise.server.mcp_door import Door
from arf_enterprise.server.serving import Background, Serving
from arf_enterprise.version import __version__

DESCRIPTION: Final = "ARF Enterprise: sealed intents carried out under licence, policy, approval and verified health."


def make_app(app: App, *, serving: Serving | None = None, background: Background | None = None) -> FastAPI:
    """The ASGI application of ``app``; ``background`` runs for as long as it does.

    Raises:
        ValueError: a route declares no operation.
    """
    serving = serving or Serving()
    door = Door(app, most_bytes=serving.settings.max_body)
    rest = FastAPI(
        title="ARF Enterprise",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=partial(_life, serving, background, door),
    )
    rest.state.arf, rest.state.serving = app, serving
    for routes in (
        standing_routes,
        identity_routes,
        audit_routes,
        execution_routes,
        target_routes,
        approval_routes,
        callback_routes,
        stop_routes,
        agent_routes,
        graph_routes,
        policy_routes,
        learning_routes,
    ):
        rest.router.routes.extend(routes.router.routes)  # as they are: each stays a route that can be looked at
    _add_documentation(rest)
    rest.router.routes.append(door)
    for kind in (HTTPException, RequestValidationError):
        rest.add_exception_handler(kind, _to_the_gate)
    rest.add_middleware(Gate, serving=serving)
    if missing := undeclared(rest.routes):
        raise ValueError(f"routes without an operation: {', '.join(missing)}")
    return rest


def document_of(rest: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of ``rest``."""
    bare = get_openapi(title=rest.title, version=rest.version, description=DESCRIPTION, routes=rest.routes)
    return finished(bare, open_paths=OPEN | SIGNED)


def _add_documentation(rest: FastAPI) -> None:
    def openapi() -> Response:
        """The OpenAPI document."""
        return Response(json.dumps(document_of(rest), ensure_ascii=False), media_type=JSON)

    def docs() -> Response:
        """The OpenAPI document as a page."""
        return HTMLResponse(page(document_of(rest)), headers={"Content-Security-Policy": SECURITY_POLICY})

    for path, handler in (("/openapi.json", openapi), ("/docs", docs)):
        rest.add_api_route(path, handler, methods=["GET"], response_model=None, include_in_schema=False)


@asynccontextmanager
async def _life(serving: Serving, background: Background | None, door: Door, _rest: FastAPI) -> AsyncIterator[None]:
    if background is not None:
        await anyio.to_thread.run_sync(background.start)
    serving.is_ready = True
    try:
        async with door.living():
            yield
    finally:
        serving.is_stopping = True
        if background is not None:
            await anyio.to_thread.run_sync(background.stop)


async def _to_the_gate(request: Request, error: Exception) -> Response:
    """Not answered here: the gate tells every error in one form. Routes of one path allow what all of them do."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        found = [route for route in request.app.router.routes if route.matches(request.scope)[0] is not Match.NONE]
        routes = [route for route in found if "{" not in route.path] or found
        allowed = sorted({method for route in routes for method in getattr(route, "methods", None) or ()})
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)}) from error
    raise error
