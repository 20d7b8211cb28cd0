# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise approvals``, ``approve``, ``reject``, ``stop`` and ``agents``, as commands, on a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arf_core.models.frozen import FrozenMap
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.trust import read_trusted_keys
from arf_enterprise.cli.approval_shown import lines_of
from arf_enterprise.governance.testing import Desk, binding
from arf_enterprise.identity import keys
from arf_enterprise.identity.key import WantedKey
from arf_enterprise.identity.principal import SYSTEM, Role
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Commands of one installation, and its database."""

    folder: Path
    url: str
    database: Database

    def run(self, *arguments: str, code: int = 0, key: str = "", said: str = "") -> str:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        environment = {**kept, "ARF_DATA": str(self.folder), "ARF_DATABASE_URL": self.url, "ARF_API_KEY": key}
        done = subprocess.run(
            [sys.executable, "-m", "arf_enterprise.cli", *arguments],
            env=environment, input=said, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if "--json" in arguments else done.stdout + done.stderr

    def json(self, *arguments: str, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*arguments, "--json", **options))
        return found

    def key(self, subject: str, *roles: Role, is_agent: bool = False) -> str:
        wanted = WantedKey(subject=subject, roles=frozenset(roles), is_agent=is_agent)
        now = datetime.now(UTC)
        return keys.create(self.database, wanted, tenants=["default"], by=SYSTEM, request_id="r", now=now).text


@pytest.fixture
def shell(postgres: FreshDatabases, folder: Path) -> Iterator[Shell]:
    name = postgres.fresh()
    with postgres.database(name) as database:
        yield Shell(folder=folder, url=postgres.url(name), database=database)


@pytest.fixture
def desk(shell: Shell) -> Desk:
    return Desk(shell.database, tenant="default", now=datetime.now(UTC))


def waiting(desk: Desk, **changed: Any) -> str:
    later = desk.now + timedelta(hours=1)
    return desk.ask(binding(tenant="default", expires_at=later, **changed)).approval_id


@pytest.mark.promise("GOV-4")
def test_a_person_looks_approves_and_exports_and_the_open_edition_verifies_it(shell: Shell, desk: Desk) -> None:
    approval_id, alice = waiting(desk), shell.key("alice@example.com", Role.APPROVER)
    assert approval_id in shell.run("approvals", "list")
    shown = shell.run("approvals", "show", approval_id)
    digest = shell.json("approvals", "show", approval_id)["digest"]
    assert digest in shown
    assert "+ pid 2" in shown
    assert "is approved: 1 of 1" in shell.run("approve", approval_id, "--digest", digest, key=alice)
    out = shell.folder / "approval.json"
    shell.run("approvals", "export", approval_id, "--out", str(out))
    trusted = read_trusted_keys([("keys", shell.run("audit", "keys", "--json").encode())])
    report = verify_bytes(out.read_bytes(), name="it", trusted=trusted)
    assert report.ok, report.first_bad


@pytest.mark.promise("GOV-4")
def test_a_shell_proves_nobody_and_an_agent_decides_nothing(shell: Shell, desk: Desk) -> None:
    approval_id = waiting(desk, requester_subject="dave")
    robot = shell.key("robot", Role.OPERATOR, is_agent=True)
    assert "ARF-E-3001" in shell.run("approve", approval_id, "--digest", "sha256:0", code=3)
    assert "ARF-E-3002" in shell.run("approve", approval_id, "--digest", "sha256:0", code=3, key=robot)
    dave = shell.key("dave", Role.APPROVER)
    assert "ARF-E-4142" in shell.run("approve", approval_id, "--digest", "sha256:0", code=3, key=dave)
    assert desk.look(approval_id).votes == ()


@pytest.mark.promise("GOV-4")
def test_without_a_digest_it_is_shown_and_asked_about(shell: Shell, desk: Desk) -> None:
    approval_id, alice = waiting(desk), shell.key("alice@example.com", Role.APPROVER)
    assert "nothing was decided" in shell.run("approve", approval_id, code=6, key=alice, said="n\n")
    assert desk.look(approval_id).votes == ()
    assert "restart checkout" in shell.run("approve", approval_id, key=alice, said="y\n")
    bob = shell.key("bob@example.com", Role.APPROVER)
    assert shell.json("reject", approval_id, "--reason", "no", key=bob)["state"] == "rejected"
    assert "nothing waits" in shell.run("approvals", "list")
    assert shell.json("approvals", "list", "--all")["approvals"][0]["votes"][1]["reason"] == "no"


@pytest.mark.promise("GOV-4")
def test_nobody_at_the_terminal_decides_nothing(shell: Shell, desk: Desk) -> None:
    approval_id, alice = waiting(desk), shell.key("alice@example.com", Role.APPROVER)
    assert "nobody answered, so nothing was decided" in shell.run("approve", approval_id, code=6, key=alice)
    without = shell.run("approve", approval_id, code=3, said="y\n")
    assert "ARF_API_KEY is not set" in without
    assert "restart checkout" not in without, "who cannot approve is not asked"
    assert desk.look(approval_id).votes == ()


@pytest.mark.promise("GOV-2")
def test_what_is_approved_is_told_in_lines_and_nothing_of_it_is_left_out(desk: Desk) -> None:
    change = {
        "summary": "restart it", "forward": {"do": "restart"}, "inverse": {"do": "start"}, "undo_summary": "start it",
        "irreversible_because": None,
    }  # fmt: skip
    reason = {"rung": "require_approval", "rule": "all", "place": "p.yaml:3", "says": "‘true’ is true"}
    shown = {
        "change": change, "diff": ["+ pid 2"], "undo_diff": ["- pid 2"], "rehearsed_by": "a dry run", "surprise": [1],
        "blast_radius": {"instances": 2, "share": 0.5, "dependents": ["cart"]},
        "ruling": {"policy_digest": "sha256:1", "reasons": [reason]},
        "target": {"component": "shop\u202e", "environment": "test", "tier": 1, "owner": "team"},
    }  # fmt: skip
    state = replace(desk.look(waiting(desk)), shown=FrozenMap(shown))
    text = "\n".join(lines_of(state))
    for part in (
        "restart it", "+ pid 2", '{"do": "restart"}', "start it", "- pid 2", '{"do": "start"}', "a dry run",
        "2 instances, 50% of all; cart depends on it", "all (p.yaml:3): ‘true’ is true", "surprise  [1]", state.digest,
    ):  # fmt: skip
        assert part in text, part
    assert "\u202e" not in text, "what would reorder a line is an escape"


@pytest.mark.promise("GOV-3")
def test_a_stop_is_pressed_listed_drilled_and_lifted(shell: Shell) -> None:
    pressed = shell.json("stop", "press", "--component", "checkout", "--reason", "smoke")
    assert "component checkout" in shell.run("stop", "list")
    assert shell.json("stop", "drill")["ok"] is True
    shell.run("stop", "lift", pressed["stop_id"])
    assert "nothing is stopped" in shell.run("stop", "list")
    shell.run("stop", "lift", pressed["stop_id"], code=3)
    every = shell.json("stop", "list", "--with-lifted")["stops"]
    assert {stop["reason"] for stop in every} == {"smoke", "a drill"}
    shell.run("stop", "press", "--all", "--action", "rollback", "--reason", "x", code=6)
    for arguments in (("--all",), ("--action", "rollback"), ()):
        shell.run("stop", "press", *arguments, "--reason", "x")
    assert shell.json("stop", "drill", code=1)["ok"] is False


@pytest.mark.promise("GOV-2")
def test_an_agent_is_attested_listed_and_revoked(shell: Shell) -> None:
    about = shell.folder / "agent.md"
    about.write_text("It restarts what is stuck.\n")
    made = shell.json("agents", "attest", "remediator", "--version", "1", "--description", str(about))
    assert made["description_digest"].startswith("sha256:")
    assert "remediator of arf" in shell.run("agents", "list")
    assert "revoked" in shell.run("agents", "revoke", made["agent_id"])
    shell.run("agents", "revoke", made["agent_id"], code=6)
    shell.run("agents", "attest", "x", "--version", "1", "--description", str(shell.folder / "none"), code=6)
