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
def reachable() -> Iterator[Path]:
    """A folder that other users can enter: not tmp_path, and as root Postgres runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="arf-postgres-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(reachable: Path) -> Iterator[Path]:
    """A folder of the test's own that other users can enter."""
    own = Path(tempfile.mkdtemp(dir=reachable))
    own.chmod(0o711)
    yield own
    shutil.rmtree(own, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_installation_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that names no folder of its own must not find, or make, the installation that is this machine's."""
    monkeypatch.setenv("ARF_DATA", "/dev/null/no-installation")


@pytest.fixture(scope="session")
def postgres(reachable: Path) -> Iterator[FreshDatabases]:
    """The server: one for each process that runs tests."""
    with fresh_databases(reachable / "server") as databases:
        yield databases


@pytest.fixture
def database(postgres: FreshDatabases) -> Iterator[Database]:
    """A pool of connections, as the program has them, on a fresh database."""
    with postgres.database() as opened:
        yield opened
