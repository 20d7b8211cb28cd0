# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise policy`` as commands: files first, then a real database, then packs over https."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from arf_core.models.action import Action
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.testing import FreshDatabases

INVENTORY = """schema: arf.targets/1
targets:
  - component: web
    environment: production
    tier: 1
    owner: team-a
    kind: stateless
    ways:
      - {adapter: webhook, actions: [restart_container]}
    health: {probes: [{name: p, kind: adapter, is_symptom: true}]}
  - component: shop
    environment: production
    tier: 2
    owner: team-a
    kind: stateless
    depends_on: [web]
    ways:
      - {adapter: webhook, actions: [restart_container]}
    health: {probes: [{name: p, kind: adapter, is_symptom: true}]}
"""


class Commands:
    """Commands in a folder of their own, on a database of their own if they need one."""

    def __init__(self, folder: Path, database_url: str = "postgresql://nobody@127.0.0.1:1/none") -> None:
        self.folder = folder
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self.environment = {**kept, "ARF_DATA": str(folder / "data"), "ARF_DATABASE_URL": database_url}

    def run(self, *arguments: str, code: int = 0, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "arf_enterprise.cli", *arguments], env=self.environment, cwd=self.folder,
            capture_output=True, text=True, timeout=120, check=False, input=given,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*arguments, "--json", code=code))
        return found

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


