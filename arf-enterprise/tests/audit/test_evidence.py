# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Evidence packs: what the log has for each control, or that it has nothing; signed, and never a claim."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from arf_core.canonical import digest
from arf_core.verify.archive import read_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.merkle import leaf_hash
from arf_core.verify.signatures import check_signatures, read_statement
from arf_core.verify.trust import read_trusted_keys
from arf_enterprise.audit.evidence import FRAMEWORKS, NO_EVIDENCE, RECORDS, SCHEMA, Window, control_map, make_pack
from arf_enterprise.audit.reading import records
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.testing import log_of, now, signing_key, write
from arf_enterprise.audit.trusting import trusted_keys
from arf_enterprise.errors import RequestError
from arf_enterprise.stores.postgres.database import Database

YEAR = timedelta(days=365)


def window() -> Window:
    return Window(start=now() - YEAR, end=now() + YEAR)


@pytest.mark.promise("AUD-3")
def test_each_control_has_its_records_or_says_there_are_none(database: Database) -> None:
    for action in ("key.created", "login.refused", "key.created", "keys.other", "approval.given"):
        write(database, "acme", 1, action=action)
    integrate_all(database, "acme", key=signing_key(), now=now())
    pack = make_pack(database, "acme", "soc2", window(), key=signing_key(), now=now())
    entries = read_archive(pack.archive).entries
    controls = {one["control"]: one for one in json.loads(entries["evidence.json"])["controls"]}
    found = [one.text for one in records(database, "acme", first=0, last=9)]
    listed = [[number, leaf_hash(found[number].encode()).hex()] for number in (0, 2)]
    assert controls["CC6.2"]["status"] == "evidence"
    assert controls["CC6.2"]["ranges"] == [[0, 0], [2, 2]]
    assert controls["CC6.2"]["digest"] == digest(RECORDS, listed)
    assert controls["CC6.1"]["ranges"] == [[0, 2]]
    assert controls["CC7.4"] == {
        **controls["CC7.4"], "status": NO_EVIDENCE, "count": 0, "ranges": [], "digest": None
    }  # fmt: skip
    assert "complian" not in entries["evidence.json"].decode()


@pytest.mark.promise("AUD-3")
def test_a_pack_is_signed_as_one_and_for_its_tenant(database: Database) -> None:
    log_of(database, "acme", 2)
    pack = make_pack(database, "acme", "gdpr", window(), key=signing_key(), now=now())
    entries = read_archive(pack.archive).entries
    statement = read_statement(entries["signature.json"])
    with database.transaction("acme") as transaction:
        keys = read_trusted_keys([("keys", json.dumps(trusted_keys(transaction)).encode())])
    assert check_signatures(statement, keys).trusted == (signing_key().key_id,)
    report = verify_bytes(pack.archive, name="pack.arfa", trusted=keys)
    assert report.ok, report.first_bad
    assert not verify_bytes(pack.archive.replace(b"CC", b"XX").replace(b"Art", b"XXX"), name="x", trusted=keys).ok
    manifest = json.loads(entries["manifest.json"])
    assert (statement.kind, statement.tenant) == (SCHEMA, "acme")
    assert statement.payload == {name: manifest[name] for name in statement.payload}
    assert statement.payload["digest"] == pack.digest


@pytest.mark.promise("AUD-3")
def test_the_same_log_and_window_give_the_same_evidence(database: Database) -> None:
    log_of(database, "acme", 3)
    one = window()
    packs = [make_pack(database, "acme", "hipaa", one, key=signing_key(), now=now()) for _ in range(2)]
    assert packs[0].digest == packs[1].digest


def test_nothing_of_before_the_window_or_of_another_tenant_is_evidence(database: Database) -> None:
    log_of(database, "acme", 2)
    log_of(database, "globex", 1)
    later = Window(start=now() + YEAR, end=now() + 2 * YEAR)
    pack = make_pack(database, "acme", "soc2", later, key=signing_key(), now=now())
    assert {control["status"] for control in pack.controls} == {NO_EVIDENCE}
    pack = make_pack(database, "globex", "soc2", window(), key=signing_key(), now=now())
    assert {control["count"] for control in pack.controls} == {0, 1}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_control_map_is_in_its_form_and_selects_only_actions(framework: str) -> None:
    found = control_map(framework)
    assert len(found.controls) >= 5
    assert len({control.control for control in found.controls}) == len(found.controls)
    for control in found.controls:
        assert all(action.removesuffix(".*").replace("_", "").replace(".", "").isalpha() for action in control.actions)


def test_what_cannot_be_packed_is_said(database: Database) -> None:
    with pytest.raises(RequestError, match="no control map"):
        control_map("iso27001")
    with pytest.raises(RequestError, match="no record yet"):
        make_pack(database, "acme", "soc2", window(), key=signing_key(), now=now())
    with pytest.raises(RequestError, match="ends before"):
        make_pack(database, "acme", "soc2", Window(start=now(), end=now() - YEAR), key=signing_key(), now=now())
