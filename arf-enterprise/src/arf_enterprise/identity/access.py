# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Who asks, for which tenant, and whether they may: the one way in, for REST and MCP alike.

1. Who failed too often waits, before anything is looked at: an address for anything wrong, a key for wrong secrets.
   A right key is taken whatever others tried in its name. A caller who asks for what it may not do waits with that,
   too, so that nobody fills the log.
2. ``Authorization: Bearer`` carries an API key, or a token of the identity provider. There is no other way.
3. A single-tenant installation is ``default``, without asking. With several, a request names its tenant
   (``X-ARF-Tenant``), or its caller has only one; a tenant that is not the caller's is refused in the same words as one
   that does not exist.
4. Each refusal is an audit record: of the tenant it concerns if the caller belongs to it, otherwise of ``default``. It
   says what was wrong; the caller's address is personal and encrypted. Attempts while one has to wait are not recorded
   one by one: the one that begins the wait says so.
5. If it cannot be recorded, or the database cannot be asked, nobody gets in.
6. A person who has no seat of the licence gets in to read and to press the stop button (:data:`SEATLESS`), no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from typing import Final

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import (
    AccessError,
    LicenseLimitError,
    NotAuthenticated,
    NotPermitted,
    TenantError,
    TooManyAttempts,
)
from arf_enterprise.identity import claims, keys, tokens
from arf_enterprise.identity.attempts import Attempts, network_of
from arf_enterprise.identity.claims import DEFAULT_TENANT
from arf_enterprise.identity.hiding import hidden
from arf_enterprise.identity.principal import Principal
from arf_enterprise.identity.provider import Provider
from arf_enterprise.identity.roles import Operation, require
from arf_enterprise.stores.postgres.database import Database

SCHEME: Final = "bearer"
SEATLESS: Final = frozenset(
    operation
    for operation in Operation
    if operation.endswith((".read", ".list")) or operation in {Operation.AUDIT_EXPORT, Operation.STOP_PRESS}
)
"""What is left to who has no seat (rule 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of its caller; ``client`` is the address it came from."""

    authorization: str | None = field(repr=False)
    tenant: str | None
    client: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller that is let in, for one tenant and one request; without a seat, the principal is narrowed (rule 6)."""

    principal: Principal
    tenant: str
    request_id: str
    has_seat: bool = True


def _seat_for_everybody(_principal: Principal) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The provider whose tokens are taken, and its keys."""

    provider: Provider
    keys: tokens.Keys