@pytest.fixture
def arf(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


@pytest.fixture
def installed(postgres: FreshDatabases, tmp_path: Path) -> Commands:
    return Commands(tmp_path, postgres.url(postgres.fresh()))


@pytest.mark.promise("GOV-5")
def test_a_template_is_printed_and_has_no_mistakes(arf: Commands) -> None:
    assert "bounded-autonomy" in arf.run("policy", "template")
    arf.write("p.yaml", arf.run("policy", "template", "approve"))
    assert arf.json("policy", "lint", "p.yaml")["digest"].startswith("sha256:")
    assert "ARF-E-6002" in arf.run("policy", "template", "everything", code=6)


@pytest.mark.promise("GOV-1")
def test_every_mistake_is_listed_and_no_file_is_too_large(arf: Commands) -> None:
    arf.write("bad.yaml", "schema: arf.governance-policy/1\nrules: [{name: a, when: 'x', then: y}]\nz: 1\n")
    found = arf.json("policy", "lint", "bad.yaml", code=6)["mistakes"]
    assert len(found) == 3
    assert all(one.startswith("bad.yaml:") for one in found)
    arf.write("large.yaml", "#" * 10_000_000)
    assert "at most 262144 are read" in arf.run("policy", "lint", "large.yaml", code=6)
    assert "cannot be read" in arf.run("policy", "lint", "none.yaml", code=6)
    assert "not UTF-8" in _binary(arf)


def _binary(arf: Commands) -> str:
    (arf.folder / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    return arf.run("policy", "lint", "binary.yaml", code=6)


@pytest.mark.promise("GOV-1")
def test_cases_that_do_not_come_out_as_expected_are_a_regression(arf: Commands) -> None:
    arf.write("p.yaml", arf.run("policy", "template", "approve"))
    cases = """schema: arf.governance-cases/1
defaults:
  {environment: production, tier: 1, confidence: 0.9, instances: 1, share: 0.25, dependents: 0, reversible: true}
cases:
  - {name: a rollback is approved, asked: {action: rollback, component: web}, expect: require_approval, quorum: 2}
  - name: but not the sixth
    asked: {action: rollback, component: web}
    ran: 5
    expect: deny
    code: ARF-E-4113
    because: a component is not changed over and over
"""
    assert arf.json("policy", "test", "p.yaml", arf.write("cases.yaml", cases))["cases"][1]["passed"]
    assert "2 of 2" in arf.run("policy", "test", "p.yaml", arf.write("cases.yaml", cases))
    arf.write("cases.yaml", cases.replace("expect: deny", "expect: autonomous").replace("quorum: 2", "quorum: 1"))
    said = arf.run("policy", "test", "p.yaml", "cases.yaml", code=5)
    assert "FAILED  but not the sixth (cases.yaml:6): the rung is deny, not autonomous" in said
    assert "the quorum is 2, not 1" in said
    wrong = cases.replace("expect: deny", "expects: deny")
    assert "'expects' is not a key" in arf.run("policy", "test", "p.yaml", arf.write("wrong.yaml", wrong), code=6)


@pytest.mark.promise("GOV-1")
def test_a_sealed_intent_is_explained_rule_by_rule(arf: Commands) -> None:
    arf.write("p.yaml", arf.run("policy", "template", "bounded-autonomy"))
    arf.write("targets.yaml", INVENTORY)
    intent = HealingIntent(
        action=Action.RESTART_CONTAINER, component="web", incident_id="i", confidence=0.9, justification="it hangs",
        detected_at=datetime(2026, 1, 7, 12, tzinfo=UTC),
    )  # fmt: skip
    arf.write("intent.json", intent.to_json())
    asked = ("policy", "explain", "p.yaml", "--intent", "intent.json", "--targets", "targets.yaml")
    early = arf.json(*asked)
    assert early["ruling"]["rung"] == "advise"
    planned = arf.json(*asked, "--instances", "1", "--of-instances", "4")
    assert (planned["ruling"]["rung"], planned["ruling"]["quorum"]) == ("require_approval", 2)
    assert planned["ruling"]["facts"]["dependents"] == 1
    outcomes = {rule["name"]: rule["outcome"] for rule in planned["rules"]}
    assert outcomes["two people for the most critical"] == "true"
    assert outcomes["messages are sent"] == "false"
    assert "ARF-E-4114" in arf.run(*asked, "--instances", "3", "--of-instances", "4")
    assert "ARF-E-4133" in arf.run(*asked, "--instances", "1", "--of-instances", "4", "--irreversible")
    assert "give either" in arf.run("policy", "explain", "p.yaml", code=6)
    arf.write("intent.json", intent.to_json().replace("it hangs", "it hung"))
    assert "digest" in arf.run(*asked, code=6)


@pytest.mark.promise("GOV-1")
def test_what_was_asked_before_is_asked_again_of_another_policy(arf: Commands) -> None:
    arf.write("p.yaml", arf.run("policy", "template", "approve"))
    asked = {"action": "restart_container", "component": "web", "environment": "production", "tier": 2,
             "confidence": 0.9, "instances": 1, "share": 0.25, "dependents": 0, "reversible": True}  # fmt: skip
    begin = datetime(2026, 1, 7, 12, tzinfo=UTC)
    lines = [
        json.dumps({"asked": asked, "id": f"exe_{n}", "was": "autonomous",
                    "at": (begin + timedelta(minutes=n)).isoformat()})
        for n in range(7)
    ]  # fmt: skip
    arf.write("asked.jsonl", "\n".join(reversed(lines)) + "\n")
    found = arf.json("policy", "simulate", "p.yaml", "--against", "asked.jsonl")
    assert found["counts"] == {"deny": 2, "advise": 0, "require_approval": 5, "autonomous": 0}
    assert found["differing"] == 7
    assert found["records"][5]["because"]["rule"] == "a component is not changed over and over"
    arf.write("asked.jsonl", lines[0] + "\n{}\n")
    assert "asked.jsonl:2:1: a record lacks the key 'asked'" in arf.run(
        "policy", "simulate", "p.yaml", "--against", "asked.jsonl", code=6
    )


@pytest.mark.promise("GOV-1")
def test_the_first_policy_is_in_force_at_once_and_the_second_after_a_second_person(installed: Commands) -> None:
    installed.write("p.yaml", installed.run("policy", "template", "observe"))
    first = installed.json("policy", "push", "p.yaml")
    assert first["in_force"]
    installed.write("p.yaml", installed.run("policy", "template", "approve"))
    second = installed.json("policy", "push", "p.yaml")
    assert not second["in_force"]
    approve = ("policy", "approve", second["digest"], "--reason", "agreed with the team")
    assert "a shell proves nobody" in installed.run(*approve, code=3)
    key = installed.json("keys", "create", "--for", "bob@example.com", "--role", "approver")["key"]
    operator = installed.json("keys", "create", "--for", "eve@example.com", "--role", "operator")["key"]
    installed.write("eve.key", operator)
    refused = installed.run(*approve, "--key-file", "eve.key", code=3)
    assert "ARF-E-3002" in refused
    assert operator not in refused
    installed.environment["ARF_API_KEY"] = key
    assert "version 2 is in force" in installed.run(*approve)
    versions = installed.json("policy", "history")["versions"]
    assert [(one["version"], one["state"]) for one in versions] == [(2, "approved"), (1, "first")]
    assert installed.run("policy", "show").startswith("# Approve")
    assert installed.run("policy", "show", first["digest"]).startswith("# Observe")
    assert "ARF-E-4000" in installed.run("policy", "push", "p.yaml", code=3)


@contextmanager
def https(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server of the files in ``folder``, with a certificate of its own."""
    private, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    ca, key = folder / "ca.pem", folder / "server-key.pem"
    ca.write_bytes(certificate.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", ca
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.promise("GOV-5")
def test_a_pack_is_made_signed_verified_installed_from_a_url_and_updated(installed: Commands) -> None:
    installed.write("passphrase.txt", "a passphrase\n")
    trusted = installed.run("policy", "pack", "key", "pack.pem", "--passphrase", "passphrase.txt", "--quiet")
    installed.write("keys.json", trusted)
    installed.run("policy", "pack", "init", "payments", "--publisher", "Example Ltd")
    installed.run("policy", "pack", "validate", "payments")
    sign = ("policy", "pack", "sign", "payments", "--key", "pack.pem", "--passphrase", "passphrase.txt")
    signed = installed.json(*sign)
    trust = ("--trust", "keys.json")
    assert "payments 1.0.0 of Example Ltd verifies" in installed.run("policy", "pack", "verify", signed["file"], *trust)
    with https(installed.folder) as (address, ca):
        named = (f"{address}/{signed['file']}", *trust, "--ca-file", str(ca))
        assert "is pinned" in installed.run("policy", "pack", "install", *named, code=6)
        wrong = installed.run("policy", "pack", "install", *named, "--digest", "sha256:" + "0" * 64, code=6)
        assert "and not the sha256:000" in wrong
        pinned = ("--digest", signed["digest"])
        unknown = (f"{address}/{signed['file']}", *trust, *pinned)
        assert "ConnectError" in installed.run("policy", "pack", "install", *unknown, code=7)
        gone = (f"{address}/none.zip", *trust, "--ca-file", str(ca), *pinned)
        assert "answered with 404" in installed.run("policy", "pack", "install", *gone, code=7)
        plain = (named[0].replace("https:", "http:"), *trust, *pinned)
        assert "over https" in installed.run("policy", "pack", "install", *plain, code=6)
        found = installed.json("policy", "pack", "install", *named, *pinned)
    assert (found["policy_version"], found["in_force"]) == (1, False)
    assert "ARF-E-4110" in installed.run("policy", "show", code=3)
    source = installed.folder / "payments/pack.yaml"
    source.write_text(source.read_text().replace("1.0.0", "1.1.0"))
    policy = installed.folder / "payments/policies/approve.yaml"
    policy.write_text(policy.read_text().replace("14400", "600"))
    newer = installed.json(*sign)["file"]
    assert installed.json("policy", "pack", "update", newer, *trust)["policy_version"] == 2
    assert "is not higher" in installed.run("policy", "pack", "update", newer, *trust, code=3)
