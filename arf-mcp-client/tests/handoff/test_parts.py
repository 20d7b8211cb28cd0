# SPDX-License-Identifier: Apache-2.0
"""The pure parts of the hand-over: addresses, waits, receipts and verdicts. The whole of it is in tests/hand_off."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import CannotTell, HandOffError, HandOffReceipt, HandOffRefused, Patience
from arf_mcp_client.handoff.address import INTENTS_PATH, address_of
from arf_mcp_client.handoff.connection import Answer, NoAnswer
from arf_mcp_client.handoff.patience import asked_wait_s
from arf_mcp_client.handoff.verdict import Again, judge

pytestmark = pytest.mark.promise("MCP-3")

INTENT = HealingIntent(
    action="rollback",  # type: ignore[arg-type]
    component="api",
    incident_id="inc_1",
    detected_at=datetime(2026, 1, 2, tzinfo=UTC),
    justification="it fails",
    confidence=0.5,
)
RECEIPT = {
    "intent_id": INTENT.intent_id,
    "digest": INTENT.digest,
    "executed": True,
    "status": "succeeded",
    "audit_trail_id": "aud_1",
}


def judged(status: int, document: object) -> object:
    return judge(Answer(status=status, body=json.dumps(document).encode()), INTENT, server="https://s", attempts=2)


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("https://arf.example", "https://arf.example/api/v1/intents"),
        ("https://arf.example/", "https://arf.example/api/v1/intents"),
        ("https://arf.example:8443/below", "https://arf.example:8443/below/api/v1/intents"),
        ("https://arf.example/api/v1/intents", "https://arf.example/api/v1/intents"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1/intents"),
        ("http://127.9.9.9", "http://127.9.9.9/api/v1/intents"),
        ("http://[::1]:80", "http://[::1]:80/api/v1/intents"),
        ("http://localhost", "http://localhost/api/v1/intents"),
    ],
)
def test_intents_go_to_their_path_below_the_server(server: str, address: str) -> None:
    assert address_of(server, INTENTS_PATH) == address


def test_http_to_elsewhere_is_for_those_who_say_so() -> None:
    assert address_of("http://arf.example", INTENTS_PATH, allow_http=True).startswith("http://arf.example/")


@given(attempt=st.integers(1, 10_000), asked=st.floats(0, 1e6), chance=st.floats(0, 1))
def test_a_wait_is_never_shorter_than_asked_for_nor_longer_than_the_longest_or_that(
    attempt: int, asked: float, chance: float
) -> None:
    patience = Patience()
    wait = patience.wait_s(attempt, asked_s=asked, chance=chance)
    assert max(asked, patience.first_wait_s / 2) <= wait <= max(asked, patience.longest_wait_s)


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        (None, None, 0.0),
        ("7", None, 7.0),
        ("0", None, 0.0),
        ("-1", None, 0.0),
        ("1e9", None, 0.0),
        ("٣", None, 0.0),
        ("soon", None, 0.0),
        ("9" * 400, None, 0.0),
        ("Fri, 02 Jan 2026 00:00:09 GMT", "Fri, 02 Jan 2026 00:00:04 GMT", 5.0),
        ("Fri, 02 Jan 2026 00:00:04 GMT", "Fri, 02 Jan 2026 00:00:09 GMT", 0.0),
        ("Fri, 02 Jan 2026 00:00:09 GMT", None, 0.0),
        ("Fri, 02 Jan 2026 00:00:09 GMT", "Fri, 02 Jan 2026 00:00:04 -0000", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_clock(
    retry_after: str | None, date: str | None, seconds: float
) -> None:
    assert asked_wait_s(retry_after, date) == seconds


def test_a_receipt_keeps_all_that_the_server_said() -> None:
    receipt = judged(200, {**RECEIPT, "more": {"x": [1]}})
    assert isinstance(receipt, HandOffReceipt)
    assert (receipt.executed, receipt.status, receipt.audit_trail_id) == (True, "succeeded", "aud_1")
    assert (receipt.server, receipt.attempts, receipt.execution_id) == ("https://s", 2, None)
    assert receipt.answer["more"] == {"x": [1]}


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "sha256:" + "0" * 64},
        {"digest": None},
        {"intent_id": "intent_0000000000000000"},
        {"executed": "true"},
        {"executed": 1},
        {"executed": None},
        {"status": ""},
        {"status": "Done!"},
        {"status": None},
        {"audit_trail_id": None},
        {"audit_trail_id": ""},
        {"audit_trail_id": 7},
        {"audit_trail_id": "a\nb"},
        {"audit_trail_id": "x" * 300},
        {"approval_id": 7},
        {"execution_id": {}},
        {"status": "pending_approval", "executed": False},
        {"status": "pending_approval", "executed": True, "approval_id": "apr_1"},
    ],
    ids=str,
)
def test_what_is_not_quite_a_receipt_is_none(change: dict[str, object]) -> None:
    assert isinstance(judged(200, {**RECEIPT, **change}), CannotTell)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b"NaN", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_no_receipt(body: bytes) -> None:
    assert isinstance(judge(Answer(status=200, body=body), INTENT, server="https://s", attempts=1), CannotTell)


def test_a_refusal_with_a_2xx_status_is_a_refusal() -> None:
    refused = judged(200, {**RECEIPT, "executed": False, "status": "refused", "reason": "frozen", "code": "GOV-1"})
    assert isinstance(refused, HandOffRefused)
    assert (refused.reason, refused.server_code) == ("frozen", "GOV-1")


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 418, 422, 451])
def test_a_refusal_names_the_intent_otherwise_it_is_only_not_taken(status: int) -> None:
    said = {"error": {"code": "X", "message": "no"}}
    assert isinstance(judged(status, {**said, "digest": INTENT.digest}), HandOffRefused)
    others: tuple[object, ...] = (said, {**said, "digest": "sha256:" + "0" * 64}, {"digest": INTENT.digest}, "no", [])
    for other in others:
        assert type(judged(status, other)) is HandOffError


def test_wrong_credentials_are_never_a_refusal_of_the_intent() -> None:
    said = {"error": {"code": "X", "message": "no"}, "digest": INTENT.digest}
    assert type(judged(401, said)) is HandOffError


def test_what_a_server_says_is_shown_printable_and_short() -> None:
    said = {"error": {"code": "X\x1b[31m", "message": "no\n\x1b[2J\u202e" + "x" * 10_000}, "digest": INTENT.digest}
    refused = judged(403, said)
    assert isinstance(refused, HandOffRefused)
    assert str(refused).isprintable()
    assert len(str(refused)) < 1000


@given(status=st.integers(200, 599), body=st.binary(max_size=60), location=st.text(max_size=30))
def test_every_answer_means_something(status: int, body: bytes, location: str) -> None:
    headers = {"location": location, "retry-after": location, "date": location}
    verdict = judge(Answer(status=status, headers=headers, body=body), INTENT, server="https://s", attempts=1)
    assert isinstance(verdict, (Again, HandOffError))
    assert not isinstance(verdict, HandOffRefused)


@pytest.mark.parametrize(("may_be_taken", "kind"), [(True, CannotTell), (False, HandOffError)])
def test_no_answer_that_waiting_does_not_mend_is_an_error_at_once(may_be_taken: bool, kind: type[HandOffError]) -> None:
    answer = NoAnswer(why="w", may_be_taken=may_be_taken, is_passing=False)
    assert type(judge(answer, INTENT, server="https://s", attempts=1)) is kind
