# SPDX-License-Identifier: Apache-2.0
"""Policy packs: signed, complete and nothing but policies. Attacks are told as stories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import pytest

from arf_core.canonical import canonical_bytes, digest, file_digest
from arf_core.errors import BadPlace
from arf_core.verify.archive_form import write_archive
from arf_core.verify.artifact import verify_bytes, verify_folder
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys


class Signer(Protocol):
    @property
    def key_id(self) -> str: ...
    def statement(self, payload: Mapping[str, Any], *, kind: str = ..., **changes: Any) -> dict[str, Any]: ...
    def trusted(self, **changes: Any) -> TrustedKeys: ...
    def pack(self, files: Mapping[str, bytes] | None = None, **changes: Any) -> dict[str, bytes]: ...


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad


@pytest.mark.promise("VER-1")
def test_a_pack_verifies_as_a_folder_and_as_an_archive(signer: Signer) -> None:
    files = signer.pack()
    as_folder = verify_folder(files, name="ours", trusted=signer.trusted())
    as_archive = verify_bytes(write_archive(files), name="ours.zip", trusted=signer.trusted())
    for report in (as_folder, as_archive):
        assert report.ok
        assert (report.kind, report.count) == ("policy_pack", 2)
        assert any("healing policies ours 1.0.0 of The ARF tests" in fact for fact in report.proven)
        assert any(signer.key_id in fact for fact in report.proven)
        assert any("newest version" in fact for fact in report.not_proven)


@pytest.mark.promise("VER-2")
def test_an_unsigned_pack_fails_with_and_without_keys(signer: Signer) -> None:
    files = signer.pack()
    del files["signature.json"]
    for trusted in (signer.trusted(), None):
        assert "there is no signature.json" in bad(verify_folder(files, name="it", trusted=trusted)).what


@pytest.mark.promise("VER-2")
def test_a_pack_is_never_trusted_by_itself(signer: Signer, stranger: Signer) -> None:
    assert "no key is trusted" in bad(verify_folder(signer.pack(), name="it")).what
    theirs = verify_folder(stranger.pack(), name="it", trusted=signer.trusted())
    assert "not among the 1 trusted keys" in bad(theirs).what


@pytest.mark.promise("VER-2")
def test_an_altered_file_is_named_with_both_digests(signer: Signer) -> None:
    altered = {**signer.pack(), "policies/ours.yaml": b"schema: arf.healing-policies/2\n"}
    original = signer.pack()["policies/ours.yaml"]
    for report in (
        verify_folder(altered, name="it", trusted=signer.trusted()),
        verify_bytes(write_archive(altered), name="it", trusted=signer.trusted()),
    ):
        place = bad(report)
        assert place.where == "policies/ours.yaml"
        assert place.stated == file_digest(original)
        assert place.computed == file_digest(altered["policies/ours.yaml"])


@pytest.mark.promise("VER-2")
def test_the_signature_of_one_pack_is_not_that_of_another(signer: Signer) -> None:
    newer = signer.pack(version="1.0.1")
    replayed = {**newer, "signature.json": signer.pack()["signature.json"]}
    assert (
        "it signs another pack: version differs"
        in bad(verify_folder(replayed, name="it", trusted=signer.trusted())).what
    )
    resealed = {**signer.pack({"policies/evil.yaml": b""}), "signature.json": signer.pack()["signature.json"]}
    assert "digest differs" in bad(verify_folder(resealed, name="it", trusted=signer.trusted())).what


@pytest.mark.promise("VER-3")
def test_a_statement_of_another_kind_does_not_sign_a_pack(signer: Signer) -> None:
    files = signer.pack()
    payload = json.loads(files["signature.json"])["payload"]
    both = signer.trusted(kinds=["arf.policy-pack/1", "arf.approval/1"])
    approval = json.dumps(signer.statement(payload, kind="arf.approval/1")).encode()
    assert (
        "is over arf.approval/1"
        in bad(verify_folder({**files, "signature.json": approval}, name="it", trusted=both)).what
    )


def resealed(files: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:
    """``files`` with a manifest that an attacker mended, digest and all."""
    manifest = {**json.loads(files["manifest.json"]), **changes}
    del manifest["digest"]
    whole = {**manifest, "digest": digest("arf.policy-pack/1", manifest)}
    return {**files, "manifest.json": canonical_bytes(whole) + b"\n"}


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.policy-pack/2"}, "the schema of manifest.json"),
        ({"kind": "everything"}, "healing, governance"),
        ({"name": "../ours"}, "the name of the pack"),
        ({"version": "1.0"}, "the version of the pack"),
        ({"version": "01.0.0"}, "the version of the pack"),
        ({"publisher": "a\u202eb"}, "the publisher of the pack"),
        ({"signed_by": "me"}, "unknown key 'signed_by'"),
        ({"entries": []}, "is undeclared"),
        ({"entries": {}}, "must be a list"),
        ({"entries": [{"name": 1, "size": 1, "sha256": "sha256:" + "0" * 64}]}, "is no string"),
        ({"entries": [{"name": "a", "size": -1, "sha256": "sha256:" + "0" * 64}]}, "the size of"),
        ({"entries": [{"name": "a", "size": True, "sha256": "sha256:" + "0" * 64}]}, "the size of"),
        ({"entries": [{"name": "../a", "size": 1, "sha256": "sha256:" + "0" * 64}]}, "parent folder"),
        ({"entries": [{"name": "signature.json", "size": 1, "sha256": "sha256:" + "0" * 64}]}, "not listed in it"),
    ],
)
def test_a_manifest_that_breaks_its_form_is_refused(signer: Signer, changes: dict[str, Any], reason: str) -> None:
    assert reason in bad(verify_folder(resealed(signer.pack(), **changes), name="it", trusted=signer.trusted())).what


@pytest.mark.promise("VER-3")
def test_files_that_are_not_listed_or_not_there_are_refused(signer: Signer) -> None:
    more = {**signer.pack(), "policies/more.yaml": b""}
    assert "'policies/more.yaml' is undeclared" in bad(verify_folder(more, name="it", trusted=signer.trusted())).what
    less = signer.pack()
    del less["README.md"]
    assert "'README.md' is missing" in bad(verify_folder(less, name="it", trusted=signer.trusted())).what
    twice = json.loads(signer.pack()["manifest.json"])["entries"]
    assert (
        "lists an entry twice"
        in bad(
            verify_folder(resealed(signer.pack(), entries=[*twice, twice[-1]]), name="it", trusted=signer.trusted())
        ).what
    )


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize("name", ["run.sh", "policies/a.py", "policies/deep/a.yaml", "conftest.py", "tests/a.json"])
def test_a_pack_has_policies_and_nothing_that_could_be_run(signer: Signer, name: str) -> None:
    files = signer.pack({"policies/ours.yaml": b"", name: b""})
    assert "has no place in a policy pack" in bad(verify_folder(files, name="it", trusted=signer.trusted())).what


@pytest.mark.promise("VER-3")
def test_a_pack_without_policies_or_without_a_manifest_is_none(signer: Signer) -> None:
    empty = signer.pack({"README.md": b""})
    assert "has no policies" in bad(verify_folder(empty, name="it", trusted=signer.trusted())).what
    assert "has no manifest.json" in bad(verify_folder({"a": b""}, name="it", trusted=signer.trusted())).what
    for text in (b"[]", b"{}", b"{", b'{"schema":1,"schema":2}', b'{ "schema": "arf.policy-pack/1" }'):
        assert "manifest.json" in bad(verify_folder({"manifest.json": text}, name="it")).what
    assert "at most" in bad(verify_folder({"manifest.json": b" " * (2**20 + 1)}, name="it")).what


@pytest.mark.promise("VER-3")
def test_a_folder_obeys_the_rules_for_names(signer: Signer) -> None:
    files = {**signer.pack(), "policies/OURS.yaml": b""}
    assert "differ only in case" in bad(verify_folder(files, name="it", trusted=signer.trusted())).what
    assert "backslash" in bad(verify_folder({"a\\b": b""}, name="it")).what


def test_a_damaged_pack_is_still_recognised_as_one(signer: Signer) -> None:
    data = write_archive(signer.pack())
    assert recognise(data) == "policy_pack"
    assert recognise(data[:-5]) == "policy_pack"
    wrong_crc = data.replace(b"# Ours\n", b"# Evil\n")
    assert bad(verify_bytes(wrong_crc, name="it", trusted=signer.trusted())).where == "README.md"
