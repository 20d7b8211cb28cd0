# SPDX-License-Identifier: Apache-2.0
"""What the tests of the server share: a desk that remembers one incident, and running servers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from arf_core.advisor import Advisor
from arf_core.testing import MOMENT, made_incident
from arf_mcp_client.desk import Desk

Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def reading() -> dict[str, object]:
    """A reading in which something is wrong."""
    return {"component": "checkout", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900, "error_rate": 0.2}


@pytest.fixture
def desk() -> Desk:
    """A desk whose memory holds one incident that looks like the reading's."""
    advisor = Advisor()
    known = made_incident(
        "inc_old", component="checkout", metrics=("latency_p99",), fault_type="slow", action="restart_container"
    )
    advisor.remember([known])
    return Desk(advisor, clock=lambda: MOMENT)


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Starts ``arf-mcp serve --transport http`` as a process: ``with serving(*options, token=…) as address``."""

    @contextlib.contextmanager
    def start(*options: str, token: str | None = None) -> Iterator[str]:
        command = [sys.executable, "-m", "arf_mcp_client.cli", "serve", "--transport", "http", "--port", "0", "--json"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ARF_")}
        if token is not None:
            environment["ARF_MCP_TOKEN"] = token
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(
                [*command, *options], stdout=subprocess.PIPE, stderr=log, env=environment, text=True, cwd=tmp_path
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (tmp_path / "log").read_text()
            yield str(json.loads(line)["listening"])
        finally:
            process.terminate()
            process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in (tmp_path / "log").read_text()

    return start
