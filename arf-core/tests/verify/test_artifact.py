# SPDX-License-Identifier: Apache-2.0
"""Artifacts verify from their bytes alone, and an alteration is named. Attacks are told as stories."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.canonical import digest
from arf_core.errors import BadPlace, InputError
from arf_core.models.healing_intent import SCHEMA, HealingIntent
from arf_core.verify import artifact, fields, sealed
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.receipt import write
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report

INTENT = HealingIntent(
    action="scale_out",  # type: ignore[arg-type]
    component="checkout-api",
    incident_id="inc-1",
    detected_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    justification="cpu 0.95 over 0.9",
    confidence=0.75,
    reasoning_chain=({"signal": "cpu_util", "value": 0.95},),
    evidence={"cpu_util": 0.95},  # type: ignore[arg-type]
)
OTHER = dataclasses.replace(INTENT, component="cart")
RESEALED = dataclasses.replace(INTENT, justification="memory")
LINES = f"{INTENT.to_json()}\n{OTHER.to_json()}\n".encode()


def verified(data: bytes | str, against: HealingIntent | None = None) -> Report:
    return verify_bytes(data if isinstance(data, bytes) else data.encode(), name="it", against=against)


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad


def altered(**changes: Any) -> str:
    return json.dumps({**INTENT.to_dict(), **changes})


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize(
    ("data", "kind", "count"),
    [
        (INTENT.to_json(), "intent", 1),
        (json.dumps(INTENT.to_dict(), indent=2), "intent", 1),
        (LINES, "intents", 2),
        (LINES.replace(b"\n", b"\r\n\r\n"), "intents", 2),
        (json.dumps([INTENT.to_dict(), OTHER.to_dict()]), "intents", 2),
        (json.dumps([INTENT.to_dict(), OTHER.to_dict()], indent=1), "intents", 2),
        (f"[\n{INTENT.to_json()},\n{OTHER.to_json()}\n]\n", "intents", 2),
        (write(INTENT), "receipt", 1),
        (f"{write(INTENT)}\n{write(OTHER)}\r\n", "receipt", 2),
    ],
)
def test_every_artifact_is_recognised_by_its_content_and_verifies(data: bytes | str, kind: str, count: int) -> None:
    report = verified(data)
    assert report.ok
    assert (report.kind, report.count, report.first_bad) == (kind, count, None)
    assert report.proven


@pytest.mark.promise("VER-2")
def test_a_report_says_what_was_not_proven() -> None:
    assert any("who made it" in line for line in verified(INTENT.to_json()).not_proven)
    assert any("complete" in line for line in verified(LINES).not_proven)
    assert any("who wrote it" in line for line in verified(write(INTENT)).not_proven)


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize(
    ("changes", "part", "name"),
    [
        ({"component": "cart"}, "an identity field", "intent_id"),
        ({"parameters": {"scale_factor": 10, "resource_profile": "standard"}}, "an identity field", "intent_id"),
        ({"detected_at": "2026-01-02T03:04:05.000007Z"}, "an identity field", "intent_id"),
        ({"intent_id": "intent_0123456789abcdef"}, "the intent_id itself", "intent_id"),
        ({"justification": "because"}, "the grounds", "digest"),
        ({"confidence": 1}, "the grounds", "digest"),
        ({"digest": "sha256:" + "0" * 64}, "the grounds", "digest"),
        ({"evidence": {"cpu_util": 0.96}}, "the context (", "context_digest"),
        ({"reasoning_chain": []}, "the context (", "context_digest"),
        ({"context_digest": "sha256:" + "0" * 64}, "the context_digest itself", "context_digest"),
    ],
)
def test_the_altered_part_is_named_with_both_digests(changes: dict[str, Any], part: str, name: str) -> None:
    found = bad(verified(altered(**changes)))
    assert found.what.startswith(part)
    assert found.what.endswith(f"{name} does not recompute")
    assert found.stated == {**INTENT.to_dict(), **changes}[name]
    assert found.computed is not None
    assert found.computed != found.stated


@pytest.mark.promise("VER-2")
def test_an_id_that_was_forged_together_with_the_digest_is_caught() -> None:
    request = {**INTENT.to_enterprise_request(), "intent_id": "intent_0123456789abcdef"}
    del request["digest"]
    found = bad(verified(altered(intent_id=request["intent_id"], digest=digest(SCHEMA, request))))
    assert found.what.startswith("the intent_id itself")


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("data", [LINES, write(INTENT).encode(), f"[{INTENT.to_json()}]".encode()])
def test_no_byte_of_an_artifact_can_be_flipped(data: bytes) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(data) - 1), st.integers(1, 255))
    def flip(place: int, mask: int) -> None:
        flipped = bytearray(data)
        flipped[place] ^= mask
        report = verified(bytes(flipped))
        # Between the objects, one kind of white space may stand for another.
        assert bad(report) if not report.ok else data.split() == bytes(flipped).split()

    flip()


@pytest.mark.promise("VER-2")
def test_the_first_bad_line_of_a_file_is_named() -> None:
    lines = LINES.decode().splitlines()
    lines.insert(1, altered(justification="x"))
    lines.append(altered(component="y"))
    report = verified("\n".join(lines))
    assert bad(report).where == "line 2"
    assert report.count == 2
    assert report.checks[1].detail == "2 of 4"


@pytest.mark.promise("VER-2")
def test_the_first_bad_item_of_an_array_is_named() -> None:
    assert bad(verified(f"[{INTENT.to_json()},{altered(confidence=1)}]")).where == "item 2"


@pytest.mark.promise("VER-2")
def test_a_file_that_was_cut_within_a_line_is_caught_there() -> None:
    found = bad(verified(LINES[:-20]))
    assert found.where == "line 2"
    assert "not JSON" in found.what


@pytest.mark.promise("VER-2")
def test_one_id_with_two_digests_is_caught_though_each_intent_is_sound() -> None:
    found = bad(verified(f"{INTENT.to_json()}\n{OTHER.to_json()}\n{RESEALED.to_json()}\n"))
    assert found.where == "line 3"
    assert (found.stated, found.computed) == (RESEALED.digest, INTENT.digest)


def test_an_intent_that_stands_twice_is_noticed_and_is_no_lie() -> None:
    report = verified(LINES + LINES)
    assert report.ok
    assert report.checks[2].detail.startswith(f"line 3 repeats line 1 ({INTENT.intent_id})")


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("data", [b"", b"\n\n", b" \t", b"[]", b"[ ]\n"])
def test_an_empty_artifact_fails_because_nothing_was_verified(data: bytes) -> None:
    assert "nothing was verified" in bad(verified(data)).what


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("data", [b"{}", b"hello", b"\x00\xff" * 99, b"[1,2]", b"PK\x03", b"null", b'{"a":1}\n{"a":1}'])
def test_what_is_not_an_artifact_fails_and_what_is_known_is_listed(data: bytes) -> None:
    report = verified(data)
    assert report.kind == "unknown"
    assert "a file of intents" in bad(report).what


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("key", ["signature", "public_key", "key_id"])
def test_a_key_or_signature_inside_an_intent_is_never_trusted(key: str) -> None:
    found = bad(verified(altered(**{key: "mine, believe me"})))
    assert f"'{key}' is not a field" in found.what
    assert "never trusted" in found.what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (INTENT.to_json().replace("{", '{"action":"rollback",', 1), "'action' twice"),
        (altered(status="done"), "'status' is not a field"),
        (altered(confidence="0.75"), "confidence is '0.75'"),
        (altered(intent_id="\ud800"), "surrogate"),
        (altered(context_digest=[1]), "does not recompute"),
        (altered(digest=None), "does not recompute"),
        (altered(schema="arf.healing-intent/2"), "schema"),
    ],
)
def test_an_intent_that_breaks_a_rule_of_its_format_is_refused(text: str, reason: str) -> None:
    assert reason in bad(verified(text)).what


@pytest.mark.promise("VER-2")
def test_an_artifact_is_held_against_an_intent() -> None:
    for data in (INTENT.to_json(), LINES, write(INTENT)):
        report = verified(data, against=INTENT)
        assert report.ok
        assert any(INTENT.digest in line for line in report.proven)
    for data in (INTENT.to_json(), write(INTENT)):
        found = bad(verified(data, against=RESEALED))
        assert found.what.endswith("it differs in digest")
        assert (found.stated, found.computed) == (INTENT.digest, RESEALED.digest)
    assert "component" in bad(verified(write(OTHER), against=INTENT)).what


def test_an_artifact_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MAX_BYTES", 10)
    assert "at most 10 are verified" in bad(verified(INTENT.to_json())).what


def test_only_bytes_are_verified() -> None:
    with pytest.raises(InputError, match="it is a str"):
        verify_bytes("text", name="it")  # type: ignore[arg-type]


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    assert not verified(data).ok


@given(st.lists(st.sampled_from([*LINES.splitlines(), b"[", b"]", b"{", b"\n", b",", write(INTENT).encode(), b"\xff"])))
def test_no_mixture_of_artifacts_raises(parts: list[bytes]) -> None:
    report = verified(b"\n".join(parts))
    assert recognise(b"\n".join(parts)) == report.kind
    assert report.ok or report.first_bad is not None


def test_a_file_of_too_many_values_or_lines_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_VALUES", 100)
    monkeypatch.setattr(sealed, "MAX_LINES", 1)
    assert "more than 100 values" in bad(verified(f"[{INTENT.to_json()}{',{}' * 100}]")).what
    assert "2 lines: at most 1" in bad(verified(LINES)).what
    assert "2 lines: at most 1" in bad(verified(f"{write(INTENT)}\n{write(OTHER)}\n")).what
