# SPDX-License-Identifier: Apache-2.0
"""Verifies an artifact from its bytes alone: no network, no licence, no key but the verifier's own.

The rules; their numbers stand again where they are kept, here and in the modules named:

1. An artifact has at most :data:`MAX_BYTES` bytes.
2. Its kind is recognised by its content, never by its name. What is not recognised does not verify.
   (``verify.recognition``)
3. Every intent is parsed strictly: UTF-8, no unknown, missing or double key, every field by its rule; a key or
   signature inside the artifact is never trusted. (``models.healing_intent``, ``strict_json``)
4. Every ``intent_id``, ``context_digest`` and ``digest`` recomputes; where one does not, the altered part is named.
   (``verify.intents``)
5. Every receipt has its form, and its check recomputes. (``verify.receipt``)
6. Within a file, one ``intent_id`` has one digest. The same intent twice is noticed, but is no lie. (``verify.sealed``)
7. Something was verified: an empty artifact fails. (``verify.sealed``)
8. Held against an intent, the artifact contains that intent, or its receipt. (``verify.sealed``)
9. Where the verifier gives keys, a signature by one of them is due: what carries none fails. Where an artifact must be
   signed, it fails without keys, too. (``verify.signatures``)
10. Where the verifier gives checkpoints that were kept, the artifact is held against each of them; where records or
    a time are given, the artifact is one that they say something of. What cannot be compared fails. (``verify.kept``)

Bundles, packs, statements, approvals, documents, audit logs and licences have rules of their own, in the module of
each. A bad artifact is an answer, not an error: the report says what is bad, and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.errors import BadPlace, InputError
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.approvals import verify_approval
from arf_core.verify.audit_export import verify_audit_export
from arf_core.verify.audit_proofs import verify_checkpoint, verify_consistency, verify_inclusion
from arf_core.verify.bundles import verify_bundle
from arf_core.verify.documents import verify_analysis, verify_export
from arf_core.verify.evidence import verify_evidence
from arf_core.verify.kept import Kept
from arf_core.verify.licence import licence_report
from arf_core.verify.packs import verify_pack, verify_pack_entries
from arf_core.verify.recognition import RECOGNISED, Kind, recognise
from arf_core.verify.report import Check, Report
from arf_core.verify.sealed import verify_sealed
from arf_core.verify.statements import verify_statement
from arf_core.verify.trust import TrustedKeys

MAX_BYTES: Final = 64 * 2**20
"""The largest artifact that is verified, in bytes."""


def verify_bytes(
    data: bytes,
    *,
    name: str,
    against: HealingIntent | None = None,
    trusted: TrustedKeys | None = None,
    kept: Iterable[Kept] = (),
    records: Iterable[Kept] = (),
    at: datetime | None = None,
) -> Report:
    """Verify the artifact in ``data``, called ``name`` in the report.

    ``against`` is an intent it should be about; ``trusted`` are the keys that the verifier trusts; ``kept`` are
    checkpoints of the log that the verifier has kept; ``records`` are audit exports, in order, that the counts of an
    evidence pack are recomputed from; ``at`` is a time (aware) at which a licence should be valid.

    Raises:
        InputError: ``data`` is not bytes. Nothing is raised for an artifact that is bad.
    """
    if not isinstance(data, bytes):
        raise InputError(f"{name} is a {type(data).__name__}: an artifact is verified from its bytes")
    if len(data) > MAX_BYTES:  # rule 1
        return _refused("unknown", name, f"it has {len(data)} bytes: at most {MAX_BYTES} are verified, split it")
    kind = recognise(data)
    given = _Given(against=against, trusted=trusted, kept=tuple(kept), records=tuple(records), at=at)
    if why := _not_comparable(kind, given):
        return _refused(kind, name, why)
    return _verified(kind, data, name, given)


def verify_folder(entries: Mapping[str, bytes], *, name: str, trusted: TrustedKeys | None = None) -> Report:
    """Verify the policy pack whose files are ``entries``, content by relative name."""
    return verify_pack_entries(entries, name=name, trusted=trusted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What the verifier brings to the artifact."""

    against: HealingIntent | None
    trusted: TrustedKeys | None
    kept: tuple[Kept, ...]
    records: tuple[Kept, ...]
    at: datetime | None


def _not_comparable(kind: Kind, given: _Given) -> str | None:
    """Why an artifact of ``kind`` cannot be held against what was given; None if it can."""
    shown = kind.replace("_", " ")
    if given.trusted is not None and kind in _UNSIGNED:  # rule 9
        return f"keys were given, so a signature is due, and this ({shown}) carries none: verify it without --trust"
    if given.against is not None and kind not in _HOLDING:
        return f"it cannot be held against an intent: it is {shown}"
    if given.kept and kind not in _OF_A_LOG:  # rule 10
        return f"it cannot be held against a checkpoint: it is {shown}"
    if given.records and kind not in _COUNTED:
        return f"it cannot be held against records: only an evidence pack can, and it is {shown}"
    if given.at is not None and kind not in _IN_TIME:
        return f"it cannot be held against a time: only a licence can, and it is {shown}"
    return None


def _verified(kind: Kind, data: bytes, name: str, given: _Given) -> Report:
    match kind:
        case "intent" | "intents" | "receipt" | "empty":
            return verify_sealed(kind, data, name=name, against=given.against)
        case "bundle" | "analysis":
            return _HELD[kind](data, name=name, against=given.against)
        case "policy_pack" | "statement":
            return _SIGNED[kind](data, name=name, trusted=given.trusted)
        case "approval":
            return verify_approval(data, name=name, trusted=given.trusted, against=given.against)
        case "export":
            return verify_export(data, name=name)
        case "audit_export" | "audit_inclusion" | "audit_consistency" | "checkpoint":
            return _LOGS[kind](data, name=name, trusted=given.trusted, kept=given.kept)
        case "evidence":
            return verify_evidence(data, name=name, trusted=given.trusted, kept=given.kept, records=given.records)
        case "licence":
            return licence_report(data, name=name, trusted=given.trusted, at=given.at)
        case "unknown":
            return _refused(kind, name, f"not an artifact this version knows; it knows {RECOGNISED}")


def _refused(kind: Kind, name: str, why: str) -> Report:
    checks = (Check(what="it is an artifact that can be verified", ok=False, detail=why),)
    return Report(kind=kind, name=name, checks=checks, not_proven=("anything",), first_bad=BadPlace(where="", what=why))


_UNSIGNED: Final = frozenset({"intent", "intents", "receipt", "empty", "bundle", "analysis", "export"})
_HOLDING: Final = frozenset({"intent", "intents", "receipt", "empty", "bundle", "approval", "analysis", "unknown"})
_HELD: Final = {"bundle": verify_bundle, "analysis": verify_analysis}
_SIGNED: Final = {"policy_pack": verify_pack, "statement": verify_statement}
_LOGS: Final = {
    "audit_export": verify_audit_export,
    "audit_inclusion": verify_inclusion,
    "audit_consistency": verify_consistency,
    "checkpoint": verify_checkpoint,
}
_OF_A_LOG: Final = frozenset({*_LOGS, "evidence", "unknown"})
_COUNTED: Final = frozenset({"evidence", "unknown"})
_IN_TIME: Final = frozenset({"licence", "unknown"})
