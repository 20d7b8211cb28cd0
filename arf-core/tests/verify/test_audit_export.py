# SPDX-License-Identifier: Apache-2.0
"""Audit exports, proofs and checkpoints verify offline, and every attack on them is named. Attacks are told as stories.

The log here is written by a few lines of its own, and its proofs are made by the recursion of RFC 6962 section 2.1.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.canonical import canonical_bytes, digest, file_digest, write_time
from arf_core.errors import BadPlace
from arf_core.verify.archive import read_archive
from arf_core.verify.archive_form import write_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.checkpoints import read_signed_checkpoint, spelled
from arf_core.verify.kept import Kept
from arf_core.verify.manifest import sealed
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys, read_trusted_keys

START = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
CHECKPOINT = "arf.audit-checkpoint/1"


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def raw(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


OURS, THEIRS = key(1), key(2)


def trust(*private: Ed25519PrivateKey, **changes: Any) -> TrustedKeys:
    keys = [
        {
            "key_id": file_digest(raw(one)),
            "public_key": base64.b64encode(raw(one)).decode(),
            "kinds": [CHECKPOINT],
            "not_before": "2026-01-01T00:00:00.000000Z",
            "not_after": "2027-01-01T00:00:00.000000Z",
            **changes,
        }
        for one in private or (OURS,)
    ]
    return read_trusted_keys([("keys", json.dumps({"schema": "arf.trusted-keys/1", "keys": keys}).encode())])


def note(text: str, *signers: tuple[str, Ed25519PrivateKey]) -> str:
    lines = []
    for name, private in signers:
        key_hash = sha256(name.encode() + b"\n\x01" + raw(private)).digest()[:4]
        lines.append(f"— {name} {base64.b64encode(key_hash + private.sign(text.encode())).decode()}\n")
    return f"{text}\n{''.join(lines)}"


def tree(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    middle = split(len(leaves))
    return sha256(b"\x01" + tree(leaves[:middle]) + tree(leaves[middle:])).digest()


def split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), tree(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), tree(leaves[:middle])]


def continued(first: int, leaves: Sequence[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if first == len(leaves):
        return [] if is_whole else [tree(leaves)]
    middle = split(len(leaves))
    if first <= middle:
        return [*continued(first, leaves[:middle], is_whole=is_whole), tree(leaves[middle:])]
    return [*continued(first - middle, leaves[middle:], is_whole=False), tree(leaves[:middle])]


def subtrees(leaves: Sequence[bytes], start: int, end: int) -> list[bytes]:
    """The full subtrees from leaf ``start`` to ``end``, each the largest that may begin there."""
    found = []
    while start < end:
        size = 1
        while start % (2 * size) == 0 and start + 2 * size <= end:
            size *= 2
        found.append(tree(leaves[start : start + size]))
        start += size
    return found


def b64(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


@dataclass(frozen=True, kw_only=True)
class Log:
    """A log of ``count`` records; ``altered`` says what a record says otherwise, by its number."""

    count: int = 11
    tenant: str = "acme"
    installation: str = "inst-1"
    private: Ed25519PrivateKey = OURS
    altered: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"arf/{self.installation}/{self.tenant}"

    @cached_property
    def lines(self) -> list[bytes]:
        found: list[bytes] = []
        for number in range(self.count):
            previous = sha256(b"\x00" + found[-1]).hexdigest() if found else None
            found.append(canonical_bytes({**self.record(number, previous), **self.altered.get(number, {})}))
        return found

    def record(self, number: int, previous: str | None) -> dict[str, Any]:
        is_person = number % 3 == 1
        actor = {"issuer": "arf", "subject": "sequencer", "method": "system"}
        if is_person:
            actor = {"issuer": "https://id.example", "subject": f"subject_{number:024x}", "method": "oidc"}
        return {
            "schema": "arf.audit-record/1",
            "tenant": self.tenant,
            "sequence": number,
            "previous": previous,
            "entry_id": f"audit_{number:032x}",
            "at": write_time(START + timedelta(seconds=number)),
            "actor": actor,
            "action": "key.created",
            "object": f"key/{number}",
            "before": None,
            "after": file_digest(bytes([number % 256])),
            "request_id": f"req_{number}",
            "details": {"scopes": ["read"], "n": number, "text": "é\n"} if number % 2 else {},
            "sealed": base64.b64encode(bytes(40)).decode() if is_person else None,
        }

    @cached_property
    def leaves(self) -> list[bytes]:
        return [sha256(b"\x00" + line).digest() for line in self.lines]

    def checkpoint(
        self, size: int | None = None, *, minutes: float | None = None, private: Ed25519PrivateKey | None = None
    ) -> str:
        size = self.count if size is None else size
        at = START + timedelta(minutes=size if minutes is None else minutes)
        root = base64.b64encode(tree(self.leaves[:size])).decode()
        text = f"{self.origin}\n{size}\n{root}\narf.time {write_time(at)}\n"
        return note(text, (self.origin, private or self.private))

    def kept(self, size: int | None = None, **given: Any) -> Kept:
        return Kept(name="kept.note", data=self.checkpoint(size, **given).encode())

    def entries(
        self,
        first: int = 0,
        count: int | None = None,
        size: int | None = None,
        *,
        since: int | None = None,
        checkpoint: str | None = None,
    ) -> dict[str, bytes]:
        size = self.count if size is None else size
        count = size - first if count is None else count
        end = first + count
        earlier = None
        if since is not None:
            earlier = {
                "checkpoint": self.checkpoint(since),
                "proof": b64(continued(since, self.leaves[:size]) if since else []),
            }
        proof = {
            "schema": "arf.audit-range/1",
            "checkpoint": checkpoint or self.checkpoint(size),
            "first": first,
            "count": count,
            "left": b64(subtrees(self.leaves, 0, first)),
            "right": b64(subtrees(self.leaves, end, size)),
            "last": base64.b64encode(self.leaves[end - 1]).decode(),
            "since": earlier,
        }
        records = b"".join(line + b"\n" for line in self.lines[first:end])
        return mended(
            {"proof.json": canonical_bytes(proof) + b"\n", "records.jsonl": records}, self, first, count, size
        )

    def export(self, *args: int, **given: Any) -> bytes:
        return write_archive(self.entries(*args, **given))

    def inclusion(self, number: int, size: int | None = None, /, **changes: Any) -> bytes:
        size = self.count if size is None else size
        proof = b64(path(number, self.leaves[:size]))
        document = {"checkpoint": self.checkpoint(size), "record": json.loads(self.lines[number]), "proof": proof}
        return canonical_bytes({"schema": "arf.audit-inclusion/1", **document, **changes}) + b"\n"

    def consistency(self, first: int, second: int, /, **changes: Any) -> bytes:
        proof = b64(continued(first, self.leaves[:second]) if first else [])
        document = {"first": self.checkpoint(first), "second": self.checkpoint(second), "proof": proof}
        return canonical_bytes({"schema": "arf.audit-consistency/1", **document, **changes}) + b"\n"


def mended(
    entries: Mapping[str, bytes], log: Log, first: int, count: int, size: int, **changes: Any
) -> dict[str, bytes]:
    """``entries`` with a manifest whose every digest recomputes."""
    rest = {name: data for name, data in entries.items() if name != "manifest.json"}
    fields = {"tenant": log.tenant, "origin": log.origin, "first": first, "count": count, "size": size, **changes}
    return {**rest, "manifest.json": sealed("arf.audit-export/1", fields, rest)}


def with_records(log: Log, lines: Sequence[bytes], **proof: Any) -> bytes:
    """The export of ``log`` with other records, as an attacker mends it: every digest of the archive recomputes."""
    entries = log.entries()
    changed = {**json.loads(entries["proof.json"]), "count": len(lines), **proof}
    last = base64.b64encode(sha256(b"\x00" + lines[-1]).digest()).decode()
    content = canonical_bytes({"last": last, **changed} if "last" in proof else {**changed, "last": last}) + b"\n"
    records = b"".join(line + b"\n" for line in lines)
    size = proof.get("size", log.count)
    return write_archive(
        mended({"proof.json": content, "records.jsonl": records}, log, changed["first"], len(lines), size)
    )


def check(data: bytes, *kept: Kept, trusted: TrustedKeys | None = None) -> Report:
    return verify_bytes(data, name="it", trusted=trust() if trusted is None else trusted, kept=kept)


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.not_proven == ("anything",)
    assert report.first_bad is not None
    return report.first_bad


LOG = Log()


@pytest.mark.promise("VER-1")
def test_a_whole_log_verifies_and_the_report_says_what_is_known_and_what_is_not() -> None:
    report = check(LOG.export())
    assert report.ok, report.first_bad
    assert (report.kind, report.count) == ("audit_export", 11)
    proven, not_proven = " ".join(report.proven), " ".join(report.not_proven)
    assert f"records 0 to 10 are in the log {LOG.origin}" in proven
    assert file_digest(raw(OURS)) in proven
    assert "all 11 records" in proven
    assert "the 4 records with personal data, too, whether these were erased or not" in proven
    assert "no checkpoint that you have kept was given" in not_proven
    assert "whether the log goes on after its first 11 records" in not_proven


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_every_part_of_a_log_verifies_under_its_checkpoint(count: int) -> None:
    log = Log(count=count)
    for first in range(count):
        for last in range(first + 1, count + 1):
            report = check(log.export(first, last - first))
            assert report.ok, (first, last, report.first_bad)
            assert report.count == last - first
            is_whole = last - first == count
            assert is_whole is any("these are all" in fact for fact in report.proven)
            assert is_whole is not any("the other" in fact for fact in report.not_proven)


@pytest.mark.promise("VER-2")
def test_without_keys_no_log_verifies() -> None:
    for data in (LOG.export(), LOG.inclusion(3), LOG.consistency(4, 11), LOG.checkpoint().encode()):
        report = verify_bytes(data, name="it")
        assert "no key is trusted" in bad(report).what


@pytest.mark.promise("VER-2")
def test_only_a_key_of_the_verifier_counts() -> None:
    forged = replace(LOG, private=THEIRS)
    for data in (forged.export(), forged.inclusion(3), forged.consistency(4, 11), forged.checkpoint().encode()):
        assert "none of the 1 trusted keys" in bad(check(data)).what
        assert check(data, trusted=trust(THEIRS)).ok


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kinds": ["arf.policy-pack/1"]}, "may sign arf.policy-pack/1"),
        ({"tenants": ["other"]}, "may not sign for 'acme'"),
        ({"revoked_from": "2026-01-02T03:15:05.000006Z"}, "was revoked from"),
        ({"not_after": "2026-01-02T03:15:05.000006Z"}, "may sign from"),
        ({"not_before": "2026-01-02T03:15:05.000007Z"}, "may sign from"),
    ],
)
def test_a_key_signs_only_what_and_when_it_is_trusted_for(changes: dict[str, Any], reason: str) -> None:
    keys = trust(**changes)
    for data in (LOG.export(), LOG.inclusion(3), LOG.consistency(4, 11), LOG.checkpoint().encode()):
        assert reason in bad(check(data, trusted=keys)).what


@pytest.mark.promise("AUD-2")
def test_what_was_signed_before_a_key_was_revoked_still_verifies() -> None:
    keys = trust(revoked_from="2026-01-02T03:15:05.000007Z", tenants=["acme"])
    assert check(LOG.export(), trusted=keys).ok


@pytest.mark.promise("AUD-2")
def test_a_rotated_key_verifies_what_it_signed_beside_the_new_one() -> None:
    text = LOG.checkpoint().partition("\n\n")[0] + "\n"
    both = note(text, (LOG.origin, THEIRS), (LOG.origin, OURS), ("witness.example/w", key(9)))
    assert check(LOG.export(checkpoint=both)).ok
    one_bad = both.replace(both.split("\n— ")[1].split(" ")[1][8:20], "AAAAAAAAAAAA")
    assert "does not hold" in bad(check(LOG.export(checkpoint=one_bad), trusted=trust(OURS, THEIRS))).what


# Attacks on the records of an export.


@pytest.mark.promise("AUD-2")
def test_an_edited_record_is_named_even_where_every_digest_of_the_archive_was_mended() -> None:
    lines = [line.replace(b"key/4", b"key/5") if n == 4 else line for n, line in enumerate(LOG.lines)]
    place = bad(check(with_records(LOG, lines)))
    assert place.where == "records.jsonl, line 5 (record 4)"
    assert place.stated == LOG.leaves[4].hex()
    assert place.computed == sha256(b"\x00" + lines[4]).hexdigest()


@pytest.mark.promise("AUD-2")
def test_an_edited_record_is_named_where_nothing_was_mended() -> None:
    data = LOG.export().replace(b'"object":"key/4"', b'"object":"key/5"')
    place = bad(check(data))
    assert place.where == "records.jsonl, line 5 (record 4)"
    assert place.stated == LOG.leaves[4].hex()


@pytest.mark.promise("AUD-2")
def test_the_edited_last_record_is_named_by_the_digest_of_the_proof() -> None:
    lines = [*LOG.lines[:-1], LOG.lines[-1].replace(b"key/10", b"key/11")]
    last = base64.b64encode(LOG.leaves[-1]).decode()
    place = bad(check(with_records(LOG, lines, last=last)))
    assert place.where == "records.jsonl, line 11 (record 10)"
    assert (place.stated, place.computed) == (LOG.leaves[-1].hex(), sha256(b"\x00" + lines[-1]).hexdigest())


@pytest.mark.promise("AUD-2")
def test_a_record_that_was_taken_out_is_missed() -> None:
    place = bad(check(with_records(LOG, [*LOG.lines[:4], *LOG.lines[5:]])))
    assert place.where == "records.jsonl, line 5 (record 4)"
    assert "its number is 5" in place.what
    assert (place.stated, place.computed) == (LOG.leaves[4].hex(), LOG.leaves[3].hex())


@pytest.mark.promise("AUD-2")
def test_a_record_that_was_put_in_is_noticed() -> None:
    invented = LOG.lines[4].replace(b"key/4", b"key/evil")
    place = bad(check(with_records(LOG, [*LOG.lines[:5], invented, *LOG.lines[5:]])))
    assert place.where == "records.jsonl, line 6 (record 5)"
    assert "its number is 4" in place.what


@pytest.mark.promise("AUD-2")
def test_swapped_records_are_noticed() -> None:
    lines = [*LOG.lines]
    lines[3], lines[4] = lines[4], lines[3]
    assert bad(check(with_records(LOG, lines))).where == "records.jsonl, line 4 (record 3)"


@pytest.mark.promise("AUD-2")
def test_a_log_whose_numbers_and_hashes_were_all_recomputed_has_another_root() -> None:
    """The attacker has the database, but not the key."""
    rewritten = Log(altered={4: {"object": "key/evil"}})
    place = bad(check(rewritten.export(checkpoint=LOG.checkpoint())))
    assert place.where == "proof.json"
    assert (place.stated, place.computed) == (spelled(tree(LOG.leaves)), spelled(tree(rewritten.leaves)))


@pytest.mark.promise("AUD-2")
def test_a_tail_that_was_cut_off_with_the_proof_left_as_it_was_is_noticed() -> None:
    assert "must be" not in bad(check(with_records(LOG, LOG.lines[:-2], count=11))).what
    place = bad(check(with_records(LOG, LOG.lines[:-2])))
    assert "its right side has 0 hashes" in place.what


@pytest.mark.promise("AUD-2")
def test_records_of_another_tenant_are_noticed() -> None:
    foreign = Log(altered={4: {"tenant": "other"}})
    place = bad(check(foreign.export()))
    assert place.where == "records.jsonl, line 5 (record 4)"
    assert (place.stated, place.computed) == ("acme", "other")


@pytest.mark.promise("AUD-2")
def test_the_checkpoint_of_another_tenant_is_no_checkpoint_of_this_log() -> None:
    other = Log(tenant="other")
    theirs = bad(check(LOG.export(checkpoint=other.checkpoint())))
    assert theirs.where == "proof.json"
    same_records = LOG.checkpoint().replace("/acme", "/other")
    assert (
        "does not hold" in bad(check(LOG.export(checkpoint=same_records))).what
        or "none of the" in bad(check(LOG.export(checkpoint=same_records))).what
    )
    signed_for_other = note(
        LOG.checkpoint().partition("\n\n")[0].replace("/acme", "/other") + "\n", (other.origin, OURS)
    )
    place = bad(check(LOG.export(checkpoint=signed_for_other)))
    assert "its origin is not that of manifest.json" in place.what
    renamed = note(LOG.checkpoint().partition("\n\n")[0] + "\n", (other.origin, OURS))
    assert "none of the 1 trusted keys" in bad(check(LOG.export(checkpoint=renamed))).what


@pytest.mark.promise("AUD-2")
def test_an_older_genuine_checkpoint_does_not_cover_newer_records() -> None:
    place = bad(check(LOG.export(checkpoint=LOG.checkpoint(8))))
    assert "size is 8" in place.what
    mended_too = write_archive(mended(LOG.entries(checkpoint=LOG.checkpoint(8)), LOG, 0, 11, 8))
    assert "it is of 11 records from 0 on: the checkpoint has 8" in bad(check(mended_too)).what


# What only a checkpoint that somebody kept can show.


@pytest.mark.promise("AUD-2")
@pytest.mark.parametrize("size", range(12))
def test_a_whole_log_continues_every_checkpoint_that_was_kept(size: int) -> None:
    report = check(LOG.export(), LOG.kept(size))
    assert report.ok, report.first_bad
    assert any("continues every checkpoint" in fact for fact in report.proven)
    assert not any("no checkpoint that you have kept was given" in fact for fact in report.not_proven)


@pytest.mark.promise("AUD-2")
def test_a_part_continues_a_kept_checkpoint_by_its_since() -> None:
    kept = LOG.kept(5)
    report = check(LOG.export(7, 2, since=5), kept)
    assert report.ok, report.first_bad
    assert any("the log continues the checkpoint of 5 records" in fact for fact in report.proven)
    assert "does not show what its first 5 records were" in bad(check(LOG.export(7, 2), kept)).what
    assert check(LOG.export(5, 2), kept).ok  # what is left of the records is all that the checkpoint had


@pytest.mark.promise("AUD-2")
def test_a_cut_tail_is_noticed_by_a_later_checkpoint_and_unknown_without_one() -> None:
    cut = LOG.export(0, 8, 8)
    assert check(cut).ok
    place = bad(check(cut, LOG.kept()))
    assert place.where == "kept.note"
    assert "records 8 to 10 are missing" in place.what
    assert "an older state of the log, or a tail was cut off" in place.what


@pytest.mark.promise("AUD-2")
def test_a_log_that_got_shorter_as_time_went_on_was_cut() -> None:
    signed_later = LOG.export(0, 8, 8, checkpoint=LOG.checkpoint(8, minutes=30))
    assert "the tail of the log was cut off" in bad(check(signed_later, LOG.kept())).what
    grown_again = bad(check(LOG.export(), LOG.kept(8, minutes=30)))
    assert "signed later and has fewer records" in grown_again.what


@pytest.mark.promise("AUD-2")
def test_a_forked_log_has_another_root_where_it_was_still_one() -> None:
    fork = Log(altered={6: {"object": "key/evil"}})
    assert check(fork.export()).ok  # whoever has the key can sign another log
    assert check(fork.export(), LOG.kept(6)).ok
    place = bad(check(fork.export(), LOG.kept(6), LOG.kept(9)))
    assert "forked or rewritten" in place.what
    assert (place.stated, place.computed) == (spelled(tree(LOG.leaves[:9])), spelled(tree(fork.leaves[:9])))


@pytest.mark.promise("AUD-2")
def test_a_full_rewrite_by_the_owner_of_the_key_is_shown_by_a_kept_checkpoint() -> None:
    rewritten = Log(altered={0: {"object": "key/evil"}}, count=20)
    for data in (rewritten.export(), rewritten.export(11, 9, since=11), rewritten.export(11, 9)):
        assert "forked or rewritten" in bad(check(data, LOG.kept())).what


@pytest.mark.promise("AUD-2")
def test_a_kept_checkpoint_of_another_log_is_none_of_this() -> None:
    for other in (Log(tenant="other"), Log(installation="inst-2")):
        place = bad(check(LOG.export(), other.kept()))
        assert (place.stated, place.computed) == (other.origin, LOG.origin)


@pytest.mark.promise("AUD-2")
def test_a_kept_checkpoint_must_verify_itself() -> None:
    forged = Kept(name="kept.note", data=replace(LOG, private=THEIRS).checkpoint(5).encode())
    assert bad(check(LOG.export(), forged)).where == "kept.note"
    assert "is no checkpoint" in bad(check(LOG.export(), Kept(name="kept.note", data=b"nothing"))).what


@pytest.mark.promise("VER-2")
def test_what_cannot_be_held_against_a_checkpoint_fails() -> None:
    for data in (b"{}", b"ARF-ENT-a.b", b"[]"):
        assert not check(data, LOG.kept()).ok
    receipt = b"arf-receipt/1 intent_0000000000000000"
    report = verify_bytes(receipt, name="it", kept=[LOG.kept()])
    assert "cannot be held against a checkpoint" in bad(report).what


@pytest.mark.promise("AUD-2")
def test_an_earlier_checkpoint_in_the_export_must_be_continued() -> None:
    entries = LOG.entries(since=5)
    proof = json.loads(entries["proof.json"])
    fork = Log(altered={2: {"object": "key/evil"}})
    alien = {"checkpoint": fork.checkpoint(5), "proof": proof["since"]["proof"]}
    later = {"checkpoint": LOG.checkpoint(5, minutes=99), "proof": proof["since"]["proof"]}
    foreign = {"checkpoint": Log(tenant="other").checkpoint(5), "proof": proof["since"]["proof"]}
    for since, reason in ((alien, "gives another root"), (later, "later than"), (foreign, "of another log")):
        content = canonical_bytes({**proof, "since": since}) + b"\n"
        data = write_archive(mended({**entries, "proof.json": content}, LOG, 0, 11, 11))
        assert reason in bad(check(data)).what


# The form.


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.audit-export/2"}, "the schema of manifest.json"),
        ({"tenant": "other"}, "it is of another tenant"),
        ({"tenant": "A/../B"}, "the tenant of manifest.json"),
        ({"origin": "arf/inst-2/acme"}, "its origin is not that"),
        ({"first": 1}, "proof.json says that first is 0"),
        ({"count": 10}, "proof.json says that count is 11"),
        ({"size": 12}, "proof.json says that size is 11"),
        ({"size": -1}, "the size of manifest.json"),
        ({"public_key": "AA=="}, "unknown key 'public_key'"),
    ],
)
def test_a_manifest_says_what_the_proof_says(changes: dict[str, Any], reason: str) -> None:
    entries = LOG.entries()
    manifest = {**json.loads(entries["manifest.json"]), **changes}
    del manifest["digest"]
    whole = {**manifest, "digest": digest(manifest["schema"], manifest)}
    assert reason in bad(check(write_archive({**entries, "manifest.json": canonical_bytes(whole) + b"\n"}))).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.audit-range/2"}, "the schema of proof.json"),
        ({"left": [base64.b64encode(bytes(32)).decode()]}, "its left side has 1 hashes"),
        ({"right": [base64.b64encode(bytes(32)).decode()]}, "its right side has 1 hashes"),
        ({"last": base64.b64encode(bytes(31)).decode()}, "last of proof.json has 31 bytes"),
        ({"count": 0}, "it has 11 records, and the proof is of 0"),
        ({"first": 11}, "its number is 0"),
        ({"count": -1}, "the count of proof.json"),
        ({"key": "me"}, "unknown key 'key'"),
        ({"checkpoint": 7}, "the checkpoint of proof.json"),
        ({"checkpoint": "arf/inst-1/acme\n11\n"}, "is no checkpoint"),
    ],
)
def test_a_proof_has_one_form(changes: dict[str, Any], reason: str) -> None:
    entries = LOG.entries()
    content = canonical_bytes({**json.loads(entries["proof.json"]), **changes}) + b"\n"
    first, count = changes.get("first", 0), changes.get("count", 11)
    data = write_archive(mended({**entries, "proof.json": content}, LOG, first, max(count, 0), 11))
    assert reason in bad(check(data)).what


@pytest.mark.promise("VER-3")
def test_an_export_has_its_three_entries_and_no_other() -> None:
    entries = LOG.entries()
    more = mended({**entries, "note.txt": b"hello"}, LOG, 0, 11, 11)
    assert "and no other" in bad(check(write_archive(more))).what
    undeclared = {**entries, "note.txt": b"hello"}
    assert "no other" in bad(check(write_archive(undeclared))).what
    less = mended({"records.jsonl": entries["records.jsonl"]}, LOG, 0, 11, 11)
    assert "an entry proof.json" in bad(check(write_archive(less))).what


@pytest.mark.promise("VER-3")
def test_records_have_one_spelling_each_on_a_line_of_its_own() -> None:
    for wrong in (
        LOG.lines[4].replace(b'"before":null', b'"before": null'),
        LOG.lines[4].replace(b'"key/4"', b'"key/\\u0034"'),
        LOG.lines[4] + b"\r",
        b"",
    ):
        lines = [*LOG.lines[:4], wrong, *LOG.lines[5:]]
        place = bad(check(with_records(LOG, lines)))
        assert place.where == "records.jsonl, line 5 (record 4)", place
    entries = LOG.entries()
    cut = mended({**entries, "records.jsonl": entries["records.jsonl"][:-1]}, LOG, 0, 11, 11)
    assert "does not end in a newline" in bad(check(write_archive(cut))).what


@pytest.mark.promise("VER-1")
def test_a_damaged_export_is_still_recognised_as_one() -> None:
    data = LOG.export()
    assert recognise(data) == recognise(data[:-5]) == "audit_export"
    assert not check(data[:-5]).ok
    of_a_pack = Log(altered={1: {"details": {"schema": "arf.policy-pack/1"}}})
    assert check(of_a_pack.export()).ok


# Proofs of one record, of a continuation, and checkpoints alone.


@pytest.mark.promise("VER-1")
def test_every_record_is_proven_under_every_checkpoint_that_has_it() -> None:
    for size in range(1, 12):
        for number in range(size):
            report = check(LOG.inclusion(number, size))
            assert report.ok, report.first_bad
            assert (report.kind, report.count) == ("audit_inclusion", 1)
    assert any("record 10, key.created at 2026-01-02T03:04:15.000006Z, is in the log" in fact for fact in report.proven)
    assert any("sealed personal data" in fact for fact in report.not_proven)


@pytest.mark.promise("AUD-2")
def test_a_proof_of_a_record_is_of_that_record_alone() -> None:
    record = json.loads(LOG.lines[4])
    proof = json.loads(LOG.inclusion(4))["proof"]
    for changes, reason in (
        ({"record": {**record, "object": "key/5"}}, "gives another root"),
        ({"record": {**record, "sequence": 5}}, "gives another root"),
        ({"record": {**record, "sequence": 11}}, "leaf 11 is not in a tree of 11"),
        ({"record": {**record, "tenant": "other"}}, "the record is of other"),
        ({"record": {**record, "extra": 1}}, "unknown key 'extra'"),
        ({"proof": proof[:-1]}, "too short"),
        ({"proof": [*proof, proof[0]]}, "too long"),
        ({"proof": proof[::-1]}, "gives another root"),
        ({"checkpoint": LOG.checkpoint(8)}, "too long"),
        ({"checkpoint": Log(tenant="other").checkpoint()}, "the record is of acme"),
        ({"schema": "arf.audit-inclusion/2"}, "the schema of the proof"),
        ({"key": "mine"}, "unknown key 'key'"),
    ):
        assert reason in bad(check(LOG.inclusion(4, **changes))).what


@pytest.mark.promise("VER-2")
def test_a_record_alone_proves_nothing() -> None:
    assert "a record alone proves nothing" in bad(check(LOG.lines[4])).what


@pytest.mark.promise("AUD-2")
def test_every_checkpoint_is_proven_to_be_continued_by_every_later_one() -> None:
    for second in range(12):
        for first in range(second + 1):
            report = check(LOG.consistency(first, second))
            assert report.ok, (first, second, report.first_bad)
    assert any("begins with the 11 records" in fact for fact in report.proven)


@pytest.mark.promise("AUD-2")
def test_a_fork_has_no_proof_of_continuation() -> None:
    fork = Log(altered={2: {"object": "key/evil"}})
    for changes, reason in (
        ({"first": fork.checkpoint(4)}, "gives another root"),
        ({"second": fork.checkpoint(11)}, "gives another root"),
        ({"first": Log(tenant="other").checkpoint(4)}, "two logs"),
        ({"first": LOG.checkpoint(11), "second": LOG.checkpoint(4)}, "cannot continue"),
        ({"first": LOG.checkpoint(4, minutes=99)}, "the log was cut, or a clock went back"),
        ({"first": replace(LOG, private=THEIRS).checkpoint(4)}, "none of the 1 trusted keys"),
    ):
        assert reason in bad(check(LOG.consistency(4, 11, **changes))).what


@pytest.mark.promise("AUD-2")
def test_a_proof_is_held_against_a_kept_checkpoint() -> None:
    fork = Log(altered={2: {"object": "key/evil"}})
    for data in (LOG.inclusion(3), LOG.consistency(4, 11), LOG.checkpoint().encode()):
        assert check(data, LOG.kept()).ok
        assert "forked or rewritten" in bad(check(data, fork.kept())).what
        assert "ask for a consistency proof" in bad(check(data, LOG.kept(5))).what
    assert check(LOG.consistency(4, 11), LOG.kept(4), LOG.kept(11)).ok


@pytest.mark.promise("VER-1")
def test_a_checkpoint_alone_says_how_long_the_log_is() -> None:
    report = check(LOG.checkpoint().encode())
    assert (report.ok, report.kind) == (True, "checkpoint")
    assert any("has 11 records" in fact for fact in report.proven)
    assert recognise(LOG.checkpoint().encode()[5:]) == "checkpoint"


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    "text",
    [
        "arf/inst-1\n1\n{root}\narf.time {time}\n",
        "arf/inst-1/acme/more\n1\n{root}\narf.time {time}\n",
        "arf/inst-1/-acme\n1\n{root}\narf.time {time}\n",
        "arf/inst-1/acme\n1\n{root}\n",
        "arf/inst-1/acme\n1\n{root}\narf.time yesterday\n",
        "arf/inst-1/acme\n1\n{root}\narf.time {time}\narf.time {time}\n",
        "arf/inst-1/acme\n01\n{root}\narf.time {time}\n",
        "arf/inst-1/acme\n-1\n{root}\narf.time {time}\n",
    ],
)
def test_a_checkpoint_has_one_form(text: str) -> None:
    whole = text.format(root=base64.b64encode(bytes(32)).decode(), time=write_time(START))
    assert not check(note(whole, (whole.partition("\n")[0], OURS)).encode()).ok


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_flipped_bit_verifies(data: st.DataObject) -> None:
    log = Log(count=3)
    original = data.draw(
        st.sampled_from([log.export(since=2), log.export(1, 1), log.inclusion(1), log.consistency(2, 3)]), label="it"
    )
    at = data.draw(st.integers(0, len(original) - 1), label="at")
    bit = data.draw(st.integers(0, 7), label="bit")
    flipped = bytearray(original)
    flipped[at] ^= 1 << bit
    assert check(original).ok
    assert not check(bytes(flipped)).ok


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.data())
def test_every_range_of_every_log_verifies_and_gives_every_root_on_its_way(count: int, data: st.DataObject) -> None:
    log = Log(count=count)
    first = data.draw(st.integers(0, count - 1))
    size = data.draw(st.integers(first + 1, count))
    much = data.draw(st.integers(1, size - first))
    kept = data.draw(st.integers(first, first + much))
    report = check(log.export(first, much, size), log.kept(kept))
    assert report.ok, report.first_bad


def test_a_read_checkpoint_says_what_it_is() -> None:
    found = read_signed_checkpoint(LOG.checkpoint(5).encode(), what="it")
    assert str(found) == "the checkpoint of 5 records of arf/inst-1/acme, signed at 2026-01-02T03:09:05.000006Z"
    assert set(read_archive(LOG.export()).entries) == {"manifest.json", "proof.json", "records.jsonl"}
