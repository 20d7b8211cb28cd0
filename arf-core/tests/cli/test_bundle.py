# SPDX-License-Identifier: Apache-2.0
"""``arf bundle``, ``arf regress`` and what ``arf verify`` does with files, folders and keys."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import pytest

from arf_core.cli.main import run

Shown = Callable[[], tuple[str, str]]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Shown:
    """What was printed since: standard output and errors."""

    def read() -> tuple[str, str]:
        found = capsys.readouterr()
        return found.out, found.err

    return read


@pytest.fixture
def bundle(webhook: Path) -> Path:
    assert run(["bundle", "build", str(webhook), "-o", "x.arfb", "--quiet"]) == 0
    return Path("x.arfb")


@pytest.mark.promise("CLI-5")
def test_an_incident_becomes_a_bundle_that_verifies_runs_again_and_is_inspected(bundle: Path, shown: Shown) -> None:
    assert run(["verify", str(bundle), "--recompute"]) == 0
    assert "give exactly these intents" in shown()[0]
    assert run(["bundle", "verify", str(bundle), "--recompute", "--json"]) == 0
    assert json.loads(shown()[0])["ok"] is True
    assert run(["bundle", "inspect", str(bundle)]) == 0
    assert "intent: restart_container checkout-api" in shown()[0]
    assert run(["bundle", "inspect", str(bundle), "--json"]) == 0
    assert json.loads(shown()[0])["mode"] == "full"


@pytest.mark.promise("CLI-5")
def test_the_same_inputs_give_the_same_file(webhook: Path, readings: Path, shown: Shown) -> None:
    for name in ("a.arfb", "b.arfb"):
        assert run(["bundle", "build", str(webhook), str(readings), "-o", name]) == 0
    assert Path("a.arfb").read_bytes() == Path("b.arfb").read_bytes()
    assert run(["bundle", "diff", "a.arfb", "b.arfb"]) == 0
    assert "the same, byte for byte" in shown()[0]


def test_a_bundle_with_every_option(webhook: Path, shown: Shown) -> None:
    Path("calls.json").write_text('[["web", "checkout-api"]]', encoding="utf-8")
    Path("arf.toml").write_text("latency_critical = 450.0\n", encoding="utf-8")
    Path("memory.jsonl").write_text(
        '{"id": "old", "alerts": [{"component": "c", "metric": "cpu_usage", "direction": "up"}]}\n', encoding="utf-8"
    )
    Path("own.yaml").write_text(
        "schema: arf.healing-policies/1\npolicies:\n  - {name: tell, when: latency_p99 > 1, actions: [alert_team], "
        "priority: 1, cooldown_s: 1, max_per_hour: 60}\n",
        encoding="utf-8",
    )
    options = ["--memory", "memory.jsonl", "--topology", "calls.json", "--config", "arf.toml", "--policy", "own.yaml"]
    options += ["--now", "2026-01-02T03:04:05Z", "--note", "by hand", "--thresholds-only", "--format", "alertmanager"]
    assert run(["bundle", "build", str(webhook), "-o", "all.arfb", "--json", *options]) == 0
    found = json.loads(shown()[0])
    assert found["note"] == "by hand"
    assert found["created_from"]["policies"] == {"file": "own.yaml", "own": True}
    assert found["created_from"]["memory"]["count"] == 1
    assert [intent["action"] for intent in found["intents"]] == ["alert_team"]
    assert run(["verify", "all.arfb", "--recompute", "-q"]) == 0


@pytest.mark.promise("CLI-5")
def test_a_reference_bundle_is_built_verified_and_not_run_again(webhook: Path, shown: Shown) -> None:
    assert run(["bundle", "build", str(webhook), "--reference", "-o", "r.arfb"]) == 0
    assert b"p99 900 ms" not in Path("r.arfb").read_bytes()
    assert run(["verify", "r.arfb"]) == 0
    assert run(["verify", "r.arfb", "--recompute"]) == 6
    assert "take the full bundle" in shown()[1]


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"], ["--json", "--quiet"]])
def test_reachs_mistake_the_exit_code_is_the_same_with_json(bundle: Path, options: list[str]) -> None:
    bundle.write_bytes(bundle.read_bytes().replace(b'"checkout-api"', b'"checkout-apj"', 1))
    assert run(["verify", str(bundle), *options]) == 2
    assert run(["bundle", "verify", str(bundle), *options]) == 2
    assert run(["bundle", "inspect", str(bundle), *options]) == 2


def test_a_bad_bundle_is_neither_inspected_nor_compared(bundle: Path, shown: Shown) -> None:
    Path("bad.arfb").write_bytes(bundle.read_bytes()[:-1])
    assert run(["bundle", "inspect", "bad.arfb"]) == 2
    assert "bad.arfb does not verify: the archive has no end" in shown()[1]
    assert run(["bundle", "diff", str(bundle), "bad.arfb"]) == 2


def test_only_a_bundle_is_run_again(webhook: Path, shown: Shown) -> None:
    assert run(["analyze", str(webhook), "--out", "i.jsonl", "-q"]) == 0
    assert run(["verify", "i.jsonl", "--recompute"]) == 6
    assert "is no bundle" in shown()[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["bundle", "build", "none.json", "-o", "x.arfb"],
        ["bundle", "build", "alerts.json", "-o", "none/x.arfb"],
        ["bundle", "build", "alerts.json", "-o", "x.arfb", "--now", "noon"],
        ["bundle", "build", "alerts.json", "-o", "x.arfb", "--now", "2026-01-02"],
        ["bundle", "build", "alerts.json", "-o", "x.arfb", "--note", "two\nlines"],
        ["bundle", "build", "alerts.json", "-o", "x.arfb", "--memory", "readings.jsonl"],
        ["bundle", "inspect", "none.arfb"],
        ["regress", "add", "alerts.json", "--name", "../x"],
        ["regress", "add", "alerts.json", "--name", "x", "--tolerance", "2"],
        ["regress", "run", "none"],
        ["regress", "list", "none"],
        ["verify", "alerts.json", "--trust", "none.json"],
    ],
)
@pytest.mark.usefixtures("webhook", "readings")
def test_what_cannot_be_used_is_bad_input(arguments: list[str]) -> None:
    assert run(arguments) == 6
    assert not Path("x.arfb").exists()


@pytest.mark.promise("CLI-5")
def test_an_incident_becomes_a_regression_case_in_one_command(webhook: Path, shown: Shown) -> None:
    assert run(["regress", "add", str(webhook), "--name", "slow", "--tolerance", "0.05"]) == 0
    assert sorted(file.name for file in Path("regress/slow").iterdir()) == ["bundle.arfb", "expected.json"]
    assert run(["regress", "list"]) == 0
    assert "slow: restart_container checkout-api" in shown()[0]
    assert run(["regress", "run", "--junit", "out.xml"]) == 0
    assert parse("out.xml").getroot().get("tests") == "1"
    assert run(["regress", "add", str(webhook), "--name", "slow"]) == 6
    assert run(["regress", "add", str(webhook), "--name", "slow", "--replace"]) == 0
    assert run(["regress", "list", "--json"]) == 0


@pytest.mark.promise("CLI-5")
def test_a_bundle_becomes_a_case_too(bundle: Path, shown: Shown) -> None:
    assert run(["regress", "add", str(bundle), "--name", "from-bundle", "--dir", "cases", "--json"]) == 0
    assert json.loads(shown()[0])["case"] == "from-bundle"
    assert run(["regress", "run", "cases", "-q"]) == 0


@pytest.mark.promise("CLI-5")
@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"]])
def test_what_changed_ends_with_exit_5_and_is_in_the_report(webhook: Path, shown: Shown, options: list[str]) -> None:
    assert run(["regress", "add", str(webhook), "--name", "slow", "-q"]) == 0
    file = Path("regress/slow/expected.json")
    file.write_text(file.read_text("utf-8").replace("restart_container", "rollback"), "utf-8")
    assert run(["regress", "run", "--junit", "out.xml", *options]) == 5
    failure = parse("out.xml").getroot()[0][0][0]
    assert failure.tag == "failure"
    assert "no longer proposed: rollback checkout-api" in str(failure.get("message"))
    out = shown()[0]
    assert ("newly proposed: restart_container checkout-api" in out) is (options != ["--quiet"])


@pytest.mark.promise("CLI-5")
def test_an_empty_folder_and_a_broken_case_are_no_success(webhook: Path, shown: Shown) -> None:
    Path("regress").mkdir()
    assert run(["regress", "run"]) == 6
    assert "an empty folder is no success" in shown()[1]
    assert run(["regress", "add", str(webhook), "--name", "slow", "-q"]) == 0
    Path("regress/slow/bundle.arfb").unlink()
    assert run(["regress", "run", "--junit", "out.xml"]) == 2
    assert parse("out.xml").getroot()[0][0][0].tag == "error"


KEYS: dict[str, Any] = {
    "schema": "arf.trusted-keys/1",
    "keys": [
        {
            "key_id": "sha256:3d42d80e6b3a1a9ff2a0d3bc9d0a8d5e3d5ab0a3d5a2e4c2f2a1bc3ed0a8d5e3",
            "public_key": "",
            "kinds": ["arf.policy-pack/1"],
            "not_before": "2026-01-01T00:00:00.000000Z",
            "not_after": "2027-01-01T00:00:00.000000Z",
        }
    ],
}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A signed pack in a folder, and beside it the file and the folder of the keys that are trusted."""
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from arf_core.canonical import file_digest
    from arf_core.verify.manifest import sealed
    from arf_core.verify.signatures import signed_bytes

    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    files = {"policies/ours.yaml": b"schema: arf.healing-policies/1\n"}
    fields = {"name": "ours", "version": "1.0.0", "publisher": "The ARF tests", "kind": "healing"}
    manifest = sealed("arf.policy-pack/1", fields, files)
    payload = {name: json.loads(manifest)[name] for name in ("name", "version", "publisher", "digest")}
    statement = {
        "schema": "arf.statement/1", "kind": "arf.policy-pack/1", "tenant": None,
        "signed_at": "2026-01-02T03:04:05.000006Z", "payload": payload,
    }  # fmt: skip
    sig = {
        "alg": "ed25519",
        "key_id": file_digest(raw),
        "sig": b64encode(private.sign(signed_bytes(statement))).decode(),
    }
    signature = json.dumps({**statement, "signatures": [sig]}).encode()
    for name, content in {**files, "manifest.json": manifest, "signature.json": signature}.items():
        file = tmp_path / "pack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    keys = {**KEYS["keys"][0], "key_id": file_digest(raw), "public_key": b64encode(raw).decode()}
    (tmp_path / "keys").mkdir()
    for file in (tmp_path / "keys.json", tmp_path / "keys/ours.json"):
        file.write_text(json.dumps({**KEYS, "keys": [keys]}), "utf-8")
    return tmp_path / "pack"


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("trust", ["keys.json", "keys"])
def test_a_pack_in_a_folder_is_verified_with_the_keys_that_are_trusted(pack: Path, trust: str, shown: Shown) -> None:
    assert run(["verify", str(pack), "--trust", trust]) == 0
    assert "proven: its files are those of healing policies ours 1.0.0" in shown()[0]
    assert run(["verify", str(pack)]) == 2
    assert "name the keys you trust with --trust" in shown()[0]


