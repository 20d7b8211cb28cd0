# SPDX-License-Identifier: Apache-2.0
"""Bundles, packs and statements: Python, and for bundles JavaScript, reproduce every golden vector ever released."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.bundles import read_bundle
from arf_core.verify.report import Report
from arf_core.verify.signatures import read_statement
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

CONTRACTS = Path(__file__).parent.parent.parent / "docs" / "contracts"
FROZEN = {
    "bundle": "5d0d074f53fbb875a780716196e171310b993a8843e02029e295cc500b5f03bc",
    "policy-pack": "95b266ffe13bfe145b2b947550e3cf081b73a934bcb4ea517a2958e92c80f119",
    "signature": "fcd984b3209e949c2b9c332b54d9ea9a79bf699e7b056741a49448f8985425f7",
}
"""SHA-256 of each vectors.json as released: a vector is added (and its line here changed), never altered."""

VECTORS: dict[str, dict[str, Any]] = {
    name: json.loads((CONTRACTS / name / "1" / "vectors.json").read_text(encoding="ascii")) for name in FROZEN
}
CHECKER = CONTRACTS / "bundle" / "1" / "check.mjs"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="NODE IS ABSENT: the JavaScript checker of bundles did NOT run")


def vectors(contract: str, kind: str) -> pytest.MarkDecorator:
    found = VECTORS[contract][kind]
    assert found
    return pytest.mark.parametrize("vector", found, ids=[vector["name"] for vector in found])


def trusted(contract: str) -> TrustedKeys:
    return read_trusted_keys([("keys.json", VECTORS[contract]["keys"].encode())])


def archive(vector: dict[str, Any]) -> bytes:
    return base64.b64decode(vector["archive"])


def check_refused(report: Report, names: str) -> None:
    assert not report.ok
    assert report.proven == ()
    assert names in str(report.first_bad)


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("contract", FROZEN)
def test_the_released_vectors_are_unchanged(contract: str) -> None:
    data = (CONTRACTS / contract / "1" / "vectors.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == FROZEN[contract]


@pytest.mark.promise("VER-1")
@vectors("bundle", "accepted")
def test_an_accepted_bundle_verifies(vector: dict[str, Any]) -> None:
    bundle = read_bundle(archive(vector))
    assert bundle.digest == vector["digest"]
    assert [intent.digest for intent in bundle.intents] == vector["intents"]
    assert verify_bytes(archive(vector), name="it").ok


@pytest.mark.promise("VER-3")
@vectors("bundle", "refused")
def test_a_refused_bundle_is_refused_for_its_own_reason(vector: dict[str, Any]) -> None:
    check_refused(verify_bytes(archive(vector), name="it"), vector["names"])


@pytest.mark.promise("VER-1")
@vectors("policy-pack", "accepted")
def test_an_accepted_pack_verifies(vector: dict[str, Any]) -> None:
    assert verify_bytes(archive(vector), name="it", trusted=trusted("policy-pack")).ok
    assert not verify_bytes(archive(vector), name="it").ok


@pytest.mark.promise("VER-3")
@vectors("policy-pack", "refused")
def test_a_refused_pack_is_refused_for_its_own_reason(vector: dict[str, Any]) -> None:
    check_refused(verify_bytes(archive(vector), name="it", trusted=trusted("policy-pack")), vector["names"])


@pytest.mark.promise("VER-1")
@vectors("signature", "accepted")
def test_an_accepted_statement_verifies(vector: dict[str, Any]) -> None:
    data = vector["statement"].encode()
    assert verify_bytes(data, name="it", trusted=trusted("signature")).ok
    assert not verify_bytes(data, name="it").ok
    assert read_statement(data).signed.decode() == vector["signed"]


@pytest.mark.promise("VER-3")
@vectors("signature", "refused")
def test_a_refused_statement_is_refused_for_its_own_reason(vector: dict[str, Any]) -> None:
    check_refused(verify_bytes(vector["statement"].encode(), name="it", trusted=trusted("signature")), vector["names"])


def node(*paths: Path) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    command = [NODE, str(CHECKER), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


@needs_node
@pytest.mark.promise("VER-1")
def test_javascript_reproduces_every_vector() -> None:
    answer = node(CHECKER.parent / "vectors.json")
    total = sum(len(VECTORS["bundle"][kind]) for kind in ("accepted", "refused"))
    assert answer.stderr == ""
    assert f"{total} checked, 0 bad" in answer.stdout
    assert answer.returncode == 0


@needs_node
@pytest.mark.parametrize(("kind", "field"), [("accepted", "digest"), ("refused", "names"), ("accepted", "intents")])
def test_the_javascript_checker_bites_on_a_wrong_vector(tmp_path: Path, kind: str, field: str) -> None:
    altered = json.loads(json.dumps(VECTORS["bundle"]))
    altered[kind][0][field] = ["sha256:0"] if field == "intents" else altered[kind][0][field] + "0"
    (tmp_path / "vectors.json").write_text(json.dumps(altered), encoding="ascii")
    answer = node(tmp_path / "vectors.json")
    assert answer.returncode == 1
    assert f"{kind}: {altered[kind][0]['name']}: " in answer.stderr
    assert "1 bad" in answer.stdout


@needs_node
@pytest.mark.promise("VER-2")
def test_the_javascript_checker_reads_files_and_names_what_is_altered(tmp_path: Path) -> None:
    data = archive(VECTORS["bundle"]["accepted"][0])
    (tmp_path / "good.arfb").write_bytes(data)
    (tmp_path / "bad.arfb").write_bytes(data.replace(b"latency_p99 > 1", b"latency_p99 > 2"))
    assert node(tmp_path / "good.arfb").returncode == 0
    answer = node(tmp_path / "good.arfb", tmp_path / "bad.arfb")
    assert answer.returncode == 1
    assert "policies.yaml: its sha256 is stated as sha256:" in answer.stderr


@needs_node
def test_the_javascript_checker_does_not_pass_where_it_checked_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "vectors.json").write_bytes(b"{}")
    assert node().returncode == 2
    assert node(tmp_path / "empty").returncode == 2
    assert node(tmp_path / "vectors.json").returncode == 2
    assert node(tmp_path / "absent").returncode == 1
