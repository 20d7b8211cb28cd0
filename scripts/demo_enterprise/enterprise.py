# SPDX-License-Identifier: Apache-2.0
"""ARF Enterprise in the demo: one server on its own Postgres, and the people and the program who use it.

Everything goes through what users have: the command line, the hand-off of ``arf-mcp submit``, the REST routes. No part
of Enterprise is imported but what makes a licence of a development build.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any, Final

import httpx

from arf_enterprise.licensing.testing import development
from demo_enterprise.world import PATIENCE_S, World, file, until
from lib.servers.processes import Served, free_port, serving

COMMAND: Final = (sys.executable, "-m", "arf_enterprise.cli")
ROBOT: Final = "arf-open"
"""Who brings the intents: a program, which may submit them and nothing else."""
APPROVER: Final = "dana"
ADMIN: Final = "ada"
ENDED: Final = frozenset(
    {"refused", "advised", "succeeded", "reverted", "failed_and_reverted", "needs_person", "cannot_tell"}
)


class CommandFailed(RuntimeError):
    """A command that should have worked did not; the message has what it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """A server that serves, its settings, and the file of each caller's key."""

    folder: Path
    served: Served
    environment: dict[str, str]

    def command(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """What ``arf-enterprise`` with ``arguments`` prints.

        Raises:
            CommandFailed: it ends with another code than ``codes``.
        """
        return _run([*COMMAND, *arguments], self.environment, codes)

    def submit(self, sealed: str) -> dict[str, Any]:
        """The receipt of the sealed intent, handed over by the robot."""
        intent = self.folder / "intent.json"
        intent.write_text(sealed, encoding="utf-8")
        command = [sys.executable, "-m", "arf_mcp_client.cli", "submit", str(intent), "--server", self.served.url]
        command += ["--credentials-file", str(self.folder / ROBOT), "--json"]
        answer: dict[str, Any] = json.loads(_run(command, self.environment, (0, 4)))
        return answer

    def approve(self, approval_id: str, *, reason: str) -> dict[str, Any]:
        """Approve what waits, as the approver who has read it."""
        asked = self.ask("GET", f"/approvals/{approval_id}", APPROVER)
        said = {"digest": asked["digest"], "reason": reason}
        self.ask("POST", f"/approvals/{approval_id}/approve", APPROVER, said)
        return asked

    def ended(self, execution_id: str) -> dict[str, Any]:
        """The run, once it has ended."""

        def look() -> dict[str, Any] | None:
            run = self.ask("GET", f"/executions/{execution_id}", ROBOT)
            return run if run["status"] in ENDED else None

        return until(look, what=f"the run {execution_id} ends", seconds=2 * PATIENCE_S)

    def add(self, name: str, role: str, *, is_agent: bool = False) -> None:
        """Make a key of ``role`` for ``name``, in a file of that name."""
        made = self.ask("POST", "/keys", ADMIN, {"subject": name, "roles": [role], "is_agent": is_agent})
        _secret(self.folder / name, made["key"])

    def attest(self, description: bytes) -> None:
        """Vouch for the robot, as the admin who has read its ``description``."""
        digest = f"sha256:{sha256(description).hexdigest()}"
        wanted = {"subject": ROBOT, "name": ROBOT, "version": version("arf-core"), "description_digest": digest}
        self.ask("POST", "/agents", ADMIN, wanted)

    def is_sequenced(self) -> bool:
        """Whether every record has its place in the log."""
        return b"\narf_audit_waiting 0\n" in self._answer("GET", "/metrics", ROBOT).content

    def ask(self, method: str, path: str, caller: str, body: object = None) -> dict[str, Any]:
        """What the route ``path`` below ``/api/v1`` answers ``caller``.

        Raises:
            CommandFailed: an error.
        """
        found: dict[str, Any] = self._answer(method, f"/api/v1{path}", caller, body).json()
        return found

    def _answer(self, method: str, path: str, caller: str, body: object = None) -> httpx.Response:
        token = (self.folder / caller).read_text(encoding="ascii").strip()
        answer = httpx.request(
            method,
            f"{self.served.url}{path}",
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            timeout=PATIENCE_S,
            trust_env=False,
        )
        if answer.is_error:
            raise CommandFailed(f"{method} {path}: {answer.status_code} {answer.text[:1000]}")
        return answer


@contextmanager
def enterprise(world: World, folder: Path) -> Iterator[Enterprise]:
    """A server with a licence, a policy, the shop as its target, a robot that people attested, and an approver.

    ``folder`` must not exist. What is in it is this installation's own: keys and passwords are files that it alone can
    read.

    Raises:
        DidNotStart, CommandFailed: it does not come up; the message says why.
    """
    folder.mkdir(mode=0o711)  # as root, Postgres runs as another user
    environment = {
        "ARF_DATA": str(folder / "data"),
        "ARF_LICENSE_KEY": development(now=datetime.now(UTC)),
    }
    port = free_port()
    command = [*COMMAND, "serve", "--port", str(port), "--quiet"]
    with serving(command, folder / "log", port=port, path="/ready", environment=environment) as served:
        made = Enterprise(folder=folder, served=served, environment=environment)
        _set_up(made, world)
        yield made


def _set_up(enterprise: Enterprise, world: World) -> None:
    folder = enterprise.folder
    policy = folder / "governance.yaml"
    policy.write_text(file("governance.yaml"), encoding="utf-8")
    enterprise.command("policy", "push", str(policy))
    _secret(folder / ADMIN, enterprise.command("keys", "create", "--for", ADMIN, "--role", "admin", "--quiet"))
    enterprise.add(ROBOT, "operator", is_agent=True)
    enterprise.add(APPROVER, "approver")
    enterprise.attest(world.capabilities())
    enterprise.ask("PUT", "/targets", ADMIN, {"file": "targets.yaml", "content": _targets(world, folder)})


def _targets(world: World, folder: Path) -> str:
    """``targets.yaml`` with the places of this run."""
    marks = folder / "marks"
    marks.mkdir(mode=0o700)
    return Template(file("targets.yaml")).substitute(
        supervisor_socket=world.supervised.socket,
        supervisor_user=_secret(folder / "supervisor-user", world.supervised.user),
        supervisor_password=_secret(folder / "supervisor-password", world.supervised.password),
        marks=marks,
        release_link=world.shop.link,
        releases_folder=world.shop.releases,
        haproxy_socket=world.proxied.socket,
        prometheus=world.monitor.url,
    )


def _secret(place: Path, text: str) -> Path:
    place.touch(mode=0o600)
    place.write_text(text, encoding="ascii")
    return place


def _run(command: list[str], environment: dict[str, str], codes: tuple[int, ...]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode not in codes:
        raise CommandFailed(f"{' '.join(command[2:])}: exit {done.returncode}: {done.stderr}{done.stdout}"[:3000])
    return done.stdout
