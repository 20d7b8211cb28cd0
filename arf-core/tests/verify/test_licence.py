# SPDX-License-Identifier: Apache-2.0
"""Licences verify offline with the verifier's own keys, and their text is never shown. Attacks are told as stories."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from arf_core.canonical import canonical_bytes, file_digest
from arf_core.plain import plain
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.licence import DEVELOPMENT_KEY, KIND, read_licence
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

VENDOR = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)
PHRASE = b"arf-enterprise development key: not a secret, signs development licences only"
DEVELOPMENT = Ed25519PrivateKey.from_private_bytes(sha256(PHRASE).digest())


def key_id(private: Ed25519PrivateKey) -> str:
    return file_digest(private.public_key().public_bytes_raw())


def payload(**changes: Any) -> dict[str, Any]:
    fields = {
        "schema": KIND,
        "alg": "ed25519",
        "key_id": key_id(VENDOR),
        "licence_id": "lic_1",
        "customer": "Acme",
        "edition": "enterprise",
        "product": "arf-enterprise",
        "features": ["approval_workflows", "audit_trails"],
        "limits": {"nodes": 3, "seats": 50},
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2026-02-01T00:00:00.000000Z",
        "grace_days": 7,
        "issued_at": "2026-01-01T00:00:00.000000Z",
    }
    return {**fields, **changes}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def licence(
    content: dict[str, Any] | bytes | None = None, *, private: Ed25519PrivateKey = VENDOR, kind: str = KIND
) -> bytes:
    data = content if isinstance(content, bytes) else canonical_bytes(payload() if content is None else content)
    sig = private.sign(b"arf.signature/1\n" + kind.encode() + b"\n" + data)
    return f"ARF-ENT-{encoded(data)}.{encoded(sig)}".encode()


def trust(*private: Ed25519PrivateKey, **changes: Any) -> TrustedKeys:
    keys = [
        {
            "key_id": key_id(one),
            "public_key": base64.b64encode(one.public_key().public_bytes_raw()).decode(),
            "kinds": [KIND],
            "not_before": "2025-01-01T00:00:00.000000Z",
            "not_after": "2030-01-01T00:00:00.000000Z",
            **changes,
        }
        for one in private or (VENDOR,)
    ]
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": keys}).encode())])


def check(data: bytes, *, at: datetime | None = None, trusted: TrustedKeys | None = None) -> Report:
    report = verify_bytes(data, name="it", trusted=trusted or trust(), at=at)
    told = json.dumps(plain(report))
    for part in data.decode("ascii", "replace").removeprefix("ARF-ENT-").split("."):
        assert len(part) < 12 or part[4:12] not in told, "a part of the key string is in the report"
    return report


def why(report: Report) -> str:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad.what


@pytest.mark.promise("VER-1")
def test_a_licence_verifies_with_the_keys_of_the_verifier() -> None:
    for data in (licence(), b"\n" + licence() + b" \r\n"):
        report = check(data)
        assert (report.ok, report.kind, report.count) == (True, "licence", 1)
    proven, not_proven = " ".join(report.proven), " ".join(report.not_proven)
    assert "lic_1 (enterprise) for Acme" in proven
    assert "3 nodes, 50 seats and the features: approval_workflows, audit_trails" in proven
    assert "that it is valid now" in not_proven
    assert "revoked" in not_proven


@pytest.mark.promise("VER-2")
def test_without_a_vendor_key_the_signature_is_not_judged_and_that_is_no_pass() -> None:
    report = verify_bytes(licence(), name="it")
    assert "could not be judged, because no vendor key was given" in why(report)
    assert "not among the 1 trusted keys" in why(check(licence(), trusted=trust(OTHER)))


@pytest.mark.promise("VER-2")
def test_a_licence_has_a_time_only_where_one_is_asked_for() -> None:
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    for at, standing in ((begin, "active"), (end - second, "active"), (end, "in its grace"), (end + second, "grace")):
        assert any(standing in fact for fact in check(licence(), at=at).proven)
    assert check(licence(), at=end + timedelta(days=7) - second).ok
    assert "not valid yet" in why(check(licence(), at=begin - second))
    assert "expired" in why(check(licence(), at=end + timedelta(days=7)))
    assert "cannot be held against a time" in why(verify_bytes(b"[]", name="it", at=begin))


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"ARF-ENT-", "a licence is ARF-ENT-"),
        (b"ARF-ENT-abc", "a licence is ARF-ENT-"),
        (licence() + b".abc", "a licence is ARF-ENT-"),
        (licence().replace(b".", b". "), "a licence is ARF-ENT-"),
        (licence() + b"=", "a licence is ARF-ENT-"),
        (licence() + "é".encode(), "a licence is ARF-ENT-"),
        (licence()[:-10], "its signature has"),
        (licence()[:-1] + b"B", "its signature|one spelling|base64url"),
        (b"ARF-ENT-" + b"A" * 20_000 + b".A", "at most 16384"),
        (licence(b"[]"), "what it has signed is"),
        (licence(b"{" * 3000), "not strict JSON"),
        (licence(json.dumps(payload()).encode()), "encoded again"),
        (licence(canonical_bytes(payload())[:-1] + b',"customer":"Evil"}'), "has a key twice"),
        (licence(payload(customer="Evil"), private=OTHER), "does not hold"),
        (licence(kind="arf.policy-pack/1"), "does not hold"),
        (licence(payload(schema="arf.approval/1"), kind="arf.approval/1"), "and not arf.licence/1"),
        (licence(payload(alg="none")), "its alg and product"),
        (licence(payload(product="other")), "its alg and product"),
        (licence(payload(edition="platinum")), "its edition"),
        (licence(payload(edition="development")), "does not sign development"),
        (licence(payload(customer="")), "its customer"),
        (licence(payload(features=["b", "a"])), "its features"),
        (licence(payload(features=["a", "a"])), "its features"),
        (licence(payload(features=["A"])), "a feature"),
        (licence(payload(features="all")), "its features"),
        (licence(payload(limits={"nodes": 3})), "the limits lacks 'seats'"),
        (licence(payload(limits={"nodes": -1, "seats": 1})), "its nodes"),
        (licence(payload(limits={"nodes": 1_000_001, "seats": 1})), "its nodes"),
        (licence(payload(limits={"nodes": True, "seats": 1})), "its nodes"),
        (licence(payload(grace_days=91)), "its grace_days"),
        (licence(payload(not_after="2026-01-01T00:00:00.000000Z")), "its not_after"),
        (licence(payload(not_after="9999-01-01T00:00:00.000000Z")), "its not_after"),
        (licence(payload(issued_at="now")), "its issued_at"),
        (licence(payload(public_key="mine")), "unknown key 'public_key'"),
        (licence(payload(not_after="2030-01-01T00:00:00.000000Z")), "later than the key"),
        (licence(payload(issued_at="2024-12-31T00:00:00.000000Z")), "may sign from"),
    ],
)
def test_an_altered_or_forged_licence_is_refused(data: bytes, reason: str) -> None:
    assert recognise(data) == "licence"
    found = why(check(data))
    assert any(one in found for one in reason.split("|")), found


@pytest.mark.promise("VER-3")
def test_a_key_that_is_trusted_for_something_else_signs_no_licence() -> None:
    assert "may sign arf.policy-pack/1" in why(check(licence(), trusted=trust(kinds=["arf.policy-pack/1"])))
    assert "may not sign for no tenant" in why(check(licence(), trusted=trust(tenants=["acme"])))
    revoked = trust(revoked_from="2026-01-01T00:00:00.000000Z")
    assert "was revoked from" in why(check(licence(), trusted=revoked))


@pytest.mark.promise("VER-2")
def test_what_the_development_key_signs_is_said_to_prove_nothing() -> None:
    assert key_id(DEVELOPMENT) == DEVELOPMENT_KEY
    made = payload(edition="development", key_id=DEVELOPMENT_KEY)
    report = check(licence(made, private=DEVELOPMENT), trusted=trust(DEVELOPMENT))
    assert report.ok
    assert any("both halves of the development key are public" in fact for fact in report.not_proven)
    sold = licence(payload(key_id=DEVELOPMENT_KEY), private=DEVELOPMENT)
    assert "does not sign enterprise licences" in why(check(sold, trusted=trust(DEVELOPMENT)))


def test_an_empty_list_of_features_is_no_feature() -> None:
    assert any("features: none" in fact for fact in check(licence(payload(features=[]))).proven)
    assert read_licence(licence(payload(features=[]))).features == ()


@pytest.mark.promise("VER-3")
@given(st.integers(0, len(licence()) - 1), st.integers(0, 255))
def test_no_altered_byte_verifies(at: int, byte: int) -> None:
    original = licence()
    changed = original[:at] + bytes([byte]) + original[at + 1 :]
    assert verify_bytes(changed, name="it", trusted=trust()).ok is (changed == original)


@pytest.mark.promise("VER-3")
def test_a_list_of_revocations_is_read_to_its_end() -> None:
    def signed(**changes: Any) -> bytes:
        revoked = [{"licence_id": "lic_1", "revoked_at": "2026-01-02T03:04:05.000006Z", "reason": "it leaked"}]
        content = {"product": "arf-enterprise", "number": 3, "revoked": revoked, **changes}
        statement: dict[str, Any] = {
            "schema": "arf.statement/1",
            "kind": "arf.licence-revocations/1",
            "tenant": None,
            "signed_at": "2026-01-02T03:04:05.000006Z",
            "payload": content,
        }
        sig = VENDOR.sign(b"arf.signature/1\narf.licence-revocations/1\n" + canonical_bytes(statement))
        signature = {"alg": "ed25519", "key_id": key_id(VENDOR), "sig": base64.b64encode(sig).decode()}
        return canonical_bytes({**statement, "signatures": [signature]})

    keys = trust(kinds=["arf.licence-revocations/1"])
    report = verify_bytes(signed(), name="it", trusted=keys)
    assert report.ok
    assert any("list 3 of revoked licences, and names 1" in fact for fact in report.proven)
    twice = [{"licence_id": "lic_1", "revoked_at": "2026-01-02T03:04:05.000006Z", "reason": "it leaked"}] * 2
    wrong: tuple[dict[str, Any], ...] = (
        {"number": -1},
        {"product": "other"},
        {"revoked": twice},
        {"revoked": [{}]},
        {"more": 1},
    )
    for changes in wrong:
        assert not verify_bytes(signed(**changes), name="it", trusted=keys).ok
