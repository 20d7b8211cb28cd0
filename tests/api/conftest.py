# SPDX-License-Identifier: Apache-2.0
"""A real server for each test, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.servers.processes import Served, api


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """``python -m arf_core.api`` with its defaults."""
    with api(tmp_path) as found:
        yield found
