# SPDX-License-Identifier: Apache-2.0
"""Verifies exports of an audit log (docs/contracts/audit/1, "Export"), in this order:

1. The archive has the one form and three entries, the manifest lists them, and every digest recomputes. Where the
   records were altered, the first altered one is named.
2. Each line is a record in canonical form, of the tenant of the manifest; the numbers go up by one.
3. Each ``previous`` is the leaf of the record before it, and ``last`` that of the last.
4. The root over left, records and right is that of the checkpoint.
5. The checkpoint verifies by the verifier's keys, and is of the origin, tenant and size that the manifest says.
6. An earlier checkpoint in the export (``since``) verifies, and is continued.
7. Every checkpoint that the verifier has kept is continued (``verify.kept``).

Records are read one at a time, each once: memory is that of the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.canonical import canonical_bytes, write_time
from arf_core.errors import ArchiveError, BadPlace, BrokenError, FormatError
from arf_core.models.frozen import shown
from arf_core.verify.archive import read_archive
from arf_core.verify.audit_chain import RECORDS, chained, place_of
from arf_core.verify.audit_ranges import Growing, Range, begun, ended, read_range
from arf_core.verify.audit_records import TENANT, Record
from arf_core.verify.checkpoints import SignedCheckpoint, check_checkpoint, other_log, spelled
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.fields import matched, object_of, read_json, size_of, text_of
from arf_core.verify.kept import HINT_EXPORT, Kept, check_kept, read_kept, unknown_after
from arf_core.verify.manifest import check_manifest, read_manifest
from arf_core.verify.merkle import check_consistency
from arf_core.verify.report import Report
from arf_core.verify.steps import Steps, broken_if
from arf_core.verify.trust import TrustedKeys

SCHEMA: Final = "arf.audit-export/1"
PROOF: Final = "proof.json"

Visit = Callable[[Record, bytes], None]
"""Is given a record and its leaf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExport:
    """An export that verifies: its digest, its proof with the checkpoint, by which keys, and how many were sealed.

    ``roots`` are those of the log at the sizes that were asked for, as far as the export shows them.
    """

    digest: str
    proof: Range
    signers: tuple[str, ...]
    sealed: int
    roots: Mapping[int, bytes]

    @property
    def is_whole(self) -> bool:
        """Whether it has every record that its checkpoint speaks of."""
        return self.proof.count == self.proof.checkpoint.size


def verify_audit_export(data: bytes, *, name: str, trusted: TrustedKeys | None, kept: tuple[Kept, ...] = ()) -> Report:
    """The report on the export in ``data``; ``kept`` are checkpoints that the verifier has kept."""
    steps = Steps()
    try:
        held = read_kept(kept, trusted, steps=steps)
        found = read_audit_export(data, steps=steps, trusted=trusted, held=held)
    except BrokenError as error:
        return steps.failed("audit_export", name, error.place)
    return Report(
        kind="audit_export",
        name=name,
        checks=tuple(steps.checks),
        count=found.proof.count,
        proven=tuple(_proven(found, kept)),
        not_proven=tuple(_not_proven(found, kept)),
    )


def read_audit_export(
    data: bytes,
    *,
    steps: Steps,
    trusted: TrustedKeys | None,
    held: tuple[tuple[str, SignedCheckpoint], ...] = (),
    sizes: frozenset[int] = frozenset(),
    visit: Visit | None = None,
) -> AuditExport:
    """The export in ``data``, verified by all rules; ``steps`` are told which held.

    ``held`` are verified checkpoints with their names, which the log must continue; ``sizes`` are others at which its
    root is asked for. ``visit`` is given each record with its leaf, in order; what it is given counts only if the whole
    export verifies.

    Raises:
        BrokenError: a rule does not hold; the error names the first bad place.
    """
    with steps.step("it is an archive of the one form"):  # rule 1
        archive = read_archive(data)
        entries = archive.entries
    with steps.step("the manifest lists every file, and every digest recomputes", f"{len(entries) - 1} files"):
        manifest = object_of(read_manifest(entries), what=MANIFEST, keys=_KEYS)
        _check_manifest(manifest, entries)
        broken_if(_altered(check_manifest(manifest, entries), manifest, entries) or archive.damaged)
    with steps.step("the proof has its form, and is of these records"):
        proof = read_range(_canonical(entries[PROOF]), what=PROOF)
        _check_numbers(manifest, proof)
    tree = begun(proof, {checkpoint.size for _, checkpoint in held} | sizes)
    with steps.step("every record has its form and number, and follows from the one before", f"{proof.count} records"):
        sealed = _walked(entries[RECORDS], manifest, proof, tree, visit)  # rules 2 and 3
    with steps.step("the root over the records is that of the checkpoint"):  # rule 4
        roots = ended(tree, proof)
        broken_if(_other_root(roots[proof.checkpoint.size], proof.checkpoint))
    with steps.step("the checkpoint is signed by a trusted key, for this log"):  # rule 5
        signers = check_checkpoint(proof.checkpoint, trusted)
        broken_if(other_log(manifest, proof.checkpoint, where=PROOF))
    if proof.since is not None:
        with steps.step("it continues the earlier checkpoint in it", f"of {proof.since.checkpoint.size} records"):
            roots = {**_continued(proof, trusted), **roots}  # rule 6
    check_kept(held, proof.checkpoint, roots, steps=steps, hint=HINT_EXPORT)  # rule 7
    return AuditExport(digest=str(manifest["digest"]), proof=proof, signers=signers, sealed=sealed, roots=roots)


