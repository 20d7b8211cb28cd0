# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real Postgres with a real audit log: what Enterprise writes, for the open edition to verify."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from arf_enterprise.testing import FreshDatabases, fresh_databases


@pytest.fixture(scope="session")
def postgres() -> Iterator[FreshDatabases]:
    """The server: one for each process that runs tests. As root, Postgres runs as another user, who must get in."""
    folder = Path(tempfile.mkdtemp(prefix="arf-verify-"))
    folder.chmod(0o711)
    with fresh_databases(folder / "server") as databases:
        yield databases
    shutil.rmtree(folder, ignore_errors=True)
