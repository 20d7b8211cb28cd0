# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The JSON body of a request, read strictly: no doubled key, no NaN, and only as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import Depends
from starlette.requests import Request

from arf_core.strict_json import parse_json
from arf_enterprise.errors import RequestError
from arf_enterprise.server.failures import JSON, Refused


async def json_body(request: Request) -> object:
    """The JSON value of the body.

    Raises:
        Refused: it is not said to be JSON (415): so a form in a browser cannot send it.
        FormatError: it is none.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise Refused(RequestError("the body must be JSON, and be said to be"), status=415)
    return parse_json(await request.body(), what="the body")


def reads_json() -> Any:
    """The dependency of a route that reads :func:`json_body`."""
    return Depends(json_body)
