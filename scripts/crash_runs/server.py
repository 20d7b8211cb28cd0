# SPDX-License-Identifier: Apache-2.0
"""One server of an installation, as a process of its own: it takes intents and carries runs out.

The driver says ``submit`` (take the intent, as often as it takes, like a client that retries), ``wake`` (somebody
decided), ``go`` (go on from the point) and ``stop``; the server says ``at`` when it stands at its point.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.errors import StoreError
from arf_enterprise.execution import engine as engines
from arf_enterprise.execution import sweep as sweeps
from arf_enterprise.execution.engine import Engine
from arf_enterprise.execution.intake import Intake
from arf_enterprise.execution.intent import of_intent
from arf_enterprise.execution.means import Means
from arf_enterprise.execution.sweep import LOCK_CLASS, Sweep
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.local import local_principal
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.licensing.sources import provider_of
from arf_enterprise.licensing.testing import development
from arf_enterprise.parts import means_of
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.held import HeldLocks
from crash_runs.stopping import Point, StoppingAdapter, StoppingDatabase, StoppingLine, asking, stop_inside
from lib.governed import now

RETRY_S = 0.1
HURRY_SWEEP_S = 0.3
HURRY_IDLE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a server is told at its start; ``hurries`` if it sweeps more often than the product does."""

    url: str
    folder: Path
    intent: HealingIntent
    point: str | None = None
    dies: bool = False
    hurries: bool = True


def serve(talk: Connection, given: Given) -> None:
    """Be a server until the driver says ``stop`` or is gone."""
    log = os.open(given.folder / "servers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if given.hurries:
        engines.SWEEP_S, sweeps.IDLE = HURRY_SWEEP_S, HURRY_IDLE  # type: ignore[misc]  # in this process alone
    point = Point(given.point, given.dies, lambda: talk.send("at"))
    server = _Server(given, point)
    server.engine.start()
    with suppress(EOFError):
        while (said := talk.recv()) != "stop":
            server.told(said)
        server.engine.stop()
        os._exit(0)
    os._exit(1)  # the driver is gone


class _Server:
    def __init__(self, given: Given, point: Point) -> None:
        self._given, self._point = given, point
        stop_inside(point)
        self._database = StoppingDatabase(given.url, point)
        self._database.open()
        line = StoppingLine(given.url, point)
        self._intake = Intake(database=self._database, line=line, clock=now)
        self.engine = Engine(
            self._means(),
            url=given.url,
            executor_id=new_id("node", now()),
            locks=HeldLocks(given.url, lock_class=LOCK_CLASS),
            line=line,
            sweep=Sweep(database=self._database, line=line, clock=now),
            has_place=lambda: True,
        )

    def told(self, said: str) -> None:
        """Do what the driver says."""
        match said:
            case "submit":
                threading.Thread(target=self._submit, daemon=True).start()
            case "wake":
                threading.Thread(target=self._wake, daemon=True).start()
            case "go":
                self._point.go.set()

    def _means(self) -> Means:
        settings = Settings(
            data=self._given.folder,
            database_url=self._given.url,
            license_key=development(now=now()),
            license_file=self._given.folder / "licence.key",
            is_multi_tenant=False,
            audit_key_file=self._given.folder / "audit-key.pem",
            audit_passphrase_file=self._given.folder / "audit-passphrase",
        )
        entitlements = Entitlements(provider_of(settings, self._database), clock=now)
        means = means_of(self._database, entitlements, clock=now)
        make = means.adapter
        return replace(
            means,
            adapter=lambda way, component: StoppingAdapter(make(way, component), self._point),
            ask=asking(means.ask, self._point),
        )

    def _submit(self) -> None:
        caller = Caller(principal=local_principal(["default"]), tenant="default", request_id="crash")
        while True:
            try:
                self._intake.submit(of_intent(self._given.intent), Rung.AUTONOMOUS, by=caller)
            except StoreError as error:  # a client does not know either what became of it, and asks again
                print("submit:", type(error).__name__, error, flush=True)
                time.sleep(RETRY_S)
            else:
                return

    def _wake(self) -> None:
        with suppress(Exception), self._database.transaction("default") as transaction:
            row = transaction.one("execution_of_intent", tenant="default", intent_id=self._given.intent.intent_id)
            self._intake.wake("default", str(row["execution_id"]))
