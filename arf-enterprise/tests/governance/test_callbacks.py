# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Callbacks: held against Slack's own check, in both directions; and what is signed but wrong."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import Clock, SignatureVerifier

from arf_core.errors import InputError
from arf_enterprise.errors import (
    ApprovalExpired,
    ApprovalForged,
    ApprovalStale,
    ApprovalUsed,
    NotFound,
    NotPermitted,
    OwnApproval,
    RequestError,
)
from arf_enterprise.governance.approval import Kind, State
from arf_enterprise.governance.callbacks import Signed, slack_callback, take, webhook_callback
from arf_enterprise.governance.channels import Channels, Known
from arf_enterprise.governance.testing import NOW, TENANT, Desk, sha
from arf_enterprise.stores.postgres.database import Database

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
AT = str(int(NOW.timestamp()))
CHANNELS = Channels(
    secrets={"slack": "env:SLACK", "pager": "env:PAGER"},
    people=(
        Known(subject="alice@example.com", tenants=frozenset({TENANT}), known_as={"slack": "U1", "pager": "alice"}),
        Known(subject="robot", tenants=frozenset({TENANT}), known_as={"slack": "U9"}),
    ),
)


class Now(Clock):
    def now(self) -> float:
        return int(NOW.timestamp())


SDK = SignatureVerifier(SECRET, clock=Now())


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def pressed(value: str, *, user: str = "U1", action: str = "arf_approve") -> bytes:
    payload = {
        "type": "block_actions", "user": {"id": user, "name": "alice"}, "trigger_id": "1.2",
        "actions": [{"action_id": action, "value": value, "type": "button", "action_ts": "1.2"}],
    }  # fmt: skip
    return urlencode({"payload": json.dumps(payload)}).encode()


def by_slack(body: bytes, at: str = AT) -> Signed:
    """As Slack's own library signs it."""
    return Signed(
        channel="slack", timestamp=at, body=body,
        signature=SDK.generate_signature(timestamp=at, body=body),
    )  # fmt: skip


def by_pager(document: object, at: str = AT, channel: str = "pager", secret: str = SECRET) -> Signed:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    signed = b"arf.callback/1\n" + f"{channel}\n{at}\n".encode() + body
    signature = "v1=" + hmac.digest(secret.encode(), signed, "sha256").hex()
    return Signed(channel=channel, timestamp=at, signature=signature, body=body)


def answer(state: State, **changed: Any) -> dict[str, Any]:
    fields = {
        "schema": "arf.callback/1", "tenant": TENANT, "approval_id": state.approval_id, "digest": state.digest,
        "decision": "approve", "person": "alice",
    }  # fmt: skip
    return {name: value for name, value in {**fields, **changed}.items() if value is not None}


def value_of(state: State) -> str:
    return f"{TENANT} {state.approval_id} {state.digest}"


def press(desk: Desk, body: bytes) -> State:
    callback = slack_callback(by_slack(body), secret=SECRET, now=desk.now)
    return take(desk.database, CHANNELS, callback, request_id="r1", now=desk.now)


BODY = pressed(f"acme approval_{'0' * 32} {sha('x')}")


@pytest.mark.promise("GOV-4")
def test_what_slacks_own_library_signs_is_taken() -> None:
    found = slack_callback(by_slack(BODY), secret=SECRET, now=NOW)
    assert (found.known_as, found.tenant, found.digest, found.approve) == ("U1", "acme", sha("x"), True)
    rejected = pressed("acme approval_1 " + sha("x"), action="arf_reject")
    assert slack_callback(by_slack(rejected), secret=SECRET, now=NOW).approve is False


@pytest.mark.promise("GOV-4")
@pytest.mark.parametrize("late", [-301, -300, 0, 299, 300, 301])
def test_slacks_own_library_takes_and_refuses_the_same_times(late: int) -> None:
    signed = by_slack(BODY, at=str(int(NOW.timestamp()) - late))
    assert is_taken(signed) is SDK.is_valid(signed.body, str(signed.timestamp), str(signed.signature))


