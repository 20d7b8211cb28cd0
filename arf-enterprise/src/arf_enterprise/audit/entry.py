# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is recorded: an entry as a change makes it, and the record that it becomes in the log.

A record (schema ``arf.audit-record/1``, docs/contracts/audit/1/README.md) is canonical JSON::

    {"schema", "tenant", "sequence", "previous", "entry_id", "at", "actor": {"issuer", "subject", "method"},
     "action", "object", "before", "after", "request_id", "details", "sealed"}

1. ``sequence`` counts from 0; ``previous`` is the leaf hash of the record before it, null for the first.
2. Nothing identifying stands outside the leaf, and inside it only under a key of its own: ``actor.subject`` of a person
   is a reference that says nothing; ``sealed`` has the name and other personal data, encrypted (``audit.privacy``).
3. ``before`` and ``after`` are digests of the object, ``sha256:…`` or null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from arf_core.canonical import canonical_text, write_time
from arf_enterprise.identity.principal import Method, Principal

SCHEMA: Final = "arf.audit-record/1"


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
    record's ``object``.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What stands for a person in the record: a reference, and the encrypted rest in base64."""

    subject: str
    text: str | None


def body_of(entry: Entry, *, entry_id: str, tenant: str, sealed: Sealed) -> str:
    """The canonical text of the record, as far as it is known before its place in the log.

    Raises:
        InputError: a detail that JSON cannot carry.
    """
    return canonical_text(
        {
            "schema": SCHEMA,
            "tenant": tenant,
            "entry_id": entry_id,
            "at": write_time(entry.at),
            "actor": {"issuer": entry.actor.issuer, "subject": sealed.subject, "method": entry.actor.method},
            "action": entry.action,
            "object": entry.target,
            "before": entry.before,
            "after": entry.after,
            "request_id": entry.request_id,
            "details": entry.details,
            "sealed": sealed.text,
        }
    )


def record_of(body: Mapping[str, object], *, sequence: int, previous: bytes | None) -> str:
    """The canonical text of the record at its place: what the leaf is the hash of."""
    before = None if previous is None else previous.hex()
    return canonical_text({**body, "sequence": sequence, "previous": before})