class Access:
    """Lets callers in, or records why not. Safe to share between threads."""

    def __init__(
        self,
        database: Database,
        *,
        is_multi_tenant: bool,
        clock: Callable[[], datetime],
        seconds: Callable[[], float],
        tokens: Tokens | None = None,
        seat: Callable[[Principal], bool] = _seat_for_everybody,
    ) -> None:
        """``seconds`` is a clock that does not go back; without ``tokens``, only API keys are taken.

        ``seat`` says whether a principal has a seat of the licence, or needs none (``licensing.seats.Seats``).
        """
        self._database, self._is_multi_tenant, self._tokens, self._seat = database, is_multi_tenant, tokens, seat
        self._clock, self._seconds = clock, seconds
        self._clients, self._keys, self._denied = Attempts(), Attempts(), Attempts()

    def identify(self, asked: Asked) -> Caller:
        """The caller of a request.

        Raises:
            TooManyAttempts: it has to wait (rule 1); ``retry_after`` says how many seconds.
            NotAuthenticated: it has no valid key or token.
            TenantError: no tenant, or none of its own (rule 3).
            StoreUnavailable, IdentityUnavailable: it cannot be told now (rule 5).
        """
        client = network_of(asked.client)
        _wait(self._clients.wait(client, now=self._seconds()))  # 1
        try:
            return self._seated(self._identified(asked))
        except (NotAuthenticated, TenantError) as error:
            self._refused(asked, client, error)
            raise

    def permit(self, caller: Caller, operation: Operation) -> None:
        """Nothing, if ``caller`` may do ``operation``.

        Raises:
            NotPermitted: it may not, which is recorded (rule 4).
            LicenseLimitError: it has no seat (rule 6), which is recorded, too.
            TooManyAttempts: it may not, and asked too often; what it may do, it still may.
        """
        try:
            _require(caller, operation)
        except (NotPermitted, LicenseLimitError) as error:
            name, now = f"{caller.principal.issuer} {caller.principal.subject}", self._seconds()
            _wait(self._denied.wait(name, now=now), "too many operations that are not permitted were asked for")
            self._denied.failed(name, now=now)
            self._record(
                caller.tenant,
                actor=Actor.of(caller.principal),
                action="access.refused",
                target=f"operation/{operation}",
                request_id=caller.request_id,
                details={"because": str(error), "key_id": caller.principal.key_id},
            )
            raise

    def _seated(self, caller: Caller) -> Caller:  # 6
        if self._seat(caller.principal):
            return caller
        allowed = caller.principal.operations
        narrowed = SEATLESS if allowed is None else SEATLESS & allowed
        return replace(caller, principal=replace(caller.principal, operations=narrowed), has_seat=False)

    def _identified(self, asked: Asked) -> Caller:
        text = _bearer(asked.authorization)  # 2
        now = self._clock()
        if text.startswith(keys.PREFIX):
            return self._by_key(text, asked, now)
        if self._tokens is None:
            raise NotAuthenticated("this installation takes API keys only, and this is none")
        found = tokens.verify(text, provider=self._tokens.provider, keys=self._tokens.keys, now=now)
        principal = claims.principal_of(found, self._tokens.provider, is_multi_tenant=self._is_multi_tenant)
        tenant = self._tenant_of(principal, asked)
        if not self._exists(tenant):
            raise _foreign(tenant)
        return Caller(principal=principal, tenant=tenant, request_id=asked.request_id)

    def _by_key(self, text: str, asked: Asked, now: datetime) -> Caller:
        found = keys.known(self._database, text, now=now)
        tenant = self._tenant_of(keys.principal_of(found), asked)
        keys.touch(self._database, next(key for key in found if key.tenant == tenant), now=now)
        return Caller(principal=keys.principal_of(found, tenant), tenant=tenant, request_id=asked.request_id)

    def _tenant_of(self, principal: Principal, asked: Asked) -> str:  # 3
        if asked.tenant is not None:
            wanted = asked.tenant
        elif not self._is_multi_tenant:
            wanted = DEFAULT_TENANT
        elif len(principal.tenants) == 1:
            wanted = min(principal.tenants)
        else:
            raise TenantError("the request names no tenant, and the caller has not just one")
        if wanted not in principal.tenants or (not self._is_multi_tenant and wanted != DEFAULT_TENANT):
            raise _foreign(wanted)
        return wanted

    def _exists(self, tenant: str) -> bool:
        with self._database.transaction(None) as transaction:
            return bool(transaction.one("tenant_exists", tenant=tenant)["is_known"])

    def _refused(self, asked: Asked, client: str, error: AccessError) -> None:  # 4
        now, key_id = self._seconds(), _key_id(asked.authorization)
        begins = self._clients.failed(client, now=now)
        concerned = self._tenants_of_key(key_id)
        if concerned and key_id is not None:
            _wait(self._keys.wait(key_id, now=now))
            self._keys.failed(key_id, now=now)
        self._record(
            asked.tenant if asked.tenant in concerned else min(concerned, default=DEFAULT_TENANT),
            actor=Actor(issuer="network", subject=client, method="api_key" if key_id else "oidc"),
            action="login.refused",
            target=f"key/{key_id}" if key_id else "login",
            request_id=asked.request_id,
            details={"because": hidden(str(error)), "has_to_wait": begins},
        )

    def _tenants_of_key(self, key_id: str | None) -> frozenset[str]:
        if key_id is None:
            return frozenset()
        with self._database.transaction(None) as transaction:
            transaction.run("name_api_key", key_id=key_id)
            return frozenset(str(row["tenant"]) for row in transaction.all("api_key_everywhere", key_id=key_id))

    def _record(
        self, tenant: str, *, actor: Actor, action: str, target: str, request_id: str, details: Mapping[str, object]
    ) -> None:
        entry = Entry(
            actor=actor, action=action, target=target, at=self._clock(), request_id=request_id, details=details
        )
        with self._database.transaction(tenant) as transaction:
            append(transaction, entry)


def _require(caller: Caller, operation: Operation) -> None:
    if not caller.has_seat and operation not in SEATLESS:
        raise LicenseLimitError(
            f"all seats of the licence are taken this month (UTC), so this caller may read, and not do {operation}"
        )
    require(caller.principal, operation)


def _bearer(authorization: str | None) -> str:
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != SCHEME or not text.strip():
        raise NotAuthenticated("the request has no `Authorization: Bearer`")
    return text.strip()


def _key_id(authorization: str | None) -> str | None:
    return keys.id_in((authorization or "").partition(" ")[2].strip())


def _foreign(tenant: str) -> TenantError:
    return TenantError(f"the tenant {tenant!r:.80} does not exist, or the caller does not belong to it")


def _wait(seconds: float, because: str = "too many wrong keys or tokens came from here") -> None:
    if seconds > 0:
        raise TooManyAttempts(because, retry_after=ceil(seconds))
