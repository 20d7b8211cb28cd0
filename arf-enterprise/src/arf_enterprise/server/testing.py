# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real server for tests: the REST application on a free port of this machine, on a given database."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Final

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_enterprise.app import App
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.execution.asking import Asking
from arf_enterprise.execution.intake import Intake
from arf_enterprise.execution.line import Line
from arf_enterprise.identity import keys
from arf_enterprise.identity.access import Access, Tokens
from arf_enterprise.identity.key import WantedKey
from arf_enterprise.identity.principal import SYSTEM, Role
from arf_enterprise.identity.roles import Operation
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.licensing.seats import Seats
from arf_enterprise.licensing.sources import provider_of
from arf_enterprise.server.listen import config_of
from arf_enterprise.server.serving import Background, Serving
from arf_enterprise.server.settings import ServerSettings
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database

PATIENCE_S: Final = 20.0


@dataclass(slots=True, kw_only=True)
class Clock:
    """A clock that tests set: the wall clock's time, and seconds that do not go back."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    passed: float = 1000.0

    def time(self) -> datetime:
        """The time."""
        return self.now

    def seconds(self) -> float:
        """The seconds."""
        return self.passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that listens: its application, its clock, and a client with the base URL."""

    app: App
    clock: Clock
    client: httpx.Client
    serving: Serving

    def key(
        self,
        *roles: Role,
        subject: str = "alice",
        tenants: tuple[str, ...] = ("default",),
        days: int = 30,
        is_agent: bool = False,
        operations: frozenset[Operation] | None = None,
    ) -> str:
        """The text of a new key with ``roles``."""
        wanted = WantedKey(subject=subject, roles=frozenset(roles), days=days, is_agent=is_agent, operations=operations)
        made = keys.create(self.app.database, wanted, tenants=tenants, by=SYSTEM, request_id="test", now=self.clock.now)
        return made.text

    def bearer(self, *roles: Role, **options: object) -> dict[str, str]:
        """The header of a new key with ``roles``."""
        return {"Authorization": f"Bearer {self.key(*roles, **options)}"}  # type: ignore[arg-type]  # as key has them


def app_on(
    database: Database,
    folder: Path,
    *,
    clock: Clock,
    is_multi_tenant: bool = False,
    tokens: Tokens | None = None,
    license_key: str | None = None,
) -> App:
    """An installation on ``database``, with a key of its own and nothing from the environment."""
    settings = Settings(
        data=folder,
        database_url="postgresql://tests",
        license_key=license_key,
        license_file=folder / "licence.key",
        is_multi_tenant=is_multi_tenant,
        audit_key_file=folder / "audit-key.pem",
        audit_passphrase_file=folder / "audit-passphrase",
    )
    entitlements = Entitlements(provider_of(settings, database), clock=clock.time)
    access = Access(
        database,
        is_multi_tenant=is_multi_tenant,
        clock=clock.time,
        seconds=clock.seconds,
        tokens=tokens,
        seat=Seats(database, entitlements, clock=clock.time),
    )
    key, line = LocalKey(Ed25519PrivateKey.generate()), Line(database.url)
    return App(
        settings=settings,
        database=database,
        audit_key=key,
        access=access,
        entitlements=entitlements,
        clock=clock.time,
        line=line,
        intake=Intake(database=database, line=line, clock=clock.time),
        asking=Asking(database=database, seconds=time.monotonic, pause=time.sleep),
    )


@contextmanager
def served(
    app: App, clock: Clock, *, settings: ServerSettings | None = None, background: Background | None = None
) -> Iterator[Served]:
    """``app`` on a free port, for as long as the block lasts."""
    serving = Serving(settings=settings or ServerSettings(rate=10_000.0, client_rate=10_000.0), seconds=clock.seconds)
    server = uvicorn.Server(config_of(app, serving, background))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        _wait(server)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, trust_env=False) as client:
                yield Served(app=app, clock=clock, client=client, serving=serving)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def _wait(server: uvicorn.Server) -> None:
    end = time.monotonic() + PATIENCE_S
    while not server.started:
        if time.monotonic() > end:
            raise TimeoutError("the server did not start")
        time.sleep(0.01)
