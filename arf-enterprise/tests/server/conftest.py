# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Servers on a fresh database: one installation of one tenant, one of several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def single(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Served]:
    """A server of the tenant ``default``."""
    with served(app_on(database, tmp_path, clock=clock), clock) as found:
        yield found


@pytest.fixture
def several(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Served]:
    """A server of the tenants default, acme and globex."""
    with served(app_on(database, tmp_path, clock=clock, is_multi_tenant=True), clock) as found:
        yield found
