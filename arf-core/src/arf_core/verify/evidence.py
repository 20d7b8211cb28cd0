# SPDX-License-Identifier: Apache-2.0
"""Verifies evidence packs: what an audit log has for each control of a framework (docs/contracts/evidence/1).

1. The archive has the one form and four entries; the manifest lists two, and every digest recomputes.
2. The evidence has its form; counts, ranges and statuses agree, and a control without records says so.
3. The statement is signed by a trusted key that may sign ``arf.evidence-pack/1`` for the tenant, and repeats the
   manifest.
4. The checkpoint verifies, and is of the origin, tenant and size of the manifest.
5. Every checkpoint that the verifier has kept is held against it (``verify.kept``).
6. Where audit exports are given, the pack's counts and digests are recomputed from their records
   (``verify.evidence_records``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_core.errors import ArchiveError, BrokenError, FormatError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.archive import read_archive
from arf_core.verify.checkpoints import SignedCheckpoint, check_checkpoint, other_log, read_signed_checkpoint
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.evidence_form import EVIDENCE, Control, read_controls
from arf_core.verify.evidence_records import Recount, recounted
from arf_core.verify.fields import object_of, read_json, size_of, text_of, time_of
from arf_core.verify.kept import HINT_PROOF, Kept, check_kept, read_kept, unknown_after
from arf_core.verify.manifest import check_manifest, read_manifest
from arf_core.verify.report import Report
from arf_core.verify.signatures import Signers, Statement, read_statement
from arf_core.verify.statements import check_repeats, check_trusted, not_proven_by, proven_by
from arf_core.verify.steps import Steps, broken_if
from arf_core.verify.trust import TrustedKeys

SCHEMA: Final = "arf.evidence-pack/1"
CHECKPOINT: Final = "checkpoint.note"
SIGNATURE: Final = "signature.json"
SIGNED: Final = ("tenant", "origin", "framework", "from", "to", "size", "digest")
"""The fields of the manifest that the payload of the signature repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """An evidence pack whose signature and checkpoint hold."""

    manifest: Mapping[str, object]
    controls: tuple[Control, ...]
    statement: Statement
    signers: Signers
    checkpoint: SignedCheckpoint


def verify_evidence(
    data: bytes,
    *,
    name: str,
    trusted: TrustedKeys | None,
    kept: tuple[Kept, ...] = (),
    records: tuple[Kept, ...] = (),
) -> Report:
    """The report on the evidence pack in ``data``; ``records`` are exports to recompute it from, in their order."""
    steps = Steps()
    try:
        pack = _read(data, steps, trusted)
        under = pack.checkpoint
        held = read_kept(kept, trusted, steps=steps)
        check_kept(held, under, {under.size: under.root}, steps=steps, hint=HINT_PROOF)  # rule 5
        recount = recounted(pack.controls, pack.manifest, under, records, trusted=trusted, steps=steps)  # rule 6
    except BrokenError as error:
        return steps.failed("evidence", name, error.place)
    return Report(
        kind="evidence",
        name=name,
        checks=tuple(steps.checks),
        count=len(pack.controls),
        proven=tuple(_proven(pack, recount)),
        not_proven=tuple(_not_proven(pack, recount, kept)),
    )


def _read(data: bytes, steps: Steps, trusted: TrustedKeys | None) -> Pack:
    with steps.step("it is an archive of the one form"):  # rule 1
        archive = read_archive(data)
        entries = archive.entries
    with steps.step("the manifest lists every file, and every digest recomputes"):
        manifest = object_of(read_manifest(entries), what=MANIFEST, keys=_KEYS)
        _check_manifest(manifest, entries)
        broken_if(check_manifest(manifest, entries, beside=(SIGNATURE,)) or archive.damaged)
    with steps.step("the evidence has its form, and its counts agree"):  # rule 2
        controls = read_controls(_canonical(entries[EVIDENCE]), manifest)
    with steps.step("it is signed by a trusted key, as this pack"):  # rule 3
        statement, signers = _signed(manifest, entries, trusted)
    with steps.step("the checkpoint is signed by a trusted key, for this log"):  # rule 4
        checkpoint = read_signed_checkpoint(entries[CHECKPOINT], what=CHECKPOINT)
        check_checkpoint(checkpoint, trusted)
        broken_if(other_log(manifest, checkpoint, where=CHECKPOINT))
    return Pack(manifest=manifest, controls=controls, statement=statement, signers=signers, checkpoint=checkpoint)


def _check_manifest(manifest: Mapping[str, object], entries: Mapping[str, bytes]) -> None:
    if manifest["schema"] != SCHEMA:
        raise FormatError(f"the schema of {MANIFEST} is {shown(manifest['schema'])}: this version reads {SCHEMA!r}")
    for name in ("tenant", "origin", "framework"):
        text_of(manifest[name], what=f"the {name} of {MANIFEST}")
    size_of(manifest["size"], what=f"the size of {MANIFEST}")
    start, end = (time_of(manifest[name], what=f"the {name!r} of {MANIFEST}") for name in ("from", "to"))
    if not start < end:
        raise FormatError(f"the window of {MANIFEST} ends before it begins")
    if unlike := sorted({CHECKPOINT, EVIDENCE, MANIFEST, SIGNATURE} ^ set(entries)):
        what = "has no entry" if unlike[0] in entries else "must have an entry"
        raise ArchiveError(f"an evidence pack {what} {shown(unlike[0])}")


def _signed(
    manifest: Mapping[str, object], entries: Mapping[str, bytes], trusted: TrustedKeys | None
) -> tuple[Statement, Signers]:
    statement = read_statement(entries[SIGNATURE], what=SIGNATURE)
    if statement.kind != SCHEMA or statement.tenant != manifest["tenant"]:
        raise VerificationError(f"{SIGNATURE} is over {statement.kind} for {statement.tenant}, and not over this pack")
    signers = check_trusted(statement, trusted)
    check_repeats(statement, manifest, SIGNED, where=SIGNATURE)
    return statement, signers


def _canonical(data: bytes) -> object:
    value = read_json(data, what=EVIDENCE)
    if canonical_bytes(value) + b"\n" != data:
        raise FormatError(f"{EVIDENCE} is not in canonical form: RFC 8785 and a newline")
    return value


def _proven(pack: Pack, recount: Recount | None) -> Iterator[str]:
    manifest = pack.manifest
    without = [control.name for control in pack.controls if not control.count]
    yield from proven_by(pack.statement, pack.signers)
    yield (
        f"it says what the log {pack.checkpoint.origin} of {pack.checkpoint.size} records had for "
        f"{len(pack.controls)} controls of {manifest['framework']}, from {manifest['from']} until {manifest['to']}"
    )
    if without:
        yield f"it says that there is no evidence in this window for {', '.join(without)}"
    if recount is not None:
        yield f"its counts and digests are those of the records {recount.spans}, which were counted again"


def _not_proven(pack: Pack, recount: Recount | None, kept: tuple[Kept, ...]) -> Iterator[str]:
    if recount is None:
        yield "that the records are what the counts say: hold audit exports against it with --records"
    elif not recount.is_whole:
        yield f"that no record outside {recount.spans} would have counted, too"
    yield "that a control is met, that the records are true, or that nothing happened beside them"
    yield from unknown_after(pack.checkpoint, kept)
    yield from not_proven_by(pack.signers)


_KEYS: Final = ("schema", "tenant", "origin", "size", "framework", "from", "to", "entries", "digest")
