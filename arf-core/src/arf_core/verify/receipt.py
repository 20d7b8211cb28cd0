# SPDX-License-Identifier: Apache-2.0
"""The receipt of an intent: one line of printable ASCII for a ticket or a chat.

::

    arf-receipt/1 intent_… sha256:… rollback checkout-api 2026-01-02T03:04:05.000006Z 0123456789abcdef

1. Seven fields, one space between them: format, intent_id, digest, action, component, detected_at, check.
2. The component is percent-encoded UTF-8; ASCII letters, digits and ``-._~`` stand for themselves, and nothing else
   does, so a component has one spelling and a receipt one line.
3. ``check`` is the first 16 hex digits of SHA-256 in the hash domain ``arf.receipt/1`` over the canonical JSON of the
   object of the five fields between format and check, the component as it is.

What it proves: that the line was not damaged, and, held against an intent, that it is the receipt of that intent, byte
for byte. It does not prove who wrote it: there is no secret in it, so anybody can write one.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import quote, unquote

from arf_core.canonical import digest, read_time, write_time
from arf_core.errors import FormatError, InputError, VerificationError
from arf_core.models.action import Action
from arf_core.models.healing_intent import HealingIntent

FORMAT: Final = "arf-receipt/1"
DOMAIN: Final = "arf.receipt/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt says of its intent; ``detected_at`` is in the canonical spelling."""

    intent_id: str
    digest: str
    action: str
    component: str
    detected_at: str

    @classmethod
    def of(cls, intent: HealingIntent) -> Receipt:
        """The receipt of ``intent``."""
        return cls(
            intent_id=intent.intent_id,
            digest=intent.digest,
            action=intent.action.value,
            component=intent.component,
            detected_at=write_time(intent.detected_at),
        )

    @property
    def check(self) -> str:
        """The check of rule 3, 16 hex digits."""
        return digest(DOMAIN, asdict(self)).removeprefix("sha256:")[:16]

    def differences(self, intent: HealingIntent) -> tuple[str, ...]:
        """The names of the fields in which this is not the receipt of ``intent``."""
        other = asdict(Receipt.of(intent))
        return tuple(name for name, value in asdict(self).items() if value != other[name])

    def __str__(self) -> str:
        fields = (self.intent_id, self.digest, self.action, _encoded(self.component), self.detected_at, self.check)
        return " ".join((FORMAT, *fields))


def write(intent: HealingIntent) -> str:
    """The receipt of ``intent``: one line, without a newline at its end."""
    return str(Receipt.of(intent))


def read(text: str) -> Receipt:
    """The receipt in ``text``, which may end in one newline.

    Raises:
        FormatError: not a receipt, or a field in another form; the message names the field.
        VerificationError: the check does not recompute: the line was damaged or altered.
    """
    fields = text.removesuffix("\n").removesuffix("\r").split(" ")
    if len(fields) != len(_FORMS):
        raise FormatError(f"a receipt has {len(_FORMS)} fields with one space between them, this has {len(fields)}")
    for (name, form), value in zip(_FORMS.items(), fields, strict=True):  # rule 1
        if not form.fullmatch(value):
            raise FormatError(f"the {name} of the receipt is {value[:80]!r}: it must be {_RULES[name]}")
    _, intent_id, stated, action, component, detected_at, check = fields
    receipt = Receipt(
        intent_id=intent_id,
        digest=stated,
        action=action,
        component=_decoded(component),
        detected_at=_checked_time(detected_at),
    )
    if receipt.check != check:  # rule 3
        raise VerificationError(f"the receipt was altered: its check is {check}, its fields give {receipt.check}")
    return receipt


def _encoded(component: str) -> str:
    return quote(component, safe="-._~")


def _decoded(component: str) -> str:
    try:
        text = unquote(component, errors="strict")
    except UnicodeDecodeError as error:
        raise FormatError(f"the component of the receipt is {component[:80]!r}: it is not UTF-8") from error
    if _encoded(text) != component:  # rule 2
        raise FormatError(f"the component of the receipt is {component[:80]!r}: it is spelled {_encoded(text)[:80]!r}")
    return text


def _checked_time(text: str) -> str:
    try:
        read_time(text)
    except InputError as error:
        raise FormatError(f"the detected_at of the receipt: {error}") from error
    return text


_FORMS: Final = {
    "format": re.compile(re.escape(FORMAT)),
    "intent_id": re.compile("intent_[0-9a-f]{16}"),
    "digest": re.compile("sha256:[0-9a-f]{64}"),
    "action": re.compile("|".join(Action)),
    "component": re.compile("(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+"),
    "detected_at": re.compile("[0-9T:.-]{26}Z"),
    "check": re.compile("[0-9a-f]{16}"),
}
_RULES: Final = {
    "format": FORMAT,
    "intent_id": "intent_ and 16 hex digits",
    "digest": "sha256: and 64 hex digits",
    "action": f"one of {', '.join(Action)}",
    "component": "percent-encoded",
    "detected_at": "a time such as 2026-01-02T03:04:05.000006Z",
    "check": "16 hex digits",
}
