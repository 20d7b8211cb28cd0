# SPDX-License-Identifier: Apache-2.0
"""The lines of an outbox, schema ``arf.outbox/1`` (docs/hand-off.md, "The outbox").

Each line is canonical JSON with ``schema``, ``line`` (its number, from 1), ``previous`` (the seal of the line before,
null in the first), ``at`` (a time), ``kind``, what the kind carries, and ``seal``, the digest of all the others in the
hash domain ``arf.outbox/1``.

1. ``intent`` carries a whole sealed ``intent``. One that is there already is not written again.
2. ``receipt`` and ``refusal`` carry the ``digest`` of an intent above and what the server said; the first one settles
   the intent. What the server said is a few named fields: no credentials can be among them.
3. A line that was altered, left out, added or put elsewhere is refused by its number: its seal, number or ``previous``
   does not recompute. (A tail that is missing altogether cannot be noticed from the file alone.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, cast

from arf_core.canonical import canonical_bytes, digest, read_time, write_time
from arf_core.errors import InputError
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_core.strict_json import parse_json
from arf_mcp_client.errors import OutboxError

SCHEMA: Final = "arf.outbox/1"


class State(StrEnum):
    """Where an intent of the outbox is."""

    PENDING = "pending"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An intent of the outbox, when it was added, and what the server said to it: empty while it is pending."""

    intent: HealingIntent
    added_at: datetime
    state: State = State.PENDING
    answer: FrozenMap = FrozenMap()  # noqa: RUF009 - it cannot be changed


class Ledger:
    """The lines read so far, folded: entries by digest, in the order in which they were added."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self.entries: dict[str, Entry] = {}
        self._lines = 0
        self._seal: str | None = None

    def read(self, line: bytes) -> None:
        """Take the next line, without its newline.

        Raises:
            OutboxError: it is not the line that belongs here; the message has its number.
        """
        number = self._lines + 1
        try:
            given = self._checked(parse_json(line, what="it"), number)
            self._fold(given)
        except InputError as error:
            raise OutboxError(f"line {number} of the outbox was altered: {error}") from error
        self._lines, self._seal = number, cast("str", given["seal"])

    def line(self, kind: str, carried: Mapping[str, object], *, at: datetime) -> bytes:
        """The next line, with its newline; :meth:`read` is what takes it in."""
        document = {
            "schema": SCHEMA,
            "line": self._lines + 1,
            "previous": self._seal,
            "at": write_time(at),
            "kind": kind,
            **carried,
        }
        return canonical_bytes({**document, "seal": digest(SCHEMA, document)}) + b"\n"

    def _checked(self, given: object, number: int) -> Mapping[str, object]:
        if not isinstance(given, Mapping) or "seal" not in given:
            raise InputError("it is not a line of an outbox")
        if given.get("schema") != SCHEMA:
            raise InputError(f"its schema is not {SCHEMA}")
        if digest(SCHEMA, {name: value for name, value in given.items() if name != "seal"}) != given["seal"]:
            raise InputError("its seal does not recompute")
        if (given.get("line"), given.get("previous")) != (number, self._seal):
            raise InputError("it does not follow the line before it: a line was left out, added or moved")
        return given

    def _fold(self, given: Mapping[str, object]) -> None:
        match given.get("kind"):
            case "intent":
                intent = HealingIntent.from_dict(given.get("intent"))
                added_at = read_time(str(given.get("at")))
                self.entries.setdefault(intent.digest, Entry(intent=intent, added_at=added_at))  # rule 1
            case "receipt":
                self._settle(given, State.SENT)
            case "refusal":
                self._settle(given, State.REFUSED)
            case _:
                raise InputError("its kind is none of intent, receipt and refusal")

    def _settle(self, given: Mapping[str, object], state: State) -> None:
        entry = self.entries.get(str(given.get("digest")))
        answer = given.get("answer")
        if entry is None or not isinstance(answer, Mapping):
            raise InputError("it settles an intent that is not above it")
        if entry.state is State.PENDING:  # rule 2
            self.entries[entry.intent.digest] = replace(entry, state=state, answer=FrozenMap(answer))
