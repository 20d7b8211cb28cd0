# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The identity provider whose tokens are taken: a YAML or JSON file, ``ARF_OIDC_FILE``.

::

    issuer: https://id.example.com        as the tokens have it, to the character
    audience: arf                         what the provider calls this API
    people_clients: [arf-console]         clients that people log in with; every other client is an agent
    roles_claim: groups                   the claim that has a person's groups (default: roles)
    roles: {sre: [operator], leads: [approver, viewer]}
    tenants_claim: arf_tenants            the claim that has the tenants; needed in multi-tenant mode
    algorithms: [ES256]                   fewer than all of RS256, PS256, ES256, EdDSA
    token_type: at+jwt                    take only tokens that say they are access tokens (RFC 9068)
    skew_seconds: 60                      how far two clocks may differ, at most 300
    ca_file: /etc/ssl/ours.pem            who vouches for the provider's certificate

1. The issuer is reached by https, by http on this machine alone.
2. What the file does not say is not permitted: a group that is not listed gives no role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from arf_core.api.settings import is_loopback
from arf_core.errors import ArfError
from arf_core.policy.document import Entry, Node, read_document
from arf_core.verify.fields import list_of, object_of, text_of
from arf_enterprise.errors import SettingError
from arf_enterprise.identity.principal import Role

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Every signature that is taken; never ``none``, never one with a shared secret (HS*)."""
MOST_SKEW_S: Final = 300
_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider, and what its claims mean here."""

    issuer: str
    audience: str
    people_clients: frozenset[str]
    roles: Mapping[str, frozenset[Role]]
    roles_claim: str = "roles"
    tenants_claim: str | None = None
    algorithms: tuple[str, ...] = ALGORITHMS
    token_type: str | None = None
    skew: timedelta = timedelta(seconds=60)
    ca_file: Path | None = None


def load_provider(file: Path) -> Provider:
    """The provider that ``file`` describes.

    Raises:
        SettingError: it cannot be read, or says something that is not in the form above.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} (ARF_OIDC_FILE) cannot be read: {type(error).__name__}") from error
    try:
        return read_provider(_plain(read_document(text, file=file.name)))
    except ArfError as error:
        raise SettingError(f"{file} (ARF_OIDC_FILE): {error}") from error


def read_provider(value: object) -> Provider:
    """The provider in a JSON value.

    Raises:
        FormatError: a key is missing or unknown, or a value has the wrong type.
        SettingError: a value that cannot be permitted.
    """
    given = object_of(value, what="the provider", keys=_NEEDED, optional=_OPTIONAL)
    tenants_claim, token_type, ca_file = (
        _maybe(given, name) for name in ("tenants_claim", "token_type", "ca_file")
    )  # fmt: skip
    return Provider(
        issuer=checked_url(text_of(given["issuer"], what="issuer"), what="issuer"),
        audience=text_of(given["audience"], what="audience"),
        people_clients=frozenset(_texts(given["people_clients"], "people_clients")),
        roles=_roles(given["roles"]),
        roles_claim=_maybe(given, "roles_claim") or "roles",
        tenants_claim=tenants_claim,
        algorithms=_algorithms(given.get("algorithms", list(ALGORITHMS))),
        token_type=token_type,
        skew=_skew(given.get("skew_seconds", 60)),
        ca_file=None if ca_file is None else Path(ca_file),
    )


def checked_url(url: str, *, what: str) -> str:
    """``url``, if it is one that may be fetched (rule 1).

    Raises:
        SettingError: it is none.
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not is_safe or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise SettingError(f"{what} is {url!r:.120}: it must be an https URL (http only to this machine), nothing more")
    return url


_NEEDED: Final = ("issuer", "audience", "people_clients", "roles")
_OPTIONAL: Final = (
    "roles_claim", "tenants_claim", "algorithms", "token_type", "skew_seconds", "ca_file",
)  # fmt: skip


def _plain(node: Node) -> object:
    match node.value:
        case tuple() as items:
            return [_plain(item) for item in items]
        case Mapping() as entries:
            return {name: _plain(entry.node) for name, entry in entries.items() if isinstance(entry, Entry)}
        case value:
            return value


def _maybe(given: Mapping[str, object], name: str) -> str | None:
    return text_of(given[name], what=name) if name in given else None


def _texts(value: object, what: str) -> list[str]:
    return [text_of(item, what=f"an item of {what}") for item in list_of(value, what=what, most=_MOST)]


def _roles(value: object) -> Mapping[str, frozenset[Role]]:
    names = sorted(value) if isinstance(value, Mapping) else ()
    given = object_of(value, what="roles", keys=names)
    return {group: frozenset(_role(name) for name in _texts(given[group], f"roles.{group}")) for group in given}


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        raise SettingError(f"{name!r:.60} is no role: there are {', '.join(Role)}") from error


def _algorithms(value: object) -> tuple[str, ...]:
    named = _texts(value, "algorithms")
    if not named or not set(named) <= set(ALGORITHMS):
        raise SettingError(f"algorithms must be one or more of {', '.join(ALGORITHMS)}")
    return tuple(named)


def _skew(value: object) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SKEW_S:
        raise SettingError(f"skew_seconds must be a whole number from 0 to {MOST_SKEW_S}")
    return timedelta(seconds=value)
