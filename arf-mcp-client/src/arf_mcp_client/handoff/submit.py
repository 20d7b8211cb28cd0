# SPDX-License-Identifier: Apache-2.0
"""Hands one sealed intent to an Enterprise server and returns its receipt.

1. The request is the intent's own sealed bytes, and its full digest is the ``Idempotency-Key``: however often it is
   sent, the server acts on it once.
2. It is sent again where nothing was refused: no connection, no answer in time, a cut connection, 429, 502, 503, 504.
   Waits double and are spread by chance; ``Retry-After`` is honoured; attempts and the time for all are bounded.
3. A refusal is never sent again.
4. Whoever gets no receipt learns whether the intent may have been taken (:class:`CannotTell`) or was not.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread

from arf_core.canonical import canonical_bytes
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client.errors import CannotTell, HandOffError
from arf_mcp_client.handoff.address import INTENTS_PATH, address_of
from arf_mcp_client.handoff.connection import Request, authorities_for, post
from arf_mcp_client.handoff.credentials import Credentials, credentials_of
from arf_mcp_client.handoff.patience import PATIENCE, Patience
from arf_mcp_client.handoff.receipt import HandOffReceipt
from arf_mcp_client.handoff.verdict import Again, judge
from arf_mcp_client.version import __version__

_CHANCE: Final = secrets.SystemRandom().random


async def submit_intent(
    server_url: str,
    intent: HealingIntent,
    credentials: Credentials | str,
    *,
    allow_http: bool = False,
    ca_file: Path | None = None,
    patience: Patience = PATIENCE,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    chance: Callable[[], float] = _CHANCE,
    clock: Callable[[], float] = time.monotonic,
) -> HandOffReceipt:
    """Hand ``intent`` to the Enterprise server at ``server_url``.

    ``credentials`` is the bearer token; ``ca_file`` (PEM) replaces the system's authorities; ``clock`` counts seconds.

    Raises:
        HandOffRefused: the server refuses this intent, and says why. Nothing happened.
        CannotTell: whether it was taken is unknown. Submitting the same intent again is safe.
        HandOffError: it was not taken: the address, the credentials or the server need mending.
    """
    request = await _request_for(
        address_of(server_url, INTENTS_PATH, allow_http=allow_http), intent, credentials_of(credentials), ca_file
    )
    ends, doubtful, attempt = clock() + patience.total_s, False, 1
    while True:
        left = max(0.001, ends - clock())
        answer = await post(request, within_s=min(patience.attempt_s, left))
        verdict = judge(answer, intent, server=request.url, attempts=attempt)
        if isinstance(verdict, HandOffReceipt):
            return verdict
        if isinstance(verdict, HandOffError):  # rule 3
            raise _doubted(verdict, doubtful=doubtful)
        doubtful = doubtful or verdict.may_be_taken
        wait = patience.wait_s(attempt, asked_s=verdict.asked_s, chance=chance())
        if attempt >= patience.attempts or clock() + wait >= ends:
            raise _given_up(verdict, request.url, intent, attempt, doubtful=doubtful)
        await sleep(wait)  # rule 2
        attempt += 1


async def _request_for(url: str, intent: HealingIntent, credentials: Credentials, ca_file: Path | None) -> Request:
    return Request(
        url=url,
        body=canonical_bytes(intent.to_enterprise_request()),
        headers={
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Idempotency-Key": intent.digest,  # rule 1
            "User-Agent": f"arf-mcp-client/{__version__}",
        },
        credentials=credentials,
        authorities=await to_thread.run_sync(authorities_for, url, ca_file),
    )


def _given_up(last: Again, server: str, intent: HealingIntent, attempts: int, *, doubtful: bool) -> HandOffError:
    times = "once" if attempts == 1 else f"{attempts} times"
    later = f"; it asks to be left alone for {last.asked_s:.0f} s" if last.asked_s else ""
    said = f"{server} was asked {times}, lastly: {last.why}{later}"
    if doubtful:  # rule 4
        return CannotTell(f"whether {intent.intent_id} was taken is unknown: {said}")
    return HandOffError(f"{intent.intent_id} was not taken: {said}")


def _doubted(error: HandOffError, *, doubtful: bool) -> HandOffError:
    """``error``, which says that the intent was not taken now; an attempt before may have been."""
    if doubtful and type(error) is HandOffError:
        return CannotTell(f"an earlier attempt may have been taken; now: {error}")
    return error
