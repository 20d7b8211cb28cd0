# SPDX-License-Identifier: Apache-2.0
"""Verifies intents and receipts: one, a file of many, or the part of a bundle.

The rules have the numbers of ``verify.artifact``: 3 to 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from arf_core.errors import BadPlace, InputError, VerificationError
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.fields import read_json
from arf_core.verify.intents import Verified, verified_text, verified_value
from arf_core.verify.receipt import Receipt, read
from arf_core.verify.report import Check, Report

MAX_LINES: Final = 200_000
"""The most lines of intents or receipts that are verified at once."""

SealedKind = Literal["intent", "intents", "receipt", "empty"]
Entry = tuple[str, Receipt | BadPlace]
"""Where it stands, and the receipt of what stands there or what is bad about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was found: the sound intents or receipts, each with its place, and the bad ones."""

    sound: tuple[tuple[str, Receipt], ...]
    bad: tuple[BadPlace, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Sealed:
        """``entries``, divided."""
        listed = tuple(entries)
        return cls(
            sound=tuple((where, found) for where, found in listed if isinstance(found, Receipt)),
            bad=tuple(found for _, found in listed if isinstance(found, BadPlace)),
        )

    def __len__(self) -> int:
        return len(self.sound) + len(self.bad)


def verify_sealed(kind: SealedKind, data: bytes, *, name: str, against: HealingIntent | None) -> Report:
    """The report on ``data``, which holds intents or receipts in the form that ``kind`` says."""
    found = Sealed.of(_many_lines(data) or _entries(kind, data))
    conflict, repeats = conflict_in(found)
    other = held_against(found, against)
    checks = [
        Check(what="there is something to verify", ok=bool(found), detail=f"{len(found)} found"),  # rule 7
        Check(what=_EACH[kind], ok=not found.bad, detail=f"{len(found.sound)} of {len(found)}"),  # rules 3, 4 and 5
        Check(what="one id has one digest", ok=conflict is None, detail="; ".join(repeats)),  # rule 6
    ]
    if against is not None:  # rule 8
        checks.append(Check(what=f"it is about {against.intent_id}", ok=other is None, detail=against.digest))
    return Report(
        kind=kind,
        name=name,
        checks=tuple(checks),
        count=len(found.sound),
        proven=_PROVEN[kind] + about(against),
        not_proven=_NOT_PROVEN[kind],
        first_bad=next(iter([*found.bad, *filter(None, (conflict, other))]), None if found else _NOTHING),
    )


def intents_by_line(data: bytes) -> Sealed:
    """The intents in ``data``, one a line (rules 3 and 4)."""
    return Sealed.of(_many_lines(data) or _intent_lines(data))


def receipts_by_line(data: bytes) -> Sealed:
    """The receipts in ``data``, one a line (rule 5)."""
    return Sealed.of(_many_lines(data) or ((where, _receipt(line, where)) for where, line in _lines(data)))


def intents_among(values: Iterable[tuple[str, object]]) -> Sealed:
    """The intents among ``values``, given as (where, JSON value) (rules 3 and 4)."""
    return Sealed.of((where, _summary(verified_value(value, where=where))) for where, value in values)


def conflict_in(found: Sealed) -> tuple[BadPlace | None, list[str]]:
    """The first id that stands with two digests, and the places that repeat an earlier one (at most ten are named)."""
    seen: dict[str, tuple[str, Receipt]] = {}
    repeats: list[str] = []
    for where, receipt in found.sound:
        first_where, first = seen.setdefault(receipt.intent_id, (where, receipt))
        if receipt.digest != first.digest:
            what = f"{receipt.intent_id} stands at {first_where} with another digest"
            return BadPlace(where=where, what=what, stated=receipt.digest, computed=first.digest), repeats
        if where != first_where and len(repeats) < _SHOWN:
            repeats.append(f"{where} repeats {first_where} ({receipt.intent_id})")
    return None, repeats


def held_against(found: Sealed, against: HealingIntent | None) -> BadPlace | None:
    """Nothing, if ``against`` is among what was found, or nothing was found or asked; else how the nearest differs."""
    if against is None or not found.sound or any(one == Receipt.of(against) for _, one in found.sound):
        return None
    where, nearest = next(((w, f) for w, f in found.sound if f.intent_id == against.intent_id), found.sound[0])
    fields = ", ".join(nearest.differences(against))
    what = f"it is not about {against.intent_id}: it differs in {fields}"
    return BadPlace(where=where, what=what, stated=nearest.digest, computed=against.digest)


def about(against: HealingIntent | None) -> tuple[str, ...]:
    """What is proven where an artifact was held against an intent."""
    return () if against is None else (f"it is about {against.intent_id} with {against.digest}",)


def _entries(kind: SealedKind, data: bytes) -> Iterator[Entry]:
    if kind == "receipt":
        yield from ((where, _receipt(line, where)) for where, line in _lines(data))
    elif kind == "intent":
        yield "", _summary(verified_text(data, where=""))
    elif kind == "intents" and data.strip().startswith(b"["):
        yield from _items(data)
    elif kind == "intents":
        yield from _intent_lines(data)


def _intent_lines(data: bytes) -> Iterator[Entry]:
    yield from ((where, _summary(verified_text(line, where=where))) for where, line in _lines(data))


def _many_lines(data: bytes) -> tuple[Entry, ...]:
    """The one complaint about too many lines, if there are: each takes a while, and a line may be two bytes."""
    if (count := data.count(b"\n")) <= MAX_LINES:
        return ()
    return (("", BadPlace(where="", what=f"it has {count} lines: at most {MAX_LINES} are verified, split it")),)


def _lines(data: bytes) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield f"line {number}", line


def _items(data: bytes) -> Iterator[Entry]:
    try:
        items = read_json(data, what="the list of intents")  # rule 3
    except InputError as error:
        yield "", BadPlace(where="", what=str(error))
        return
    for number, item in enumerate(items if isinstance(items, list) else [items], start=1):
        yield f"item {number}", _summary(verified_value(item, where=f"item {number}"))


def _summary(verified: Verified) -> Receipt | BadPlace:  # rules 3 and 4
    return verified if isinstance(verified, BadPlace) else Receipt.of(verified)


def _receipt(line: bytes, where: str) -> Receipt | BadPlace:  # rule 5
    try:
        return read(line.decode("ascii").rstrip("\r"))
    except UnicodeDecodeError:
        return BadPlace(where=where, what="the receipt was altered: it has bytes that are not ASCII")
    except (InputError, VerificationError) as error:
        return BadPlace(where=where, what=str(error))


_SHOWN: Final = 10
_NOTHING: Final = BadPlace(where="", what="nothing was verified: there is no intent and no receipt in it")
_EACH: Final[dict[SealedKind, str]] = {
    "intent": "the intent parses strictly, and its id and digests recompute",
    "intents": "every intent parses strictly, and its id and digests recompute",
    "receipt": "every receipt has its form, and its check recomputes",
    "empty": "every artifact in it verifies",
}
CONTENT: Final = (
    "the request (what to do and why) is the one that digest and intent_id were computed from",
    "the reasoning, similar incidents and evidence are those that the request commits to",
)
ORIGIN: Final = (
    "who made it: it carries no signature, so whoever alters one can seal it anew; compare its digest with a receipt",
    "that the advice is right, or that anybody followed it",
)
_PROVEN: Final[dict[SealedKind, tuple[str, ...]]] = {
    "intent": CONTENT,
    "intents": CONTENT,
    "receipt": ("the line is undamaged: its check follows from its fields",),
    "empty": (),
}
_NOT_PROVEN: Final[dict[SealedKind, tuple[str, ...]]] = {
    "intent": ORIGIN,
    "intents": (*ORIGIN, "that the file is complete: an intent that was taken out leaves no trace"),
    "receipt": (
        "who wrote it: a receipt has no secret in it, so anybody can write one",
        "what the intent says beyond this line: hold the receipt against the intent",
    ),
    "empty": ("anything",),
}
