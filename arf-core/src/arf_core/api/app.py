# SPDX-License-Identifier: Apache-2.0
"""The application: which path has which handler, and what becomes of an error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from arf_core.api.deliveries import Deliveries
from arf_core.api.described import describe
from arf_core.api.documents import as_bytes
from arf_core.api.failures import JSON, Refused, failure
from arf_core.api.gate import Gate
from arf_core.api.looking import Looking
from arf_core.api.page import SECURITY_POLICY, page
from arf_core.api.serving import Serving
from arf_core.errors import ArfError, InputError, NotFoundError
from arf_core.version import __version__

DESCRIPTION = "The open edition of ARF: telemetry in, sealed healing intents out. It advises; it cannot act."


def build(serving: Serving) -> Gate:
    """The ASGI application of ``serving``."""
    app = FastAPI(
        title="ARF",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=partial(_life, serving),
    )
    for kind in (ArfError, Refused, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _answer_error)
    _add_routes(app, serving)
    return Gate(app, serving)


def _add_routes(app: FastAPI, serving: Serving) -> None:
    looking, deliveries = Looking(serving), Deliveries(serving)
    for path, look in (
        ("/health", looking.health),
        ("/ready", looking.ready),
        ("/metrics", looking.metrics),
        ("/v1/incidents", looking.incidents),
        ("/v1/incidents/{incident_id}", looking.incident),
        ("/v1/intents", looking.intents),
        ("/v1/intents/{intent_id}", looking.intent),
        ("/v1/capabilities", looking.capabilities),
    ):
        _add(app, path, look, "GET")
    for path, take in (
        ("/v1/analyze", deliveries.analyze),
        ("/v1/alerts", deliveries.alerts),
        ("/v1/otlp/v1/metrics", deliveries.otlp),
        ("/v1/events/pagerduty", deliveries.pagerduty),
        ("/v1/events/pagerduty/v2/enqueue", deliveries.pagerduty),  # where PagerDuty's own clients post
        ("/v1/events/datadog", deliveries.datadog),
    ):
        _add(app, path, take, "POST")
    _add_documentation(app, with_token=serving.settings.token is not None)


def _add(app: FastAPI, path: str, handler: Callable[..., Any], method: str, *, listed: bool = True) -> None:
    app.add_api_route(path, handler, methods=[method], response_model=None, include_in_schema=listed)


def _add_documentation(app: FastAPI, *, with_token: bool) -> None:
    made: list[dict[str, Any]] = []

    def document() -> dict[str, Any]:
        if not made:
            bare = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
            made.append(describe(bare, with_token=with_token))
        return made[0]

    async def openapi() -> Response:
        """The OpenAPI document."""
        return Response(as_bytes(document()), media_type=JSON)

    async def docs() -> Response:
        """The OpenAPI document as a page."""
        return HTMLResponse(page(document()), headers={"Content-Security-Policy": SECURITY_POLICY})

    _add(app, "/openapi.json", openapi, "GET", listed=False)
    _add(app, "/docs", docs, "GET", listed=False)


@asynccontextmanager
async def _life(serving: Serving, _app: FastAPI) -> AsyncIterator[None]:
    serving.is_ready = True
    try:
        yield
    finally:
        serving.is_stopping = True


async def _answer_error(request: Request, error: Exception) -> Response:
    told = failure(
        _ours(error),
        request_id=request.scope["state"]["request_id"],
        path=request.url.path,
        content_type=request.headers.get("content-type", "").lower(),
    )
    return Response(told.body, status_code=told.status, headers=dict(told.headers), media_type=told.content_type)


def _ours(error: Exception) -> Exception:
    """What FastAPI and Starlette raise, as an error of ours with its status."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return Refused(InputError(f"{where}: {first['msg']}"), status=422)
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        if error.status_code == 404:
            return Refused(NotFoundError("there is no such path: /docs lists what there is"), status=404)
        if error.status_code == 405:
            allowed = InputError(f"the path does not take this method: it takes {headers.get('Allow', 'others')}")
            return Refused(allowed, status=405, headers=headers)
        return Refused(InputError(str(error.detail)), status=error.status_code, headers=headers)
    return error
