# SPDX-License-Identifier: Apache-2.0
"""The routes that take telemetry: the body is read within limits, then looked at off the event loop.

1. ``/v1/analyze`` keeps nothing; the others are deliveries, which open, add to and close incidents.
2. A delivery is answered 2xx when it was looked at and, where there is a journal, when it is durable.
3. One bad record does not lose the others: it is in ``faults``. If none could be read, that is an error (422).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from arf_core.analysis import Analysis, analysis_document
from arf_core.api.body import body_of, check_type, is_packed, unpack
from arf_core.api.documents import accepted, as_bytes
from arf_core.api.failures import JSON, PROTOBUF, Refused, varint
from arf_core.api.serving import Serving
from arf_core.errors import EventError
from arf_core.ingest.batch import Batch
from arf_core.ingest.formats import Format
from arf_core.ingest.reading import Surroundings, read

JSON_ONLY: Final = (JSON,)
OTLP_TYPES: Final = (JSON, PROTOBUF)
ANY_TYPE: Final = (
    JSON, "application/jsonl", "application/x-ndjson", "text/csv", "text/plain", "application/gzip",
    "application/octet-stream",
)  # fmt: skip


class Deliveries:
    """The handlers of the routes that take telemetry."""

    def __init__(self, serving: Serving) -> None:
        """Deliver to the service of ``serving``."""
        self._serving = serving

    async def analyze(self, request: Request) -> Response:
        """What is wrong in the body, where it began, what resembled it, and what to consider; nothing is kept."""
        service = self._serving.service

        def answer(data: bytes) -> tuple[Batch, bytes]:
            batch = self._read(data, Format.AUTO)
            return batch, as_bytes(analysis_document(service.analyze(batch)))

        check_type(request, ANY_TYPE)
        return Response(await self._answered(request, answer, "/v1/analyze"), media_type=JSON)

    async def alerts(self, request: Request) -> Response:
        """A delivery of Prometheus Alertmanager (webhook version 4)."""
        return await self._delivered(request, Format.ALERTMANAGER, "/v1/alerts")

    async def datadog(self, request: Request) -> Response:
        """A delivery of a Datadog webhook."""
        return await self._delivered(request, Format("datadog"), "/v1/events/datadog")

    async def pagerduty(self, request: Request) -> Response:
        """An event in the form of PagerDuty's Events API v2; answered as that API does."""

        def answer(data: bytes) -> tuple[Batch, bytes]:
            batch, analysis = self._taken(data, Format("pagerduty"))
            key = batch.events[0].fingerprint if batch.events else None
            told = {"status": "success", "message": "Event processed", "dedup_key": key}
            return batch, as_bytes({**told, **accepted(analysis)})

        check_type(request, JSON_ONLY)
        body = await self._answered(request, answer, "/v1/events/pagerduty")
        return Response(body, status_code=202, media_type=JSON)

    async def otlp(self, request: Request) -> Response:
        """Metrics in OTLP over HTTP, as JSON or protobuf; answered as the specification says."""
        media_type = check_type(request, OTLP_TYPES)
        is_json = media_type == JSON

        def answer(data: bytes) -> tuple[Batch, bytes]:
            from arf_core.ingest import otlp

            batch = otlp.parse_json(data) if is_json else otlp.parse_protobuf(data)
            self._serving.service.take(batch, now=self._serving.now())
            return batch, _exported(batch, as_json=is_json)

        body = await self._answered(request, answer, "/v1/otlp/v1/metrics", some_must_read=False)
        return Response(body, media_type=media_type)

    async def _delivered(self, request: Request, form: Format, route: str) -> Response:
        def answer(data: bytes) -> tuple[Batch, bytes]:
            batch, analysis = self._taken(data, form)
            return batch, as_bytes(accepted(analysis))

        check_type(request, JSON_ONLY)
        return Response(await self._answered(request, answer, route), media_type=JSON)

    async def _answered(
        self,
        request: Request,
        answer: Callable[[bytes], tuple[Batch, bytes]],
        route: str,
        *,
        some_must_read: bool = True,
    ) -> bytes:
        serving = self._serving
        packed, limit = is_packed(request), serving.settings.max_body
        async with body_of(request, settings=serving.settings, budget=serving.budget) as data:
            batch, body = await serving.work(lambda: answer(unpack(data, limit=limit, packed=packed)))
        serving.measures.count("arf_records_read_total", len(batch), route=route)
        serving.measures.count("arf_records_faulty_total", len(batch.faults), route=route)
        if some_must_read and batch.faults and not len(batch):  # 3
            first = batch.faults[0]
            error = EventError(f"none of the {len(batch.faults)} records could be read; the first: {first}")
            raise Refused(error, status=422)
        return body

    def _taken(self, data: bytes, form: Format) -> tuple[Batch, Analysis]:
        batch = self._read(data, form)
        analysis = self._serving.service.take(batch, now=self._serving.now())
        for answered in analysis.answered:
            for intent in answered.advice.intents:
                self._serving.measures.count("arf_intents_sealed_total", action=intent.action.value)
        return batch, analysis

    def _read(self, data: bytes, form: Format) -> Batch:
        limit = self._serving.settings.max_body
        return read(data, now=self._serving.now(), form=form, surroundings=Surroundings(max_unpacked=limit))


def _exported(batch: Batch, *, as_json: bool) -> bytes:
    """``ExportMetricsServiceResponse``: empty if everything was read, else how many points were not, and why."""
    refused = len(batch.faults)
    if not refused:
        return b"{}" if as_json else b""
    message = f"{refused} data points were not read; the first: {batch.faults[0]}"
    if as_json:
        return json.dumps({"partialSuccess": {"rejectedDataPoints": str(refused), "errorMessage": message}}).encode()
    text = message.encode("utf-8", "replace")
    partial = b"\x08" + varint(refused) + b"\x12" + varint(len(text)) + text
    return b"\x0a" + varint(len(partial)) + partial
