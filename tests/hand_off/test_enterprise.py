# SPDX-License-Identifier: Apache-2.0
"""The contract of docs/hand-off.md, kept by the real Enterprise server: real Postgres, real supervisord, real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arf_enterprise.identity.principal import Role
from arf_enterprise.server.testing import Clock, Served, served
from arf_enterprise.testing import scratch_databases
from lib.governed import World, engine_on, governed

POLICY = """\
schema: arf.governance-policy/1
rules:
  - {name: restarts run alone, when: action == "restart_container", then: autonomous}
  - {name: scaling is approved, when: action == "scale_out", then: require_approval}
  - {name: no traffic is shifted, when: action == "traffic_shift", then: deny}
autonomous: {success_lower: 0, outcomes: 0}
"""


@pytest.fixture
def enterprise(tmp_path: Path) -> Iterator[tuple[World, Served]]:
    """An installation that serves, with the policy that the contract asks for."""
    with (
        scratch_databases() as databases,
        databases.database() as database,
        governed(database, tmp_path, policy=POLICY) as world,
        served(world.app, Clock(), background=engine_on(world.app)) as server,
    ):
        yield world, server


@pytest.mark.promise("MCP-3")
@pytest.mark.promise("EXE-2")
def test_the_real_server_keeps_the_contract(enterprise: tuple[World, Served]) -> None:
    world, server = enterprise
    before = world.starts()
    contract = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            str(Path(__file__).parent / "test_contract.py"),
        ],
        env={
            **os.environ,
            "ARF_CONTRACT_SERVER": str(server.client.base_url),
            "ARF_CONTRACT_TOKEN": server.key(Role.OPERATOR),
            "ARF_CONTRACT_COMPONENT": "shop",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert contract.returncode == 0, contract.stdout[-8000:]
    assert "passed" in contract.stdout
    assert "skipped" not in contract.stdout
    assert world.starts() > before, "something was really restarted"
