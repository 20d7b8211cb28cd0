# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Evidence packs: what the log has for each control of a framework, in a window of time, signed.

The form, schema ``arf.evidence-pack/1``, is docs/contracts/evidence/1/README.md.

1. Control maps are reviewed package data (``controls/*.yaml``): a control names actions; nothing is searched by text.
2. Each control says how many records there are, where, and one digest over the hashes of their leaves; or that there
   is no evidence in this window. A pack never says that a control is met.
3. The same log, window, map and checkpoint give the same evidence; the statement over it says when it was signed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Final, cast

from arf_core.canonical import canonical_bytes, digest, write_time
from arf_core.verify.archive_form import write_archive
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.fields import list_of, object_of, text_of
from arf_core.verify.manifest import read_manifest, sealed
from arf_core.verify.signatures import ALGORITHM, DOMAIN
from arf_core.verify.signatures import SCHEMA as STATEMENT
from arf_enterprise.audit.export import under_checkpoint
from arf_enterprise.audit.proofs import latest
from arf_enterprise.audit.reading import Span, span_of
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.errors import RequestError
from arf_enterprise.stores.postgres.database import Database, Row

SCHEMA: Final = "arf.evidence-pack/1"
EVIDENCE: Final = "arf.evidence/1"
RECORDS: Final = "arf.evidence-records/1"
"""The hash domain of the records of a control."""
FRAMEWORKS: Final = ("soc2", "gdpr", "hipaa")
NO_EVIDENCE: Final = "no evidence in this window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: its number, what it asks for, what records can show, and of which actions they are."""

    control: str
    title: str
    shows: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMap:
    """The controls of a framework."""

    framework: str
    title: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that evidence is of: from ``start`` on, before ``end``."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack as a file, and what it says of each control."""

    archive: bytes
    digest: str
    controls: tuple[Mapping[str, object], ...]


def control_map(framework: str) -> ControlMap:
    """The map of ``framework`` (rule 1).

    Raises:
        RequestError: there is none.
        FormatError: it is not in its form.
    """
    import yaml

    if framework not in FRAMEWORKS:
        raise RequestError(f"there is no control map {framework[:40]!r}: there are {', '.join(FRAMEWORKS)}")
    text = (files(__package__) / "controls" / f"{framework}.yaml").read_text(encoding="utf-8")
    given = object_of(yaml.safe_load(text), what=framework, keys=("schema", "framework", "title", "controls"))
    return ControlMap(
        framework=framework,
        title=text_of(given["title"], what=f"the title of {framework}"),
        controls=tuple(_control(item) for item in list_of(given["controls"], what=framework, most=200)),
    )


def make_pack(
    database: Database, tenant: str, framework: str, window: Window, *, key: KeyProvider, now: datetime
) -> Pack:
    """The pack of ``framework`` for ``window``, signed by ``key`` at ``now``.

    Raises:
        RequestError: there is no such framework, the window is empty, or the log has no record at all yet.
        AuditError: the key cannot sign.
    """
    if not window.start < window.end:
        raise RequestError("the window ends before it begins")
    known = control_map(framework)
    found = span_of(database, tenant, start=window.start, end=window.end)
    with database.transaction(tenant) as transaction:
        under = latest(transaction)
        signed_at = max(now, transaction.one("installation")["highest_time"])
        span = under_checkpoint(found, under) if len(found) else Span(first=0, last=0)
        controls = tuple(
            _evidence(
                control, transaction.all("audit_evidence", tenant=tenant, **_range(span, window), **_selected(control))
            )
            for control in known.controls
        )
    evidence = {"schema": EVIDENCE, "framework": framework, "title": known.title, "controls": list(controls)}
    entries = {"checkpoint.note": under.note.encode(), "evidence.json": canonical_bytes(evidence) + b"\n"}
    fields = {
        "tenant": tenant,
        "origin": under.checkpoint.origin,
        "framework": framework,
        "from": write_time(window.start),
        "to": write_time(window.end),
        "size": under.checkpoint.size,
    }
    manifest = sealed(SCHEMA, fields, entries)
    stated = {**fields, "digest": read_manifest({MANIFEST: manifest})["digest"]}
    signature = statement(SCHEMA, stated, tenant=tenant, key=key, now=signed_at)
    archive = write_archive({**entries, MANIFEST: manifest, "signature.json": signature})
    return Pack(archive=archive, digest=str(stated["digest"]), controls=controls)


def statement(
    kind: str, payload: Mapping[str, object], *, tenant: str | None, key: KeyProvider, now: datetime
) -> bytes:
    """A signed statement (``arf_core.verify.signatures``) of ``kind``, as a file.

    Raises:
        AuditError: the key cannot sign.
    """
    said = {"schema": STATEMENT, "kind": kind, "tenant": tenant, "signed_at": write_time(now), "payload": payload}
    sig = key.sign(DOMAIN + kind.encode("ascii") + b"\n" + canonical_bytes(said))
    signature = {"alg": ALGORITHM, "key_id": key.key_id, "sig": base64.b64encode(sig).decode("ascii")}
    return canonical_bytes({**said, "signatures": [signature]}) + b"\n"


def _control(item: object) -> Control:
    given = object_of(item, what="a control", keys=("control", "title", "shows", "actions"))
    name = text_of(given["control"], what="the number of a control")
    actions = list_of(given["actions"], what=f"the actions of {name}", most=100)
    return Control(
        control=name,
        title=text_of(given["title"], what=f"the title of {name}"),
        shows=text_of(given["shows"], what=f"what {name} shows"),
        actions=tuple(text_of(action, what=f"an action of {name}") for action in actions),
    )


def _range(span: Span, window: Window) -> dict[str, object]:
    return {"first": span.first, "last": span.last, "start": window.start, "end": window.end}


def _selected(control: Control) -> dict[str, list[str]]:
    families = [
        action.removesuffix("*").replace("_", "\\_") + "%" for action in control.actions if action.endswith("*")
    ]
    return {"actions": [action for action in control.actions if not action.endswith("*")], "families": families}


def _evidence(control: Control, rows: Sequence[Row]) -> Mapping[str, object]:
    listed = [[int(row["sequence"]), bytes(row["hash"]).hex()] for row in rows]
    return {
        "control": control.control,
        "title": control.title,
        "shows": control.shows,
        "actions": list(control.actions),
        "status": "evidence" if listed else NO_EVIDENCE,  # rule 2
        "count": len(listed),
        "ranges": _ranges(cast("int", sequence) for sequence, _ in listed),
        "digest": digest(RECORDS, listed) if listed else None,
    }


def _ranges(sequences: Iterable[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for sequence in sequences:
        if found and sequence == found[-1][1] + 1:
            found[-1][1] = sequence
        else:
            found.append([sequence, sequence])
    return found
