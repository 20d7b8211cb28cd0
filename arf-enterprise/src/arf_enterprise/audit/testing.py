# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What tests of the audit log start from: a key, people, and a log with something in it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.retention import Asked
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.stores.postgres.database import Database

ALICE: Final = Actor(issuer="https://idp.example", subject="alice@example.com", method="oidc")
PROGRAM: Final = Actor.of(SYSTEM)


def signing_key(name: str = "audit") -> LocalKey:
    """A key of the tests: everybody has it."""
    return LocalKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"arf test key {name}".encode()).digest()))


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def entry(number: int = 0, *, actor: Actor = PROGRAM, action: str = "key.created", **more: object) -> Entry:
    """An entry about the key ``number``."""
    return Entry(actor=actor, action=action, target=f"key/{number}", at=now(), request_id=f"r{number}", **more)  # type: ignore[arg-type]


def asked(actor: Actor = PROGRAM) -> Asked:
    """A request of now."""
    return Asked(actor=actor, at=now(), request_id="request")


def write(database: Database, tenant: str, count: int, *, actor: Actor = PROGRAM, action: str = "key.created") -> None:
    """Append ``count`` entries, in one transaction."""
    with database.transaction(tenant) as transaction:
        for number in range(count):
            append(transaction, entry(number, actor=actor, action=action))


def log_of(database: Database, tenant: str, count: int, *, actor: Actor = PROGRAM) -> None:
    """A log of ``count`` records more, integrated and signed."""
    write(database, tenant, count, actor=actor)
    integrate_all(database, tenant, key=signing_key(), now=now())
