# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is recorded: an entry as a change makes it, and the record that it becomes in the log.

A record (schema ``arf.audit-record/1``, docs/contracts/audit/1/README.md) is canonical JSON::

    {"schema", "tenant", "sequence", "previous", "entry_id", "at", "actor": {"issuer", "subject", "method"},
     "action", "object", "before", "after", "request_id", "details", "sealed"}

1. ``sequence`` counts from 0; ``previous`` is the leaf hash of the record before it, null for the first.
2. Nothing identifying stands outside the leaf, and inside it only under a key of its own: ``actor.subject`` of a person
   is a reference that says nothing; ``sealed`` has the name and other personal data, encrypted (``audit.privacy``).
3. ``before`` and ``after`` are digests of the object, ``sha256:…`` or null.
4. Whatever a caller sends can be recorded: of a text from outside, what is not printable is written as an escape, what
   is too long is cut. What the program itself must get right (action, digests) is refused instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from arf_core.canonical import canonical_bytes, member_texts, object_text, quoted, write_time
from arf_core.errors import InputError
from arf_core.verify.fields import DIGEST, MOST_TEXT
from arf_enterprise.errors import AuditError
from arf_enterprise.identity.principal import Method, Principal

SCHEMA: Final = "arf.audit-record/1"
STANDARD: Final = "standard"
"""The retention class of personal data of which nothing else is said."""
MOST_DETAILS: Final = 65_536
"""Bytes of canonical JSON that ``details`` and ``personal`` have at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it. Whether ``subject`` is a person's name decides whether it is encrypted."""

    issuer: str
    subject: str
    method: Method
    is_person: bool = True

    @classmethod
    def of(cls, principal: Principal) -> Actor:
        """The actor that a caller is."""
        return cls(
            issuer=principal.issuer,
            subject=principal.subject,
            method=principal.method,
            is_person=not principal.is_agent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. ``details`` are JSON values without personal data; ``personal`` is for that.

    ``action`` is a dotted name (``license.installed``), ``target`` what it was done to (``key/key_01…``): the
    record's ``object``. ``retention`` is the class of the personal data (``audit.retention``).
    """

    actor: Actor
    action: str
    target: str
    at: datetime
    request_id: str
    before: str | None = None
    after: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    retention: str = STANDARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What stands for a person in the record: a reference, and the encrypted rest in base64."""

    subject: str
    text: str | None


def body_of(entry: Entry, *, entry_id: str, tenant: str, sealed: Sealed) -> str:
    """The canonical text of the record, as far as it is known before its place in the log.

    Raises:
        InputError: an action, digest or detail that a record cannot have (rule 4).
    """
    if not _ACTION.fullmatch(entry.action):
        raise InputError(f"the action {entry.action[:80]!r} must be a dotted name, such as license.installed")
    for digest in (entry.before, entry.after):  # rule 3
        if digest is not None and not DIGEST.fullmatch(digest):
            raise InputError(f"before and after of {entry.action} must be digests: sha256: and 64 hex digits")
    details = canonical_bytes(entry.details)
    if len(details) > MOST_DETAILS:
        raise InputError(
            f"the details of {entry.action} have {len(details)} bytes: at most {MOST_DETAILS} are recorded"
        )
    actor = {"issuer": told(entry.actor.issuer), "subject": told(sealed.subject), "method": entry.actor.method}
    known = member_texts(
        {
            "schema": SCHEMA,
            "tenant": tenant,
            "entry_id": entry_id,
            "at": write_time(entry.at),
            "actor": actor,
            "action": entry.action,
            "object": told(entry.target),
            "before": entry.before,
            "after": entry.after,
            "request_id": told(entry.request_id),
            "sealed": sealed.text,
        }
    )
    return object_text({**known, "details": details.decode()})


def record_of(body: str, *, sequence: int, previous: bytes | None) -> str:
    """The canonical text of the record at its place: what the leaf is the hash of.

    The last members of a body are ``request_id``, ``schema``, ``sealed`` and ``tenant``, strings all of them; so the
    last occurrence of a key's text, with its bare quotes, is that key itself, and members are put in by their order.

    Raises:
        AuditError: it is not the text of a body: the database was altered.
    """
    front, asked, rest = body.rpartition(',"request_id":')
    middle, named, end = rest.rpartition(',"tenant":')
    if not asked or not named:
        raise AuditError(f"the entry of record {sequence} is no entry: the database was altered")
    before = "null" if previous is None else quoted(previous.hex())
    return f'{front},"previous":{before}{asked}{middle},"sequence":{sequence}{named}{end}'


def told(text: str) -> str:
    """``text`` as a record can have it (rule 4): printable, 1 to 2000 characters."""
    if text.isprintable() and 0 < len(text) <= MOST_TEXT:
        return text
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text[:MOST_TEXT])
    return f"{shown[: MOST_TEXT - 1]}…" if len(shown) > MOST_TEXT or len(text) > MOST_TEXT else shown or "-"


_ACTION: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
