# SPDX-License-Identifier: Apache-2.0
"""The sealed intent: frozen, identified by its content, and read back strictly."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.canonical import digest, short_id
from arf_core.errors import IntentError
from arf_core.models.action import Action
from arf_core.models.frozen import MAX_DEPTH, FrozenMap
from arf_core.models.healing_intent import CONTEXT_DOMAIN, LEGACY_CONFIDENCE, SCHEMA, HealingIntent

FIELDS: dict[str, Any] = {
    "action": Action.ROLLBACK,
    "component": "checkout-api",
    "incident_id": "inc-1",
    "detected_at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    "justification": "error rate 0.41 over 0.3",
    "confidence": 0.75,
    "reasoning_chain": [{"signal": "error_rate", "value": 0.41}],
    "similar_incidents": [{"incident_id": "inc-0", "score": 1.0}],
    "policy_applied": "error_rate_critical",
    "rollback_hint": None,
    "evidence": {"error_rate": 0.41, "pods": ["a", "b"]},
}


def sealed(**changes: Any) -> HealingIntent:
    return HealingIntent(**{**FIELDS, **changes})


TEXT = st.text(st.characters(codec="utf-8"))
FULL_TEXT = TEXT.filter(lambda text: bool(text.strip(" \t\r\n")))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
NAMES = st.text(st.characters(categories=("L", "Nd", "Pd")), min_size=1, max_size=20)
DECISIONS = st.one_of(
    st.tuples(st.just("rollback"), st.fixed_dictionaries({}, optional={"revision": NAMES, "force": st.booleans()})),
    st.tuples(st.just("restart_container"), st.fixed_dictionaries({"grace_period": st.integers(0, 3600)})),
    st.tuples(st.just("scale_out"), st.fixed_dictionaries({"scale_factor": st.integers(1, 10)})),
    st.tuples(st.just("circuit_breaker"), st.fixed_dictionaries({"threshold": st.floats(0, 1)})),
    st.tuples(st.just("traffic_shift"), st.fixed_dictionaries({"target": NAMES})),
    st.tuples(st.just("alert_team"), st.fixed_dictionaries({"channels": st.lists(NAMES, min_size=1, max_size=16)})),
)


@st.composite
def intents(draw: st.DrawFn) -> HealingIntent:
    action, parameters = draw(DECISIONS)
    moment = draw(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))  # noqa: DTZ001 - bounds are naive
    return HealingIntent(
        action=action,
        parameters=FrozenMap(parameters),
        component=draw(FULL_TEXT),
        incident_id=draw(FULL_TEXT),
        detected_at=moment.replace(tzinfo=timezone(timedelta(minutes=draw(st.integers(-600, 600))))),
        justification=draw(TEXT),
        confidence=draw(st.floats(0, 1)),
        policy_applied=draw(st.none() | TEXT),
        rollback_hint=draw(st.none() | TEXT),
        reasoning_chain=tuple(draw(st.lists(JSON, max_size=3))),
        similar_incidents=tuple(draw(st.lists(JSON, max_size=3))),
        evidence=FrozenMap(draw(st.dictionaries(TEXT, JSON, max_size=3))),
    )


@pytest.mark.promise("INT-5")
@given(intents())
def test_an_intent_that_is_written_and_read_is_equal(intent: HealingIntent) -> None:
    read = HealingIntent.from_json(intent.to_json())
    assert read == intent
    assert read.to_json() == intent.to_json()
    assert HealingIntent.from_json(json.dumps(intent.to_dict(), indent=2).encode()) == intent
    assert HealingIntent.from_dict(intent.to_dict()).intent_id == intent.intent_id


@pytest.mark.promise("INT-2")
@pytest.mark.promise("INT-3")
@given(intents())
def test_id_and_digests_are_those_of_the_definition(intent: HealingIntent) -> None:
    whole = intent.to_dict()
    identity = {name: whole[name] for name in ("action", "parameters", "incident_id", "component", "detected_at")}
    context = {name: whole[name] for name in ("reasoning_chain", "similar_incidents", "evidence")}
    request = {name: value for name, value in whole.items() if name not in context and name != "digest"}
    assert intent.intent_id == short_id("intent_", identity)
    assert intent.context_digest == digest(CONTEXT_DOMAIN, context)
    assert intent.digest == digest(SCHEMA, request)


@pytest.mark.promise("INT-2")
def test_a_known_intent_has_its_known_id_and_digests() -> None:
    intent = sealed()
    assert intent.intent_id == "intent_f7003b31eb31a483"
    assert intent.digest == "sha256:492ffd90526cf8f06ac9d47bfff31f0687ac8d413899fc03e499ffc99b58ad6f"


@pytest.mark.promise("INT-2")
@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_another_process_seals_the_same_bytes_whatever_its_hash_seed(seed: str) -> None:
    program = (
        "import sys; from arf_core.models.healing_intent import HealingIntent\n"
        "print(HealingIntent.from_json(sys.argv[1]).to_json())"
    )
    command = [sys.executable, "-c", program, json.dumps(sealed().to_dict())]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    answer = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert answer.stdout.decode().strip() == sealed().to_json()


@pytest.mark.promise("INT-2")
def test_the_same_facts_give_the_same_id_however_they_are_given() -> None:
    zone = timezone(timedelta(hours=-5, minutes=-30))
    other = sealed(
        action="rollback",
        detected_at=FIELDS["detected_at"].astimezone(zone).replace(fold=1),
        parameters={"force": False, "revision": "previous"},
        evidence={"pods": ("a", "b"), "error_rate": 0.41},
    )
    assert other == sealed()
    assert other.to_json() == sealed().to_json()
    assert (other.detected_at.tzinfo, other.detected_at.fold) == (UTC, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("component", "cart"),
        ("incident_id", "inc-2"),
        ("detected_at", FIELDS["detected_at"] + timedelta(microseconds=1)),
    ],
)
@pytest.mark.promise("INT-2")
def test_another_fact_gives_another_id(field: str, value: object) -> None:
    assert sealed(**{field: value}).intent_id != sealed().intent_id


@pytest.mark.promise("INT-3")
@pytest.mark.parametrize(
    ("field", "value"),
    [("justification", "no"), ("confidence", 0.5), ("policy_applied", None), ("rollback_hint", "")],
)
def test_another_ground_gives_the_same_id_and_another_digest(field: str, value: object) -> None:
    other = sealed(**{field: value})
    assert other.intent_id == sealed().intent_id
    assert other.context_digest == sealed().context_digest
    assert other.digest != sealed().digest


@pytest.mark.promise("INT-3")
@pytest.mark.parametrize("field", ["reasoning_chain", "similar_incidents"])
def test_the_digest_commits_to_the_context_that_is_not_sent(field: str) -> None:
    other = sealed(**{field: [True]})
    assert other.context_digest != sealed().context_digest
    assert other.digest != sealed().digest
    assert other != sealed(**{field: [1]})


@pytest.mark.promise("INT-4")
def test_only_what_enterprise_needs_crosses() -> None:
    request = sealed().to_enterprise_request()
    assert request["requires_enterprise"] is True
    assert request["parameters"] == {"revision": "previous", "force": False}
    assert sorted(request) == [
        "action", "component", "confidence", "context_digest", "detected_at", "digest", "incident_id", "intent_id",
        "justification", "parameters", "policy_applied", "requires_enterprise", "rollback_hint", "schema",
    ]  # fmt: skip


@pytest.mark.promise("INT-1")
def test_nothing_changes_an_intent_after_it_is_sealed() -> None:
    evidence: dict[str, Any] = {"inner": {"list": [1]}}
    chain: list[Any] = [{"a": [1]}]
    intent: Any = sealed(evidence=evidence, reasoning_chain=chain)
    before = intent.to_json()
    evidence["inner"]["list"].append(2)
    chain[0]["a"].append(2)
    chain.clear()
    intent.to_dict()["evidence"].clear()
    for attack in (
        lambda: setattr(intent, "component", "x"),
        lambda: setattr(intent, "new", "x"),
        lambda: delattr(intent, "digest"),
        lambda: intent.parameters.update(force=True),
        lambda: intent.evidence["inner"].__setitem__("list", ()),
        lambda: intent.reasoning_chain.append(1),
        lambda: intent.__setstate__([]),
    ):
        with pytest.raises((AttributeError, TypeError)):
            attack()
    assert intent.to_json() == before


@pytest.mark.promise("INT-1")
def test_an_intent_is_hashable_comparable_copyable_and_picklable() -> None:
    intent = sealed()
    assert len({intent, sealed(), sealed(confidence=0.5)}) == 2
    assert intent != intent.to_dict()
    assert copy.copy(intent) is copy.deepcopy(intent) is intent
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(intent, protocol)) == intent  # noqa: S301 - our own pickle


@pytest.mark.promise("INT-1")
def test_a_pickle_that_was_altered_does_not_load() -> None:
    altered = pickle.dumps(sealed()).replace(b"checkout-api", b"checkout-apj")
    with pytest.raises(IntentError, match="intent_id"):
        pickle.loads(altered)  # noqa: S301 - our own pickle


def test_a_changed_copy_is_sealed_anew() -> None:
    other = dataclasses.replace(sealed(), component="cart")
    assert other == sealed(component="cart")


def test_an_intent_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Softer", (HealingIntent,), {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "delete_namespace"),
        ("action", None),
        ("action", []),
        ("component", ""),
        ("component", " \t\r\n"),
        ("component", None),
        ("component", "\ud800"),
        ("incident_id", 7),
        ("justification", None),
        ("confidence", 1.0001),
        ("confidence", -0.1),
        ("confidence", float("nan")),
        ("confidence", True),
        ("confidence", "0.5"),
        ("detected_at", datetime(2026, 1, 2)),  # noqa: DTZ001 - naive on purpose
        ("detected_at", "2026-01-02T03:04:05.000006Z"),
        ("reasoning_chain", "text"),
        ("reasoning_chain", {"a": 1}),
        ("reasoning_chain", None),
        ("policy_applied", 1),
        ("rollback_hint", b""),
        ("evidence", [1]),
        ("evidence", {"a": float("inf")}),
        ("evidence", {"a": 2**53}),
        ("evidence", {"a": object()}),
        ("parameters", ["force"]),
        ("parameters", {1: 2}),
    ],
)
def test_a_field_that_breaks_its_rule_is_refused(field: str, value: object) -> None:
    with pytest.raises(IntentError):
        sealed(**{field: value})


@pytest.mark.parametrize("field", ["confidence", "evidence", "component", "action"])
def test_a_number_of_thousands_of_digits_is_refused_and_not_a_crash(field: str) -> None:
    with pytest.raises(IntentError):
        sealed(**{field: {"n": 10**5000} if field == "evidence" else 10**5000})


def test_nesting_beyond_the_limit_is_refused() -> None:
    value: object = 1
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(IntentError, match="more than 32 deep"):
        sealed(reasoning_chain=[value])


WHOLE = sealed().to_json()


@pytest.mark.promise("INT-5")
@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"confidence":0.75', '"confidence":0.75,"status":"done"', "'status' is not a field"),
        ('"confidence":0.75', '"confidence":0.75,"confidence":0.75', "'confidence' twice"),
        ('"confidence":0.75', '"confidence":NaN', "NaN"),
        ('"confidence":0.75,', "", "'confidence' of arf.healing-intent/1 is missing"),
        ('"confidence":0.75', '"confidence":0.76', "digest is"),
        ("05.000006Z", "05.000006", "detected_at: "),
        ('"component":"checkout-api"', '"component":"checkout"', "intent_id is"),
        ('"pods":["a","b"]', '"pods":["a","c"]', "context_digest is"),
        ('"intent_id":"intent_', '"intent_id":"intent-', "intent_id is"),
        (',"revision":"previous"', "", "leaves out parameters"),
        ("arf.healing-intent/1", "arf.healing-intent/2", "schema is 'arf.healing-intent/2'"),
        ('"requires_enterprise":true', '"requires_enterprise":false', "requires_enterprise is False"),
        ('"parameters":{', '"parameters":[{', "not JSON"),
    ],
)
def test_an_altered_intent_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    assert WHOLE.count(old) == 1
    with pytest.raises(IntentError, match=reason):
        HealingIntent.from_json(WHOLE.replace(old, new))


@pytest.mark.promise("INT-5")
@given(st.integers(0, len(WHOLE.encode()) - 1), st.integers(1, 255))
def test_no_byte_of_a_written_intent_can_be_flipped(place: int, mask: int) -> None:
    altered = bytearray(WHOLE.encode())
    altered[place] ^= mask
    with pytest.raises(IntentError):
        HealingIntent.from_json(bytes(altered))


@pytest.mark.parametrize("value", [None, [], "text", 1, {}, {1: 2}])
def test_what_is_not_an_intent_is_refused(value: object) -> None:
    with pytest.raises(IntentError):
        HealingIntent.from_dict(value)


REQUEST: dict[str, Any] = {
    "tool": "scale_out",
    "component": "cart",
    "parameters": {"factor": 3},
    "justification": "load",
    "mode": "autonomous",
    "metadata": {"incident_id": "inc-9", "detected_at": "2026-01-02T04:04:05+01:00"},
}


@pytest.mark.promise("INT-5")
def test_the_older_mcp_request_is_read_and_its_mode_has_no_effect() -> None:
    intent = HealingIntent.from_mcp_request(REQUEST)
    assert intent.parameters == {"scale_factor": 3, "resource_profile": "standard"}
    assert intent.detected_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert intent.confidence == LEGACY_CONFIDENCE
    assert intent == HealingIntent.from_mcp_request({**REQUEST, "mode": "advisory"})
    assert intent.to_enterprise_request()["requires_enterprise"] is True


@pytest.mark.promise("INT-5")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tool": "delete_pod"}, "action is 'delete_pod'"),
        ({"tool": None}, "action is None"),
        ({"component": None}, "component is None"),
        ({"parameters": {"factor": 3, "scale_factor": 3}}, "both name the same parameter"),
        ({"parameters": [1]}, "parameters is"),
        ({"parameters": {1: 2}}, "is not a string"),
        ({"metadata": []}, "metadata is"),
        ({"metadata": {"detected_at": "2026-01-02T03:04:05"}}, "time zone"),
        ({"metadata": {"detected_at": "yesterday"}}, "ISO 8601"),
        ({"metadata": {}}, "detected_at is None"),
        ({"justification": 7}, "justification is 7"),
    ],
)
def test_an_older_request_that_breaks_a_rule_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(IntentError, match=reason):
        HealingIntent.from_mcp_request({**REQUEST, **changes})


@pytest.mark.parametrize("request_", [None, [], "text"])
def test_an_older_request_that_is_not_an_object_is_refused(request_: Any) -> None:
    with pytest.raises(IntentError):
        HealingIntent.from_mcp_request(request_)
