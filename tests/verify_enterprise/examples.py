# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Makes docs/examples/audit: a small log as Enterprise writes it, for the commands of docs/verify.md.

::

    python tests/verify_enterprise/examples.py

It is run by hand where a form changes: ids and nonces are random, so each run gives other bytes. The key is one of the
tests: SHA-256 of a sentence, and no secret.
"""

from __future__ import annotations

import base64
import json
import tempfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.evidence import Window, make_pack
from arf_enterprise.audit.export import export
from arf_enterprise.audit.log import append
from arf_enterprise.audit.proofs import latest, prove_consistency, prove_inclusion, signed
from arf_enterprise.audit.reading import Span
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import fresh_databases

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs/examples/audit"
KEY: Final = LocalKey(Ed25519PrivateKey.from_private_bytes(sha256(b"the audit key of ARF's examples").digest()))
START: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PERSON: Final = Actor(issuer="https://id.example", subject="ann@example.com", method="oidc")
ACTIONS: Final = ("license.installed", "key.created", "login.refused", "policy.pushed", "key.revoked")


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="arf-examples-"))
    folder.chmod(0o711)
    with fresh_databases(folder / "server") as postgres, postgres.database() as database:
        _grow(database, 0, 8)
        (FOLDER / "kept.note").write_text(_checkpoint(database), "utf-8")
        export(database, "acme", FOLDER / "older.arfa")
        _grow(database, 8, 20)
        (FOLDER / "later.note").write_text(_checkpoint(database), "utf-8")
        export(database, "acme", FOLDER / "log.arfa")
        since = signed((FOLDER / "kept.note").read_text("utf-8"))
        export(database, "acme", FOLDER / "newer.arfa", span=Span(first=12, last=20), since=since)
        (FOLDER / "record.json").write_bytes(prove_inclusion(database, "acme", 4))
        (FOLDER / "consistency.json").write_bytes(prove_consistency(database, "acme", 8, 20))
        window = Window(start=START, end=START + timedelta(hours=12))
        pack = make_pack(database, "acme", "soc2", window, key=KEY, now=START + timedelta(days=1))
        (FOLDER / "evidence.arfa").write_bytes(pack.archive)
    (FOLDER / "keys.json").write_text(json.dumps(_keys(), indent=2) + "\n", "utf-8")


def _grow(database: Database, first: int, last: int) -> None:
    for number in range(first, last):
        entry = Entry(
            actor=PERSON if number % 3 else Actor.of(SYSTEM),
            action=ACTIONS[number % len(ACTIONS)],
            target=f"example/{number}",
            at=START + timedelta(hours=number),
            request_id=f"request_{number}",
        )
        with database.transaction("acme") as transaction:
            append(transaction, entry)
    integrate_all(database, "acme", key=KEY, now=START + timedelta(hours=last))


def _checkpoint(database: Database) -> str:
    with database.transaction("acme") as transaction:
        return latest(transaction).note


def _keys() -> dict[str, object]:
    key = {
        "key_id": KEY.key_id,
        "public_key": base64.b64encode(KEY.public_key).decode("ascii"),
        "kinds": ["arf.audit-checkpoint/1", "arf.evidence-pack/1"],
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2027-01-01T00:00:00.000000Z",
        "tenants": ["acme"],
    }
    return {"schema": "arf.trusted-keys/1", "keys": [key]}


if __name__ == "__main__":
    main()
