# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Two whole servers on one database with a licence for one: who holds the place, and who takes it over."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from arf_enterprise.licensing.testing import development
from arf_enterprise.testing import FreshDatabases
from lib.servers.processes import Served, free_port, serving

PATIENCE_S = 60.0
ARF = [sys.executable, "-m", "arf_enterprise.cli"]
Servers = tuple[list[Served], dict[str, str]]


@pytest.fixture
def two(postgres: FreshDatabases, tmp_path: Path) -> Iterator[Servers]:
    """Two servers of one installation, and the header that is let in at both."""
    settings = {
        "ARF_DATA": str(tmp_path),
        "ARF_DATABASE_URL": postgres.url(postgres.fresh()),
        "ARF_LICENSE_KEY": development(now=datetime.now(UTC), nodes=1),
    }
    made = subprocess.run(
        [*ARF, "keys", "create", "--for", "root", "--role", "viewer", "--quiet"],
        env={**os.environ, **settings}, capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    with ExitStack() as stack:
        servers = []
        for number in range(2):
            port, log = free_port(), tmp_path / f"server-{number}.log"
            started = serving([*ARF, "serve", "--port", str(port)], log, port=port, path="/ready", environment=settings)
            servers.append(stack.enter_context(started))
        yield servers, {"Authorization": f"Bearer {made.stdout.strip()}"}


@pytest.mark.promise("LIC-3")
def test_one_of_two_servers_holds_the_only_place_and_the_other_takes_it_over_when_that_is_killed(two: Servers) -> None:
    (first, second), headers = two
    assert {holder(first, headers), holder(second, headers)} == {first.process.pid}
    assert f":{first.process.pid}: this server" in second.log.read_text()
    assert "reads only" not in first.log.read_text()
    first.kill()
    end = time.monotonic() + PATIENCE_S
    while holder(second, headers) != second.process.pid:
        assert time.monotonic() < end, second.log.read_text()
        time.sleep(0.1)


def holder(server: Served, headers: dict[str, str]) -> int | None:
    """The process that holds the place, as ``server`` tells it; None if none does."""
    told = httpx.get(f"{server.url}/api/v1/license", headers=headers, trust_env=False, timeout=PATIENCE_S).json()
    assert told["licence"]["limits"]["nodes"] == 1
    pids = [int(one["server"].rpartition(":")[2]) for one in told["servers"]]
    assert len(pids) <= 1
    return pids[0] if pids else None
