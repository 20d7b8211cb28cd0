# SPDX-License-Identifier: Apache-2.0
"""Evidence packs: signed, complete, and counted again from the records themselves. Attacks are told as stories."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.canonical import canonical_bytes, digest, file_digest, write_time
from arf_core.errors import BadPlace
from arf_core.verify.archive_form import write_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.evidence_form import Control
from arf_core.verify.kept import Kept
from arf_core.verify.manifest import sealed
from arf_core.verify.merkle import leaf_hash, root_of
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report
from arf_core.verify.signatures import signed_bytes
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

PACK = "arf.evidence-pack/1"
ORIGIN = "arf/inst-1/acme"
START = datetime(2026, 1, 2, tzinfo=UTC)
OURS, THEIRS = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
ACTIONS = ("key.created", "login.refused", "key.revoked", "key.created", "license.installed", "key.created")


def raw(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def trust(private: Ed25519PrivateKey = OURS, **changes: Any) -> TrustedKeys:
    key = {
        "key_id": file_digest(raw(private)),
        "public_key": base64.b64encode(raw(private)).decode(),
        "kinds": [PACK, "arf.audit-checkpoint/1"],
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2027-01-01T00:00:00.000000Z",
        **changes,
    }
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": [key]}).encode())])


def lines(actions: tuple[str, ...] = ACTIONS) -> list[bytes]:
    """Records, one an hour."""
    found: list[bytes] = []
    for number, action in enumerate(actions):
        record = {
            "schema": "arf.audit-record/1",
            "tenant": "acme",
            "sequence": number,
            "previous": leaf_hash(found[-1]).hex() if found else None,
            "entry_id": f"audit_{number:032x}",
            "at": write_time(START + timedelta(hours=number)),
            "actor": {"issuer": "arf", "subject": "server", "method": "system"},
            "action": action,
            "object": f"key/{number}",
            "before": None,
            "after": None,
            "request_id": "req",
            "details": {},
            "sealed": None,
        }
        found.append(canonical_bytes(record))
    return found


def checkpoint(records: list[bytes], *, origin: str = ORIGIN, private: Ed25519PrivateKey = OURS) -> str:
    root = base64.b64encode(root_of(map(leaf_hash, records))).decode()
    text = f"{origin}\n{len(records)}\n{root}\narf.time {write_time(START + timedelta(days=1))}\n"
    key_hash = sha256(origin.encode() + b"\n\x01" + raw(private)).digest()[:4]
    return f"{text}\n— {origin} {base64.b64encode(key_hash + private.sign(text.encode())).decode()}\n"


def export(records: list[bytes]) -> Kept:
    proof = {
        "schema": "arf.audit-range/1",
        "checkpoint": checkpoint(records),
        "first": 0,
        "count": len(records),
        "left": [],
        "right": [],
        "last": base64.b64encode(leaf_hash(records[-1])).decode(),
        "since": None,
    }
    entries = {
        "proof.json": canonical_bytes(proof) + b"\n",
        "records.jsonl": b"".join(line + b"\n" for line in records),
    }
    fields = {"tenant": "acme", "origin": ORIGIN, "first": 0, "count": len(records), "size": len(records)}
    manifest = sealed("arf.audit-export/1", fields, entries)
    return Kept(name="log.arfa", data=write_archive({**entries, "manifest.json": manifest}))


def control(name: str, actions: list[str], numbers: list[int], records: list[bytes], **changes: Any) -> dict[str, Any]:
    listed = [[number, leaf_hash(records[number]).hex()] for number in numbers]
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return {
        "control": name,
        "title": "Access is granted and taken back",
        "shows": "Keys.",
        "actions": actions,
        "status": "evidence" if numbers else "no evidence in this window",
        "count": len(numbers),
        "ranges": ranges,
        "digest": digest("arf.evidence-records/1", listed) if numbers else None,
        **changes,
    }


RECORDS = lines()
CONTROLS = [
    control("CC6.1", ["key.*", "login.*"], [1, 2, 3], RECORDS),
    control("CC6.2", ["key.created"], [3], RECORDS),
    control("CC9.9", ["execution.*"], [], RECORDS),
]


def entries(
    controls: list[dict[str, Any]] | None = None,
    *,
    private: Ed25519PrivateKey = OURS,
    note: str | None = None,
    statement: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, bytes]:
    """The files of a pack for the hours 1 to 4; an attacker's pack is mended in every digest, too."""
    said = {"schema": "arf.evidence/1", "framework": "soc2", "title": "SOC 2", "controls": controls or CONTROLS}
    content = {
        "checkpoint.note": (note or checkpoint(RECORDS)).encode(),
        "evidence.json": canonical_bytes({**said, **(evidence or {})}) + b"\n",
    }
    fields = {
        "tenant": "acme",
        "origin": ORIGIN,
        "framework": "soc2",
        "from": write_time(START + timedelta(hours=1)),
        "to": write_time(START + timedelta(hours=4)),
        "size": len(RECORDS),
        **changes,
    }
    manifest = sealed(PACK, fields, content)
    payload = {**fields, "digest": json.loads(manifest)["digest"]}
    whole = {
        "schema": "arf.statement/1",
        "kind": PACK,
        "tenant": "acme",
        "signed_at": "2026-01-03T00:00:00.000000Z",
        "payload": payload,
        **(statement or {}),
    }
    sig = base64.b64encode(private.sign(signed_bytes(whole))).decode()
    signature = {"alg": "ed25519", "key_id": file_digest(raw(private)), "sig": sig}
    signed = canonical_bytes({**whole, "signatures": [signature]})
    return {**content, "manifest.json": manifest, "signature.json": signed}


