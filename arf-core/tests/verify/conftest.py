# SPDX-License-Identifier: Apache-2.0
"""A signer, which the package itself does not have: made keys, statements signed with them, and packs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from arf_core.canonical import file_digest
from arf_core.verify.archive_form import write_archive
from arf_core.verify.manifest import sealed
from arf_core.verify.signatures import signed_bytes
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

PACK = "arf.policy-pack/1"
POLICY = b"schema: arf.healing-policies/1\n"


@dataclass(frozen=True)
class Signer:
    """A key pair made from a number, and what it signs."""

    private: Ed25519PrivateKey

    @classmethod
    def numbered(cls, number: int) -> Signer:
        return cls(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))

    @property
    def raw(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> str:
        return file_digest(self.raw)

    def signature(self, statement: Mapping[str, Any]) -> dict[str, str]:
        sig = self.private.sign(signed_bytes(statement))
        return {"alg": "ed25519", "key_id": self.key_id, "sig": base64.b64encode(sig).decode()}

    def statement(self, payload: Mapping[str, Any], *, kind: str = PACK, **changes: Any) -> dict[str, Any]:
        fields = {"schema": "arf.statement/1", "kind": kind, "tenant": None, "payload": payload}
        whole = {**fields, "signed_at": "2026-01-02T03:04:05.000006Z", **changes}
        return {**whole, "signatures": [self.signature(whole)]}

    def pack(self, files: Mapping[str, bytes] | None = None, **changes: Any) -> dict[str, bytes]:
        """The files of a signed pack."""
        entries = dict(files or {"policies/ours.yaml": POLICY, "README.md": b"# Ours\n"})
        fields = {"name": "ours", "version": "1.0.0", "publisher": "The ARF tests", "kind": "healing", **changes}
        manifest = sealed(PACK, fields, entries)
        payload = {name: json.loads(manifest)[name] for name in ("name", "version", "publisher", "digest")}
        signature = json.dumps(self.statement(payload)).encode()
        return {**entries, "manifest.json": manifest, "signature.json": signature}

    def trusted(self, **changes: Any) -> TrustedKeys:
        return read_trusted_keys([("keys.json", json.dumps(self.keys(**changes)).encode())])

    def keys(self, **changes: Any) -> dict[str, Any]:
        """A file of trusted keys with this one."""
        key = {
            "key_id": self.key_id,
            "public_key": base64.b64encode(self.raw).decode(),
            "kinds": [PACK],
            "not_before": "2026-01-01T00:00:00.000000Z",
            "not_after": "2027-01-01T00:00:00.000000Z",
        }
        return {"schema": "arf.trusted-keys/1", "keys": [{**key, **changes}]}

    def archive(self, files: Mapping[str, bytes] | None = None) -> bytes:
        return write_archive(self.pack() if files is None else files)


@pytest.fixture
def signer() -> Signer:
    """The key that the verifier trusts."""
    return Signer.numbered(1)


@pytest.fixture
def stranger() -> Signer:
    """A key that nobody trusts."""
    return Signer.numbered(2)
