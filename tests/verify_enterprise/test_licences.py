# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Licences that the vendor issues verify in the open edition, and it refuses what Enterprise refuses."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.licence import DEVELOPMENT_KEY
from arf_core.verify.trust import TrustedKeys, read_trusted_keys
from arf_enterprise.errors import LicenseError
from arf_enterprise.licensing.keyring import DEVELOPMENT_KEY as RAW
from arf_enterprise.licensing.keyring import Keyring, VendorKey, read_keyring
from arf_enterprise.licensing.verify import verify

CONTRACT = Path(__file__).resolve().parents[2] / "docs/contracts/licence/1"
VECTORS = json.loads((CONTRACT / "vectors.json").read_text("utf-8"))
KEYRING = read_keyring(json.dumps(VECTORS["keyring"]).encode())
GOOD = VECTORS["accepted"][0]["key"]


def trust(ring: Keyring) -> TrustedKeys:
    def one(key: VendorKey) -> dict[str, object]:
        return {
            "key_id": key.key_id,
            "public_key": base64.b64encode(key.public_key).decode(),
            "kinds": ["arf.licence/1", "arf.licence-revocations/1"],
            "not_before": "2020-01-01T00:00:00.000000Z",
            "not_after": "2100-01-01T00:00:00.000000Z",
        }

    keys = [one(key) for key in ring.by_id.values()]
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": keys}).encode())])


TRUST = trust(KEYRING)


def is_accepted(text: str) -> bool:
    try:
        verify(text, keyring=KEYRING)
    except LicenseError:
        return False
    return True


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: str(vector["name"]))
def test_a_licence_that_enterprise_accepts_verifies(vector: dict[str, str]) -> None:
    report = verify_bytes(vector["key"].encode(), name="it", trusted=TRUST)
    assert report.ok, report.first_bad
    assert is_accepted(vector["key"])


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: str(vector["name"]))
def test_a_licence_that_enterprise_refuses_does_not_verify(vector: dict[str, str]) -> None:
    assert not verify_bytes(vector["key"].encode(), name="it", trusted=TRUST).ok
    assert not is_accepted(vector["key"])


def test_both_editions_know_the_same_development_key() -> None:
    (key,) = (key for key in KEYRING.by_id.values() if key.public_key == RAW)
    assert key.key_id == DEVELOPMENT_KEY


@pytest.mark.promise("VER-3")
@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"), st.integers(0, 3))
def test_both_editions_refuse_the_same_alterations(at: int, character: str, cut: int) -> None:
    for text in (GOOD[:at] + character + GOOD[at + 1 :], GOOD[:at] + GOOD[at + cut :]):
        assert verify_bytes(text.encode(), name="it", trusted=TRUST).ok is is_accepted(text)


@pytest.mark.promise("VER-1")
def test_the_vendors_list_of_revocations_verifies() -> None:
    report = verify_bytes((CONTRACT / "revocations.json").read_bytes(), name="it", trusted=TRUST)
    assert report.ok, report.first_bad
    assert any("of revoked licences" in fact for fact in report.proven)
