# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from arf_core.errors import InputError, NotFoundError, TooLargeError
from arf_core.ingest.formats import Format
from arf_mcp_client import desk as desk_module
from arf_mcp_client.desk import Desk
from arf_mcp_client.settings import MAX_INPUT


def readings(count: int) -> str:
    return "\n".join(
        json.dumps({"component": f"c{n}", "timestamp": f"2026-01-02T{n // 60:02}:{n % 60:02}:00Z", "latency_p99": 900})
        for n in range(count)
    )


def test_the_same_question_has_the_same_answer_however_often_it_is_asked(
    desk: Desk, reading: dict[str, object]
) -> None:
    text = json.dumps(reading)
    first, second = (desk.analyze(text, form=Format.AUTO) for _ in range(2))
    assert first == second
    assert first.answered[0].advice.intents


def test_what_was_said_can_be_asked_for_again(desk: Desk, reading: dict[str, object]) -> None:
    (answered,) = desk.analyze(json.dumps(reading), form=Format.AUTO).answered
    for intent in answered.advice.intents:
        assert desk.intent(intent.intent_id) is intent
    assert desk.incident(answered.advice.incident_id) == answered.advice
    assert set(desk.intents()) == set(answered.advice.intents)


def test_what_was_never_said_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="intent_x"):
        desk.intent("intent_x")
    with pytest.raises(NotFoundError, match="inc_x"):
        desk.incident("inc_x")


def test_only_the_latest_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOST_KEPT", 5)
    desk.analyze(readings(12), form=Format.AUTO)
    assert [advice.anomalies[0].component for advice in desk.incidents()] == ["c11", "c10", "c9", "c8", "c7"]
    assert desk.intents() == tuple(intent for advice in desk.incidents() for intent in advice.intents)


def test_what_is_kept_is_bounded_by_its_size_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOST_BYTES", 3000)
    for day in range(1, 9):
        question = {"component": "checkout", "timestamp": f"2026-01-0{day}T00:00:00Z", "latency_p99": 900}
        desk.analyze(json.dumps(question) + " " * 900, form=Format.AUTO)
    assert [advice.at.day for advice in desk.incidents()] == [8, 7, 6]
    assert {intent.detected_at.day for intent in desk.intents()} == {8, 7, 6}


def test_several_incidents_are_refused_where_one_is_asked_for(desk: Desk) -> None:
    with pytest.raises(InputError, match="3 separate incidents"):
        desk.one(readings(3), form=Format.AUTO)


def test_a_normal_reading_is_an_answer_without_intents(desk: Desk) -> None:
    normal = '{"component": "checkout", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 20}'
    advice = desk.one(normal, form=Format.AUTO).advice
    assert advice.intents == ()
    assert advice.because == "nothing is abnormal"


def test_an_input_without_a_readable_record_says_what_is_wrong_with_the_first(desk: Desk) -> None:
    with pytest.raises(InputError, match="latency_p99"):
        desk.one('{"component": "a", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": -1}', form=Format.AUTO)


def test_an_input_over_the_limit_is_refused_by_its_size(desk: Desk) -> None:
    with pytest.raises(TooLargeError, match=str(MAX_INPUT)):
        desk.analyze("a" * (MAX_INPUT + 1), form=Format.AUTO)


def test_many_threads_get_the_answers_that_one_gets(desk: Desk) -> None:
    questions = [readings(n) for n in range(1, 9)] * 4
    alone = [desk.analyze(question, form=Format.AUTO) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda question: desk.analyze(question, form=Format.AUTO), questions))
    assert alone == together
