# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Signed policy packs: made, verified, installed and updated; and what an attacker would send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.canonical import file_digest
from arf_core.verify.archive import read_archive
from arf_core.verify.archive_form import write_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.manifest import sealed
from arf_core.verify.packs import SCHEMA, SIGNED
from arf_core.verify.trust import TrustedKey, TrustedKeys
from arf_enterprise.audit.evidence import statement
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.errors import ConflictError, PolicyMissing, RequestError
from arf_enterprise.governance import packs, store
from arf_enterprise.identity.local import local_principal
from arf_enterprise.stores.postgres.database import Database

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
KEY = LocalKey(Ed25519PrivateKey.generate())
STRANGER = LocalKey(Ed25519PrivateKey.generate())
ROOT = local_principal(["default"])


def trusting(key: LocalKey) -> TrustedKeys:
    known = TrustedKey(
        key_id=key.key_id, public_key=key.public_key, kinds=frozenset({SCHEMA}),
        not_before=datetime(2026, 1, 1, tzinfo=UTC), not_after=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return TrustedKeys(by_id={key.key_id: known})


def files(version: str = "1.0.0", **changes: str) -> dict[str, str]:
    made = packs.starter("payments", "Example Ltd")
    made["pack.yaml"] = made["pack.yaml"].replace("1.0.0", version)
    return {**made, **changes}


def pack(version: str = "1.0.0", text: str | None = None) -> packs.Pack:
    changes = {} if text is None else {"policies/approve.yaml": text}
    return packs.verified(packs.sign(files(version, **changes), key=KEY, now=NOW), name="it", trusted=trusting(KEY))


def install(database: Database, found: packs.Pack, *, updates: bool = False, policy: str | None = None) -> store.Pushed:
    with database.transaction("default") as transaction:
        return packs.install(
            transaction, found, policy=policy, by=ROOT, request_id="test", now=NOW, updates=updates
        )  # fmt: skip


@pytest.mark.promise("GOV-5")
def test_a_pack_of_the_starter_is_signed_and_verifies_with_the_open_edition() -> None:
    archive = packs.sign(files(), key=KEY, now=NOW)
    report = verify_bytes(archive, name="payments.zip", trusted=trusting(KEY))
    assert report.ok
    assert any("governance policies payments 1.0.0 of Example Ltd" in fact for fact in report.proven)
    found = packs.verified(archive, name="payments.zip", trusted=trusting(KEY), pinned=file_digest(archive))
    assert found.label == packs.Label(name="payments", version="1.0.0", publisher="Example Ltd")
    assert set(found.policies) == {"policies/approve.yaml"}
    assert packs.sign(files(), key=KEY, now=NOW) == archive


@pytest.mark.promise("GOV-5")
def test_an_altered_unsigned_foreign_or_unpinned_pack_is_refused() -> None:
    archive = packs.sign(files(), key=KEY, now=NOW)
    entries = dict(read_archive(archive).entries)
    evil = {**entries, "policies/approve.yaml": entries["policies/approve.yaml"].replace(b"quorum: 2", b"quorum: 1")}
    bare = {name: content for name, content in entries.items() if name != "signature.json"}
    more = {**entries, "policies/more.yaml": b"a"}
    for data, reason in (
        (write_archive(evil), "was altered"),
        (write_archive(bare), "not signed"),
        (write_archive(more), "undeclared"),
        (b"", "does not verify"),
        (archive + b"x", "does not verify"),
        (archive[:-1], "does not verify"),
    ):
        with pytest.raises(RequestError, match=reason):
            packs.verified(data, name="it", trusted=trusting(KEY))
    for trusted in (trusting(STRANGER), None):
        with pytest.raises(RequestError, match="does not verify"):
            packs.verified(archive, name="it", trusted=trusted)
    with pytest.raises(RequestError, match="pinned"):
        packs.verified(archive, name="it", trusted=trusting(KEY), pinned="sha256:" + "0" * 64)


@pytest.mark.promise("GOV-5")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"policies/approve.yaml": "schema: arf.governance-policy/1\n"}, "lacks the key 'rules'"),
        ({"tests/approve.yaml": packs.STARTER_CASES.replace("quorum: 2", "quorum: 3")}, "the quorum is 2, not 3"),
        ({"policies/other.yaml": "a"}, "other.yaml:1:1"),
        ({"run.sh": "true"}, "has no place in a pack"),
        ({"policies/../../x.yaml": "a"}, "has no place in a pack"),
        (
            {"pack.yaml": "schema: arf.policy-pack-source/1\nname: Pay\nversion: 1\npublisher: \u0430\n"},
            "small letters",
        ),
        ({"pack.yaml": "a: &b c"}, "anchors"),
    ],
)
def test_what_was_not_tried_or_has_no_place_is_not_signed(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        packs.sign(files(**changes), key=KEY, now=NOW)


@pytest.mark.promise("GOV-5")
def test_a_policy_without_cases_is_not_signed() -> None:
    made = files()
    del made["tests/approve.yaml"]
    with pytest.raises(RequestError, match="has no cases"):
        packs.check(made)
    with pytest.raises(RequestError, match=r"no pack\.yaml"):
        packs.check({})


@pytest.mark.promise("GOV-5")
def test_installing_never_puts_a_policy_in_force_not_even_as_the_first(database: Database) -> None:
    pushed = install(database, pack())
    assert not pushed.is_in_force
    assert pushed.policy.file == "pack:payments@1.0.0/policies/approve.yaml"
    with database.transaction("default") as transaction, pytest.raises(PolicyMissing):
        store.current(transaction)


@pytest.mark.promise("GOV-5")
def test_a_pack_goes_up_and_never_back(database: Database) -> None:
    changed = packs.starter("payments", "x")["policies/approve.yaml"]
    with pytest.raises(ConflictError, match="no pack payments is installed"):
        install(database, pack("1.9.0"), updates=True)
    install(database, pack("1.9.0"))
    for version in ("1.9.0", "1.8.9", "0.10.0"):
        with pytest.raises(ConflictError, match=r"1\.9\.0 is installed"):
            install(database, pack(version, changed.replace("14400", "600")), updates=True)
    newer = install(database, pack("1.10.0", changed.replace("14400", "600")), updates=True)
    assert newer.number == 2


@pytest.mark.promise("GOV-5")
def test_of_several_policies_one_is_named(database: Database) -> None:
    made = files()
    made["policies/strict.yaml"] = made["policies/approve.yaml"].replace("14400", "60")
    made["tests/strict.yaml"] = made["tests/approve.yaml"]
    several = packs.verified(packs.sign(made, key=KEY, now=NOW), name="it", trusted=trusting(KEY))
    for policy in (None, "none", "../approve"):
        with pytest.raises(RequestError, match="it has approve, strict"):
            install(database, several, policy=policy)
    assert install(database, several, policy="strict").policy.expires_s == 60


@pytest.mark.promise("GOV-5")
def test_a_pack_of_healing_policies_or_of_none_that_loads_is_not_installed(database: Database) -> None:
    for kind, text in (("healing", "a"), ("governance", "no policy")):
        entries = {"policies/approve.yaml": text.encode()}
        fields: dict[str, object] = {"name": "p", "version": "1.0.0", "publisher": "x", "kind": kind}
        manifest = sealed(SCHEMA, fields, entries)
        import json

        payload = {name: json.loads(manifest)[name] for name in SIGNED}
        signature = statement(SCHEMA, payload, tenant=None, key=KEY, now=NOW)
        archive = write_archive({**entries, "manifest.json": manifest, "signature.json": signature})
        with pytest.raises(RequestError, match=r"healing policies|must be a mapping"):
            install(database, packs.verified(archive, name="it", trusted=trusting(KEY)))


@pytest.mark.promise("GOV-5")
def test_a_folder_that_was_made_is_what_is_signed(tmp_path: Path) -> None:
    for name, text in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    read = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert packs.check(read).name == "payments"
