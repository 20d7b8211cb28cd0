# SPDX-License-Identifier: Apache-2.0
"""Signed statements: who may sign what, and the mistakes that others made. Attacks are told as stories."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Protocol

import pytest

from arf_core.errors import FormatError, VerificationError
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report
from arf_core.verify.signatures import check_ed25519, check_signatures, read_statement, signed_bytes
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of the group of Ed25519."""


class Signer(Protocol):
    @property
    def key_id(self) -> str: ...
    def signature(self, statement: Mapping[str, Any]) -> dict[str, str]: ...
    def statement(self, payload: Mapping[str, Any], *, kind: str = ..., **changes: Any) -> dict[str, Any]: ...
    def trusted(self, **changes: Any) -> TrustedKeys: ...
    def keys(self, **changes: Any) -> dict[str, Any]: ...


def verified(statement: object, trusted: TrustedKeys | None) -> Report:
    return verify_bytes(json.dumps(statement).encode(), name="it", trusted=trusted)


def why(report: Report) -> str:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad.what


# RFC 8032 section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize(("key", "message", "sig"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold(key: str, message: str, sig: str) -> None:
    check_ed25519(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(sig), signer="RFC 8032")


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(("key", "message", "sig"), RFC_8032)
def test_a_second_signature_made_from_the_first_is_refused(key: str, message: str, sig: str) -> None:
    """S + L verifies where S is not checked to be below L: another signature over the same bytes, by nobody."""
    raw = bytes.fromhex(sig)
    second = raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")
    for wrong in (second, raw[:-1], raw + b"\0", bytes(64), raw[32:] + raw[:32]):
        with pytest.raises(VerificationError, match="RFC 8032 does not hold"):
            check_ed25519(bytes.fromhex(key), bytes.fromhex(message), wrong, signer="RFC 8032")
    with pytest.raises(VerificationError):
        check_ed25519(bytes.fromhex(key), bytes.fromhex(message) + b"\0", raw, signer="RFC 8032")
    with pytest.raises(VerificationError):
        check_ed25519(b"short", b"", raw, signer="RFC 8032")


@pytest.mark.promise("VER-1")
def test_a_signed_statement_verifies_and_says_what_was_proven(signer: Signer) -> None:
    report = verified(signer.statement({"a": 1}, tenant="acme"), signer.trusted())
    assert report.ok
    assert report.kind == "statement"
    assert any(signer.key_id in fact and "'acme'" in fact for fact in report.proven)
    assert any("when it was signed" in fact for fact in report.not_proven)


@pytest.mark.promise("VER-2")
def test_gaits_mistake_stripping_all_signatures_does_not_pass(signer: Signer) -> None:
    stripped = {**signer.statement({"a": 1}), "signatures": []}
    assert "it is not signed" in why(verified(stripped, signer.trusted()))
    assert "it is not signed" in why(verified(stripped, None))
    with pytest.raises(VerificationError, match="not signed"):
        check_signatures(read_statement(json.dumps(stripped).encode()), signer.trusted())


@pytest.mark.promise("VER-2")
def test_gaits_mistake_nothing_lies_outside_the_signed_bytes(signer: Signer) -> None:
    statement, keys = signer.statement({"a": 1}), signer.trusted()
    for name, value in (("payload", {"a": 2}), ("tenant", "acme"), ("signed_at", "2026-01-02T03:04:05.000007Z")):
        assert "does not hold" in why(verified({**statement, name: value}, keys))
    assert "unknown key 'admin'" in why(verified({**statement, "admin": True}, keys))
    doubled = json.dumps(statement).replace('"tenant": null', '"tenant": "acme", "tenant": null')
    assert "'tenant' twice" in why(verify_bytes(doubled.encode(), name="it", trusted=keys))
    extra = {**statement, "signatures": [{**statement["signatures"][0], "note": "trust me"}]}
    assert "unknown key 'note'" in why(verified(extra, keys))


@pytest.mark.promise("VER-2")
def test_reachs_mistake_a_key_inside_the_artifact_is_not_trusted(signer: Signer, stranger: Signer) -> None:
    forged = stranger.statement({"a": 1, "keys": stranger.keys()["keys"]})
    assert "not among the 1 trusted keys" in why(verified(forged, signer.trusted()))
    with_key = {**forged, "public_key": stranger.keys()["keys"][0]["public_key"]}
    assert "unknown key 'public_key'" in why(verified(with_key, signer.trusted()))
    assert "no key is trusted" in why(verified(forged, None))


@pytest.mark.promise("VER-2")
def test_a_stranger_cannot_take_the_name_of_a_trusted_key(signer: Signer, stranger: Signer) -> None:
    forged = stranger.statement({"a": 1})
    forged["signatures"][0]["key_id"] = signer.key_id
    assert "does not hold" in why(verified(forged, signer.trusted()))


@pytest.mark.promise("VER-3")
def test_a_key_for_one_kind_does_not_sign_another(signer: Signer) -> None:
    decision = signer.statement({"a": 1}, kind="arf.decision/1")
    assert "may sign arf.policy-pack/1, and not arf.decision/1" in why(verified(decision, signer.trusted()))
    relabelled = {**signer.statement({"a": 1}), "kind": "arf.decision/1"}
    both = signer.trusted(kinds=["arf.policy-pack/1", "arf.decision/1"])
    assert "does not hold" in why(verified(relabelled, both))
    assert verified(decision, both).ok


