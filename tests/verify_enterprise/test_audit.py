# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What Enterprise exports, the open edition verifies, and whatever is done to it, it does not verify any more."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pymerkle  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.canonical import file_digest
from arf_core.errors import BadPlace
from arf_core.verify.archive import read_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.checkpoints import read_signed_checkpoint
from arf_core.verify.kept import Kept
from arf_core.verify.merkle import leaf_hash
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys, read_trusted_keys
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.export import export
from arf_enterprise.audit.log import append
from arf_enterprise.audit.proofs import latest, prove_consistency, prove_inclusion
from arf_enterprise.audit.reading import Span
from arf_enterprise.audit.retention import Asked, erase
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

START = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
KEY = LocalKey(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
PERSON = Actor(issuer="https://id.example", subject="ann@example.com", method="oidc")
PROGRAM = Actor.of(SYSTEM)
STEPS = (3, 4, 1, 9, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A log in a database, the checkpoints it had as it grew, and the folder that exports go to."""

    database: Database
    superuser: str
    kept: tuple[Kept, ...]
    folder: Path

    def export(self, **given: object) -> bytes:
        (file,) = export(self.database, "acme", self.folder / "log.arfa", **given).files  # type: ignore[arg-type]
        return file.read_bytes()


def entries(database: Database, count: int, *, first: int, tenant: str = "acme") -> None:
    for number in range(first, first + count):
        with database.transaction(tenant) as transaction:
            append(
                transaction,
                Entry(
                    actor=PERSON if number % 3 else PROGRAM,
                    action="key.created",
                    target=f"key/{number} 'quoted' \"é\" \u202e😀",
                    at=START + timedelta(seconds=number),
                    request_id=f"req_{number}",
                    after=file_digest(str(number).encode()),
                    details={"n": number, "text": 'a "quote" \\ \n', "list": [1.5, None, {"x": 1e21}]},
                ),
            )


def checkpoint(database: Database, tenant: str = "acme") -> Kept:
    with database.transaction(tenant) as transaction:
        return Kept(name="kept.note", data=latest(transaction).note.encode())


@pytest.fixture
def log(postgres: FreshDatabases, tmp_path: Path) -> Iterator[Written]:
    name = postgres.fresh()
    with postgres.database(name) as database:
        kept = []
        for step, count in enumerate(STEPS):
            entries(database, count, first=sum(STEPS[:step]))
            integrate_all(database, "acme", key=KEY, now=START + timedelta(minutes=step))
            kept.append(checkpoint(database))
        superuser = postgres.url(name, login="postgres")
        yield Written(database=database, superuser=superuser, kept=tuple(kept), folder=tmp_path)


def trust() -> TrustedKeys:
    key = {
        "key_id": KEY.key_id,
        "public_key": base64.b64encode(KEY.public_key).decode(),
        "kinds": ["arf.audit-checkpoint/1", "arf.evidence/1"],
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2027-01-01T00:00:00.000000Z",
        "tenants": ["acme"],
    }
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": [key]}).encode())])


TRUST = trust()


def check(data: bytes, *kept: Kept) -> Report:
    return verify_bytes(data, name="it", trusted=TRUST, kept=kept)


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad


@pytest.mark.promise("VER-1")
def test_what_is_exported_verifies_against_every_checkpoint_it_ever_had(log: Written) -> None:
    report = check(log.export(), *log.kept)
    assert report.ok, report.first_bad
    assert report.count == sum(STEPS)
    assert any(f"all {sum(STEPS)} records" in fact for fact in report.proven)
    for number in range(sum(STEPS)):
        proof = check(prove_inclusion(log.database, "acme", number), log.kept[-1])
        assert proof.ok, proof.first_bad
    sizes = [sum(STEPS[: step + 1]) for step in range(len(STEPS))]
    for place, second in enumerate(sizes):
        for first in sizes[: place + 1]:
            assert check(prove_consistency(log.database, "acme", first, second)).ok


@pytest.mark.promise("VER-1")
def test_every_part_of_a_large_export_verifies_by_itself(log: Written) -> None:
    parts = export(log.database, "acme", log.folder / "parts.arfa", part_bytes=2500).files
    assert len(parts) > 3
    for part in parts:
        report = check(part.read_bytes())
        assert report.ok, report.first_bad
    report = check(log.export(span=Span(first=9, last=17)), log.kept[-1])
    assert report.ok, report.first_bad


@pytest.mark.promise("AUD-2")
def test_roots_are_those_of_a_second_implementation(log: Written) -> None:
    second = pymerkle.InmemoryTree(algorithm="sha256")
    lines = read_archive(log.export()).entries["records.jsonl"].splitlines()
    sizes = {sum(STEPS[: step + 1]): kept for step, kept in enumerate(log.kept)}
    for number, line in enumerate(lines, start=1):
        second.append_entry(line)
        assert second.get_leaf(number) == leaf_hash(line)
        if number in sizes:
            assert read_signed_checkpoint(sizes[number].data, what="it").root == second.get_root()
    for number in range(1, len(lines) + 1):
        ours = json.loads(prove_inclusion(log.database, "acme", number - 1))["proof"]
        theirs = second.prove_inclusion(number, len(lines)).serialize()["path"]
        assert sorted(ours) == sorted(base64.b64encode(bytes.fromhex(one)).decode() for one in theirs[1:])


@pytest.mark.promise("AUD-4")
def test_when_a_person_was_erased_every_older_export_and_checkpoint_still_verifies(log: Written) -> None:
    before = log.export()
    with log.database.transaction("acme") as transaction:
        asked = Asked(actor=PROGRAM, at=START + timedelta(minutes=9), request_id="req_erase")
        erase(transaction, PERSON.subject, asked=asked)
    integrate_all(log.database, "acme", key=KEY, now=START + timedelta(minutes=9))
    assert check(before, *log.kept).ok
    after = check(log.export(), *log.kept)
    assert after.ok, after.first_bad
    assert after.count == sum(STEPS) + 1
    assert any("whether these were erased or not" in fact for fact in after.proven)


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("number", [0, 7, 22])
def test_a_database_owner_who_disables_the_trigger_and_edits_is_found_out(log: Written, number: int) -> None:
    with psycopg.connect(log.superuser, autocommit=True) as owner:
        owner.execute("ALTER TABLE arf.audit_entry DISABLE TRIGGER ALL")
        (changed,) = owner.execute(
            "UPDATE arf.audit_entry SET body = replace(body, 'req_' || %s || '\"', 'req_evil\"')"
            " WHERE body LIKE '%%\"req_' || %s || '\"%%' RETURNING 1",
            (number, number),
        ).fetchall()
        assert changed == (1,)
    place = bad(check(log.export()))
    assert place.where == f"records.jsonl, line {number + 1} (record {number})"
    assert place.stated
    assert place.computed
    assert place.stated != place.computed


@pytest.mark.promise("AUD-2")
def test_a_checkpoint_of_another_tenant_is_refused(log: Written) -> None:
    entries(log.database, 23, first=0, tenant="globex")
    integrate_all(log.database, "globex", key=KEY, now=START + timedelta(minutes=9))
    theirs = checkpoint(log.database, "globex")
    assert "may not sign for 'globex'" in bad(check(log.export(), theirs)).what
    (file,) = export(log.database, "globex", log.folder / "theirs.arfa").files
    assert "may not sign for 'globex'" in bad(check(file.read_bytes())).what


@pytest.mark.promise("AUD-2")
def test_an_older_export_is_not_the_whole_log(log: Written) -> None:
    old = log.export()
    entries(log.database, 5, first=sum(STEPS))
    integrate_all(log.database, "acme", key=KEY, now=START + timedelta(minutes=9))
    newest = checkpoint(log.database)
    assert check(old).ok
    assert "records 23 to 27 are missing" in bad(check(old, newest)).what
    assert check(log.export(), newest, *log.kept).ok


@pytest.mark.promise("VER-3")
def test_every_flipped_byte_of_an_export_is_noticed(log: Written) -> None:
    original = log.export(span=Span(first=5, last=7))
    assert check(original).ok
    for at in range(len(original)):
        changed = original[:at] + bytes([original[at] ^ 1 << at % 8]) + original[at + 1 :]
        assert not check(changed).ok, at


@pytest.mark.promise("VER-3")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_that_was_cut_doubled_or_put_in_verifies(log: Written, data: st.DataObject) -> None:
    which = data.draw(st.integers(0, 2))
    original = (
        log.export(),
        prove_inclusion(log.database, "acme", 7),
        prove_consistency(log.database, "acme", 8, 23),
    )[which]
    at = data.draw(st.integers(0, len(original)))
    much = data.draw(st.integers(0, 40))
    changed = data.draw(
        st.sampled_from(
            [
                original[:at],
                original[at:],
                original[:at] + original[at + much :],
                original[:at] + original[at : at + much] + original[at:],
                original[:at] + b"\n" + original[at:],
            ]
        )
    )
    if changed != original:
        assert not check(changed).ok
