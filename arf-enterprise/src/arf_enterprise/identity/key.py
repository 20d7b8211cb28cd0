# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""An API key as a value: what is asked for, and what it is in a tenant. It never has the secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_enterprise.errors import RequestError
from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import NEVER_AN_AGENT, Operation

MOST_DAYS: Final = 366
_SUBJECT: Final = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,198}[^\s\x00-\x1f\x7f])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """What is asked for: whose key, with which roles, for how many days. ``operations`` narrows the roles.

    Raises:
        RequestError: it is none that can be made.
    """

    subject: str
    roles: frozenset[Role]
    days: int = 90
    is_agent: bool = False
    operations: frozenset[Operation] | None = None

    def __post_init__(self) -> None:
        if not _SUBJECT.fullmatch(self.subject):
            raise RequestError("subject must be 1 to 200 characters, without control characters or space at its ends")
        if not self.roles:
            raise RequestError(f"roles is empty: give at least one of {', '.join(Role)}")
        if not 1 <= self.days <= MOST_DAYS:
            raise RequestError(f"days is {self.days}: it must be 1 to {MOST_DAYS}")
        if self.operations is not None and not self.operations:
            raise RequestError("operations is empty: such a key could do nothing")
        if self.is_agent and (persons := self.roles & NEVER_AN_AGENT):
            raise RequestError(f"an agent's key cannot have the role {min(persons)}: that is a person's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it stands in one tenant; ``last_used_at`` is to the hour."""

    tenant: str
    key_id: str
    subject: str
    roles: frozenset[Role]
    operations: frozenset[str] | None
    is_agent: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def document(self) -> dict[str, object]:
        """The key as a JSON value; it has no secret."""
        return {
            "key_id": self.key_id,
            "tenant": self.tenant,
            "subject": self.subject,
            "roles": sorted(self.roles),
            "operations": None if self.operations is None else sorted(self.operations),
            "is_agent": self.is_agent,
            "created_at": write_time(self.created_at),
            "expires_at": write_time(self.expires_at),
            "last_used_at": None if self.last_used_at is None else write_time(self.last_used_at),
            "revoked_at": None if self.revoked_at is None else write_time(self.revoked_at),
        }
