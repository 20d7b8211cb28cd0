# SPDX-License-Identifier: Apache-2.0
"""Verifies what one file proves of an audit log: a record, a continuation, a checkpoint (docs/contracts/audit/1).

1. The document is strict JSON in canonical form and a newline, with exactly the fields of its schema.
2. Every checkpoint in it verifies by the verifier's keys (``verify.checkpoints``).
3. *Inclusion*: the record has its form, is of the tenant of the origin, and its leaf is in the tree at its number.
4. *Consistency*: both checkpoints are of one origin, the longer one is not the older one, and the proof holds.
5. Every checkpoint that the verifier has kept is held against the roots that are shown (``verify.kept``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.canonical import canonical_bytes, write_time
from arf_core.errors import BrokenError, FormatError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.audit_ranges import hashes_of
from arf_core.verify.audit_records import record_of
from arf_core.verify.checkpoints import SignedCheckpoint, check_checkpoint, checkpoint_in, read_signed_checkpoint
from arf_core.verify.fields import object_of, read_json
from arf_core.verify.kept import HINT_PROOF, Kept, check_kept, read_kept, unknown_after
from arf_core.verify.merkle import check_consistency, check_inclusion, leaf_hash
from arf_core.verify.report import Report
from arf_core.verify.steps import Steps
from arf_core.verify.trust import TrustedKeys

INCLUSION: Final = "arf.audit-inclusion/1"
CONSISTENCY: Final = "arf.audit-consistency/1"
RECORD: Final = "arf.audit-record/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a proof shows: the newest checkpoint in it, roots by size, and the facts."""

    newest: SignedCheckpoint
    roots: Mapping[int, bytes]
    proven: tuple[str, ...]
    not_proven: tuple[str, ...] = ()


def verify_inclusion(data: bytes, *, name: str, trusted: TrustedKeys | None, kept: tuple[Kept, ...] = ()) -> Report:
    """The report on the proof that a record is in a log."""
    return _report("audit_inclusion", name, lambda steps: _inclusion(data, steps, trusted), trusted, kept)


def verify_consistency(data: bytes, *, name: str, trusted: TrustedKeys | None, kept: tuple[Kept, ...] = ()) -> Report:
    """The report on the proof that one checkpoint continues another."""
    return _report("audit_consistency", name, lambda steps: _consistency(data, steps, trusted), trusted, kept)


def verify_checkpoint(data: bytes, *, name: str, trusted: TrustedKeys | None, kept: tuple[Kept, ...] = ()) -> Report:
    """The report on a checkpoint alone."""
    return _report("checkpoint", name, lambda steps: _checkpoint(data, steps, trusted), trusted, kept)


def _report(
    kind: str, name: str, read: Callable[[Steps], _Found], trusted: TrustedKeys | None, kept: tuple[Kept, ...]
) -> Report:
    steps = Steps()
    try:
        found = read(steps)
        held = read_kept(kept, trusted, steps=steps)
        check_kept(held, found.newest, found.roots, steps=steps, hint=HINT_PROOF)  # rule 5
    except BrokenError as error:
        return steps.failed(kind, name, error.place)
    held_against = (f"it is of the same log as every checkpoint that you have kept ({len(kept)})",) if kept else ()
    return Report(
        kind=kind,
        name=name,
        checks=tuple(steps.checks),
        count=1,
        proven=(*found.proven, *held_against),
        not_proven=(*found.not_proven, *unknown_after(found.newest, kept), _SIGNED),
    )


