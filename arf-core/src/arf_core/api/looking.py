# SPDX-License-Identifier: Apache-2.0
"""The routes that only look: how the server is, what it knows, what it can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from arf_core.api import documents
from arf_core.api.failures import JSON
from arf_core.api.measures import as_csv, as_json, as_text
from arf_core.api.serving import Serving
from arf_core.capabilities import capabilities
from arf_core.version import __version__


class Form(StrEnum):
    """How metrics are written."""

    PROMETHEUS = "prometheus"
    JSON = "json"
    CSV = "csv"


class Standing(StrEnum):
    """Which incidents are listed."""

    OPEN = "open"
    CLOSED = "closed"


Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
IncidentId = Annotated[str, Path(min_length=1, max_length=200, description="Such as `inc_9313f3d6cd588acc`.")]
IntentId = Annotated[str, Path(min_length=1, max_length=200, description="Such as `intent_dd697a20724eb8d6`.")]


class Looking:
    """The handlers of the routes that only look."""

    def __init__(self, serving: Serving) -> None:
        """Look at ``serving``."""
        self._serving = serving

    async def health(self) -> Response:
        """The process lives and answers."""
        return _json({"status": "ok", "version": __version__})

    async def ready(self) -> Response:
        """Whether deliveries are taken: not while the server starts or stops."""
        serving = self._serving
        status = "stopping" if serving.is_stopping else "ready" if serving.is_ready else "starting"
        return _json({"status": status}, status=200 if status == "ready" else 503)

    async def metrics(self, format: Form = Form.PROMETHEUS) -> Response:  # noqa: A002 - the parameter's public name
        """What the server counts, as Prometheus text, JSON or CSV."""
        samples = await self._serving.look(self._serving.samples)
        match format:
            case Form.JSON:
                return Response(as_json(samples), media_type=JSON)
            case Form.CSV:
                return Response(as_csv(samples), media_type="text/csv; charset=utf-8")
            case _:
                return Response(as_text(samples), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def incidents(self, status: Standing | None = None, limit: Limit = 100) -> Response:
        """The incidents that are known, the one with the latest sign of life first."""

        def answer() -> bytes:
            known = self._serving.service.incidents()
            found = [one for one in known if status is None or one.group.status.value == status.value]
            return documents.as_bytes(documents.incidents(found[:limit]))

        return Response(await self._serving.look(answer), media_type=JSON)

    async def incident(self, incident_id: IncidentId) -> Response:
        """One incident: its alerts, why they belong together, the advice, the sealed intents."""
        service = self._serving.service
        body = await self._serving.look(lambda: documents.as_bytes(documents.incident(service.incident(incident_id))))
        return Response(body, media_type=JSON)

    async def intents(self, limit: Limit = 100) -> Response:
        """The sealed intents that are kept, the latest first."""
        service = self._serving.service
        body = await self._serving.look(lambda: documents.as_bytes(documents.intents(service.recent_intents(limit))))
        return Response(body, media_type=JSON)

    async def intent(self, intent_id: IntentId) -> Response:
        """One sealed intent, as it is: `arf verify` reads the answer."""
        service = self._serving.service
        return Response(await self._serving.look(lambda: service.intent(intent_id).to_json()), media_type=JSON)

    async def capabilities(self) -> Response:
        """What this edition does and does not do, and the digest of its sealed limits."""
        return _json(capabilities())


def _json(document: object, *, status: int = 200) -> Response:
    return Response(documents.as_bytes(document), status_code=status, media_type=JSON)
