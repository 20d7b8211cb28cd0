# SPDX-License-Identifier: Apache-2.0
"""The manifest of a bundle or pack, held against the entries it lists.

1. ``manifest.json`` is canonical JSON (RFC 8785) and a newline: one content has one spelling.
2. It lists every other entry once, in the order of names, with its size and SHA-256; what is not listed is refused, and
   what is listed must be there. A signature beside it is not listed: it is about the manifest.
3. Its ``digest`` is that of the manifest without it, in the hash domain of its own schema. So it commits to everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from arf_core.canonical import canonical_bytes, digest, file_digest
from arf_core.errors import ArchiveError, BadPlace, FormatError
from arf_core.verify.archive_form import MAX_ENTRIES
from arf_core.verify.entry_names import MANIFEST, check_name, shown
from arf_core.verify.fields import digest_of, list_of, object_of, read_json, size_of

MAX_MANIFEST: Final = 2**20


def read_manifest(entries: Mapping[str, bytes]) -> Mapping[str, object]:
    """The manifest among ``entries``: an object with a schema; its other fields are for :func:`check_manifest`.

    Raises:
        ArchiveError: there is none.
        FormatError: it is too large, not strict JSON, not an object, or not in canonical form.
    """
    if MANIFEST not in entries:
        raise ArchiveError(f"the archive has no {MANIFEST}: it is neither a bundle nor a pack")
    data = entries[MANIFEST]
    if len(data) > MAX_MANIFEST:
        raise FormatError(f"{MANIFEST} has {len(data)} bytes: at most {MAX_MANIFEST} are read")
    value = read_json(data, what=MANIFEST)
    if not isinstance(value, Mapping) or "schema" not in value:
        raise FormatError(f"{MANIFEST} must be an object with a schema")
    if canonical_bytes(value) + b"\n" != data:  # rule 1
        raise FormatError(f"{MANIFEST} is not in canonical form: RFC 8785 and a newline")
    return value


def sealed(schema: str, fields: Mapping[str, object], entries: Mapping[str, bytes]) -> bytes:
    """A manifest of ``schema`` over ``entries``, with ``fields`` of its own: what :func:`check_manifest` accepts."""
    listed = [
        {"name": name, "size": len(entries[name]), "sha256": file_digest(entries[name])} for name in sorted(entries)
    ]
    manifest = {**fields, "schema": schema, "entries": listed}
    return canonical_bytes({**manifest, "digest": digest(schema, manifest)}) + b"\n"


def check_manifest(
    manifest: Mapping[str, object], entries: Mapping[str, bytes], *, beside: Collection[str] = ()
) -> BadPlace | None:
    """The first entry whose content is not what ``manifest`` says, or the manifest itself where its digest fails.

    ``beside`` are entries that are about the manifest and stand unlisted, such as a signature.

    Raises:
        FormatError: the list of entries has another form.
        ArchiveError: an entry is not listed, listed twice or out of order, or not there.
    """
    listed = tuple(
        _listed(item, n) for n, item in enumerate(list_of(manifest["entries"], what="entries", most=MAX_ENTRIES))
    )
    _check_list([name for name, _, _ in listed], entries, {MANIFEST, *beside})
    for name, size, stated in listed:  # rule 2
        computed, found = file_digest(entries[name]), len(entries[name])
        if found != size or computed != stated:
            sizes = "" if found == size else f": it has {found} bytes, {size} are stated"
            return BadPlace(where=name, what=f"its content was altered{sizes}", stated=stated, computed=computed)
    return _check_digest(manifest)


def _check_digest(manifest: Mapping[str, object]) -> BadPlace | None:
    stated = digest_of(manifest["digest"], what="the digest of the manifest")
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    computed = digest(str(manifest["schema"]), rest)
    if computed == stated:  # rule 3
        return None
    return BadPlace(
        where=MANIFEST, what="it was altered: its digest does not recompute", stated=stated, computed=computed
    )


def _listed(item: object, number: int) -> tuple[str, int, str]:
    what = f"entries[{number}]"
    found = object_of(item, what=what, keys=("name", "size", "sha256"))
    name = found["name"]
    if not isinstance(name, str):
        raise FormatError(f"the name of {what} is no string")
    check_name(name)
    size = size_of(found["size"], what=f"the size of {what}")
    return name, size, digest_of(found["sha256"], what=f"the sha256 of {what}")


def _check_list(names: list[str], entries: Mapping[str, bytes], unlisted: set[str]) -> None:
    if names != sorted(set(names)):
        raise ArchiveError(f"{MANIFEST} lists an entry twice, or not in the order of names")
    if own := sorted(unlisted & set(names)):
        raise ArchiveError(f"{MANIFEST} lists {own[0]}, which is about the manifest and not listed in it")
    if more := sorted(set(entries) - set(names) - unlisted):
        raise ArchiveError(f"the entry {shown(more[0])} is undeclared: {MANIFEST} does not list it")
    if less := sorted(set(names) - set(entries)):
        raise ArchiveError(f"the entry {shown(less[0])} is missing: {MANIFEST} lists it")
