# SPDX-License-Identifier: Apache-2.0
"""Bundles, regression cases and what `arf verify` knows: their command lines, and what no command reaches."""

from __future__ import annotations

import base64
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

_CONTRACTS: Final = Path(__file__).resolve().parents[2] / "docs" / "contracts"
_OPTIONS: Final = (
    "--format alertmanager --policy policy.yaml --memory memory.jsonl --topology calls.json --config arf.toml"
    " --now 2026-01-02T03:04:05Z --note by-hand --thresholds-only"
)
HELP: Final = (
    *(f"bundle {name}" for name in ("build", "inspect", "diff", "verify")),
    *(f"regress {name}" for name in ("add", "run", "list")),
)
GOOD: Final = (
    "bundle build alerts.json readings.jsonl --out OUT/plain.arfb",
    f"bundle build alerts.json -o OUT/all.arfb --json {_OPTIONS}",
    "bundle build alerts.json --reference -o OUT/reference.arfb --quiet",
    "bundle build incident.json --now 2026-01-02T03:04:05+09:00 -o OUT/incident.arfb",
    "bundle inspect OUT/all.arfb",
    "bundle inspect OUT/plain.arfb --json",
    "bundle inspect OUT/reference.arfb --quiet",
    "bundle diff OUT/plain.arfb OUT/all.arfb",
    "bundle diff OUT/plain.arfb OUT/plain.arfb",
    "bundle diff OUT/reference.arfb OUT/all.arfb --json",
    "bundle diff OUT/all.arfb OUT/incident.arfb --quiet",
    "bundle verify OUT/all.arfb --recompute",
    "bundle verify OUT/reference.arfb --json",
    "bundle verify OUT/plain.arfb --quiet",
    "verify OUT/plain.arfb --recompute",
    "verify OUT/reference.arfb",
    "verify pack --trust keys.json",
    "verify pack --trust keys --json",
    "verify statement.json --trust keys",
    f"regress add alerts.json --name all --dir OUT/cases --tolerance 0.1 --replace --json {_OPTIONS}",
    "regress add OUT/plain.arfb --name plain --dir OUT/cases",
    "regress add readings.jsonl --name readings --dir OUT/cases --quiet",
    "regress list OUT/cases",
    "regress list OUT/cases --json",
    "regress list OUT/cases --quiet",
    "regress run OUT/cases --junit OUT/junit.xml",
    "regress run OUT/cases --json",
    "regress run OUT/cases --quiet",
)
BAD: Final = (
    "bundle build cut.json -o OUT/cut.arfb",
    "bundle build incident.json -o OUT/silent.arfb",
    "bundle build alerts.json --memory some-bad.jsonl -o OUT/memory.arfb",
    "bundle inspect none",
    "verify OUT/reference.arfb --recompute",
    "verify alerts.json --trust alerts.json",
    "regress add alerts.json --name ../out --dir OUT/cases",
    "regress add alerts.json --name all --dir OUT/cases",
    "regress run none",
)
UNSOUND: Final = (
    "verify pack",
    "verify statement.json",
    "verify OUT/plain.arfb --trust keys.json",
    "bundle verify alerts.json",
    "bundle inspect alerts.json",
    "regress run broken-cases",
)
"""Command lines that exit 2."""


def write_inputs(folder: Path) -> None:
    """Lay out a pack, a statement, the keys they are signed with, and a case without its files."""
    pack, signature = _CONTRACTS / "policy-pack/1", _CONTRACTS / "signature/1"
    shutil.copytree(pack / "example", folder / "pack")
    shutil.copy(pack / "keys.json", folder / "keys.json")
    shutil.copy(signature / "example.json", folder / "statement.json")
    (folder / "keys").mkdir()
    both = json.loads((signature / "keys.json").read_text("utf-8"))
    (folder / "keys/both.json").write_text(json.dumps(both), "utf-8")
    (folder / "broken-cases/empty").mkdir(parents=True)


def drive(outputs: Path) -> None:
    """Archives, documents, signatures, proofs, notes and results that the command lines do not reach."""
    _archives(outputs)
    _documents()
    _changed(outputs)
    _proofs()
    _notes()


def _archives(outputs: Path) -> None:
    from arf_core.verify.artifact import verify_bytes
    from arf_core.verify.trust import read_trusted_keys

    for contract in ("bundle", "policy-pack"):
        vectors = json.loads((_CONTRACTS / contract / "1/vectors.json").read_text("ascii"))
        keys = read_trusted_keys([("keys", vectors["keys"].encode())]) if "keys" in vectors else None
        for kind in ("accepted", "refused"):
            for vector in vectors[kind]:
                report = verify_bytes(base64.b64decode(vector["archive"]), name=vector["name"], trusted=keys)
                assert report.ok is (kind == "accepted")
    damaged = (outputs / "plain.arfb").read_bytes().replace(b'"api"', b'"apj"')
    assert not verify_bytes(damaged, name="damaged").ok


def _documents() -> None:
    from arf_core import Advisor
    from arf_core.analysis import analysis_document, analyze
    from arf_core.export import export_incidents
    from arf_core.ingest.batch import Batch
    from arf_core.testing import made_event, made_incident
    from arf_core.verify.artifact import verify_bytes

    analysis = analyze(Batch(events=(made_event(),)), Advisor())
    intent = analysis.answered[0].advice.intents[0]
    document = json.dumps(analysis_document(analysis)).encode()
    assert verify_bytes(document, name="analysis", against=intent).ok
    assert not verify_bytes(document[:-9], name="analysis").ok
    assert verify_bytes(json.dumps(export_incidents([made_incident()])).encode(), name="export").ok


def _changed(outputs: Path) -> None:
    from arf_core.regress.case import run_case
    from arf_core.regress.junit import regress_xml

    case = outputs / "cases" / "plain"
    bundle, expected = ((case / name).read_bytes() for name in ("bundle.arfb", "expected.json"))
    other = expected.replace(b"alert_team", b"rollback")
    close = expected.replace(b'"confidence_tolerance": null', b'"confidence_tolerance": 0').replace(b": 0.", b": 0.0")
    found = [run_case("plain", bundle, document) for document in (expected, other, close, b"")]
    assert [result.status for result in found] == ["same", "changed", "changed", "broken"]
    assert regress_xml(found)


def _proofs() -> None:
    from arf_core.errors import VerificationError
    from arf_core.verify.merkle import check_consistency, check_inclusion, leaf_hash, node_hash, root_of

    leaves = [leaf_hash(bytes([number])) for number in range(3)]
    pair = node_hash(leaves[0], leaves[1])
    root = root_of(leaves)
    check_inclusion(leaves[2], index=2, size=3, proof=[pair], root=root)
    check_consistency(first=2, first_root=pair, second=3, second_root=root, proof=[leaves[2]])
    with suppress(VerificationError):
        check_inclusion(leaves[1], index=2, size=3, proof=[pair], root=root)


def _notes() -> None:
    from arf_core.verify.notes import check_note, read_checkpoint, read_note, read_note_key

    key = read_note_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    sig = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert check_note(read_note(f"{text}\n— PeterNeumann {sig}\n".encode()), [key]) == ("PeterNeumann",)
    root = base64.b64encode(bytes(32)).decode()
    assert read_checkpoint(f"log.example\n7\n{root}\n").size == 7
