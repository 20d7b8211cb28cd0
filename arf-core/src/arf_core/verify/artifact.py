# SPDX-License-Identifier: Apache-2.0
"""Verifies an artifact from its bytes alone: no network, no licence, no key but the verifier's own.

The rules; their numbers stand again where they are kept:

1. An artifact has at most :data:`MAX_BYTES` bytes.
2. Its kind is recognised by its content, never by its name. What is not recognised does not verify.
3. Every intent is parsed strictly: UTF-8, no unknown, missing or double key, every field by its rule; a key or
   signature inside the artifact is never trusted. (``models.healing_intent``, ``strict_json``)
4. Every ``intent_id``, ``context_digest`` and ``digest`` recomputes; where one does not, the altered part is named.
   (``verify.intents``)
5. Every receipt has its form, and its check recomputes. (``verify.receipt``)
6. Within a file, one ``intent_id`` has one digest. The same intent twice is noticed, but is no lie.
7. Something was verified: an empty artifact fails.
8. Held against an intent, the artifact contains that intent, or its receipt.

A bad artifact is an answer, not an error: the report says what is bad, and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from arf_core.errors import InputError, VerificationError
from arf_core.models.healing_intent import HealingIntent
from arf_core.strict_json import parse_json
from arf_core.verify.intents import Verified, verified_text, verified_value
from arf_core.verify.receipt import Receipt, read
from arf_core.verify.report import BadPlace, Check, Report

MAX_BYTES: Final = 64 * 2**20
"""The largest artifact that is verified, in bytes."""

Kind = Literal["intent", "intents", "receipt", "empty", "unknown"]
Entry = tuple[str, Receipt | BadPlace]
"""Where it stands, and the receipt of what stands there or what is bad about it."""

RECOGNISED: Final = "an intent (JSON), a file of intents (one a line, or a JSON array), receipts (one a line)"


def verify_bytes(data: bytes, *, name: str, against: HealingIntent | None = None) -> Report:
    """Verify the artifact in ``data``, called ``name`` in the report; ``against`` is an intent it should be about.

    Raises:
        InputError: ``data`` is not bytes. Nothing is raised for an artifact that is bad.
    """
    if not isinstance(data, bytes):
        raise InputError(f"{name} is a {type(data).__name__}: an artifact is verified from its bytes")
    if len(data) > MAX_BYTES:  # rule 1
        return _refused("unknown", name, f"it has {len(data)} bytes: at most {MAX_BYTES} are verified, split it")
    kind = recognise(data)
    if kind == "unknown":  # rule 2
        return _refused(kind, name, f"not an artifact this version knows; it knows {RECOGNISED}")
    return _report(kind, name, tuple(_entries(kind, data)), against)


def recognise(data: bytes) -> Kind:
    """The kind of the artifact in ``data`` (rule 2); a damaged one is still recognised by what is left of it."""
    text = data.strip()
    if not text or re.fullmatch(rb"\[\s*\]", text):
        return "empty"
    if text.startswith(b"arf-receipt/") or _RECEIPT.search(text[:4096]):
        return "receipt"
    if not any(mark in text for mark in _INTENT_MARKS):
        return "unknown"
    return "intents" if _is_array(text) or _is_lines(text) else "intent"


_RECEIPT: Final = re.compile(rb" intent_[0-9a-f]{16} | sha256:[0-9a-f]{64} ")
_INTENT_MARKS: Final = (b"arf.healing-intent/", b'"intent_id"', b'"context_digest"')


def _is_array(text: bytes) -> bool:
    return text.startswith(b"[") and text.endswith(b"]")


def _is_lines(text: bytes) -> bool:
    """JSON lines: more than one line, and one that is a whole object; a line of printed-out JSON starts with blanks."""
    return b"\n" in text and re.search(rb'^\{".*\}\r?$', text, re.MULTILINE) is not None


def _entries(kind: Kind, data: bytes) -> Iterator[Entry]:
    if kind == "receipt":
        yield from ((where, _receipt(line, where)) for where, line in _lines(data))
    elif kind == "intent":
        yield "", _summary(verified_text(data, where=""))
    elif kind == "intents" and _is_array(data.strip()):
        yield from _items(data)
    elif kind == "intents":
        yield from ((where, _summary(verified_text(line, where=where))) for where, line in _lines(data))


def _lines(data: bytes) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield f"line {number}", line


def _items(data: bytes) -> Iterator[Entry]:
    try:
        items = parse_json(data, what="the list of intents")  # rule 3
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


def _report(kind: Kind, name: str, entries: Sequence[Entry], against: HealingIntent | None) -> Report:
    sound = [(where, found) for where, found in entries if isinstance(found, Receipt)]
    bad = [found for _, found in entries if isinstance(found, BadPlace)]
    conflict, repeats = _repeated(sound)
    other = _held_against(sound, against)
    checks = [
        Check(what="there is something to verify", ok=bool(entries), detail=f"{len(entries)} found"),  # rule 7
        Check(what=_EACH[kind], ok=not bad, detail=f"{len(sound)} of {len(entries)}"),  # rules 3, 4 and 5
        Check(what="one id has one digest", ok=conflict is None, detail="; ".join(repeats)),  # rule 6
    ]
    if against is not None:  # rule 8
        checks.append(Check(what=f"it is about {against.intent_id}", ok=other is None, detail=against.digest))
    return Report(
        kind=kind,
        name=name,
        checks=tuple(checks),
        count=len(sound),
        proven=_PROVEN[kind] + (() if against is None else (f"it is about {against.intent_id} with {against.digest}",)),
        not_proven=_NOT_PROVEN[kind],
        first_bad=next(iter([*bad, *filter(None, (conflict, other))]), None if entries else _NOTHING),
    )


def _repeated(sound: Sequence[tuple[str, Receipt]]) -> tuple[BadPlace | None, list[str]]:
    """The first id that stands with two digests, and the places that repeat an earlier one (at most ten are named)."""
    seen: dict[str, tuple[str, Receipt]] = {}
    repeats: list[str] = []
    for where, found in sound:
        first_where, first = seen.setdefault(found.intent_id, (where, found))
        if found.digest != first.digest:
            what = f"{found.intent_id} stands at {first_where} with another digest"
            return BadPlace(where=where, what=what, stated=found.digest, computed=first.digest), repeats
        if where != first_where and len(repeats) < _SHOWN:
            repeats.append(f"{where} repeats {first_where} ({found.intent_id})")
    return None, repeats


_SHOWN: Final = 10


def _held_against(sound: Sequence[tuple[str, Receipt]], against: HealingIntent | None) -> BadPlace | None:
    if against is None or not sound or any(found == Receipt.of(against) for _, found in sound):
        return None
    where, nearest = next(((w, f) for w, f in sound if f.intent_id == against.intent_id), sound[0])
    fields = ", ".join(nearest.differences(against))
    what = f"it is not about {against.intent_id}: it differs in {fields}"
    return BadPlace(where=where, what=what, stated=nearest.digest, computed=against.digest)


def _refused(kind: Kind, name: str, why: str) -> Report:
    checks = (Check(what="it is an artifact that can be verified", ok=False, detail=why),)
    return Report(kind=kind, name=name, checks=checks, not_proven=("anything",), first_bad=BadPlace(where="", what=why))


_NOTHING: Final = BadPlace(where="", what="nothing was verified: there is no intent and no receipt in it")
_EACH: Final[dict[Kind, str]] = {
    "intent": "the intent parses strictly, and its id and digests recompute",
    "intents": "every intent parses strictly, and its id and digests recompute",
    "receipt": "every receipt has its form, and its check recomputes",
    "empty": "every artifact in it verifies",
}
_CONTENT: Final = (
    "the request (what to do and why) is the one that digest and intent_id were computed from",
    "the reasoning, similar incidents and evidence are those that the request commits to",
)
_ORIGIN: Final = (
    "who made it: it carries no signature, so whoever alters one can seal it anew; compare its digest with a receipt",
    "that the advice is right, or that anybody followed it",
)
_PROVEN: Final[dict[Kind, tuple[str, ...]]] = {
    "intent": _CONTENT,
    "intents": _CONTENT,
    "receipt": ("the line is undamaged: its check follows from its fields",),
    "empty": (),
}
_NOT_PROVEN: Final[dict[Kind, tuple[str, ...]]] = {
    "intent": _ORIGIN,
    "intents": (*_ORIGIN, "that the file is complete: an intent that was taken out leaves no trace"),
    "receipt": (
        "who wrote it: a receipt has no secret in it, so anybody can write one",
        "what the intent says beyond this line: hold the receipt against the intent",
    ),
    "empty": ("anything",),
}
