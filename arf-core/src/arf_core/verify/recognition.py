# SPDX-License-Identifier: Apache-2.0
"""What kind an artifact is, by its content and never by its name; a damaged one, by what is left of it."""

from __future__ import annotations

import re
from typing import Final, Literal

from arf_core.errors import InputError
from arf_core.verify.archive import looks_like_archive, read_archive
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.fields import read_json
from arf_core.verify.licence import PREFIX
from arf_core.verify.manifest import MAX_MANIFEST

Kind = Literal[
    "intent",
    "intents",
    "receipt",
    "empty",
    "bundle",
    "policy_pack",
    "approval",
    "statement",
    "analysis",
    "export",
    "audit_export",
    "audit_inclusion",
    "audit_consistency",
    "checkpoint",
    "evidence",
    "licence",
    "unknown",
]

RECOGNISED: Final = (
    "an intent (JSON), a file of intents (one a line, or a JSON array), receipts (one a line), a bundle, "
    "a policy pack, an approval, another signed statement, an analysis, an export, an audit export or proof, "
    "a checkpoint, an evidence pack or a licence"
)


def recognise(data: bytes) -> Kind:
    """The kind of the artifact in ``data``."""
    if looks_like_archive(data):
        return _archive(data)
    text = data.strip()
    if not text or re.fullmatch(rb"\[\s*\]", text):
        return "empty"
    if text.startswith(PREFIX.rstrip("-").encode("ascii")):
        return "licence"
    if _CHECKPOINT.search(data[:4096]):
        return "checkpoint"
    if text.startswith(b"arf-receipt/") or _RECEIPT.search(text[:4096]):
        return "receipt"
    if text.startswith(b"{") and not _is_lines(text) and (kind := _document(text)) is not None:
        return kind
    if not any(mark in text for mark in _INTENT_MARKS):
        return "unknown"
    return "intents" if _is_array(text) or _is_lines(text) else "intent"


def _is_array(text: bytes) -> bool:
    return text.startswith(b"[") and text.endswith(b"]")


def _archive(data: bytes) -> Kind:
    """By the schema of its manifest; what it is not said to be is verified, and refused, as a bundle."""
    try:
        manifest = read_archive(data).entries.get(MANIFEST, b"")
    except InputError:
        start = data.rfind(MANIFEST.encode("ascii") + b"{")
        manifest = data[start : start + MAX_MANIFEST] if start >= 0 else b""
    found = _SCHEMA.search(manifest)
    return _ARCHIVES.get(found[1], "bundle") if found else "bundle"


def _document(text: bytes) -> Kind | None:
    """The kind of a document by its own schema; of a damaged one, by the first schema that stands in it."""
    if not (found := [name for name in _SCHEMA.findall(text) if name in _DOCUMENTS]):
        return None
    try:
        value = read_json(text, what="the document")
    except InputError:
        return _DOCUMENTS[found[0]]
    if not isinstance(value, dict) or not isinstance(schema := value.get("schema"), str):
        return None
    kind = _DOCUMENTS.get(schema.removeprefix("arf.").partition("/")[0].encode())
    return "approval" if kind == "statement" and str(value.get("kind")).startswith("arf.approval/") else kind


def _is_lines(text: bytes) -> bool:
    """JSON lines: more than one line, and one that is a whole object; a line of printed-out JSON starts with blanks."""
    return b"\n" in text and re.search(rb'^\{".*\}\r?$', text, re.MULTILINE) is not None


_RECEIPT: Final = re.compile(rb" intent_[0-9a-f]{16} | sha256:[0-9a-f]{64} ")
_CHECKPOINT: Final = re.compile(rb"\Aarf/[^\n]*\n|\n\n\xe2\x80\x94 arf/")
_INTENT_MARKS: Final = (b"arf.healing-intent/", b'"intent_id"', b'"context_digest"')
_DOCUMENTS: Final[dict[bytes, Kind]] = {
    b"analysis": "analysis",
    b"export": "export",
    b"statement": "statement",
    b"audit-inclusion": "audit_inclusion",
    b"audit-consistency": "audit_consistency",
    b"audit-record": "audit_inclusion",
}
_ARCHIVES: Final[dict[bytes, Kind]] = {
    b"policy-pack": "policy_pack",
    b"audit-export": "audit_export",
    b"evidence-pack": "evidence",
}
# Inside a JSON string a quote has a backslash before it, so text that merely speaks of a schema does not match.
_SCHEMA: Final = re.compile(rb'"schema"\s*:\s*"arf\.([a-z-]+)/')
