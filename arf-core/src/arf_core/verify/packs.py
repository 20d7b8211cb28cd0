# SPDX-License-Identifier: Apache-2.0
"""Verifies policy packs: a folder or an archive of policies that somebody published and signed.

The form, schema ``arf.policy-pack/1``, is docs/contracts/policy-pack/1. The rules:

1. The archive is of the one form (``verify.archive``); a folder has the same entries, by the same rules for names.
2. The manifest lists every entry but the signature, and every digest recomputes (``verify.manifest``).
3. The entries are policies, their tests, and one README: nothing that could be run.
4. ``signature.json`` is a statement of kind ``arf.policy-pack/1`` whose payload is the digest, name, version and
   publisher of the manifest; a trusted key signed it (``verify.signatures``). Without it, or without keys to hold it
   against, a pack does not verify.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from arf_core.errors import ArchiveError, BrokenError, FormatError, TooLargeError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.archive import Archive, read_archive
from arf_core.verify.archive_form import MAX_BYTES, MAX_ENTRIES
from arf_core.verify.entry_names import MANIFEST, check_names
from arf_core.verify.entry_names import shown as shown_name
from arf_core.verify.fields import matched, object_of, text_of
from arf_core.verify.manifest import check_manifest, read_manifest
from arf_core.verify.report import Report
from arf_core.verify.signatures import Signers, Statement, read_statement
from arf_core.verify.statements import check_repeats, check_trusted, not_proven_by, proven_by
from arf_core.verify.steps import Steps, broken_if
from arf_core.verify.trust import TrustedKeys

SCHEMA: Final = "arf.policy-pack/1"
SIGNATURE: Final = "signature.json"
KINDS: Final = ("healing", "governance")
SIGNED: Final = ("name", "version", "publisher", "digest")
"""The fields of the manifest that the payload of the signature repeats."""


def verify_pack(data: bytes, *, name: str, trusted: TrustedKeys | None) -> Report:
    """The report on the pack in the archive ``data``."""
    return _verified(lambda: read_archive(data), name, trusted)


def verify_pack_entries(entries: Mapping[str, bytes], *, name: str, trusted: TrustedKeys | None) -> Report:
    """The report on the pack whose files are ``entries``, content by relative name."""

    def checked() -> Archive:
        check_names(entries)
        if len(entries) > MAX_ENTRIES or sum(map(len, entries.values())) > MAX_BYTES:
            raise TooLargeError(f"a pack has at most {MAX_ENTRIES} files of {MAX_BYTES} bytes together")
        return Archive(entries=entries)

    return _verified(checked, name, trusted)


def _verified(read: Callable[[], Archive], name: str, trusted: TrustedKeys | None) -> Report:
    steps = Steps()
    try:
        with steps.step("its files have the one form"):  # rule 1
            archive = read()
            entries = archive.entries
        with steps.step("the manifest lists every file, and every digest recomputes"):  # rule 2
            manifest = object_of(read_manifest(entries), what=MANIFEST, keys=_KEYS)
            _check_fields(manifest)
            broken_if(check_manifest(manifest, entries, beside=(SIGNATURE,)) or archive.damaged)
        with steps.step("its files are policies, their tests and a README"):  # rule 3
            _check_entries(entries)
        with steps.step("it is signed by a trusted key, as this pack"):  # rule 4
            statement, signers = _signed(manifest, entries, trusted)
    except BrokenError as error:
        return steps.failed("policy_pack", name, error.place)
    what = f"{manifest['kind']} policies {manifest['name']} {manifest['version']} of {manifest['publisher']}"
    return Report(
        kind="policy_pack",
        name=name,
        checks=tuple(steps.checks),
        count=len(entries) - 2,
        proven=(f"its files are those of {what}, {manifest['digest']}", *proven_by(statement, signers)),
        not_proven=(
            *not_proven_by(signers),
            "that this is the newest version, or that its policies are what you want: read them",
        ),
    )


def _check_fields(manifest: Mapping[str, object]) -> None:
    if manifest["schema"] != SCHEMA:
        raise FormatError(f"the schema of {MANIFEST} is {shown(manifest['schema'])}: this version reads {SCHEMA!r}")
    if manifest["kind"] not in KINDS:
        raise FormatError(f"the kind of the pack is {shown(manifest['kind'])}: it is one of {', '.join(KINDS)}")
    matched(manifest["name"], _NAME, what="the name of the pack", rule="small letters, digits and '-'")
    matched(manifest["version"], _VERSION, what="the version of the pack", rule="three numbers, such as 1.0.0")
    text_of(manifest["publisher"], what="the publisher of the pack", most=200)


def _check_entries(entries: Mapping[str, bytes]) -> None:
    others = sorted(name for name in entries if name not in _SINGLE and not _MEMBER.fullmatch(name))
    if others:
        raise ArchiveError(f"the entry {shown_name(others[0])} has no place in a policy pack")
    if not any(name.startswith("policies/") for name in entries):
        raise ArchiveError("the pack has no policies")


def _signed(
    manifest: Mapping[str, object], entries: Mapping[str, bytes], trusted: TrustedKeys | None
) -> tuple[Statement, Signers]:
    if SIGNATURE not in entries:
        raise VerificationError(f"it is not signed: there is no {SIGNATURE}, and a policy pack must have one")
    statement = read_statement(entries[SIGNATURE], what=SIGNATURE)
    if statement.kind != SCHEMA:
        raise VerificationError(f"{SIGNATURE} is over {statement.kind}, and not over {SCHEMA}")
    signers = check_trusted(statement, trusted)
    check_repeats(statement, manifest, SIGNED, where=SIGNATURE)
    return statement, signers


_KEYS: Final = ("schema", "name", "version", "publisher", "kind", "entries", "digest")
_NAME: Final = re.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_VERSION: Final = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){2}")
_SINGLE: Final = frozenset({MANIFEST, SIGNATURE, "README.md"})
_MEMBER: Final = re.compile(r"(?:policies|tests)/[A-Za-z0-9_.-]+\.yaml")
