# SPDX-License-Identifier: Apache-2.0
"""The server that the contract runs against, and a wire to it that can fail.

``ARF_CONTRACT_SERVER`` (with ``ARF_CONTRACT_TOKEN``) names a real Enterprise server instead of the played one, and
``ARF_CONTRACT_COMPONENT`` one of its targets; the tests that need to look inside the server, or to make it fail, are
then left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from arf_core.models.healing_intent import HealingIntent
from played.enterprise import PlayedEnterprise
from played.server import Server
from played.wire import FaultyWire


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The Enterprise server under contract."""
    if address := os.environ.get("ARF_CONTRACT_SERVER"):
        yield Server(url=address, token=os.environ["ARF_CONTRACT_TOKEN"], played=None)
        return
    with PlayedEnterprise() as played:
        yield Server(url=played.url, token=played.token, played=played)


@pytest.fixture
def played(server: Server) -> Iterator[PlayedEnterprise]:
    """The played server, with nothing planned and nothing seen."""
    if server.played is None:
        pytest.skip("a real server cannot be looked into")
    server.played.planned.clear()
    server.played.seen.clear()
    yield server.played
    server.played.planned.clear()


@pytest.fixture
def wire(played: PlayedEnterprise) -> Iterator[FaultyWire]:
    """A wire to the played server."""
    with FaultyWire(played.port) as wire:
        yield wire


@pytest.fixture
def intent() -> HealingIntent:
    """An intent that no server has seen."""
    return HealingIntent(
        action="restart_container",  # type: ignore[arg-type]
        component=os.environ.get("ARF_CONTRACT_COMPONENT", "checkout"),
        incident_id=f"inc_{uuid4().hex}",
        detected_at=datetime.now(UTC),
        justification="error_rate is 0.4 (> 0.3)",
        confidence=0.8,
        evidence={"stays": "here"},  # type: ignore[arg-type]
    )
