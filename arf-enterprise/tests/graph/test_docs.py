# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The commands of docs/graph.md, on an installation with a graph."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arf_enterprise.learning.projection import enqueue
from arf_enterprise.learning.testing import made_outcome
from arf_enterprise.testing import FreshDatabases
from doc_pages import ROOT, blocks
from lib.servers.neo4j import GraphServer


@pytest.mark.promise("LRN-5")
def test_the_commands_of_the_page_do_what_it_says(postgres: FreshDatabases, server: GraphServer, folder: Path) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database, database.transaction("default") as tx:
        enqueue(tx, "component", "checkout", {"depends_on": ["payment"]})
        enqueue(tx, "outcome", "run_1", made_outcome(1))
    commands = [block for block in blocks(ROOT / "docs/graph.md") if block.language == "sh"]
    assert len(commands) == 3
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "ARF_DATA": str(folder),
        "ARF_DATABASE_URL": postgres.url(name),
        **server.environment,
    }
    for block in reversed(commands):  # what fills the graph first
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block.text],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert '"question": "together"' in done.stdout
    assert "rollback: 1 of 1 succeeded" in done.stdout
