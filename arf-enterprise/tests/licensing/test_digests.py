# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""No fact of a licence enters an artifact: the same input gives the same bytes, whoever is entitled to what."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import arf_core
import arf_enterprise
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.sequencer import integrate
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.identity.principal import Principal
from arf_enterprise.licensing.entitlement import Entitlements, StoredEntitlement, known_of
from arf_enterprise.licensing.installed import install
from arf_enterprise.licensing.testing import development
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

NOW = datetime(2027, 1, 1, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[3] / "docs/examples"
LICENCES = {
    "small": development(now=NOW, customer="acme", features=frozenset(), nodes=0, licence_id="lic_small"),
    "large": development(now=NOW, days=3000, customer="Globex", licence_id="lic_large", nodes=900),
}
FACTS = ("lic_small", "lic_large", "Globex", "development", "edition", "arf.licence")
KEY = LocalKey(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))


@pytest.mark.promise("LIC-5")
@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "readings.jsonl", "--out", "OUT"],
        ["bundle", "build", "alerts.json", "--memory", "incidents.jsonl", "-o", "OUT"],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_intents_and_bundles_have_the_same_bytes_under_any_licence(arguments: list[str], tmp_path: Path) -> None:
    found = {
        name: made_by_arf(arguments, tmp_path / name, ARF_LICENSE_KEY=text)
        for name, text in {"none": "", **LICENCES}.items()
    }
    assert len(set(found.values())) == 1
    assert len(found["none"]) > 100
    assert not any(fact.encode() in found["none"] for fact in FACTS)


def made_by_arf(arguments: list[str], out: Path, **environment: str) -> bytes:
    command = [sys.executable, "-m", "arf_core.cli", *(str(out) if word == "OUT" else word for word in arguments)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARF_")}
    subprocess.run(command, cwd=EXAMPLES, env={**kept, **environment}, check=True, capture_output=True)
    return out.read_bytes()


@pytest.mark.promise("LIC-5")
def test_records_of_the_audit_log_say_the_same_under_any_licence(postgres: FreshDatabases) -> None:
    small, large = (recorded(postgres, text) for text in LICENCES.values())
    assert small == large
    assert len(small) == 3
    assert not any(fact in json.dumps(small) for fact in FACTS)


def recorded(postgres: FreshDatabases, text: str) -> list[dict[str, object]]:
    """What three things that happened leave in the log of a fresh installation with the licence ``text``."""
    with postgres.database() as database:
        install(database, text, customer=None, actor=actor(), now=NOW, request_id="req_0")
        known = StoredEntitlement(database=database, known=lambda: known_of(database, None))
        assert Entitlements(known, clock=lambda: NOW).current().standing.may_execute
        for number in range(3):
            with database.transaction("acme") as transaction:
                append(transaction, entry(number))
        integrate(database, "acme", key=KEY, now=NOW + timedelta(seconds=1))
        return without_chance(database)


def actor() -> Actor:
    return Actor.of(Principal(issuer="arf", subject="a program", method="api_key", is_agent=True))


def entry(number: int) -> Entry:
    return Entry(
        actor=actor(),
        action="key.created",
        target=f"key/key_{number}",
        at=NOW,
        request_id=f"req_{number}",
        after=f"sha256:{number:064d}",
        details={"number": number},
    )


def without_chance(database: Database) -> list[dict[str, object]]:
    """The bodies of the records, without the id that chance gives them."""
    with database.transaction("acme") as transaction:
        rows = transaction.connection.execute("SELECT body FROM audit_entry").fetchall()
    bodies = [json.loads(row["body"]) for row in rows]
    for body in bodies:
        assert str(body.pop("entry_id")).startswith("audit_")
    return sorted(bodies, key=lambda body: str(body["object"]))


@pytest.mark.promise("LIC-5")
def test_nothing_that_makes_or_verifies_artifacts_knows_of_licences() -> None:
    folders = [Path(arf_core.__path__[0]), Path(arf_enterprise.__path__[0]) / "audit"]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    assert len(files) > 100
    named = [file for file in files if any("arf_enterprise.licensing" in name for name in imported(file))]
    assert named == []


def imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_bytes())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