def _inclusion(data: bytes, steps: Steps, trusted: TrustedKeys | None) -> _Found:
    with steps.step("the proof has its form"):  # rule 1
        given = _document(data, INCLUSION, ("checkpoint", "record", "proof"))
        checkpoint = checkpoint_in(given["checkpoint"], what="the checkpoint of the proof")
        proof = hashes_of(given["proof"], what="the proof")
        record = record_of(given["record"], what="the record")
    with steps.step("the checkpoint is signed by a trusted key, for this log"):  # rule 2
        signers = check_checkpoint(checkpoint, trusted)
    with steps.step("the record is in the log of the checkpoint", f"number {record.sequence} of {checkpoint.size}"):
        if record.tenant != checkpoint.tenant:  # rule 3
            raise VerificationError(f"the record is of {record.tenant}, and the checkpoint of {checkpoint.origin}")
        leaf = leaf_hash(canonical_bytes(given["record"]))
        check_inclusion(leaf, index=record.sequence, size=checkpoint.size, proof=proof, root=checkpoint.root)
    sealed = ("what its sealed personal data say: they are encrypted, or erased",) if record.is_sealed else ()
    return _Found(
        newest=checkpoint,
        roots={checkpoint.size: checkpoint.root},
        proven=(
            f"record {record.sequence}, {record.action} at {record.at}, is in the log {checkpoint.origin}, unaltered, "
            + _as_signed(checkpoint, signers),
        ),
        not_proven=("that what the record says is true", "anything about the other records of the log", *sealed),
    )


def _consistency(data: bytes, steps: Steps, trusted: TrustedKeys | None) -> _Found:
    with steps.step("the proof has its form"):  # rule 1
        given = _document(data, CONSISTENCY, ("first", "second", "proof"))
        first, second = (checkpoint_in(given[name], what=f"{name} of the proof") for name in ("first", "second"))
        proof = hashes_of(given["proof"], what="the proof")
    with steps.step("both checkpoints are signed by a trusted key, for one log"):  # rules 2 and 4
        check_checkpoint(first, trusted)
        signers = check_checkpoint(second, trusted)
        if first.origin != second.origin:
            raise VerificationError(f"they are of two logs, {first.origin} and {second.origin}")
        if first.size < second.size and first.at > second.at:
            raise VerificationError(f"{first} is later than {second}: the log was cut, or a clock went back")
    with steps.step("the second continues the first", f"{first.size} and {second.size} records"):  # rule 4
        check_consistency(
            first=first.size, first_root=first.root, second=second.size, second_root=second.root, proof=proof
        )
    return _Found(
        newest=second,
        roots={first.size: first.root, second.size: second.root},
        proven=(
            f"the log {second.origin} has {second.size} records, {_as_signed(second, signers)}",
            f"it begins with the {first.size} records it had at {write_time(first.at)}, unaltered and in order",
        ),
        not_proven=("what the records are",),
    )


def _checkpoint(data: bytes, steps: Steps, trusted: TrustedKeys | None) -> _Found:
    with steps.step("the checkpoint has its form"):
        checkpoint = read_signed_checkpoint(data, what="the checkpoint")
    with steps.step("it is signed by a trusted key, for this log"):  # rule 2
        signers = check_checkpoint(checkpoint, trusted)
    return _Found(
        newest=checkpoint,
        roots={checkpoint.size: checkpoint.root},
        proven=(f"the log {checkpoint.origin} has {checkpoint.size} records, {_as_signed(checkpoint, signers)}",),
        not_proven=("what the records are: keep it, and hold exports against it with --checkpoint",),
    )


def _document(data: bytes, schema: str, keys: tuple[str, ...]) -> Mapping[str, object]:
    value = read_json(data, what="the proof")
    if isinstance(value, Mapping) and value.get("schema") == RECORD:
        raise FormatError("a record alone proves nothing: verify the export, or the proof, that it came with")
    given = object_of(value, what="the proof", keys=("schema", *keys))
    if given["schema"] != schema:
        raise FormatError(f"the schema of the proof is {shown(given['schema'])}: this version reads {schema!r}")
    if canonical_bytes(given) + b"\n" != data:
        raise FormatError("the proof is not in canonical form: RFC 8785 and a newline")
    return given


def _as_signed(checkpoint: SignedCheckpoint, signers: tuple[str, ...]) -> str:
    return f"as {', '.join(signers)} signed it at {write_time(checkpoint.at)}"


_SIGNED: Final = "when it was signed: its time is what the signer says"