@pytest.mark.promise("VER-3")
def test_a_key_of_one_tenant_does_not_sign_for_another(signer: Signer) -> None:
    keys = signer.trusted(tenants=["acme"])
    assert verified(signer.statement({}, tenant="acme"), keys).ok
    assert "'umbrella'" in why(verified(signer.statement({}, tenant="umbrella"), keys))
    assert "no tenant" in why(verified(signer.statement({}), keys))


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize("alg", ["Ed25519", "none", "", "ed448", "hs256", None, 1])
def test_another_algorithm_is_refused(signer: Signer, alg: object) -> None:
    statement = signer.statement({})
    statement["signatures"][0]["alg"] = alg
    assert "the one algorithm is 'ed25519'" in why(verified(statement, signer.trusted()))


@pytest.mark.promise("VER-3")
def test_a_signature_has_one_spelling(signer: Signer) -> None:
    good = signer.statement({})["signatures"][0]["sig"]
    other = base64.urlsafe_b64encode(b"\xff" * 64).decode()
    for spelling in (good + "\n", good.rstrip("="), good + "AAAA", other, "", None, good[:-4] + "x==="):
        statement = signer.statement({})
        statement["signatures"][0]["sig"] = spelling
        assert "the sig of" in why(verified(statement, signer.trusted()))


@pytest.mark.promise("VER-3")
def test_a_key_signs_only_in_its_time(signer: Signer) -> None:
    times = {
        "2025-12-31T23:59:59.999999Z": False,
        "2026-01-01T00:00:00.000000Z": True,
        "2026-12-31T23:59:59.999999Z": True,
        "2027-01-01T00:00:00.000000Z": False,
    }
    found = {at: verified(signer.statement({}, signed_at=at), signer.trusted()).ok for at in times}
    assert found == times


@pytest.mark.promise("VER-3")
def test_a_revoked_key_signs_no_more(signer: Signer) -> None:
    revoked = signer.trusted(revoked_from="2026-01-02T03:04:05.000006Z")
    assert "was revoked from" in why(verified(signer.statement({}), revoked))
    assert verified(signer.statement({}), signer.trusted(revoked_from="2026-01-02T03:04:05.000007Z")).ok


@pytest.mark.promise("VER-2")
def test_a_strangers_signature_beside_a_trusted_one_proves_nothing_and_is_named(
    signer: Signer, stranger: Signer
) -> None:
    statement = signer.statement({"a": 1})
    statement["signatures"].insert(0, stranger.signature(statement))
    report = verified(statement, signer.trusted())
    assert report.ok
    assert not any(stranger.key_id in fact for fact in report.proven)
    assert any(stranger.key_id in fact for fact in report.not_proven)


@pytest.mark.promise("VER-2")
def test_every_trusted_signature_must_hold(signer: Signer, stranger: Signer) -> None:
    both = read_trusted_keys(
        [("one.json", json.dumps(signer.keys()).encode()), ("two.json", json.dumps(stranger.keys()).encode())]
    )
    statement = signer.statement({"a": 1})
    statement["signatures"].append(stranger.signature({**statement, "payload": {"a": 2}}))
    assert "does not hold" in why(verified(statement, both))
    statement["signatures"] = [signer.signature(statement)] * 2
    assert "signed it twice" in why(verified(statement, both))


def test_what_is_signed_is_what_the_contract_says(signer: Signer) -> None:
    statement = signer.statement({"b": 1.0, "a": "é"})
    assert (
        signed_bytes(statement)
        == (
            "arf.signature/1\narf.policy-pack/1\n"
            '{"kind":"arf.policy-pack/1","payload":{"a":"é","b":1},"schema":"arf.statement/1",'
            '"signed_at":"2026-01-02T03:04:05.000006Z","tenant":null}'
        ).encode()
    )


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.statement/2"}, "schema"),
        ({"kind": "arf.policy-pack/1\n"}, "the kind of"),
        ({"kind": "policy"}, "the kind of"),
        ({"tenant": ""}, "the tenant of"),
        ({"tenant": 1}, "the tenant of"),
        ({"signed_at": "2026-01-02"}, "the signed_at of"),
        ({"signed_at": None}, "the signed_at of"),
        ({"payload": []}, "the payload of"),
        ({"signatures": {}}, "the signatures of"),
        ({"signatures": [None]}, "must be an object"),
        ({"signatures": [{"alg": "ed25519"}]}, "lacks 'key_id'"),
        ({"signatures": [{}] * 17}, "at most 16"),
    ],
)
def test_a_statement_that_breaks_its_form_is_refused(signer: Signer, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_statement(json.dumps({**signer.statement({}), **changes}).encode())


def test_a_statement_is_recognised_also_when_it_is_damaged(signer: Signer) -> None:
    text = json.dumps(signer.statement({"about": {"schema": "arf.export/1"}}))
    assert recognise(text.encode()) == "statement"
    assert recognise(json.dumps(json.loads(text), indent=2).encode()) == "statement"
    assert recognise(text[:-1].encode()) == "statement"