def pack(*args: Any, **given: Any) -> bytes:
    return write_archive(entries(*args, **given))


def check(data: bytes, *records: Kept, kept: tuple[Kept, ...] = (), trusted: TrustedKeys | None = None) -> Report:
    return verify_bytes(data, name="it", trusted=trusted or trust(), kept=kept, records=records)


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad


@pytest.mark.promise("VER-1")
def test_a_pack_verifies_and_says_what_it_has_and_what_it_has_not() -> None:
    report = check(pack())
    assert report.ok, report.first_bad
    assert (report.kind, report.count) == ("evidence", 3)
    proven, not_proven = " ".join(report.proven), " ".join(report.not_proven)
    assert "no evidence in this window for CC9.9" in proven
    assert "hold audit exports against it with --records" in not_proven
    assert "that a control is met" in not_proven
    assert recognise(pack()[:-4]) == "evidence"


@pytest.mark.promise("VER-1")
def test_counts_and_digests_recompute_from_the_records() -> None:
    report = check(pack(), export(RECORDS))
    assert report.ok, report.first_bad
    assert any("which were counted again" in fact for fact in report.proven)
    later = lines((*ACTIONS, "key.created"))
    assert check(pack(), export(later)).ok


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize(
    ("control_", "reason"),
    [
        (control("CC6.2", ["key.created"], [], RECORDS), "other records of its actions"),
        (control("CC6.2", ["key.created"], [0, 3], RECORDS), "other records of its actions"),
        (control("CC6.2", ["key.created"], [3, 5], RECORDS), "other records of its actions"),
        (control("CC6.2", ["key.revoked"], [3], RECORDS), "other records of its actions"),
        (control("CC6.2", ["key.created"], [3], RECORDS, digest=file_digest(b"")), "its digest does not recompute"),
        (control("CC6.2", ["key.created"], [3], RECORDS[::-1]), "its digest does not recompute"),
    ],
)
def test_a_count_that_the_signer_made_up_is_found_in_the_records(control_: dict[str, Any], reason: str) -> None:
    data = pack([control_])
    assert check(data).ok  # the signer stands for it
    place = bad(check(data, export(RECORDS)))
    assert place.where == "evidence.json, CC6.2"
    assert reason in place.what
    assert place.stated
    assert place.computed


@pytest.mark.promise("VER-2")
def test_records_of_another_log_or_a_fork_are_none_of_the_packs() -> None:
    fork = lines((*ACTIONS[:5], "key.revoked"))
    assert "forked or rewritten" in bad(check(pack(), export(fork))).what
    assert "records 5 to 5 are missing" in bad(check(pack(), export(RECORDS[:5]))).what
    twice = bad(check(pack(), export(RECORDS), export(RECORDS)))
    assert "in their order" in twice.what
    altered = Kept(name="log.arfa", data=export(RECORDS).data.replace(b"key/3", b"key/4"))
    assert bad(check(pack(), altered)).where == "log.arfa, records.jsonl, line 4 (record 3)"
    assert "cannot be held against records" in bad(check(export(RECORDS).data, export(RECORDS))).what


@pytest.mark.promise("VER-2")
def test_only_a_key_of_the_verifier_signs_a_pack() -> None:
    assert "no key is trusted" in bad(verify_bytes(pack(), name="it")).what
    assert "not among the 1 trusted keys" in bad(check(pack(private=THEIRS))).what
    both = trust()
    note = checkpoint(RECORDS, private=THEIRS)
    assert "none of the 1 trusted keys" in bad(check(pack(note=note), trusted=both)).what
    for changes, reason in (
        ({"kinds": ["arf.audit-checkpoint/1"]}, "and not arf.evidence-pack/1"),
        ({"kinds": [PACK]}, "and not arf.audit-checkpoint/1"),
        ({"tenants": ["other"]}, "may not sign for 'acme'"),
        ({"revoked_from": "2026-01-02T12:00:00.000000Z"}, "was revoked from"),
    ):
        assert reason in bad(check(pack(), trusted=trust(**changes))).what


