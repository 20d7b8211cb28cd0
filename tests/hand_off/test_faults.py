# SPDX-License-Identifier: Apache-2.0
"""The hand-over under faults of the wire and of the server: what the client says is true, and nothing happens twice."""

from __future__ import annotations

import time
from dataclasses import replace

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.canonical import canonical_bytes
from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import CannotTell, HandOffError, HandOffReceipt, HandOffRefused, Patience, submit_intent
from played.enterprise import ANSWERS, PlayedEnterprise
from played.wire import FAULTS, FaultyWire

pytestmark = pytest.mark.promise("MCP-3")

QUICK = Patience(attempts=4, total_s=3600.0)


class Naps:
    """A sleep that takes no time and remembers what was asked of it."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await anyio.lowlevel.checkpoint()


def submit(
    url: str, played: PlayedEnterprise, intent: HealingIntent, *, patience: Patience = QUICK, naps: Naps | None = None
) -> HandOffReceipt:
    async def run() -> HandOffReceipt:
        return await submit_intent(
            url, intent, played.token, patience=patience, sleep=naps or Naps(), chance=lambda: 0.5
        )

    return anyio.run(run)


@pytest.mark.parametrize("answer", ["429", "502", "503", "504", "502 after acting", "503 after acting"])
def test_a_server_that_says_not_now_is_asked_again(
    played: PlayedEnterprise, intent: HealingIntent, answer: str
) -> None:
    played.say(answer, answer)
    receipt = submit(played.url, played, intent)
    assert receipt.attempts == 3
    assert played.effects[intent.digest] == 1


@pytest.mark.parametrize("fault", ["closed at once", "reset at once", "request lost", "answer lost", "answer cut"])
def test_a_connection_that_breaks_is_opened_again(
    played: PlayedEnterprise, wire: FaultyWire, intent: HealingIntent, fault: str
) -> None:
    wire.fail(fault, fault)
    receipt = submit(wire.url, played, intent)
    assert receipt.attempts == 3
    assert played.effects[intent.digest] == 1


def test_every_attempt_sends_the_same_bytes_under_the_same_key(played: PlayedEnterprise, intent: HealingIntent) -> None:
    played.say("503", "503 after acting", "429")
    submit(played.url, played, intent)
    assert {body for _, body in played.seen} == {canonical_bytes(intent.to_enterprise_request())}
    assert {headers["idempotency-key"] for headers, _ in played.seen} == {intent.digest}
    assert len(played.seen) == 4


def test_evidence_and_reasoning_stay_here(played: PlayedEnterprise, intent: HealingIntent) -> None:
    submit(played.url, played, intent)
    assert b"stays" not in played.seen[0][1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("html", "not with a receipt"),
        ("empty", "not with a receipt"),
        ("a list", "not with a receipt"),
        ("half a receipt", "not with a receipt"),
        ("wrong digest", "its digest is sha256:000"),
        ("huge", "larger than"),
        ("compressed", "compressed"),
        ("500", "500 Internal Server Error"),
        ("500 after acting", "500 Internal Server Error"),
    ],
)
def test_an_answer_that_proves_nothing_is_not_taken_for_a_receipt(
    played: PlayedEnterprise, intent: HealingIntent, answer: str, said: str
) -> None:
    played.say(answer)
    with pytest.raises(CannotTell, match=said):
        submit(played.url, played, intent)
    assert len(played.seen) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("redirect", "https://elsewhere.example. It was not followed"),
        ("not there", "404"),
        ("forbidden by a proxy", "403"),
    ],
)
def test_what_stands_before_the_server_is_no_refusal_and_is_asked_once(
    played: PlayedEnterprise, intent: HealingIntent, answer: str, said: str
) -> None:
    played.say(answer)
    with pytest.raises(HandOffError, match=said) as refused:
        submit(played.url, played, intent)
    assert type(refused.value) is HandOffError
    assert "token=x" not in str(refused.value)
    assert len(played.seen) == 1
    assert intent.digest not in played.effects


def test_a_refusal_is_never_asked_again(played: PlayedEnterprise, intent: HealingIntent) -> None:
    forbidden = replace(intent, action="traffic_shift", parameters={"target": "blue"})  # type: ignore[arg-type]
    naps = Naps()
    with pytest.raises(HandOffRefused, match="night-freeze"):
        submit(played.url, played, forbidden, naps=naps)
    assert len(played.seen) == 1
    assert naps.taken == []


def test_waits_double_and_retry_after_is_honoured(played: PlayedEnterprise, intent: HealingIntent) -> None:
    played.say("503", "503", "429 for 7 s", "429 until a date", "503")
    naps = Naps()
    submit(played.url, played, intent, patience=replace(QUICK, attempts=8), naps=naps)
    assert naps.taken == [0.375, 0.75, 7.0, 5.0, 6.0]


def test_who_is_asked_to_come_back_in_an_hour_does_not_wait_an_hour(
    played: PlayedEnterprise, intent: HealingIntent
) -> None:
    played.say("429 for an hour")
    naps = Naps()
    with pytest.raises(HandOffError, match="left alone for 3600 s") as refused:
        submit(played.url, played, intent, patience=Patience(total_s=60), naps=naps)
    assert type(refused.value) is HandOffError
    assert naps.taken == []


def test_a_slow_server_is_asked_again_and_acts_once(played: PlayedEnterprise, intent: HealingIntent) -> None:
    played.say("slow after acting")
    receipt = submit(played.url, played, intent, patience=replace(QUICK, attempt_s=0.4, attempts=20))
    assert receipt.attempts > 1
    assert played.effects[intent.digest] == 1


def test_an_answer_that_drips_for_ever_ends_with_its_time(
    played: PlayedEnterprise, wire: FaultyWire, intent: HealingIntent
) -> None:
    wire.fail("answer never ends")
    with pytest.raises(CannotTell, match="no whole answer came within"):
        submit(wire.url, played, intent, patience=Patience(attempts=1, attempt_s=0.5))


def test_a_server_that_is_not_there_took_nothing(played: PlayedEnterprise, intent: HealingIntent) -> None:
    with pytest.raises(HandOffError, match=r"was not taken: .* asked 4 times, lastly: no connection") as refused:
        submit("http://127.0.0.1:1", played, intent)
    assert type(refused.value) is HandOffError


def test_after_a_lost_answer_no_one_says_that_nothing_was_taken(
    played: PlayedEnterprise, wire: FaultyWire, intent: HealingIntent
) -> None:
    wire.fail("answer lost")
    played.say("as documented", "not there")
    with pytest.raises(CannotTell, match="an earlier attempt may have been taken"):
        submit(wire.url, played, intent)
    assert played.effects[intent.digest] == 1


@pytest.mark.parametrize("answer", ["502 after acting", "503 after acting", "500 after acting", "slow after acting"])
def test_who_gives_up_after_an_answer_that_may_hide_an_effect_does_not_say_that_nothing_happened(
    played: PlayedEnterprise, intent: HealingIntent, answer: str
) -> None:
    played.say(answer)
    with pytest.raises(CannotTell):
        submit(played.url, played, intent, patience=Patience(attempts=1, attempt_s=0.5 if "slow" in answer else 20.0))
    while not played.effects.get(intent.digest):  # a server slower than slow acts in the end
        time.sleep(0.01)
    assert played.effects[intent.digest] == 1


KINDS = ("restart_container", "scale_out", "traffic_shift")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=st.lists(st.sampled_from([name for name in FAULTS if name != "answer never ends"]), max_size=5),
    answers=st.lists(st.sampled_from([name for name in ANSWERS if "slow" not in name]), max_size=5),
    action=st.sampled_from(KINDS),
    number=st.integers(min_value=0, max_value=10**12),
)
def test_whatever_fails_what_the_client_says_is_true(
    played: PlayedEnterprise,
    intent: HealingIntent,
    faults: list[str],
    answers: list[str],
    action: str,
    number: int,
) -> None:
    parameters = {"target": "blue"} if action == "traffic_shift" else {}
    asked = replace(intent, action=action, parameters=parameters, incident_id=f"inc_{number}")  # type: ignore[arg-type]
    played.planned.clear()
    before = played.effects.get(asked.digest, 0)
    played.say(*answers)
    with FaultyWire(played.port) as wire:
        wire.fail(*faults)
        try:
            receipt = submit(wire.url, played, asked)
        except CannotTell:
            taken = None
        except HandOffError:
            taken = False
        else:
            taken = True
            assert (receipt.intent_id, receipt.digest) == (asked.intent_id, asked.digest)
    effects = played.effects.get(asked.digest, 0)
    assert effects <= 1
    if taken is True:
        assert effects == 1
    if taken is False and not before:
        assert effects == 0
