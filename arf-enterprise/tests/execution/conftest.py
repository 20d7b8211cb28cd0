# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A whole installation in this process, with a real Postgres and a real service to act on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arf_enterprise.execution.engine import Engine
from arf_enterprise.stores.postgres.database import Database
from lib.governed import World, governed, working


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    with governed(database, tmp_path) as made:
        yield made


@pytest.fixture
def engine(world: World) -> Iterator[Engine]:
    with working(world.app) as made:
        yield made
