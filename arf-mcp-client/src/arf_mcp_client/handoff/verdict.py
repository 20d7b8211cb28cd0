# SPDX-License-Identifier: Apache-2.0
"""What an answer means for an intent. Nothing here connects, waits or reads a clock.

===================================  ==============================================================================
answer                               meaning
===================================  ==============================================================================
2xx with a receipt of this intent    taken: :class:`HandOffReceipt`
2xx or 4xx that refuses this intent  refused, by name: :class:`HandOffRefused`; never asked again
2xx with anything else               :class:`CannotTell`: something took it, or something else answered
429                                  not taken yet: ask again, no sooner than ``Retry-After`` says
502, 503, 504                        perhaps taken: ask again; the digest makes that safe
no connection                        not taken: ask again
connection cut, or too slow          perhaps taken: ask again
3xx                                  not taken, and not followed: credentials go to the address that was given
other 4xx                            not taken: :class:`HandOffError`; to be mended here, then asked again by people
other 5xx                            :class:`CannotTell`
===================================  ==============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client.errors import CannotTell, HandOffError, HandOffRefused
from arf_mcp_client.handoff.connection import Answer, NoAnswer
from arf_mcp_client.handoff.patience import asked_wait_s
from arf_mcp_client.handoff.receipt import (
    HandOffReceipt,
    NoReceiptError,
    Refusal,
    read_reason,
    read_receipt,
    read_refusal,
    shown,
)

ASKED_AGAIN: Final = frozenset({429, 502, 503, 504})
"""The statuses that say: not now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Ask again: why, whether the server may have the intent, and the seconds it asked to be left alone."""

    why: str
    may_be_taken: bool
    asked_s: float = 0.0


def judge(
    answer: Answer | NoAnswer, intent: HealingIntent, *, server: str, attempts: int
) -> HandOffReceipt | Again | HandOffError:
    """What ``answer`` means by the table above. An error is returned, for the caller to raise."""
    if isinstance(answer, NoAnswer):
        if answer.is_passing:
            return Again(why=answer.why, may_be_taken=answer.may_be_taken)
        return (CannotTell if answer.may_be_taken else HandOffError)(f"{intent.intent_id}, {server}: {answer.why}")
    if 200 <= answer.status < 300:
        return _taken(answer, intent, server, attempts)
    if answer.status in ASKED_AGAIN:
        asked = asked_wait_s(answer.headers.get("retry-after"), answer.headers.get("date"))
        return Again(why=_named(answer), may_be_taken=answer.status != HTTPStatus.TOO_MANY_REQUESTS, asked_s=asked)
    if 400 <= answer.status < 500:
        return _refused(answer, intent, server)
    if 300 <= answer.status < 400:
        return HandOffError(
            f"{server} answered {_named(answer)} and pointed to {_target(answer)}. It was not followed: credentials "
            "go only to the address they were given for. If that address is right, give it instead"
        )
    return CannotTell(f"{intent.intent_id}: {server} answered {_named(answer)}")


def _taken(answer: Answer, intent: HealingIntent, server: str, attempts: int) -> HandOffReceipt | HandOffError:
    try:
        found = read_receipt(answer.body, intent, server=server, attempts=attempts)
    except NoReceiptError as error:
        return CannotTell(f"{server} answered {answer.status}, but not with a receipt of {intent.intent_id}: {error}")
    return _refusal(found, answer.status, intent, server) if isinstance(found, Refusal) else found


def _refused(answer: Answer, intent: HealingIntent, server: str) -> HandOffError:
    if (found := read_refusal(answer.body, intent)) is not None and answer.status != HTTPStatus.UNAUTHORIZED:
        return _refusal(found, answer.status, intent, server)
    said = f": {reason}" if (reason := read_reason(answer.body)) else ""
    hint = _HINTS.get(answer.status, "it does not say that it refuses this intent, so the intent stays as it is")
    return HandOffError(f"{server} answered {_named(answer)}{said}. {hint}")


def _refusal(found: Refusal, status: int, intent: HealingIntent, server: str) -> HandOffRefused:
    code = f" [{found.code}]" if found.code else ""
    return HandOffRefused(
        f"{server} refused {intent.intent_id}: {found.reason or 'it gives no reason'}{code}",
        reason=found.reason,
        server_code=found.code,
        http_status=status,
    )


def _named(answer: Answer) -> str:
    try:
        return f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        return str(answer.status)


def _target(answer: Answer) -> str:
    """Where a redirect points, without what may be secret in it."""
    try:
        parts = urlsplit(answer.headers.get("location", ""))
        return shown(f"{parts.scheme}://{parts.hostname}") if parts.hostname else "another path"
    except ValueError:
        return "no readable address"


_HINTS: Final = {
    401: "The credentials are not accepted: they are wrong, or have expired",
    403: "The credentials do not allow this, or something before the server forbids it",
    404: "No ARF Enterprise server takes intents at that address",
    405: "No ARF Enterprise server takes intents at that address",
    413: "Something on the way takes no request of that size",
}
