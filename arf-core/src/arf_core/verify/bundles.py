# SPDX-License-Identifier: Apache-2.0
"""Verifies bundles: an incident with everything that its recommendations were computed from.

The form, schema ``arf.bundle/1``, is docs/contracts/bundle/1. The rules:

1. The archive is of the one form (``verify.archive``), and its manifest lists every entry with its digest
   (``verify.manifest``).
2. A bundle has the entries of its mode and no others: ``full`` with the events and intents themselves, ``reference``
   with digests, counts and receipts in their place.
3. Every JSON entry is canonical, and has its schema.
4. The events and the memory are those that ``created_from`` names by digest.
5. Every intent verifies by itself, and one id has one digest (``verify.sealed``).
6. The intents of the analysis are those of ``intents.jsonl`` (of ``receipts.txt``, in reference mode), in order.

That the analysis follows from the events is proven by running it again: ``arf_core.bundle.recompute``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from arf_core.canonical import canonical_bytes, file_digest
from arf_core.errors import ArchiveError, BadPlace, BrokenError, FormatError
from arf_core.models.frozen import shown
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.archive import read_archive
from arf_core.verify.bundle_form import (
    ANALYSIS_ENTRY,
    EVENTS,
    FULL,
    INTENTS_ENTRY,
    JSON_SCHEMAS,
    MEMORY_ENTRY,
    RECEIPTS_ENTRY,
    REFERENCE,
    REQUIRED,
    SCHEMA,
    CreatedFrom,
    read_created_from,
)
from arf_core.verify.documents import MOST, check_sealed, intents_in, read_analysis
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.entry_names import shown as shown_name
from arf_core.verify.fields import list_of, object_of, read_json, text_of
from arf_core.verify.manifest import check_manifest, read_manifest
from arf_core.verify.receipt import Receipt
from arf_core.verify.report import Report
from arf_core.verify.sealed import CONTENT, ORIGIN, Sealed, about, intents_by_line, receipts_by_line
from arf_core.verify.steps import Steps, broken_if


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle that verifies: its manifest's digest, mode, note and origin, its entries, and what it recommends."""

    digest: str
    mode: str
    note: str | None
    created_from: CreatedFrom
    entries: Mapping[str, bytes]
    intents: tuple[Receipt, ...]

    @property
    def is_full(self) -> bool:
        """Whether the events themselves are in it."""
        return self.mode == FULL


def verify_bundle(data: bytes, *, name: str, against: HealingIntent | None = None) -> Report:
    """The report on the bundle in ``data``."""
    steps = Steps()
    try:
        bundle = read_bundle(data, steps=steps, against=against)
    except BrokenError as error:
        return steps.failed("bundle", name, error.place)
    return Report(
        kind="bundle",
        name=name,
        checks=tuple(steps.checks),
        count=len(bundle.intents),
        proven=(f"every file is the one that {bundle.digest} commits to", *_proven(bundle), *about(against)),
        not_proven=(_NOT_RUN if bundle.is_full else _NO_EVENTS, *(ORIGIN if bundle.intents else ORIGIN[:1])),
    )


def read_bundle(data: bytes, *, steps: Steps | None = None, against: HealingIntent | None = None) -> Bundle:
    """The bundle in ``data``, verified by all rules; ``steps`` are told which held.

    Raises:
        BrokenError: a rule does not hold; the error names the first bad place.
    """
    steps = steps or Steps()
    with steps.step("it is an archive of the one form"):  # rule 1
        archive = read_archive(data)
        entries = archive.entries
    with steps.step("the manifest lists every file, and every digest recomputes", f"{len(entries) - 1} files"):
        manifest = object_of(read_manifest(entries), what=MANIFEST, keys=_KEYS)
        _check_schema(manifest)
        broken_if(check_manifest(manifest, entries) or archive.damaged)
    with steps.step("it has the files of its mode, each in its form"):  # rules 2, 3 and 4
        mode, created_from = str(manifest["mode"]), read_created_from(manifest["created_from"])
        _check_entries(mode, entries, created_from)
        _check_json(mode, entries)
        broken_if(_other_origin(mode, entries, created_from))
    sealed = intents_by_line(entries[INTENTS_ENTRY]) if mode == FULL else receipts_by_line(entries[RECEIPTS_ENTRY])
    check_sealed(steps, _placed(sealed, INTENTS_ENTRY if mode == FULL else RECEIPTS_ENTRY), against)  # rule 5
    with steps.step("the analysis has the same intents"):  # rule 6
        broken_if(_other_intents(mode, entries, sealed))
    note = manifest["note"]
    return Bundle(
        digest=str(manifest["digest"]),
        mode=mode,
        note=None if note is None else text_of(note, what="the note"),
        created_from=created_from,
        entries=entries,
        intents=tuple(receipt for _, receipt in sealed.sound),
    )


