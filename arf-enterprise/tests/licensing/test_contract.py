# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""docs/contracts/licence/1: its golden vectors, and that they are the page's own artifacts."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arf_core.strict_json import parse_json
from arf_core.verify.signatures import read_statement
from arf_enterprise.errors import every_error
from arf_enterprise.licensing.keyring import read_keyring
from arf_enterprise.licensing.licence import Edition
from arf_enterprise.licensing.revocations import KIND, Revocation, signed_list, verify_list
from arf_enterprise.licensing.testing import DEVELOPMENT, START, STRANGER, VENDOR, key_string, licence, signed
from arf_enterprise.licensing.token import read
from arf_enterprise.licensing.verify import verify

CONTRACT = Path(__file__).parents[3] / "docs/contracts/licence/1"
VECTORS: dict[str, Any] = json.loads((CONTRACT / "vectors.json").read_text(encoding="utf-8"))
KEYRING = read_keyring(json.dumps(VECTORS["keyring"]).encode())
CODES = {error.code: error for error in every_error()}


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: str(vector["name"]))
def test_a_licence_of_the_vectors_is_accepted_and_says_what_the_vector_says(vector: dict[str, Any]) -> None:
    found = verify(vector["key"], keyring=KEYRING)
    assert found.document() == json.loads(vector["payload"])
    assert read(vector["key"]).signed == vector["signed"].encode()


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: str(vector["name"]))
def test_a_licence_of_the_vectors_is_refused_with_its_code(vector: dict[str, Any]) -> None:
    with pytest.raises(CODES[vector["code"]]) as raised:
        verify(vector["key"], keyring=KEYRING)
    assert type(raised.value) is CODES[vector["code"]]


def test_the_vectors_are_what_this_program_signs_today() -> None:
    assert made() == VECTORS
    assert (CONTRACT / "example.key").read_text(encoding="ascii").strip() == VECTORS["accepted"][0]["key"]
    assert (CONTRACT / "revocations.json").read_bytes() == revocations()


def test_the_list_of_revocations_of_the_page_holds() -> None:
    found = verify_list((CONTRACT / "revocations.json").read_bytes(), keyring=KEYRING)
    assert found.number == 1
    assert list(found.revoked) == ["lic_0000000000000bad"]
    assert read_statement((CONTRACT / "revocations.json").read_bytes()).kind == KIND


def made() -> dict[str, object]:
    """The vectors, made again: signing is deterministic."""
    development = licence(Edition.DEVELOPMENT, key=DEVELOPMENT)
    accepted = {
        "development": development,
        "no features": replace(development, features=frozenset()),
        "not ASCII, and with no grace": replace(development, customer="Škoda 株式会社", grace=development.grace * 0),
    }
    keys = {name: signed(value.document(), key=DEVELOPMENT) for name, value in accepted.items()}
    return {
        "keyring": _keyring(),
        "accepted": [{"name": name, "key": key, **_parts(key)} for name, key in keys.items()],
        "refused": [{"name": name, "code": code, "key": key} for name, code, key in _refused(keys["development"])],
    }


def revocations() -> bytes:
    revoked = Revocation(licence_id="lic_0000000000000bad", revoked_at=START, reason="the key was published")
    return signed_list([revoked], number=1, now=START, signer=DEVELOPMENT)


def _keyring() -> dict[str, object]:
    keys = [
        {"public_key": base64.b64encode(raw).decode(), "use": use, "not_after": "2100-01-01T00:00:00.000000Z"}
        for raw, use in ((DEVELOPMENT.public_key, "development"), (VENDOR.public_key, "vendor"))
    ]
    return {"schema": "arf.vendor-keys/1", "build": "development", "keys": keys}


def _parts(key: str) -> dict[str, str]:
    token = read(key)
    return {"payload": token.payload.decode(), "signed": token.signed.decode()}


def _refused(good: str) -> list[tuple[str, str, str]]:
    payload, signature = good.removeprefix("ARF-ENT-").split(".")
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    respelled = base64.urlsafe_b64encode(b" " + raw).rstrip(b"=").decode()
    other = base64.urlsafe_b64encode(raw.replace(b'"acme"', b'"evil"')).rstrip(b"=").decode()
    document = parse_json(raw)
    assert isinstance(document, dict)
    return [
        ("nothing", "ARF-E-9001", ""),
        ("cut", "ARF-E-9002", good[:-8]),
        ("padded", "ARF-E-9002", f"{good}=="),
        ("the payload is not canonical", "ARF-E-9002", f"ARF-ENT-{respelled}.{signature}"),
        ("a field that is unknown", "ARF-E-9002", signed({**document, "more": 1}, key=DEVELOPMENT)),
        ("another alg", "ARF-E-9002", signed({**document, "alg": "none"}, key=DEVELOPMENT)),
        ("the customer was altered", "ARF-E-9003", f"ARF-ENT-{other}.{signature}"),
        ("a stranger's key", "ARF-E-9003", key_string(key=STRANGER)),
        ("the development key, for enterprise", "ARF-E-9003", key_string(key=DEVELOPMENT)),
        ("a vendor's key, for development", "ARF-E-9003", key_string(Edition.DEVELOPMENT, key=VENDOR)),
        (
            "it outlives its key",
            "ARF-E-9003",
            key_string(not_after=START.replace(year=2101), grace=licence().grace),
        ),
        (
            "another kind",
            "ARF-E-9004",
            signed({**document, "schema": "arf.policy-pack/1"}, key=DEVELOPMENT, schema="arf.policy-pack/1"),
        ),
        ("another product", "ARF-E-9005", key_string(product="arf-something-else")),
    ]


if __name__ == "__main__":  # writes the page's artifacts; a vector is added, never changed
    CONTRACT.mkdir(parents=True, exist_ok=True)
    (CONTRACT / "vectors.json").write_text(json.dumps(made(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (CONTRACT / "example.key").write_text(made()["accepted"][0]["key"] + "\n", encoding="ascii")  # type: ignore[index]
    (CONTRACT / "revocations.json").write_bytes(revocations())
