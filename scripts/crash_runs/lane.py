# SPDX-License-Identifier: Apache-2.0
"""What the cells of one lane share: a Postgres and a service under a supervisord, both killed and started again."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final
from unittest import mock

import psycopg
from psycopg.rows import dict_row

from arf_enterprise.governance import store as policies
from arf_enterprise.identity.local import local_principal
from arf_enterprise.stores.postgres import embedded
from arf_enterprise.stores.postgres.cluster import SUPERUSER
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.embedded import Embedded, running
from arf_enterprise.stores.postgres.engine_schema import migrate_engine
from arf_enterprise.stores.postgres.migrate import migrate
from arf_enterprise.targets import store as targets
from crash_runs.server import Given, serve
from lib.governed import TARGETS, now
from lib.servers import service
from lib.servers.processes import free_port
from lib.servers.supervisord import Supervised, await_socket, program, start, supervisord

PATIENCE_S: Final = 60.0
POLICY: Final = """\
schema: arf.governance-policy/1
rules:
  - {name: restarts run alone, when: action == "restart_container", then: autonomous}
  - {name: what is sure runs alone, when: action == "rollback" && confidence >= 0.8, then: autonomous}
  - {name: the rest is approved, when: action == "rollback" && confidence < 0.8, then: require_approval}
autonomous: {success_lower: 0, outcomes: 0}
"""
_FORKS: Final = get_context("forkserver")


@dataclass(slots=True)
class Server:
    """A server process, and what is said to it."""

    process: ForkServerProcess
    talk: Connection

    def say(self, what: str) -> None:
        """Tell it ``what``; one that is dead hears nothing."""
        with suppress(OSError):
            self.talk.send(what)

    def stands(self) -> bool:
        """Whether it has said that it stands at its point, or died there."""
        with suppress(EOFError, OSError):
            return self.talk.poll() and self.talk.recv() == "at"
        return True

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.join(PATIENCE_S)


@dataclass(slots=True)
class Lane:
    """The parts, and how each is killed."""

    folder: Path
    postgres: Embedded
    running: Supervised
    port: int
    stack: ExitStack
    servers: list[Server] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where servers connect to."""
        return self.postgres.url()

    def serve(self, given: Given) -> Server:
        """A new server."""
        ours, theirs = _FORKS.Pipe()
        process = _FORKS.Process(target=serve, args=(theirs, given), daemon=True)
        process.start()
        theirs.close()
        self.servers.append(made := Server(process, ours))
        return made

    def end_servers(self) -> None:
        """kill -9 of those that still run."""
        for server in self.servers:
            server.kill()
        self.servers.clear()

    def rows(self, query: str, *parameters: object) -> list[dict[str, object]]:
        """What the superuser sees."""
        with psycopg.connect(self.postgres.url(SUPERUSER), row_factory=dict_row, connect_timeout=10) as connection:
            connection.execute("SET search_path = arf")
            return connection.execute(query, parameters).fetchall()

    def kill_postgres(self) -> None:
        """kill -9 of the postmaster; it is there again, at the same port, when this returns."""
        os.kill(self.postgres.pid, signal.SIGKILL)
        self.stack.close()
        self.postgres = _postgres(self.stack, self.folder, port=self.postgres.port)

    def kill_target(self) -> None:
        """kill -9 of supervisord and of its program; both are there again when this returns."""
        self.running.kill()
        self.running.socket.unlink(missing_ok=True)
        self.start_target()

    def start_target(self) -> None:
        """Start supervisord anew, on the same socket."""
        log, config = self.folder / "target/supervisord.out", str(self.running.config)
        process = start([sys.executable, "-m", "supervisor.supervisord", "-c", config], log)
        self.running = replace(self.running, process=process)
        await_socket(process, self.running.socket, log)
        self.await_service()

    def await_service(self) -> str:
        """The release that answers, well or sick, once one does."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                    return str(answer.read().decode().strip())
            except urllib.error.HTTPError as sick:
                return sick.read().decode().strip()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def stops(self) -> int:
        """How often the service was stopped by request: a line each, by supervisord's own doing."""
        return (self.folder / "target/supervisord.log").read_text(encoding="utf-8").count("stopped: shop (")

    def prepare(self, *, is_sick: bool) -> None:
        """Release r10 in use, r9 beside it, well or sick."""
        target = self.folder / "target"
        text = f'{{"name": "r9", "sick": {"true" if is_sick else "false"}}}'
        (target / "releases/r9/release.json").write_text(text, encoding="utf-8")
        if (self.link(), self.await_service()) != ("r10", "r10"):
            (target / "fresh").symlink_to("releases/r10")
            (target / "fresh").replace(target / "current")
            self.running.ctl("restart", "shop")
        while self.await_service() != "r10":
            time.sleep(0.02)

    def give_back(self) -> None:
        """Give the target back that a run left to a person."""
        self.rows("UPDATE target_hold SET execution_id = NULL WHERE execution_id IS NOT NULL RETURNING component")

    def link(self) -> str:
        """The release in use."""
        return (self.folder / "target/current").resolve().name


@contextmanager
def lane(folder: Path) -> Iterator[Lane]:
    """A lane in ``folder``, with its policy and inventory in force."""
    target = folder / "target"
    for name in ("r9", "r10"):
        service.write_release(target / "releases", name)
    (target / "current").symlink_to("releases/r10")
    (target / "marks").mkdir(mode=0o700)
    (target / "replica").write_text("[program:{name}]\n", encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-S", service.__file__, "--port", str(port), "--release", str(target / "current")]
    _FORKS.set_forkserver_preload(["crash_runs.server", "dbos"])
    with ExitStack() as stack, supervisord(target, programs={"shop": program("shop", command, startsecs="0")}) as run:
        made = Lane(folder, _postgres(stack, folder, port=free_port()), run, port, stack)
        try:
            _govern(made)
            made.await_service()
            yield made
        finally:
            made.end_servers()
            made.running.kill()


def _postgres(stack: ExitStack, folder: Path, *, port: int) -> Embedded:
    with mock.patch.object(embedded, "_free_port", return_value=port):
        return stack.enter_context(running(folder / "postgres"))


def _govern(made: Lane) -> None:
    target = made.folder / "target"
    for name, secret in (("user", made.running.user), ("password", made.running.password)):
        (target / name).write_text(secret, encoding="utf-8")
    text = TARGETS.replace("SOCKET", str(made.running.socket)).replace("FOLDER", str(target))
    text = text.replace("CONF", str(made.running.conf)).replace("PORT", str(made.port))
    text = text.replace("window_s: 6", "window_s: 3")
    migrate(made.postgres.url("arf_owner"))
    migrate_engine(made.postgres.url("arf_owner"))
    by, database = local_principal(["default"]), Database(made.url, size=1)
    database.open()
    with database.transaction("default") as transaction:
        policies.push(transaction, POLICY, file="policy.yaml", by=by, request_id="crash", now=now())
        targets.push(transaction, text, file="targets.yaml", by=by, request_id="crash", now=now())
    database.close()
