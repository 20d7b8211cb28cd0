# SPDX-License-Identifier: Apache-2.0
"""What an Enterprise server's answer says, read strictly (docs/hand-off.md, "The answer").

1. A receipt names the intent it is of: ``intent_id`` and ``digest`` must be ours, otherwise it proves nothing.
2. ``executed`` (true or false), ``status`` and ``audit_trail_id`` are always there; ``approval_id`` is, where the
   status is ``pending_approval``. What contradicts itself is no receipt.
3. A refusal is ``{"error": {"code", "message"}, "digest", …}``. It too names the intent it refuses: one without the
   digest may come from anything on the way, and then the intent is only *not taken*.
4. Further members are kept in ``answer`` and mean nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from arf_core.errors import InputError
from arf_core.ingest.foreign import printable
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_core.strict_json import parse_json

PENDING: Final = "pending_approval"
REFUSED: Final = "refused"
MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOffReceipt:
    """The server's receipt of one intent.

    ``executed`` says whether the change was made; ``status`` is the server's word for where it is, such as
    ``pending_approval``. ``audit_trail_id`` finds the record there, ``approval_id`` what people have to approve.
    ``server`` is the address that answered, ``attempts`` how often it was asked, ``answer`` all that it said.
    """

    intent_id: str
    digest: str
    executed: bool
    status: str
    audit_trail_id: str
    approval_id: str | None = None
    execution_id: str | None = None
    server: str = ""
    attempts: int = 1
    answer: FrozenMap = field(default_factory=FrozenMap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal that names our intent: the server's ``code`` and ``reason``, fit to be shown."""

    code: str
    reason: str


class NoReceiptError(Exception):
    """The answer is no receipt of this intent; the message says why. It does not leave this package."""


def read_receipt(body: bytes, intent: HealingIntent, *, server: str, attempts: int) -> HandOffReceipt | Refusal:
    """The receipt or refusal of ``intent`` in the body of an answer with a 2xx status.

    Raises:
        NoReceiptError: it is neither.
    """
    given = _object(body)
    _check_echo(given, intent)  # rule 1
    status = _text(given, "status", _STATUS)
    if status == REFUSED:
        return Refusal(code=shown(given.get("code", "")), reason=shown(given.get("reason", "")))
    receipt = HandOffReceipt(
        intent_id=intent.intent_id,
        digest=intent.digest,
        executed=_boolean(given, "executed"),
        status=status,
        audit_trail_id=_text(given, "audit_trail_id"),
        approval_id=_optional(given, "approval_id"),
        execution_id=_optional(given, "execution_id"),
        server=server,
        attempts=attempts,
        answer=_kept(given),
    )
    if status == PENDING and (receipt.executed or receipt.approval_id is None):  # rule 2
        raise NoReceiptError("it says pending_approval, but also that it was executed, or no approval_id")
    return receipt


def read_refusal(body: bytes, intent: HealingIntent) -> Refusal | None:
    """The refusal of ``intent`` in the body of an answer with a 4xx status; None where it does not name the intent."""
    try:
        given = _object(body)
    except NoReceiptError:
        return None
    error = given.get("error")
    if given.get("digest") != intent.digest or not isinstance(error, Mapping):  # rule 3
        return None
    return Refusal(code=shown(error.get("code", "")), reason=shown(error.get("message", "")))


def read_reason(body: bytes) -> str:
    """What an answer that is neither receipt nor refusal says of itself, if it says it in JSON; otherwise nothing."""
    try:
        error = _object(body).get("error")
    except NoReceiptError:
        return ""
    return shown(error.get("message", "")) if isinstance(error, Mapping) else ""


def shown(text: object) -> str:
    """A server's text, fit for a terminal and a log: printable, and of bounded length."""
    return printable(text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…") if isinstance(text, str) else ""


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = parse_json(body, what="the answer")
    except InputError as error:
        raise NoReceiptError(shown(str(error))) from None
    if not isinstance(value, Mapping):
        raise NoReceiptError("the answer is no JSON object")
    return cast("Mapping[str, object]", value)


def _check_echo(given: Mapping[str, object], intent: HealingIntent) -> None:
    for name, ours in (("intent_id", intent.intent_id), ("digest", intent.digest)):
        if given.get(name) != ours:
            theirs = given.get(name)
            raise NoReceiptError(f"its {name} is {shown(theirs) or type(theirs).__name__}, ours is {ours}")


def _boolean(given: Mapping[str, object], name: str) -> bool:
    if not isinstance(value := given.get(name), bool):
        raise NoReceiptError(f"its {name} is not true or false")
    return value


def _text(given: Mapping[str, object], name: str, form: re.Pattern[str] | None = None) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not (form or _ID).fullmatch(value):
        raise NoReceiptError(f"its {name} is missing or malformed")
    return value


def _optional(given: Mapping[str, object], name: str) -> str | None:
    return None if given.get(name) is None else _text(given, name)


def _kept(given: Mapping[str, object]) -> FrozenMap:
    try:
        return FrozenMap(given)
    except InputError as error:
        raise NoReceiptError(shown(str(error))) from None


_STATUS: Final = re.compile("[a-z][a-z_]{0,63}")
_ID: Final = re.compile("[!-~]{1,256}")
