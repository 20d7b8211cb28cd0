# SPDX-License-Identifier: Apache-2.0
"""The whole audit log of a lane, exported and verified as a third party would."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.trust import read_trusted_keys
from arf_enterprise.audit.export import export
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.audit.trusting import trusted_keys
from arf_enterprise.stores.postgres.database import Database
from lib.governed import now


def verified(url: str, folder: Path) -> int:
    """How many records the export of the log has, all of them verified.

    Raises:
        ValueError: it does not verify, or lacks entries.
    """
    database = Database(url, size=2)
    database.open()
    try:
        integrate_all(database, "default", key=LocalKey(Ed25519PrivateKey.generate()), now=now())
        with database.transaction("default") as transaction:
            keys = read_trusted_keys([("keys", json.dumps(trusted_keys(transaction)).encode())])
            waiting = transaction.one("unsequenced_audit_entries", tenant="default")["waiting"]
        done = export(database, "default", folder / "log.arfa")
    finally:
        database.close()
    reports = [verify_bytes(file.read_bytes(), name=file.name, trusted=keys) for file in done.files]
    bad = next((report.first_bad for report in reports if not report.ok), None)
    if bad is not None or waiting or len(done.span) != done.size:
        raise ValueError(f"the log does not verify: {bad}, {waiting} entries wait")
    return done.size
