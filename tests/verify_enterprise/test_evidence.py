# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Evidence packs that Enterprise makes verify in the open edition, and are counted again from its exports."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.kept import Kept
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys, read_trusted_keys
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.evidence import FRAMEWORKS, Window, make_pack
from arf_enterprise.audit.export import export
from arf_enterprise.audit.log import append
from arf_enterprise.audit.reading import Span
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

START = datetime(2026, 1, 2, tzinfo=UTC)
KEY = LocalKey(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
PERSON = Actor(issuer="https://id.example", subject="ann@example.com", method="oidc")
ACTIONS = ("key.created", "login.refused", "key.revoked", "license.installed", "privacy.erased", "policy.pushed")
WINDOW = Window(start=START + timedelta(hours=5), end=START + timedelta(hours=35))


@pytest.fixture
def database(postgres: FreshDatabases) -> Iterator[Database]:
    with postgres.database() as opened:
        fill(opened, 0, 40)
        yield opened


def fill(database: Database, first: int, last: int) -> None:
    for number in range(first, last):
        with database.transaction("acme") as transaction:
            action, at = ACTIONS[number * 5 % len(ACTIONS)], START + timedelta(hours=number)
            append(transaction, Entry(actor=PERSON, action=action, target="it", at=at, request_id=f"req_{number}"))
    integrate_all(database, "acme", key=KEY, now=START + timedelta(hours=last))


def exported(database: Database, folder: Path, **given: object) -> tuple[Kept, ...]:
    files = export(database, "acme", folder / "log.arfa", **given).files  # type: ignore[arg-type]
    return tuple(Kept(name=file.name, data=file.read_bytes()) for file in files)


def trust() -> TrustedKeys:
    key = {
        "key_id": KEY.key_id,
        "public_key": base64.b64encode(KEY.public_key).decode(),
        "kinds": ["arf.audit-checkpoint/1", "arf.evidence-pack/1"],
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2027-01-01T00:00:00.000000Z",
    }
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": [key]}).encode())])


def check(data: bytes, *records: Kept) -> Report:
    return verify_bytes(data, name="it", trusted=trust(), records=records)


@pytest.mark.promise("VER-1")
@pytest.mark.promise("AUD-3")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_framework_verifies_and_is_counted_again(database: Database, tmp_path: Path, framework: str) -> None:
    pack = make_pack(database, "acme", framework, WINDOW, key=KEY, now=START + timedelta(hours=41)).archive
    alone = check(pack)
    assert alone.ok, alone.first_bad
    assert any("hold audit exports against it" in fact for fact in alone.not_proven)
    fill(database, 40, 50)
    for records in (exported(database, tmp_path), exported(database, tmp_path, part_bytes=4000)):
        counted = check(pack, *records)
        assert counted.ok, counted.first_bad
        assert any("the records 0 to 49, which were counted again" in fact for fact in counted.proven)


@pytest.mark.promise("VER-2")
def test_what_is_not_in_the_exports_was_not_counted(database: Database, tmp_path: Path) -> None:
    pack = make_pack(database, "acme", "soc2", WINDOW, key=KEY, now=START + timedelta(hours=41)).archive
    window = check(pack, *exported(database, tmp_path, span=Span(first=5, last=35)))
    assert window.ok, window.first_bad
    assert any("that no record outside 5 to 34 would have counted" in fact for fact in window.not_proven)
    less = check(pack, *exported(database, tmp_path, span=Span(first=8, last=35)))
    assert not less.ok
    assert less.first_bad is not None
    assert "are in none of the exports" in less.first_bad.what


@pytest.mark.promise("AUD-3")
def test_a_window_without_records_says_so_for_every_control(database: Database, tmp_path: Path) -> None:
    empty = Window(start=START + timedelta(days=99), end=START + timedelta(days=100))
    pack = make_pack(database, "acme", "gdpr", empty, key=KEY, now=START + timedelta(hours=41)).archive
    report = check(pack, *exported(database, tmp_path))
    assert report.ok, report.first_bad
    assert any("no evidence in this window for" in fact for fact in report.proven)


@pytest.mark.promise("VER-3")
def test_every_flipped_byte_of_a_pack_is_noticed(database: Database) -> None:
    original = make_pack(database, "acme", "hipaa", WINDOW, key=KEY, now=START + timedelta(hours=41)).archive
    assert check(original).ok
    for at in range(len(original)):
        changed = original[:at] + bytes([original[at] ^ 1 << at % 8]) + original[at + 1 :]
        assert not check(changed).ok, at
