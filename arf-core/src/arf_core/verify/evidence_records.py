# SPDX-License-Identifier: Apache-2.0
"""Counts the records of an evidence pack again, from audit exports of the same log.

1. Every export verifies, all are under one checkpoint, and they show that it continues the checkpoint of the pack.
2. Exports come in order and do not overlap; every record that a control lists is in one of them.
3. The records of the window whose actions a control names are those that it lists: the same numbers, as many, and the
   same digest over numbers and leaves.

Records are looked at as they pass: memory is that of one export and of the ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Protocol

from arf_core.errors import BadPlace, BrokenError
from arf_core.verify.audit_export import AuditExport, read_audit_export
from arf_core.verify.audit_records import Record
from arf_core.verify.checkpoints import SignedCheckpoint
from arf_core.verify.evidence_form import EVIDENCE, Control
from arf_core.verify.kept import HINT_EXPORT, Kept, check_kept
from arf_core.verify.steps import Steps
from arf_core.verify.trust import TrustedKeys

DOMAIN: Final = b"arf.evidence-records/1\n"
SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """Which records were counted, and whether these are all that the log had."""

    spans: str
    is_whole: bool


def recounted(
    controls: tuple[Control, ...],
    manifest: Mapping[str, object],
    checkpoint: SignedCheckpoint,
    exports: tuple[Kept, ...],
    *,
    trusted: TrustedKeys | None,
    steps: Steps,
) -> Recount | None:
    """What was counted again; None where there are no exports.

    Raises:
        BrokenError: an export does not verify, or has other records than the pack says; the error names which.
    """
    if not exports:
        return None
    counting = _Counting(
        start=str(manifest["from"]),
        end=str(manifest["to"]),
        size=checkpoint.size,
        tallies=tuple(_Tally(control=control) for control in controls),
    )
    read = _Exports(size=checkpoint.size, trusted=trusted)
    for export in exports:
        with steps.step("the audit export verifies", export.name):
            read.add(export, counting)  # rules 1 and 2
    held, newest = (("the checkpoint of the pack", checkpoint),), read.newest or checkpoint
    check_kept(held, newest, read.roots, steps=steps, hint=HINT_EXPORT)  # rule 1
    with steps.step("every count and digest recomputes from the records", f"{len(controls)} controls"):
        joined = tuple(_joined(read.spans))
        for tally in counting.tallies:
            tally.check(joined)  # rule 3
    return Recount(spans=_shown(joined), is_whole=_covers(joined, 0, checkpoint.size - 1))


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def _begun() -> _Hash:
    return sha256(DOMAIN + b"[")


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What was counted for one control; ``hashed`` has the canonical text of [[number, leaf], …] so far."""

    control: Control
    count: int = 0
    ranges: list[tuple[int, int]] = field(default_factory=list)
    hashed: _Hash = field(default_factory=_begun)

    def add(self, number: int, leaf: bytes) -> None:
        comma = "," if self.count else ""
        self.hashed.update(f'{comma}[{number},"{leaf.hex()}"]'.encode("ascii"))
        self.count += 1
        if self.ranges and self.ranges[-1][1] == number - 1:
            self.ranges[-1] = (self.ranges[-1][0], number)
        else:
            self.ranges.append((number, number))

    def check(self, spans: Sequence[tuple[int, int]]) -> None:
        control = self.control
        for first, last in control.ranges:
            if not _covers(spans, first, last):
                raise _broken(control, f"records {first} to {last} are in none of the exports", None, None)
        if tuple(self.ranges) != control.ranges:
            what = "the log has other records of its actions in this window"
            raise _broken(control, what, _shown(control.ranges), _shown(self.ranges))
        self.hashed.update(b"]")
        digest = f"sha256:{self.hashed.hexdigest()}" if self.count else None
        if digest != control.digest:
            raise _broken(control, "its digest does not recompute from the records", control.digest, digest)


@dataclass(slots=True, kw_only=True)
class _Counting:
    start: str
    end: str
    size: int
    tallies: tuple[_Tally, ...]
    by_action: dict[str, tuple[_Tally, ...]] = field(default_factory=dict)

    def visit(self, record: Record, leaf: bytes) -> None:
        if not self.start <= record.at < self.end or record.sequence >= self.size:
            return
        for tally in self._of(record.action):
            tally.add(record.sequence, leaf)

    def _of(self, action: str) -> tuple[_Tally, ...]:
        if action not in self.by_action:
            self.by_action[action] = tuple(tally for tally in self.tallies if tally.control.counts(action))
        return self.by_action[action]


@dataclass(slots=True, kw_only=True)
class _Exports:
    """The exports so far: which records they have, under which checkpoint, and the roots they show."""

    size: int
    trusted: TrustedKeys | None
    newest: SignedCheckpoint | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)

    def add(self, export: Kept, counting: _Counting) -> None:
        found = _read(export, self.size, counting, self.trusted)
        first, last = found.proof.first, found.proof.first + found.proof.count - 1
        newest = found.proof.checkpoint
        if self.spans and first <= self.spans[-1][1]:
            what = f"it begins with record {first}: give the exports in their order, and none twice"
            raise BrokenError(BadPlace(where=export.name, what=what))
        if self.newest is not None and newest.note.text != self.newest.note.text:
            raise BrokenError(BadPlace(where=export.name, what=f"it is under {newest}, the ones before {self.newest}"))
        self.spans.append((first, last))
        self.newest = newest
        self.roots |= found.roots


def _read(export: Kept, size: int, counting: _Counting, trusted: TrustedKeys | None) -> AuditExport:
    sizes = frozenset({size})
    try:
        return read_audit_export(export.data, steps=Steps(), trusted=trusted, sizes=sizes, visit=counting.visit)
    except BrokenError as error:
        where = f"{export.name}, {error.place.where}" if error.place.where else export.name
        raise BrokenError(replace(error.place, where=where)) from error


def _covers(spans: Sequence[tuple[int, int]], first: int, last: int) -> bool:
    return any(start <= first and last <= end for start, end in spans)


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that adjoin as one."""
    current: tuple[int, int] | None = None
    for first, last in spans:
        if current is not None and first == current[1] + 1:
            current = (current[0], last)
            continue
        if current is not None:
            yield current
        current = (first, last)
    if current is not None:
        yield current


def _shown(ranges: Sequence[tuple[int, int]]) -> str:
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in ranges[:SHOWN]]
    return ", ".join([*texts, *(["…"] if len(ranges) > SHOWN else [])]) or "none"


def _broken(control: Control, what: str, stated: str | None, computed: str | None) -> BrokenError:
    return BrokenError(BadPlace(where=f"{EVIDENCE}, {control.name}", what=what, stated=stated, computed=computed))