def is_taken(signed: Signed, secret: str = SECRET) -> bool:
    try:
        slack_callback(signed, secret=secret, now=NOW.replace(microsecond=0))
    except ApprovalForged:
        return False
    except (RequestError, InputError):
        return True  # signed, and no button of ours
    return True


@pytest.mark.promise("GOV-4")
@given(st.data())
def test_slacks_own_library_refuses_what_we_refuse_whatever_is_altered(data: st.DataObject) -> None:
    good = by_slack(BODY)
    signature, body, at = str(good.signature), bytearray(good.body), AT
    match data.draw(st.sampled_from(["signature", "body", "time", "none"])):
        case "signature":
            place = data.draw(st.integers(0, len(signature) - 1))
            signature = signature[:place] + data.draw(st.sampled_from("0af_v=")) + signature[place + 1 :]
        case "body":
            body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(0, 1))
        case "time":
            at = str(int(at) + data.draw(st.integers(-400, 400)))
    altered = Signed(channel="slack", timestamp=at, signature=signature, body=bytes(body))
    # Slack's library compares texts, and its answer for a body that is no UTF-8 is an exception of its own.
    assert is_taken(altered) is SDK.is_valid(bytes(body), at, signature)


@pytest.mark.promise("GOV-4")
@pytest.mark.parametrize("at", ["", "now", "1e9", " 1767323045", "+1767323045", "-1", "١٧٦٧٣٢٣٠٤٥", "9" * 40, "nan"])
def test_a_time_that_is_no_number_of_seconds_is_refused(at: str) -> None:
    with pytest.raises(ApprovalForged):
        slack_callback(by_slack(BODY, at=at), secret=SECRET, now=NOW)
    with pytest.raises(ApprovalForged):
        webhook_callback(by_pager({}, at=at), secret=SECRET, now=NOW)


@pytest.mark.promise("GOV-4")
def test_a_callback_without_a_signature_or_by_another_secret_is_refused() -> None:
    good = by_slack(BODY)
    for signature in (None, "", "v0=", "v0=" + "0" * 64, str(good.signature).upper(), "v1" + str(good.signature)[2:]):
        with pytest.raises(ApprovalForged):
            slack_callback(
                Signed(channel="slack", timestamp=AT, signature=signature, body=BODY), secret=SECRET, now=NOW
            )
    with pytest.raises(ApprovalForged):
        slack_callback(good, secret="another", now=NOW)
    with pytest.raises(ApprovalForged):
        slack_callback(Signed(channel="slack", timestamp=AT, signature="é", body=BODY), secret=SECRET, now=NOW)


@pytest.mark.promise("GOV-4")
def test_a_signature_of_one_channel_is_none_of_another(desk: Desk) -> None:
    state = desk.ask()
    signed = by_pager(answer(state), channel="mail")
    for channel in ("pager", "mail\n", "mai"):
        with pytest.raises(ApprovalForged):
            webhook_callback(
                Signed(channel=channel, timestamp=AT, signature=signed.signature, body=signed.body),
                secret=SECRET, now=NOW,
            )  # fmt: skip
    slack = by_slack(json.dumps(answer(state)).encode())
    with pytest.raises(ApprovalForged):
        webhook_callback(slack, secret=SECRET, now=NOW)


@pytest.mark.promise("GOV-4")
def test_a_button_approves_once_as_the_person_of_the_table(desk: Desk) -> None:
    state = desk.ask()
    body = pressed(value_of(state))
    assert press(desk, body).kind is Kind.APPROVED
    (vote,) = desk.look(state.approval_id).votes
    assert (vote.issuer, vote.subject) == ("channel/slack", "alice@example.com")
    with pytest.raises(ApprovalUsed, match="taken before"):
        press(desk, body)
    assert desk.recorded() == ["approval.asked", "approval.given", "approval.refused"]