def _check_manifest(manifest: Mapping[str, object], entries: Mapping[str, bytes]) -> None:
    if manifest["schema"] != SCHEMA:
        raise FormatError(f"the schema of {MANIFEST} is {shown(manifest['schema'])}: this version reads {SCHEMA!r}")
    matched(manifest["tenant"], TENANT, what=f"the tenant of {MANIFEST}", rule="small letters, digits, '_' and '-'")
    text_of(manifest["origin"], what=f"the origin of {MANIFEST}")
    for name in ("first", "count", "size"):
        size_of(manifest[name], what=f"the {name} of {MANIFEST}")
    for name in (PROOF, RECORDS):
        if name not in entries:
            raise ArchiveError(f"an audit export has an entry {name}, and this has none")
    if len(entries) != 3:
        raise ArchiveError(f"an audit export has the entries {MANIFEST}, {PROOF} and {RECORDS} and no other")


def _altered(bad: BadPlace | None, manifest: Mapping[str, object], entries: Mapping[str, bytes]) -> BadPlace | None:
    """``bad``, or, where the records were altered, the first record that the ones after it show to be another."""
    if bad is None or bad.where != RECORDS:
        return bad
    try:
        for _ in chained(entries[RECORDS], str(manifest["tenant"]), _number(manifest, "first")):
            pass
    except BrokenError as error:
        return error.place
    return bad


def _walked(data: bytes, manifest: Mapping[str, object], proof: Range, tree: Growing, visit: Visit | None) -> int:
    """How many records have sealed personal data, once each was read, added to ``tree``, and found to follow."""
    sealed = count = 0
    leaf = b""
    for record, leaf in chained(data, str(manifest["tenant"]), proof.first):
        tree.add(0, leaf)
        count += 1
        sealed += record.is_sealed
        if visit is not None:
            visit(record, leaf)
    if count != proof.count:
        what = f"it has {count} records, and the proof is of {proof.count}: records were cut off or put in at the end"
        raise BrokenError(BadPlace(where=RECORDS, what=what, stated=str(proof.count), computed=str(count)))
    if leaf != proof.last:
        where, what = (
            place_of(count - 1, proof.first + count - 1),
            "it is not the last record that the proof is of: it was altered",
        )
        raise BrokenError(BadPlace(where=where, what=what, stated=proof.last.hex(), computed=leaf.hex()))
    return sealed


def _other_root(root: bytes, checkpoint: SignedCheckpoint) -> BadPlace | None:
    if root == checkpoint.root:
        return None
    what = "the records are not those that the checkpoint was signed over: they were rewritten, or it is of another log"
    return BadPlace(where=PROOF, what=what, stated=spelled(checkpoint.root), computed=spelled(root))


def _continued(proof: Range, trusted: TrustedKeys | None) -> dict[int, bytes]:
    """The root of the earlier checkpoint, by its size, once it is proven to be continued."""
    since, newest = proof.since, proof.checkpoint
    if since is None:
        return {}
    earlier = since.checkpoint
    check_checkpoint(earlier, trusted)
    if earlier.origin != newest.origin or earlier.at > newest.at:
        raise FormatError(f"since of {PROOF} is {earlier}: of another log, or later than {newest}")
    check_consistency(
        first=earlier.size,
        first_root=earlier.root,
        second=newest.size,
        second_root=newest.root,
        proof=since.proof,
    )
    return {earlier.size: earlier.root}


def _check_numbers(manifest: Mapping[str, object], proof: Range) -> None:
    for name, value in (("first", proof.first), ("count", proof.count), ("size", proof.checkpoint.size)):
        if manifest[name] != value:
            raise FormatError(f"{PROOF} says that {name} is {value}, and {MANIFEST} says {manifest[name]}")


def _canonical(data: bytes) -> object:
    value = read_json(data, what=PROOF)
    if canonical_bytes(value) + b"\n" != data:
        raise FormatError(f"{PROOF} is not in canonical form: RFC 8785 and a newline")
    return value


def _number(manifest: Mapping[str, object], name: str) -> int:
    return size_of(manifest[name], what=f"the {name} of {MANIFEST}")


def _proven(found: AuditExport, kept: tuple[Kept, ...]) -> Iterator[str]:
    proof, checkpoint = found.proof, found.proof.checkpoint
    last = proof.first + proof.count - 1
    yield (
        f"records {proof.first} to {last} are in the log {checkpoint.origin}, unaltered and in order, as it stood when "
        f"{', '.join(found.signers)} signed it at {write_time(checkpoint.at)}"
    )
    if found.is_whole:
        yield f"these are all {checkpoint.size} records that the log had then"
    if proof.since is not None:
        yield f"the log continues {proof.since.checkpoint}"
    if kept:
        yield f"the log continues every checkpoint that you have kept ({len(kept)})"
    if found.sealed:
        yield f"that holds for the {found.sealed} records with personal data, too, whether these were erased or not"


def _not_proven(found: AuditExport, kept: tuple[Kept, ...]) -> Iterator[str]:
    if not found.is_whole:
        yield f"anything about the other {found.proof.checkpoint.size - found.proof.count} records of the log"
    yield from unknown_after(found.proof.checkpoint, kept)
    yield "that what a record says is true, that nothing happened beside it, or when it was signed"
    if found.sealed:
        yield f"what the sealed personal data of {found.sealed} records say: they are encrypted"


_KEYS: Final = ("schema", "tenant", "origin", "first", "count", "size", "entries", "digest")
