# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Intents on disk, as the open edition writes them."""

from __future__ import annotations

from pathlib import Path

from arf_core.errors import IntentError
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.errors import IntentInvalid, RequestError

MAX_SIZE = 1_048_576


def intent_in(file: Path) -> HealingIntent:
    """The one intent in ``file``: a JSON object, as a whole or as the only line.

    Raises:
        RequestError: the file cannot be read, or is too long.
        IntentInvalid: it is no sealed intent, or was altered.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SIZE + 1)
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}") from error
    if len(data) > MAX_SIZE:
        raise RequestError(f"{file} has more than {MAX_SIZE} bytes: it is no single intent")
    try:
        return HealingIntent.from_json(data)
    except IntentError as error:
        raise IntentInvalid(f"{file}: {error}") from error
