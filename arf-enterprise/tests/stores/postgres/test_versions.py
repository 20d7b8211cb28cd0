# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The same schema and the same log on every Postgres that is promised: the wheel's 18, and Debian's 15 as "theirs"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from arf_core.verify.merkle import check_inclusion
from arf_core.verify.notes import check_note, read_checkpoint, read_note, read_note_key
from arf_enterprise.audit.checkpoint import note_key, origin_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.sequencer import fetch_nodes, integrate_all
from arf_enterprise.audit.signing import create_key_file
from arf_enterprise.audit.tree import inclusion_proof
from arf_enterprise.stores.postgres.binaries import SYSTEM
from arf_enterprise.stores.postgres.migrate import check, migrate, migrate_down, migrations
from arf_enterprise.testing import FreshDatabases, fresh_databases

DEBIAN = SYSTEM / "15/bin"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=[18, 15])
def server(request: pytest.FixtureRequest, reachable: Path) -> Iterator[FreshDatabases]:
    """A server of each version."""
    if request.param == 18:
        yield request.getfixturevalue("postgres")
        return
    if not DEBIAN.exists():
        pytest.skip("Debian's Postgres 15 is not installed")
    with fresh_databases(reachable / "debian", binaries=DEBIAN) as databases:
        yield databases


def test_every_migration_goes_forward_back_and_forward(server: FreshDatabases) -> None:
    url = server.url(server.fresh(), login="arf_owner")
    assert len(migrate_down(url)) == len(migrate(url)) == len(migrations())
    check(url)


def test_a_record_becomes_a_leaf_that_is_proven_under_a_signed_checkpoint(
    server: FreshDatabases, tmp_path: Path
) -> None:
    key = create_key_file(tmp_path / "key.pem", b"of a test")
    actor = Actor(issuer="test", subject="someone@example.com", method="oidc")
    with server.database() as database:
        for number in range(5):
            with database.transaction("acme") as transaction:
                entry = Entry(actor=actor, action="test.done", target=f"t/{number}", at=NOW, request_id="r")
                append(transaction, entry)
        assert integrate_all(database, "acme", key=key, now=NOW) == 5
        with database.transaction("acme") as transaction:
            origin = origin_of(str(transaction.one("installation")["installation_id"]), "acme")
            note = read_note(str(transaction.one("latest_audit_checkpoint", tenant="acme")["note"]).encode())
            check_note(note, [read_note_key(note_key(origin, key.public_key))])
            point = read_checkpoint(note.text)
            leaf = fetch_nodes(transaction, frozenset({(0, 3)}))[0, 3]
            proof = inclusion_proof(3, point.size, lambda places: fetch_nodes(transaction, places))
        check_inclusion(leaf, index=3, size=point.size, proof=proof, root=point.root)


def test_the_log_refuses_its_own_owner(server: FreshDatabases) -> None:
    name = server.fresh()
    with psycopg.connect(server.url(name, login="arf_owner")) as owner:
        for statement in ("TRUNCATE arf.audit_entry CASCADE", "TRUNCATE arf.audit_checkpoint"):
            with pytest.raises(psycopg.errors.RestrictViolation), owner.transaction():
                owner.execute(statement)


def test_the_server_is_the_one_that_is_meant(server: FreshDatabases, request: pytest.FixtureRequest) -> None:
    version = request.node.callspec.params["server"]
    with psycopg.connect(server.url(server.fresh())) as connection:
        assert connection.info.server_version // 10_000 == version
        found = connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone()
    assert (found is not None) is (version == 18)
