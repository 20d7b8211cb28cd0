# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The one intent that is meant, in a file of intents as ``arf analyze --out`` writes them: one a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from arf_core.cli.output import printable

if TYPE_CHECKING:
    from arf_core.models.healing_intent import HealingIntent

MAX_SIZE: Final = 1_048_576


def meant(file: Path, intent_id: str | None) -> HealingIntent:
    """The intent in ``file``: the only one, or that of ``intent_id``.

    Raises:
        RequestError: the file cannot be read, has several and none is named, or has none of that id.
        IntentInvalid: a line is no sealed intent, or was altered.
    """
    from arf_enterprise.errors import RequestError

    data = _read(file)
    # The lines that begin an object: a single intent may have been written over several lines.
    lines = [line for line in data.splitlines() if line.startswith(b'{"')]
    if len(lines) < 2 and intent_id is None:
        return _sealed(data, str(file))
    intents = [_sealed(line, f"{file}:{number}") for number, line in enumerate(lines, start=1)]
    if intent_id is None:
        each = ", ".join(f"{one.intent_id} ({one.action} {printable(one.component)})" for one in intents)
        raise RequestError(f"{file} has {len(intents)} intents, name one with --intent: {each}")
    for intent in intents:
        if intent.intent_id == intent_id:
            return intent
    raise RequestError(f"{file} has no intent {intent_id}")


def _read(file: Path) -> bytes:
    from arf_enterprise.errors import RequestError

    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SIZE + 1)
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}") from error
    if len(data) > MAX_SIZE:
        raise RequestError(f"{file} has more than {MAX_SIZE} bytes: put the one intent in a file of its own")
    return data


def _sealed(data: bytes, place: str) -> HealingIntent:
    from arf_core.errors import IntentError
    from arf_core.models.healing_intent import HealingIntent
    from arf_enterprise.errors import IntentInvalid

    try:
        return HealingIntent.from_json(data)
    except IntentError as error:
        raise IntentInvalid(f"{place}: {error}") from error
