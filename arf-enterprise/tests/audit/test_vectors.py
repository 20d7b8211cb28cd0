# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The golden vectors of docs/contracts/audit/1: what this version makes and verifies is what every version did."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.merkle import leaf_hash, root_of
from arf_core.verify.trust import TrustedKeys, read_trusted_keys
from arf_enterprise.audit.entry import record_of
from arf_enterprise.audit.tree import Growing

FOLDER: Final = Path(__file__).resolve().parents[3] / "docs/contracts/audit/1"
VECTORS: Final[dict[str, Any]] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))


def keys() -> TrustedKeys:
    return read_trusted_keys([("keys", VECTORS["keys"].encode())])


def data_of(vector: dict[str, str]) -> bytes:
    return base64.b64decode(vector["archive"]) if "archive" in vector else vector["artifact"].encode()


@pytest.mark.promise("AUD-2")
def test_records_have_the_leaves_and_roots_that_they_always_had() -> None:
    tree = Growing.at(0, lambda _: {})
    assert tree.root.hex() == VECTORS["roots"][0]
    for number, vector in enumerate(VECTORS["records"], start=1):
        value = json.loads(vector["record"])
        body = json.dumps({name: value[name] for name in sorted(value) if name not in {"sequence", "previous"}},
                          ensure_ascii=False, separators=(",", ":"))  # fmt: skip
        record = record_of(body, sequence=tree.size, previous=tree.last_leaf)
        assert record == vector["record"]
        assert leaf_hash(record.encode()).hex() == vector["leaf"]
        tree.add(leaf_hash(record.encode()))
        assert tree.root.hex() == VECTORS["roots"][number]
    assert root_of(bytes.fromhex(one["leaf"]) for one in VECTORS["records"]) == tree.root


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["name"])
def test_what_was_accepted_is(vector: dict[str, str]) -> None:
    report = verify_bytes(data_of(vector), name=vector["name"], trusted=keys())
    assert report.ok, report.first_bad


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_what_was_refused_is_for_the_same_reason(vector: dict[str, str]) -> None:
    report = verify_bytes(data_of(vector), name=vector["name"], trusted=keys())
    assert not report.ok
    assert vector["names"] in str(report.first_bad)
