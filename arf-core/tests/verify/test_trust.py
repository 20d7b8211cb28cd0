# SPDX-License-Identifier: Apache-2.0
"""The verifier's own keys: strictly read, each for what it may sign."""

from __future__ import annotations

import base64
import json
from typing import Any, Protocol

import pytest

from arf_core.errors import FormatError
from arf_core.verify.trust import read_trusted_keys


class Signer(Protocol):
    @property
    def key_id(self) -> str: ...
    def keys(self, **changes: Any) -> dict[str, Any]: ...


def read(*documents: object) -> int:
    files = [(f"keys{number}.json", json.dumps(document).encode()) for number, document in enumerate(documents)]
    return len(read_trusted_keys(files).by_id)


def test_keys_of_several_files_are_joined(signer: Signer, stranger: Signer) -> None:
    assert read(signer.keys(), stranger.keys(revoked_from=None, tenants=None)) == 2


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key_id": "sha256:" + "0" * 64}, "the public key gives sha256:"),
        ({"key_id": "mine"}, "64 hex digits"),
        ({"public_key": base64.b64encode(bytes(31)).decode()}, "must be 32 bytes"),
        ({"public_key": "!"}, "must be base64"),
        ({"kinds": []}, "are empty"),
        ({"kinds": ["everything"]}, "the kind of an artifact"),
        ({"kinds": "arf.policy-pack/1"}, "must be a list"),
        ({"not_before": "2026"}, "the not_before of"),
        ({"not_after": None}, "the not_after of"),
        ({"revoked_from": False}, "the revoked_from of"),
        ({"tenants": [""]}, "a tenant of"),
        ({"comment": "hi"}, "unknown key 'comment'"),
    ],
)
def test_a_key_that_breaks_its_form_is_refused(signer: Signer, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read(signer.keys(**changes))


@pytest.mark.promise("VER-3")
def test_a_key_stands_once(signer: Signer) -> None:
    with pytest.raises(FormatError, match="stands a second time"):
        read(signer.keys(), signer.keys(kinds=["arf.approval/1"]))


@pytest.mark.parametrize(
    "document", [{"schema": "arf.trusted-keys/1", "keys": []}, {"schema": "x", "keys": []}, [], {}]
)
def test_no_key_is_no_trust(document: object) -> None:
    with pytest.raises(FormatError):
        read(document)
    with pytest.raises(FormatError, match="no trusted key"):
        read()