def _check_schema(manifest: Mapping[str, object]) -> None:
    if manifest["schema"] != SCHEMA:
        raise FormatError(f"the schema of {MANIFEST} is {shown(manifest['schema'])}: this version reads {SCHEMA!r}")
    if manifest["mode"] not in (FULL, REFERENCE):
        raise FormatError(f"the mode of the bundle is {shown(manifest['mode'])}: it is {FULL} or {REFERENCE}")
    if manifest["note"] is not None:
        text_of(manifest["note"], what="the note of the bundle")


def _check_entries(mode: str, entries: Mapping[str, bytes], created_from: CreatedFrom) -> None:
    events = [f"{EVENTS}{number}" for number in range(1, len(created_from.inputs) + 1)] if mode == FULL else []
    wanted = {MANIFEST, *REQUIRED[mode], *events}
    if less := sorted(wanted - set(entries)):
        raise ArchiveError(f"a {mode} bundle has an entry {less[0]}, and this has none")
    if more := sorted(set(entries) - wanted):
        raise ArchiveError(f"a {mode} bundle has no entry {shown_name(more[0])}")


def _check_json(mode: str, entries: Mapping[str, bytes]) -> None:
    for name, schema in JSON_SCHEMAS[mode].items():
        value = read_json(entries[name], what=name)
        if not isinstance(value, Mapping) or value.get("schema") != schema:
            raise FormatError(f"{name} must be an object of the schema {schema}")
        if canonical_bytes(value) + b"\n" != entries[name]:
            raise FormatError(f"{name} is not in canonical form: RFC 8785 and a newline")


def _other_origin(mode: str, entries: Mapping[str, bytes], created_from: CreatedFrom) -> BadPlace | None:
    if mode != FULL:
        return None
    stated = {f"{EVENTS}{number}": one.sha256 for number, one in enumerate(created_from.inputs, start=1)}
    for name, sha256 in {**stated, MEMORY_ENTRY: created_from.memory_sha256}.items():
        if (computed := file_digest(entries[name])) != sha256:
            what = "it is not the one that created_from names"
            return BadPlace(where=name, what=what, stated=sha256, computed=computed)
    return None


def _placed(sealed: Sealed, entry: str) -> Sealed:
    """``sealed`` with the name of the entry before each place."""
    return Sealed(
        sound=tuple((f"{entry}, {where}", receipt) for where, receipt in sealed.sound),
        bad=tuple(replace(bad, where=f"{entry}, {bad.where}" if bad.where else entry) for bad in sealed.bad),
    )


def _other_intents(mode: str, entries: Mapping[str, bytes], sealed: Sealed) -> BadPlace | None:
    listed = [(receipt.intent_id, receipt.digest) for _, receipt in sealed.sound]
    if mode == FULL:
        analysed = intents_in(read_analysis(entries[ANALYSIS_ENTRY], what=ANALYSIS_ENTRY))
        if analysed.bad:
            return _placed(analysed, ANALYSIS_ENTRY).bad[0]
        found = [(receipt.intent_id, receipt.digest) for _, receipt in analysed.sound]
    else:
        found = _referred(entries[ANALYSIS_ENTRY])
    if found == listed:
        return None
    where = next((n for n, (one, other) in enumerate(zip(found, listed, strict=False)) if one != other), None)
    if where is None:
        return BadPlace(where=ANALYSIS_ENTRY, what=f"it has {len(found)} intents, and the bundle lists {len(listed)}")
    what = f"its intent {where + 1} is another than the bundle lists"
    return BadPlace(where=ANALYSIS_ENTRY, what=what, stated=listed[where][1], computed=found[where][1])


def _referred(data: bytes) -> list[tuple[str, str]]:
    """The ids and digests of the intents in an analysis without values."""
    found: list[tuple[str, str]] = []
    analysis = read_json(data, what=ANALYSIS_ENTRY)
    listed = analysis.get("advice") if isinstance(analysis, Mapping) else None
    advice = list_of(listed, what=f"advice of {ANALYSIS_ENTRY}", most=MOST)
    for number, item in enumerate(advice):
        intents = item.get("intents") if isinstance(item, Mapping) else None
        for one in list_of(intents, what=f"the intents of advice[{number}]", most=MOST):
            intent = object_of(one, what="an intent of the analysis", keys=("intent_id", "digest"))
            found.append((str(intent["intent_id"]), str(intent["digest"])))
    return found


def _proven(bundle: Bundle) -> tuple[str, ...]:
    if not bundle.intents:
        return ()
    if bundle.is_full:
        return (*CONTENT, "the intents are those of the analysis beside them")
    return ("the receipts are those of the intents that the analysis names",)


_KEYS: Final = ("schema", "mode", "created_from", "note", "entries", "digest")
_NOT_RUN: Final = "that the analysis follows from the events: --recompute runs it again and compares"
_NO_EVENTS: Final = "what the events were, or what follows from them: a reference bundle keeps them out"