@pytest.mark.promise("VER-3")
def test_the_signature_of_another_pack_kind_or_tenant_is_none_of_this() -> None:
    other = entries(framework="gdpr", evidence={"framework": "gdpr"})
    replayed = {**entries(), "signature.json": other["signature.json"]}
    place = bad(check(write_archive(replayed)))
    assert "it signs another pack: framework differs" in place.what
    for statement in ({"kind": "arf.policy-pack/1"}, {"tenant": "other"}, {"tenant": None}):
        keys = trust(kinds=[PACK, "arf.policy-pack/1", "arf.audit-checkpoint/1"])
        assert "and not over this pack" in bad(check(pack(statement=statement), trusted=keys)).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tenant": "other", "statement": {"tenant": "other"}}, "its tenant is not that"),
        ({"origin": "arf/inst-2/acme"}, "its origin is not that"),
        ({"size": 7}, "its size is not that"),
        ({"from": "2026-01-03T00:00:00.000000Z"}, "ends before it begins"),
        ({"from": "yesterday"}, "the 'from' of manifest.json"),
        ({"framework": "gdpr"}, "the framework of evidence.json"),
        ({"extra": 1}, "unknown key 'extra'"),
        ({"evidence": {"controls": []}}, "has no control"),
        ({"evidence": {"controls": [CONTROLS[0], CONTROLS[0]]}}, "one of them twice"),
        ({"evidence": {"schema": "arf.evidence/2"}}, "the schema of evidence.json"),
        ({"evidence": {"met": True}}, "unknown key 'met'"),
        ({"note": "nothing"}, "is no checkpoint"),
    ],
)
def test_a_pack_has_one_form(changes: dict[str, Any], reason: str) -> None:
    assert reason in bad(check(pack(**changes))).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "evidence"}, "status or digest says otherwise"),
        ({"status": "met"}, "status or digest says otherwise"),
        ({"digest": file_digest(b"")}, "status or digest says otherwise"),
        ({"count": 1}, "status or digest says otherwise"),
        ({"ranges": [[0, 0]]}, "have 1 records, and its count is 0"),
        ({"actions": ["everything"]}, "an action of"),
        ({"actions": ["*"]}, "an action of"),
        ({"actions": ["key.*.x"]}, "an action of"),
        ({"comment": "met"}, "unknown key 'comment'"),
    ],
)
def test_no_evidence_stays_no_evidence(changes: dict[str, Any], reason: str) -> None:
    assert reason in bad(check(pack([{**CONTROLS[2], **changes}]))).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize("ranges", [[[1, 2], [3, 3]], [[3, 3], [1, 2]], [[1, 3], [3, 3]], [[3, 1]], [[1]], [[1, 2, 3]]])
def test_ranges_go_up_and_do_not_touch(ranges: list[list[int]]) -> None:
    assert "ranges" in bad(check(pack([{**CONTROLS[0], "ranges": ranges}]))).what


def test_a_record_outside_of_the_log_is_no_evidence() -> None:
    beyond = {**CONTROLS[1], "ranges": [[6, 6]]}
    assert "has record 6 of a log of 6" in bad(check(pack([beyond]))).what


@pytest.mark.promise("VER-3")
def test_a_pack_has_its_four_entries_and_no_other() -> None:
    more = {**entries(), "note.txt": b"hello"}
    assert "has no entry 'note.txt'" in bad(check(write_archive(more))).what
    less = {name: data for name, data in entries().items() if name != "signature.json"}
    assert "must have an entry 'signature.json'" in bad(check(write_archive(less))).what


@pytest.mark.promise("AUD-2")
def test_a_pack_is_held_against_a_kept_checkpoint() -> None:
    same = Kept(name="kept.note", data=checkpoint(RECORDS).encode())
    assert check(pack(), kept=(same,)).ok
    fork = Kept(name="kept.note", data=checkpoint(lines((*ACTIONS[:5], "key.revoked"))).encode())
    assert "forked or rewritten" in bad(check(pack(), kept=(fork,))).what


@pytest.mark.parametrize(
    ("actions", "action", "expected"),
    [
        ({"key.*"}, "key.created", True),
        ({"key.*"}, "key.a.b", True),
        ({"key.a.*"}, "key.a.b", True),
        ({"key.*"}, "keys.created", False),
        ({"key.created"}, "key.created", True),
        ({"key.created"}, "key.created_again", False),
        ({"key.*"}, "other.key.created", False),
        (set(), "key.created", False),
    ],
)
def test_a_family_has_every_action_below_it(actions: set[str], action: str, expected: bool) -> None:
    found = Control(name="c", actions=frozenset(actions), count=0, ranges=(), digest=None)
    assert found.counts(action) is expected


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(pack()) - 1), st.integers(0, 7))
def test_no_flipped_bit_verifies(at: int, bit: int) -> None:
    flipped = bytearray(pack())
    flipped[at] ^= 1 << bit
    assert not check(bytes(flipped)).ok
