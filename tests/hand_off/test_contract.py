# SPDX-License-Identifier: Apache-2.0
"""What every Enterprise server must do with intents: the contract of docs/hand-off.md."""

from __future__ import annotations

from dataclasses import replace

import anyio
import httpx
import pytest

from arf_core.canonical import canonical_bytes
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import HandOffError, HandOffReceipt, HandOffRefused, submit_intent
from played.server import Server

pytestmark = pytest.mark.promise("MCP-3")


def submit(server: Server, intent: HealingIntent, *, token: str | None = None) -> HandOffReceipt:
    async def run() -> HandOffReceipt:
        return await submit_intent(server.url, intent, token or server.token)

    return anyio.run(run)


def raw(server: Server, body: bytes, *, key: str, **headers: str) -> httpx.Response:
    given = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json", "Idempotency-Key": key}
    return httpx.post(f"{server.url}/api/v1/intents", content=body, headers={**given, **headers}, trust_env=False)


def test_an_intent_is_taken_and_its_receipt_names_it(server: Server, intent: HealingIntent) -> None:
    receipt = submit(server, intent)
    assert (receipt.intent_id, receipt.digest) == (intent.intent_id, intent.digest)
    assert receipt.executed is True
    assert receipt.status
    assert receipt.audit_trail_id
    assert receipt.attempts == 1


def test_the_same_intent_again_is_the_same_receipt(server: Server, intent: HealingIntent) -> None:
    first, again = submit(server, intent), submit(server, intent)
    assert first == again


def test_an_intent_that_people_must_approve_waits_and_says_under_which_id(
    server: Server, intent: HealingIntent
) -> None:
    waiting = replace(intent, action="scale_out", parameters={})  # type: ignore[arg-type]
    receipt = submit(server, waiting)
    assert (receipt.executed, receipt.status) == (False, "pending_approval")
    assert receipt.approval_id


def test_a_refusal_comes_with_its_reason(server: Server, intent: HealingIntent) -> None:
    forbidden = replace(intent, action="traffic_shift", parameters={"target": "blue"})  # type: ignore[arg-type]
    with pytest.raises(HandOffRefused) as refused:
        submit(server, forbidden)
    assert refused.value.reason
    assert refused.value.server_code
    assert refused.value.http_status == 403


def test_a_known_id_with_another_digest_is_refused(server: Server, intent: HealingIntent) -> None:
    submit(server, intent)
    altered = replace(intent, justification="something else")
    assert altered.intent_id == intent.intent_id
    assert altered.digest != intent.digest
    with pytest.raises(HandOffRefused) as refused:
        submit(server, altered)
    assert refused.value.http_status == 409


def test_wrong_credentials_take_nothing_and_are_no_refusal_of_the_intent(server: Server, intent: HealingIntent) -> None:
    with pytest.raises(HandOffError, match="credentials are not accepted") as refused:
        submit(server, intent, token="another-token-altogether")
    assert type(refused.value) is HandOffError
    assert submit(server, intent).executed is True


@pytest.mark.parametrize("field", ["component", "confidence", "justification", "digest", "intent_id", "context_digest"])
def test_a_request_that_was_altered_on_the_way_is_refused(server: Server, intent: HealingIntent, field: str) -> None:
    altered = {**intent.to_enterprise_request(), field: 0.123 if field == "confidence" else "sha256:" + "1" * 64}
    answer = raw(server, canonical_bytes(altered), key=intent.digest)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"]
    assert answer.json()["digest"] == intent.digest


def test_a_key_that_is_not_the_digest_is_refused(server: Server, intent: HealingIntent) -> None:
    answer = raw(server, canonical_bytes(intent.to_enterprise_request()), key="sha256:" + "2" * 64)
    assert 400 <= answer.status_code < 500
    assert submit(server, intent).executed is True


def test_fifty_submissions_at_once_are_one_execution(server: Server, intent: HealingIntent) -> None:
    async def run() -> list[HandOffReceipt]:
        receipts: list[HandOffReceipt] = []

        async def one() -> None:
            receipts.append(await submit_intent(server.url, intent, server.token))

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(one)
        return receipts

    receipts = anyio.run(run)
    assert len(receipts) == 50
    assert len({receipt.execution_id for receipt in receipts}) == 1
