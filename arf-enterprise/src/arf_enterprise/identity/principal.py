# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A caller, once it is known who it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Method = Literal["api_key", "oidc", "local", "system", "callback"]
"""How it became known: a key of ours, a token of an identity provider, the machine's own command line, the program, a
signed callback of a channel."""


class Role(StrEnum):
    """What a caller may be; what each role may do is a table (``identity.roles``)."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    POLICY_AUTHOR = "policy_author"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: ``issuer`` and ``subject`` name them for good; an agent is a program, and can never approve.

    ``operations`` narrows what the roles permit, if it is not None (names of ``identity.roles.Operation``).
    """

    issuer: str
    subject: str
    method: Method
    roles: frozenset[Role] = frozenset()
    tenants: frozenset[str] = frozenset()
    is_agent: bool = False
    key_id: str | None = None
    operations: frozenset[str] | None = None


SYSTEM: Final = Principal(issuer="arf", subject="system", method="system", is_agent=True)
"""The program itself: what nobody asked for, such as a licence that expires."""
