# SPDX-License-Identifier: Apache-2.0
"""Logs as JSON lines on standard error: an event's name and its fields. Ids are logged, payloads and secrets never."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TextIO

FIELDS: Final = "fields"
"""The name under which a record carries its fields: ``log.info("answered", extra=fields(status=200))``."""


def fields(**values: object) -> dict[str, object]:
    """What is passed as ``extra`` to log ``values`` beside the event's name."""
    return {FIELDS: values}


def log_as_json(
    stream: TextIO | None = None, *, level: int = logging.INFO, loggers: Iterable[str] = ("arf_core.api",)
) -> logging.Handler:
    """Write JSON lines to ``stream`` (standard error if None): ``loggers`` from ``level`` on, and warnings of uvicorn.

    The handler comes back.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name, least in (*((name, level) for name in loggers), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(least)
        logger.propagate = False
    return handler


class JsonLines(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``event``, and the fields of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        given = getattr(record, FIELDS, None)
        if isinstance(given, dict):
            line.update(given)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)
