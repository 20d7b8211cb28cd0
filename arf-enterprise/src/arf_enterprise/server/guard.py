# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What stands before each route: who asks, and whether they may.

Every route declares its operation with :func:`requires`, or is named in :data:`OPEN` or :data:`SIGNED`: ``make_app``
refuses to be made with a route that does neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, cast

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import Route

from arf_enterprise.app import App
from arf_enterprise.identity.access import Asked, Caller
from arf_enterprise.identity.roles import Operation
from arf_enterprise.server.serving import Serving

OPEN: Final = frozenset({"/health", "/ready", "/openapi.json", "/docs"})
"""Paths that anybody may ask for: they say nothing of the installation."""
SIGNED: Final = frozenset({"/callbacks/slack", "/callbacks/webhook"})
"""Paths that no key opens: each request is authenticated by the signature over its body (``callback_routes``)."""
TENANT_HEADER: Final = "X-ARF-Tenant"


def app_of(request: Request) -> App:
    """The installation that serves ``request``."""
    return cast("App", request.app.state.arf)


def serving_of(request: Request) -> Serving:
    """The server that serves ``request``."""
    return cast("Serving", request.app.state.serving)


def identified(request: Request) -> Caller:
    """The caller of ``request``, asked for once in each.

    Raises:
        AccessError: nobody that is let in.
    """
    asked = Asked(
        authorization=_one(request, "authorization"),
        tenant=_one(request, TENANT_HEADER),
        client=request.client.host if request.client else "",
        request_id=request.state.request_id,
    )
    return app_of(request).access.identify(asked)


class Guarded(Route):
    """A route that asks who calls, and whether they may, before anything else: it is no plain one."""

    operation: Operation


class Declared:
    """A dependency that says which operation its route is."""

    def __init__(self, operation: Operation) -> None:
        """Guard a route with ``operation``."""
        self.operation = operation


class Guard(Declared):
    """Lets callers pass who may do its operation."""

    def __call__(self, request: Request, caller: Annotated[Caller, Depends(identified)]) -> Caller:
        """The caller.

        Raises:
            AccessError: nobody that is let in, or one that may not.
        """
        app_of(request).access.permit(caller, self.operation)
        return caller


class MetricsGuard(Declared):
    """Lets callers pass who may do its operation, and everybody where the settings say that metrics are open."""

    def __call__(self, request: Request) -> None:
        """Nothing, if the caller may pass.

        Raises:
            AccessError: nobody that is let in, or one that may not.
        """
        if not serving_of(request).settings.open_metrics:
            app_of(request).access.permit(identified(request), self.operation)


def requires(operation: Operation) -> Any:
    """The dependency of a route that asks for ``operation``; it gives the :class:`Caller`."""
    return Depends(Guard(operation))


def require_admin() -> Any:
    """The dependency of a route that only an admin may use."""
    return requires(Operation.ADMINISTER)


def operations_of(route: APIRoute) -> frozenset[Operation]:
    """What ``route`` declares."""
    return frozenset(guard.operation for guard in _guards(route.dependant))


def undeclared(routes: list[Any]) -> list[str]:
    """The paths of ``routes`` that declare no operation, and are neither open nor signed; what is no route."""
    return [
        str(getattr(route, "path", type(route).__name__))
        for route in routes
        if not isinstance(route, Guarded)
        and (not isinstance(route, APIRoute) or not (operations_of(route) or route.path in OPEN | SIGNED))
    ]


def _guards(dependant: Dependant) -> Iterator[Declared]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Declared):
            yield inner.call
        yield from _guards(inner)


def _one(request: Request, name: str) -> str | None:
    """The header, if it is there once; twice is as good as wrong."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else ("" if values else None)
