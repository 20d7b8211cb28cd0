# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real Postgres for each test process, and a fresh database for each test that asks for one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases, fresh_databases


@pytest.fixture(scope="session")
def postgres() -> Iterator[FreshDatabases]:
    """The server: one for each process that runs tests."""
    # Not tmp_path: its parents are closed to other users, and as root Postgres runs as one.
    folder = Path(tempfile.mkdtemp(prefix="arf-postgres-"))
    folder.chmod(0o711)
    try:
        with fresh_databases(folder / "server") as databases:
            yield databases
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: FreshDatabases) -> Iterator[Database]:
    """A pool of connections, as the program has them, on a fresh database."""
    with postgres.database() as opened:
        yield opened
