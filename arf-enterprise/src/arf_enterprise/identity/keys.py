# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""API keys: made, listed, revoked, and known again.

::

    arf_key_0199d2c3a4b5…_4x7Qm…     "arf_", the key's id (no secret), "_", 256 random bits in base64url

1. The secret is shown once and kept nowhere: the database has SHA-256 of the whole key. That is right for 256 random
   bits, where there is nothing to guess; a slow hash is for passwords. It is compared in constant time.
2. A key is somebody's: two keys of one person are one ``subject``, so nobody approves twice.
3. A key is good for one or more tenants, with a row in each, and ends at a time. An agent's never approves or
   administers; the database refuses such a row, too.
4. Each creation and revocation is recorded in its own transaction. Revoked counts from the next request on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from arf_core.canonical import write_time
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import NotAuthenticated, NotFound, RequestError
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.key import Key, WantedKey
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.stores.postgres.database import Database, Row, Transaction

PREFIX: Final = "arf_key_"
ISSUER: Final = "arf"
SECRET_BYTES: Final = 32
MOST_LISTED: Final = 10_000
_DOMAIN: Final = b"arf.api-key/1\n"
_FORM: Final = re.compile(r"arf_(key_[0-9a-f]{32})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A new key, and its text: shown once."""

    keys: tuple[Key, ...]
    text: str = field(repr=False)


def create(
    database: Database,
    wanted: WantedKey,
    *,
    tenants: Iterable[str],
    by: Principal,
    request_id: str,
    now: datetime,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Created:
    """Make a key for ``tenants``: in each, the row and its record in one transaction (rule 4).

    If it stops between two tenants, the key's text was shown to nobody, and what was made is of no use.

    Raises:
        RequestError: no tenant is named.
        NotFound: there is no such tenant.
        StoreError: the database refused.
    """
    named = sorted(set(tenants))
    if not named:
        raise RequestError("no tenant is named")
    key_id = new_id("key", now)
    text = f"arf_{key_id}_{base64.urlsafe_b64encode(random(SECRET_BYTES)).rstrip(b'=').decode('ascii')}"
    made = []
    for tenant in named:  # rule 3
        key = _key_of(wanted, tenant=tenant, key_id=key_id, now=now)
        with database.transaction(tenant) as transaction:
            if not transaction.one("tenant_exists", tenant=tenant)["is_known"]:
                raise NotFound(f"there is no tenant {tenant!r:.80}: `arf-enterprise tenants add` makes one")
            _add(transaction, key, hashed(text))
            append(transaction, _created_entry(key, by=by, request_id=request_id, now=now))
        made.append(key)
    return Created(keys=tuple(made), text=text)


def listed(transaction: Transaction) -> tuple[Key, ...]:
    """The keys of the transaction's tenant, the first :data:`MOST_LISTED`, revoked and expired ones among them."""
    rows = transaction.all("api_keys", tenant=transaction.tenant, most=MOST_LISTED)
    return tuple(_read(row) for row in rows)


def revoke(transaction: Transaction, key_id: str, *, by: Principal, request_id: str, now: datetime) -> None:
    """End the key ``key_id`` in the transaction's tenant, at once (rule 4).

    Raises:
        NotFound: there is no such key here, or it was revoked before.
    """
    if not transaction.run("revoke_api_key", tenant=transaction.tenant, key_id=key_id, at=now):
        raise NotFound(f"no key {key_id!r:.60} of this tenant is there to be revoked")
    append(
        transaction,
        Entry(actor=Actor.of(by), action="key.revoked", target=f"key/{key_id}", at=now, request_id=request_id),
    )


def id_in(text: str) -> str | None:
    """The key's id in the text of a key, None if it has not the form of one."""
    found = _FORM.fullmatch(text)
    return None if found is None else found[1]


def known(database: Database, text: str, *, now: datetime) -> tuple[Key, ...]:
    """The key ``text`` as it stands in each tenant where it is good now: never empty.

    Raises:
        NotAuthenticated: it is no key, wrong, expired or revoked. The text is in no message.
    """
    if (key_id := id_in(text)) is None:
        raise NotAuthenticated("the key has not the form of one")
    with database.transaction(None) as transaction:
        transaction.run("name_api_key", key_id=key_id)
        rows = transaction.all("api_key_everywhere", key_id=key_id)
    right = [row for row in rows if hmac.compare_digest(bytes(row["hash"]), hashed(text))]  # rule 1
    if not right:
        raise NotAuthenticated(f"the key {key_id} does not exist, or its secret is wrong")
    return _good(tuple(_read(row) for row in right), now)


def touch(database: Database, key: Key, *, now: datetime) -> None:
    """Note that ``key`` was used, to the hour: at most one write an hour."""
    if key.last_used_at is None or now - key.last_used_at >= timedelta(hours=1):
        with database.transaction(key.tenant) as transaction:
            transaction.run("touch_api_key", tenant=key.tenant, key_id=key.key_id, at=now)


def principal_of(keys: Sequence[Key], tenant: str | None = None) -> Principal:
    """The caller that a key is; its roles are those it has in ``tenant``, none if that is None or not its own."""
    first, here = keys[0], next((key for key in keys if key.tenant == tenant), None)
    return Principal(
        issuer=ISSUER,
        subject=first.subject,  # rule 2
        method="api_key",
        roles=frozenset() if here is None else here.roles,
        tenants=frozenset(key.tenant for key in keys),
        is_agent=first.is_agent,
        key_id=first.key_id,
        operations=None if here is None else here.operations,
    )


def hashed(text: str) -> bytes:
    """What the database knows a key by (rule 1)."""
    return hashlib.sha256(_DOMAIN + text.encode()).digest()


def _good(keys: tuple[Key, ...], now: datetime) -> tuple[Key, ...]:
    alive = tuple(key for key in keys if key.revoked_at is None)
    if not alive:
        raise NotAuthenticated(f"the key {keys[0].key_id} was revoked")
    good = tuple(key for key in alive if now < key.expires_at)
    if not good:
        raise NotAuthenticated(f"the key {keys[0].key_id} expired at {write_time(alive[0].expires_at)}")
    return good


def _key_of(wanted: WantedKey, *, tenant: str, key_id: str, now: datetime) -> Key:
    return Key(
        tenant=tenant,
        key_id=key_id,
        subject=wanted.subject,
        roles=wanted.roles,
        operations=wanted.operations,
        is_agent=wanted.is_agent,
        created_at=now,
        expires_at=now + timedelta(days=wanted.days),
    )


def _add(transaction: Transaction, key: Key, digest: bytes) -> None:
    transaction.run(
        "add_api_key",
        tenant=key.tenant,
        key_id=key.key_id,
        hash=digest,
        subject=key.subject,
        roles=sorted(key.roles),
        operations=None if key.operations is None else sorted(key.operations),
        is_agent=key.is_agent,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )


def _created_entry(key: Key, *, by: Principal, request_id: str, now: datetime) -> Entry:
    # Whose key it is, is personal: the record names the key, and the key its person.
    document = key.document()
    details = {name: document[name] for name in ("roles", "operations", "is_agent", "expires_at")}
    return Entry(
        actor=Actor.of(by),
        action="key.created",
        target=f"key/{key.key_id}",
        at=now,
        request_id=request_id,
        details=details,
    )


def _read(row: Row) -> Key:
    return Key(
        tenant=row["tenant"],
        key_id=row["key_id"],
        subject=row["subject"],
        roles=frozenset(map(Role, row["roles"])),
        operations=None if row["operations"] is None else frozenset(row["operations"]),
        is_agent=row["is_agent"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
