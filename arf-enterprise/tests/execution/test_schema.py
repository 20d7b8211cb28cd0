# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""schemathesis against a real server that carries intents out: no request, good or bad, breaks it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from arf_enterprise.audit.service import Sequencing
from arf_enterprise.identity.principal import Role
from arf_enterprise.server.serving import Together
from arf_enterprise.server.settings import ServerSettings
from arf_enterprise.server.testing import Clock, served
from arf_enterprise.stores.postgres.database import Database
from lib.governed import World, engine_on, governed

# An honest answer to a well-formed request may be that nothing of that name is there, that it is not in a state for
# this, or that the policy forbids it.
CONFIG = """\
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "403", "404", "409", "422", "424"]

# No request that is made up is signed by a channel.
[[operations]]
include-path-regex = "^/callbacks/"
[operations.checks.positive_data_acceptance]
expected-statuses = ["401"]
"""


class Hurried(Clock):
    """A clock that is far ahead each time it is asked: nobody has to wait for what was refused before."""

    def seconds(self) -> float:
        """The seconds."""
        self.passed += 1000.0
        return self.passed


def sequencing(world: World) -> Sequencing:
    return Sequencing(world.app.database, key=world.app.audit_key, clock=world.app.clock)


@pytest.mark.promise("SRV-1")
def test_schemathesis_finds_nothing(database: Database, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    fast = ServerSettings(rate=100_000.0, client_rate=100_000.0)
    clock = Hurried()
    with (
        governed(database, tmp_path, clock=clock) as world,
        served(world.app, clock, settings=fast, background=Together(sequencing(world), engine_on(world.app))) as server,
    ):
        key = server.key(*Role)
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "--config-file",
                str(tmp_path / "schemathesis.toml"),
                "run",
                f"{server.client.base_url}/openapi.json",
                "--max-examples=15",
                "--seed=7",
                "--generation-database=none",
                "--no-color",
                "--suppress-health-check=all",
                "-H",
                f"Authorization: Bearer {key}",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]
        assert "Operations" in done.stdout
