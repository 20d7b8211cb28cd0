# SPDX-License-Identifier: Apache-2.0
"""Sends what waits in an outbox, and records what the server said to each.

1. An intent leaves the waiting only with the server's receipt, or with its refusal, which is kept with its reason.
2. Receipts are recorded one by one: whatever stops this process, at most the one in flight is asked about again.
3. Where the server takes nothing (no connection, wrong credentials), the rest is not tried. Where it cannot be told
   whether one was taken, the next is tried, up to :data:`MOST_DOUBTS` in a row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client.errors import CannotTell, HandOffError, HandOffRefused
from arf_mcp_client.handoff.receipt import HandOffReceipt
from arf_mcp_client.outbox.file import Outbox
from arf_mcp_client.outbox.ledger import State

MOST_DOUBTS: Final = 3
"""After how many unknown outcomes in a row the rest is left waiting."""

Submit = Callable[[HealingIntent], Awaitable[HandOffReceipt]]
"""Hands one intent over: ``submit_intent`` with its server and credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one intent: its receipt, or the error that left it refused or waiting."""

    intent: HealingIntent
    state: State
    receipt: HandOffReceipt | None = None
    error: HandOffError | None = None


async def send_all(outbox: Outbox, submit: Submit) -> tuple[Delivery, ...]:
    """Hand over every intent that waits in ``outbox``, the first added first, and say what became of each tried.

    Raises:
        OutboxError: the outbox cannot be read or written.
    """
    deliveries: list[Delivery] = []
    doubts = 0
    for intent in await to_thread.run_sync(outbox.pending):
        if not await to_thread.run_sync(outbox.is_pending, intent):  # another process was quicker
            continue
        delivery = await _tried(outbox, submit, intent)
        deliveries.append(delivery)
        doubts = doubts + 1 if isinstance(delivery.error, CannotTell) else 0
        if delivery.state is State.PENDING and (doubts == 0 or doubts >= MOST_DOUBTS):  # rule 3
            break
    return tuple(deliveries)


async def deliver(outbox: Outbox, submit: Submit, intent: HealingIntent) -> HandOffReceipt:
    """Hand over one intent of ``outbox``, and record there what the server says.

    Raises:
        HandOffError: as ``submit`` raises it; a refusal is recorded, anything else leaves the intent waiting.
        OutboxError: the outbox cannot be written.
    """
    try:
        receipt = await submit(intent)
    except HandOffRefused as error:
        said = {"reason": error.reason, "server_code": error.server_code, "http_status": error.http_status}
        await to_thread.run_sync(outbox.settle, intent, State.REFUSED, said)  # rule 1
        raise
    await to_thread.run_sync(outbox.settle, intent, State.SENT, receipt_document(receipt))  # rule 2
    return receipt


async def _tried(outbox: Outbox, submit: Submit, intent: HealingIntent) -> Delivery:
    try:
        receipt = await deliver(outbox, submit, intent)
    except HandOffRefused as error:
        return Delivery(intent=intent, state=State.REFUSED, error=error)
    except HandOffError as error:
        return Delivery(intent=intent, state=State.PENDING, error=error)
    return Delivery(intent=intent, state=State.SENT, receipt=receipt)


def receipt_document(receipt: HandOffReceipt) -> dict[str, object]:
    """The receipt as JSON values, without what else the server said."""
    return {
        "intent_id": receipt.intent_id,
        "digest": receipt.digest,
        "executed": receipt.executed,
        "status": receipt.status,
        "approval_id": receipt.approval_id,
        "audit_trail_id": receipt.audit_trail_id,
        "execution_id": receipt.execution_id,
        "server": receipt.server,
        "attempts": receipt.attempts,
    }