@pytest.mark.promise("VER-2")
def test_gaits_mistake_keys_are_given_and_the_artifact_has_no_signature(pack: Path, bundle: Path) -> None:
    (pack / "signature.json").unlink()
    assert run(["verify", str(pack), "--trust", "keys.json", "--json"]) == 2
    assert run(["verify", str(bundle), "--trust", "keys.json", "--quiet"]) == 2


@pytest.mark.promise("VER-3")
def test_a_link_or_a_pipe_in_a_folder_is_never_followed(pack: Path, shown: Shown) -> None:
    (pack / "policies/link.yaml").symlink_to("/etc/passwd")
    assert run(["verify", str(pack), "--trust", "keys.json"]) == 6
    assert "is a link, device, pipe or socket" in shown()[1]
    (pack / "policies/link.yaml").unlink()
    os.mkfifo(pack / "policies/pipe.yaml")
    assert run(["verify", str(pack), "--trust", "keys.json"]) == 6
    (pack / "policies/pipe.yaml").unlink()
    deep = pack / "/".join("d" * 20)
    deep.mkdir(parents=True)
    assert run(["verify", str(pack), "--trust", "keys.json"]) == 6
    shutil.rmtree(pack / "d")
    assert run(["verify", str(pack), "--trust", "keys.json"]) == 0


@pytest.mark.promise("VER-3")
def test_a_folder_with_too_much_in_it_is_refused(pack: Path, monkeypatch: pytest.MonkeyPatch, shown: Shown) -> None:
    from arf_core.cli import folders

    monkeypatch.setattr(folders, "MAX_BYTES", 100)
    assert run(["verify", str(pack), "--trust", "keys.json"]) == 6
    monkeypatch.setattr(folders, "MAX_ENTRIES", 2)
    assert run(["verify", str(pack), "--trust", "keys.json"]) == 6
    assert "more than 2 files" in shown()[1]


def test_a_folder_has_no_intent_to_be_about(pack: Path) -> None:
    assert run(["verify", str(pack), "--recompute"]) == 6