@pytest.mark.promise("GOV-4")
def test_a_callback_that_is_replayed_does_not_count_where_it_did_not_count_before(desk: Desk) -> None:
    """A second look at the request must not make an old button right."""
    state = desk.ask(quorum=2)
    old = pressed(f"{TENANT} {state.approval_id} {state.digest_at(1)}")
    with pytest.raises(ApprovalStale):
        press(desk, old)
    press(desk, pressed(value_of(state), user="U1") + b"&trigger=2")
    with pytest.raises(ApprovalUsed, match="taken before"):
        press(desk, old)


@pytest.mark.promise("GOV-4")
def test_a_button_of_another_digest_approves_nothing(desk: Desk) -> None:
    first, second = desk.ask(), desk.ask()
    with pytest.raises(ApprovalStale):
        press(desk, pressed(f"{TENANT} {second.approval_id} {first.digest}"))
    assert desk.look(second.approval_id).given == 0


@pytest.mark.promise("GOV-4")
def test_nobody_but_the_people_of_the_table_counts_and_only_in_their_tenants(desk: Desk) -> None:
    state = desk.ask()
    for user, tenant in (("U2", TENANT), ("u1", TENANT), ("alice", TENANT), ("U1", "globex"), ("U1", "\x00")):
        value = f"{tenant} {state.approval_id} {state.digest}"
        with pytest.raises((NotPermitted, RequestError)):
            press(desk, pressed(value, user=user))
    with pytest.raises(NotFound):
        press(desk, pressed(f"{TENANT} approval_{'0' * 32} {state.digest}"))
    assert desk.look(state.approval_id).given == 0


@pytest.mark.promise("GOV-2")
def test_who_asked_cannot_approve_it_by_a_button_either(desk: Desk) -> None:
    with pytest.raises(OwnApproval):
        press(desk, pressed(value_of(desk.ask(requester_subject="robot")), user="U9"))


@pytest.mark.promise("GOV-4")
def test_a_webhook_rejects_with_a_reason(desk: Desk) -> None:
    state = desk.ask()
    given = by_pager(answer(state, decision="reject", reason="'); DROP TABLE arf.approval; --"))
    found = take(
        desk.database, CHANNELS, webhook_callback(given, secret=SECRET, now=NOW), request_id="r", now=NOW
    )  # fmt: skip
    assert found.kind is Kind.REJECTED
    assert found.votes[0].reason.startswith("'); DROP")


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": "arf.callback/2"}, {"decision": "maybe"}, {"decision": None}, {"digest": "md5:1"}, {"person": 1},
        {"more": 1}, {"tenant": ""}, {"approval_id": "a\x00"}, {"reason": ""}, {"person": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_signed_webhook_that_is_not_in_the_form_is_refused(desk: Desk, changed: dict[str, Any]) -> None:
    given = by_pager(answer(desk.ask(), **changed))
    with pytest.raises((InputError, RequestError)):
        webhook_callback(given, secret=SECRET, now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"payload", b"payload=", b"payload=%7B%7D", b"payload=[]", b"payload={}&payload={}", b"\xff",
        urlencode({"payload": '{"user": {"id": "U1"}, "actions": []}'}).encode(),
        urlencode({"payload": '{"user": {"id": "U1"}, "user": {"id": "U2"}, "actions": []}'}).encode(),
        pressed("a b"), pressed("a b c d"), pressed("a b sha256:0"), pressed("  "),
        pressed("a b " + sha("x"), action="x"),
    ],
)  # fmt: skip
def test_a_signed_form_that_is_no_button_of_ours_is_refused(body: bytes) -> None:
    signature = "v0=" + hmac.digest(SECRET.encode(), f"v0:{AT}:".encode() + body, "sha256").hex()
    with pytest.raises((InputError, RequestError)):
        slack_callback(Signed(channel="slack", timestamp=AT, signature=signature, body=body), secret=SECRET, now=NOW)


def test_a_callback_that_comes_after_the_expiry_is_refused(desk: Desk) -> None:
    state = desk.ask(expires_at=NOW + timedelta(seconds=100))
    callback = slack_callback(by_slack(pressed(value_of(state))), secret=SECRET, now=NOW)
    with pytest.raises(ApprovalExpired):
        take(desk.database, CHANNELS, callback, request_id="r", now=NOW + timedelta(seconds=100))
