# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A whole installation in this process, and a real service under a real supervisord for it to act on."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.app import App
from arf_enterprise.execution.engine import Engine
from arf_enterprise.execution.intent import of_intent
from arf_enterprise.execution.run import ENDS, Run, Status
from arf_enterprise.governance import approval
from arf_enterprise.governance import store as policies
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identity.access import Caller
from arf_enterprise.identity.local import local_principal
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.licensing.testing import development
from arf_enterprise.parts import engine_of, means_of
from arf_enterprise.server.testing import Clock, app_on
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets import store as targets
from lib.servers.supervisord import Supervised
from lib.supervised import supervised

PATIENCE_S = 30.0
POLICY = """\
schema: arf.governance-policy/1
rules:
  - {name: restarts run alone, when: action == "restart_container", then: autonomous}
  - {name: releases are approved, when: action == "rollback", then: require_approval}
  - {name: scaling is advice, when: action == "scale_out", then: advise}
autonomous: {success_lower: 0, outcomes: 0}
"""
TARGETS = """\
schema: arf.targets/1
targets:
  - component: shop
    environment: test
    tier: 2
    owner: team-shop
    kind: web
    ways:
      - adapter: supervisor
        actions: [restart_container, rollback, scale_out]
        settings:
          socket: SOCKET
          group: shop
          state_folder: FOLDER/marks
          timeout_s: 2
          release_link: FOLDER/current
          releases_folder: FOLDER/releases
          replicas: {folder: CONF, templates: {standard: FOLDER/replica}, most: 4}
        credentials: {user: "file:FOLDER/user", password: "file:FOLDER/password"}
    health:
      window_s: 6
      interval_s: 0.2
      settle_s: 0.2
      sustained_s: 0.6
      probes:
        - {name: it answers, kind: http, is_symptom: true, settings: {url: "http://127.0.0.1:PORT/health"}}
        - {name: it runs, kind: adapter, is_symptom: false, settings: {}}
"""


@dataclass(frozen=True, slots=True)
class World:
    """A service under supervisord: two releases, the newer one in use; and the installation that may act on it."""

    app: App
    folder: Path
    port: int
    running: Supervised
    numbers: Iterator[int]

    def submit(self, action: str = "restart_container", wished: Rung = Rung.AUTONOMOUS, **parameters: object) -> Run:
        """The run of a new intent."""
        return self.app.intake.submit(of_intent(self.intent(action, **parameters)), wished, by=self.caller())

    def intent(self, action: str = "restart_container", **parameters: object) -> HealingIntent:
        """A new intent about the service."""
        return HealingIntent(
            action=action,  # type: ignore[arg-type]  # the intent makes it one
            component="shop",
            incident_id=f"incident-{next(self.numbers)}",
            detected_at=datetime.now(UTC),
            justification="it does not answer",
            confidence=0.9,
            parameters=parameters,  # type: ignore[arg-type]  # the intent freezes them
            policy_applied="slow-responses",
        )

    def caller(self) -> Caller:
        """The user of this machine."""
        return Caller(principal=local_principal(["default"]), tenant="default", request_id="test")

    def ended(self, run: Run) -> dict[str, object]:
        """The run when it has ended."""
        return self.reached(run, *ENDS)

    def reached(self, run: Run, *statuses: Status) -> dict[str, object]:
        """The run when it stands where one of ``statuses`` is."""
        end = time.monotonic() + PATIENCE_S
        while (found := self.app.asking.one(run.tenant, run.execution_id))["status"] not in statuses:
            assert time.monotonic() < end, f"it stands at {found['status']}: {found}"
            time.sleep(0.05)
        return found

    def release(self) -> str:
        """The release that answers, as soon as one does."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                    return str(answer.read().decode().strip())
            except OSError:
                assert time.monotonic() < end, "the service never answered"
                time.sleep(0.05)

    def starts(self) -> int:
        """How often the service was started: one line each, by the service's own doing."""
        text = (self.folder / "supervisord.log").read_text(encoding="utf-8")
        return text.count("spawned: 'shop'")

    def records(self) -> list[str]:
        """The text of every audit entry, in order."""
        with self.app.database.transaction("default") as transaction:
            rows = transaction.connection.execute("SELECT body FROM arf.audit_entry ORDER BY xid, position")
            return [str(row["body"]) for row in rows]

    def actions(self) -> list[str]:
        """What the audit log says was done, in order."""
        with self.app.database.transaction("default") as transaction:
            rows = transaction.connection.execute(
                "SELECT body::jsonb ->> 'action' AS action FROM arf.audit_entry ORDER BY xid, position"
            )
            return [str(row["action"]) for row in rows]


@contextmanager
def governed(database: Database, folder: Path, *, policy: str = POLICY, clock: Clock | None = None) -> Iterator[World]:
    """The installation on ``database``, with its policy and inventory in force."""
    clock = clock or Clock()
    app = replace(app_on(database, folder, clock=clock, license_key=development(now=clock.now)), clock=now)
    app = replace(app, intake=replace(app.intake, clock=now))
    with supervised(folder) as made:
        for name, secret in (("user", made.running.user), ("password", made.running.password)):
            (folder / name).write_text(secret, encoding="utf-8")
        world = World(app, folder, made.port, made.running, count(1))
        govern(world, policy)
        world.release()
        yield world
        app.line.close()


@contextmanager
def working(app: App) -> Iterator[Engine]:
    """What carries the runs of ``app`` out, for as long as the block lasts."""
    made = engine_on(app)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def engine_on(app: App) -> Engine:
    """What carries the runs of ``app`` out, on a server that has its place."""
    return engine_of(app.database.url, means_of(app.database, app.entitlements, clock=now), app.line, _Placed())


def decide(world: World, run: Run, *, approve: bool) -> None:
    """Somebody else approves or rejects what waits the longest."""
    with world.app.database.transaction("default") as transaction:
        waiting = next(one for one in approval.listed(transaction, now=now()))
        approval.decide(
            transaction, waiting.approval_id, by=supporter(), approve=approve, reason="looked at it",
            digest=waiting.digest, request_id="test", now=now(),
        )  # fmt: skip
    world.app.intake.wake("default", run.execution_id)


def supporter() -> Principal:
    """A person who may approve, and is not the user of this machine."""
    roles = frozenset({Role.APPROVER})
    return Principal(
        issuer="arf", subject="bob@example.com", method="api_key", roles=roles, tenants=frozenset({"default"})
    )


def govern(world: World, policy: str) -> None:
    """Put ``policy`` and the world's inventory in force."""
    text = TARGETS.replace("SOCKET", str(world.running.socket)).replace("FOLDER", str(world.folder))
    text = text.replace("CONF", str(world.running.conf)).replace("PORT", str(world.port))
    by = local_principal(["default"])
    with world.app.database.transaction("default") as transaction:
        policies.push(transaction, policy, file="policy.yaml", by=by, request_id="test", now=now())
        targets.push(transaction, text, file="targets.yaml", by=by, request_id="test", now=now())


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class _Placed:
    """A server that has its place."""

    def refusal(self) -> str | None:
        return None
