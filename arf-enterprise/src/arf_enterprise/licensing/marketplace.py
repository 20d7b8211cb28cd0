# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A licence that comes with a subscription at a marketplace, and what is reported back to it as used.

::

    GET  URL/v1/entitlement     → 200 {"licence": "ARF-ENT-…"} · 404 there is no subscription
    POST URL/v1/usage           Idempotency-Key: ID, {"dimension", "quantity", "at"}
                                → 2xx taken · 409 known already · 429, 5xx later · any other: refused

1. The answer is a licence like any other, signed by the vendor: a server that somebody puts in its place entitles to
   nothing. It is short, and the marketplace gives a new one as long as the subscription lasts.
2. Where the marketplace does not answer, the last licence counts until it and its grace are over: that is how long this
   works offline. Where it answers that there is no subscription, nothing counts.
3. Usage is written down in the transaction of what is used, and reported later, each under its own id: however often it
   is sent, it counts once.
4. Only https, but to this machine; no redirect is followed; an answer has a length that is read and no more.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from arf_core.canonical import write_time
from arf_core.errors import InputError
from arf_core.strict_json import parse_json
from arf_enterprise.errors import LicenseError, LicenseMalformed, LicenseMissing, SettingError
from arf_enterprise.identifiers import new_id
from arf_enterprise.licensing.entitlement import Entitlement, Known, entitled, read_key_file
from arf_enterprise.licensing.token import MAX_SIZE
from arf_enterprise.licensing.verify import REQUIRED
from arf_enterprise.stores.postgres.database import Database, Transaction

if TYPE_CHECKING:
    import httpx

EVERY: Final = timedelta(hours=1)
"""How often a new licence is asked for."""
AGAIN: Final = timedelta(minutes=1)
"""How soon it is asked again where it did not answer."""
ATTEMPTS: Final = 3
PATIENCE_S: Final = 5.0
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Marketplace:
    """A marketplace's metering service."""

    def __init__(self, url: str, token: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """``token`` authenticates the subscription; no connection is made yet.

        Raises:
            SettingError: rule 4.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
            raise SettingError("the address of the marketplace must begin with https://")
        self._url, self._token, self._sleep = url.rstrip("/"), token, sleep

    def licence(self) -> str | None:
        """The key string that the subscription gives now; None if there is no subscription.

        Raises:
            OSError: it does not answer, or not as it should.
        """
        status, body = self._ask("GET", "/v1/entitlement")
        if status in {403, 404}:
            return None
        if status != 200:
            raise OSError(f"the marketplace answered {status}")
        try:
            document = parse_json(body)
        except InputError as error:
            raise OSError("the marketplace answered with something else than JSON") from error
        if not isinstance(document, dict) or not isinstance(document.get("licence"), str):
            raise OSError("the marketplace answered without a licence")
        return str(document["licence"])

    def use(self, usage_id: str, *, dimension: str, quantity: int, at: datetime) -> bool:
        """Report a usage; whether it was taken, rather than refused.

        Raises:
            OSError: it does not answer: report again later.
        """
        usage = {"dimension": dimension, "quantity": quantity, "at": write_time(at)}
        status, _ = self._ask("POST", "/v1/usage", json=usage, headers={"Idempotency-Key": usage_id})
        if status == 429 or status >= 500:
            raise OSError(f"the marketplace answered {status}")
        return status < 300 or status == 409

    def _ask(
        self, method: str, path: str, *, json: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer, after a few attempts with pauses that grow."""
        import httpx

        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        last = "nothing"
        with httpx.Client(timeout=PATIENCE_S, follow_redirects=False) as client:
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._sleep(0.2 * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - so that not all come at once
                try:
                    with client.stream(method, self._url + path, json=json, headers=sent) as answer:
                        if answer.status_code != 429 and answer.status_code < 500:
                            return answer.status_code, _body(answer)
                        last = str(answer.status_code)
                except httpx.HTTPError as error:
                    last = type(error).__name__
        raise OSError(f"the marketplace does not answer: {last}")


@dataclass(slots=True, kw_only=True)
class MarketplaceEntitlement:
    """The licence that a marketplace gives (rules 1 and 2). ``cache`` keeps the last one for the next start."""

    marketplace: Marketplace
    cache: Path
    known: Callable[[], Known]
    name: str = "the marketplace"
    _next: datetime | None = field(default=None, repr=False)

    def entitlement(self, now: datetime) -> Entitlement:
        """As ``EntitlementProvider`` has it."""
        if self._next is None or not self._next - EVERY <= now < self._next:
            self._renew(now)
        return entitled(read_key_file(self.cache), known=self.known(), now=now, source=self.name)

    def _renew(self, now: datetime) -> None:
        self._next = now + AGAIN
        try:
            key = self.marketplace.licence()
        except OSError:
            return  # rule 2: the last one counts as long as it lasts
        self._next = now + EVERY
        if key is None:
            self.cache.unlink(missing_ok=True)
            raise LicenseMissing(f"{REQUIRED}: the marketplace has no subscription for this installation")
        with contextlib.suppress(LicenseError):  # an answer that entitles to nothing takes the place of nothing
            entitled(key, known=self.known(), now=now, source=self.name)
            self._keep(key)

    def _keep(self, key: str) -> None:
        if len(key) > MAX_SIZE or not key.isascii():
            raise LicenseMalformed("the marketplace's licence is too long or not ASCII")
        self.cache.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.cache.with_name(f"{self.cache.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(key)
        fresh.replace(self.cache)


def record_usage(transaction: Transaction, dimension: str, quantity: int, *, at: datetime) -> str:
    """Write a usage down in the transaction of what is used (rule 3); its id."""
    usage_id = new_id("usage", at)
    transaction.run("add_licence_usage", usage_id=usage_id, dimension=dimension, quantity=quantity, at=at)
    return usage_id


def report_usage(database: Database, marketplace: Marketplace, *, now: datetime, most: int = 1000) -> int:
    """Report what waits, the oldest first; how many were answered. What is not answered waits on."""
    with database.transaction(None) as transaction:
        waiting = transaction.all("waiting_licence_usage", most=most)
    for number, row in enumerate(waiting):
        usage_id = str(row["usage_id"])
        try:
            is_taken = marketplace.use(
                usage_id, dimension=str(row["dimension"]), quantity=int(row["quantity"]), at=row["at"]
            )
        except OSError:
            return number
        with database.transaction(None) as transaction:
            answer = "taken" if is_taken else "refused"
            transaction.run("answer_licence_usage", usage_id=usage_id, answer=answer, now=now)
    return len(waiting)


def _body(answer: httpx.Response) -> bytes:
    found = bytearray()
    for part in answer.iter_bytes():
        found += part
        if len(found) > 4 * MAX_SIZE:  # rule 4
            raise OSError("the marketplace's answer is too long")
    return bytes(found)
