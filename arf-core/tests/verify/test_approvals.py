# SPDX-License-Identifier: Apache-2.0
"""Approvals: the golden vectors of the contract, and what is proven of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.recognition import recognise
from arf_core.verify.trust import read_trusted_keys

CONTRACT = Path(__file__).resolve().parents[3] / "docs/contracts/approval/1"
EXAMPLE = (CONTRACT / "example.json").read_bytes()
KEYS = (CONTRACT / "keys.json").read_bytes()
TRUST = read_trusted_keys([("keys.json", KEYS)])
VECTORS = json.loads((CONTRACT / "vectors.json").read_bytes())
INTENT = HealingIntent.from_json((CONTRACT / "intent.json").read_text("utf-8"))


def name_of(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def changed(**fields: Any) -> Any:
    keys = json.loads(KEYS)
    keys["keys"][0].update(fields)
    return read_trusted_keys([("keys.json", json.dumps(keys).encode())])


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=name_of)
def test_a_golden_vector_that_is_right_verifies(vector: dict[str, Any]) -> None:
    report = verify_bytes(json.dumps(vector["statement"]).encode(), name="it", trusted=TRUST)
    assert (report.ok, report.kind) == (True, "approval"), report.first_bad
    assert any("2 different people approved" in fact for fact in report.proven)


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("vector", VECTORS["refused"], ids=name_of)
def test_a_golden_vector_that_is_wrong_does_not_verify(vector: dict[str, Any]) -> None:
    report = verify_bytes(json.dumps(vector["statement"]).encode(), name="it", trusted=TRUST)
    assert not report.ok
    assert (report.kind, report.proven) == ("approval", ())


def test_there_are_vectors_and_no_two_of_a_name() -> None:
    names = [name_of(vector) for vector in (*VECTORS["accepted"], *VECTORS["refused"])]
    assert len(set(names)) == len(names) >= 19


@pytest.mark.promise("VER-2")
def test_without_keys_or_with_keys_for_something_else_it_does_not_verify() -> None:
    assert not verify_bytes(EXAMPLE, name="it").ok
    for fields in (
        {"kinds": ["arf.audit-checkpoint/1"]},
        {"tenants": ["globex"]},
        {"revoked_from": "2026-01-02T00:00:00.000000Z"},
        {"not_after": "2026-01-02T00:00:00.000000Z"},
    ):
        assert not verify_bytes(EXAMPLE, name="it", trusted=changed(**fields)).ok
    assert verify_bytes(EXAMPLE, name="it", trusted=changed(tenants=None)).ok


@pytest.mark.promise("VER-1")
def test_it_is_held_against_the_intent_that_was_approved() -> None:
    assert verify_bytes(EXAMPLE, name="it", trusted=TRUST, against=INTENT).ok
    other = HealingIntent(
        action=INTENT.action,
        parameters=FrozenMap(),
        justification="another",
        confidence=0.5,
        incident_id="incident-43",
        component="checkout",
        detected_at=INTENT.detected_at,
    )
    report = verify_bytes(EXAMPLE, name="it", trusted=TRUST, against=other)
    assert not report.ok
    assert report.first_bad is not None
    assert (report.first_bad.stated, report.first_bad.computed) == (INTENT.digest, other.digest)


@pytest.mark.promise("VER-2")
def test_a_vote_for_something_else_is_named_with_both_digests() -> None:
    (vector,) = (one for one in VECTORS["refused"] if one["name"] == "another intent")
    report = verify_bytes(json.dumps(vector["statement"]).encode(), name="it", trusted=TRUST)
    assert report.first_bad is not None
    assert report.first_bad.where == "votes[0].digest"
    assert report.first_bad.stated != report.first_bad.computed


def test_an_approval_is_recognised_by_its_content_and_another_statement_is_not_one() -> None:
    assert recognise(EXAMPLE) == "approval"
    assert recognise(EXAMPLE.replace(b"arf.approval/1", b"arf.approval/9")) == "approval"
    assert recognise(EXAMPLE.replace(b"arf.approval/1", b"arf.policy-pack/1")) == "statement"
    assert recognise(EXAMPLE[:-20]) == "statement"


@pytest.mark.promise("VER-3")
@given(st.integers(0, len(EXAMPLE) - 2), st.integers(1, 255))
def test_whatever_byte_of_it_is_altered_it_does_not_verify(place: int, flip: int) -> None:
    altered = bytearray(EXAMPLE)
    altered[place] ^= flip
    assert not verify_bytes(bytes(altered), name="it", trusted=TRUST).ok
