# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a server does about its licence beside its requests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from arf_enterprise.errors import LicenseClockError, LicenseExpired, LicenseLimitError
from arf_enterprise.licensing.clock import highest_seen
from arf_enterprise.licensing.entitlement import Entitlements, EnvironmentEntitlement, known_of
from arf_enterprise.licensing.nodes import LOCK_CLASS, Node
from arf_enterprise.licensing.testing import development
from arf_enterprise.licensing.watch import Watch
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.held import HeldLocks
from arf_enterprise.testing import FreshDatabases

NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Server:
    """A server with a clock that the test sets."""

    def __init__(self, database: Database, url: str, text: str | None) -> None:
        self.now = NOW
        self.locks = HeldLocks(url, lock_class=LOCK_CLASS)
        node = Node(database, self.locks, node_id="server-a")
        provider = EnvironmentEntitlement(key=text, known=lambda: known_of(database, None))
        self.entitlements = Entitlements(provider, clock=lambda: self.now, place=node.refusal)
        self.watch = Watch(database, self.entitlements, node, clock=lambda: self.now)

    def at(self, now: datetime) -> None:
        self.now = now
        self.watch.beat()


@pytest.fixture
def server(postgres: FreshDatabases) -> Iterator[Callable[..., tuple[Server, Database]]]:
    name = postgres.fresh()
    made: list[Server] = []
    with postgres.database(name) as database:

        def start(text: str | None) -> tuple[Server, Database]:
            made.append(Server(database, postgres.url(name), text))
            return made[-1], database

        yield start
        for known in made:
            known.locks.close()


@pytest.mark.promise("LIC-4")
def test_a_server_warns_at_30_7_and_1_days_then_in_its_grace_and_starts_nothing_after_it(
    server: Callable[..., tuple[Server, Database]], caplog: pytest.LogCaptureFixture
) -> None:
    found, _ = server(development(now=NOW, days=40))
    with caplog.at_level(logging.WARNING):
        for day in range(40):
            found.at(NOW + day * DAY)
            found.entitlements.require("audit_trails")
        said = list(caplog.messages)
        assert [f"{days} days" in " ".join(said) for days in (30, 7, 1)] == [True, True, True]
        assert len(said) == 3
        found.at(NOW + 41 * DAY)
        found.entitlements.require("audit_trails")
        assert "grace" in caplog.messages[-1]
        found.at(NOW + 47 * DAY)
        with pytest.raises(LicenseExpired):
            found.entitlements.require("audit_trails")
        assert "expired" in caplog.messages[-1]


@pytest.mark.promise("LIC-4")
def test_a_server_whose_clock_is_set_back_starts_nothing_until_it_is_right_again(
    server: Callable[..., tuple[Server, Database]],
) -> None:
    found, database = server(development(now=NOW))
    for minute in range(62):
        found.at(NOW + minute * MINUTE)
    assert highest_seen(database) == NOW + 61 * MINUTE
    found.at(NOW - DAY)
    with pytest.raises(LicenseClockError):
        found.entitlements.require("audit_trails")
    found.at(NOW + 62 * MINUTE)
    found.entitlements.require("audit_trails")


def test_a_server_without_a_licence_holds_no_place(server: Callable[..., tuple[Server, Database]]) -> None:
    without, _ = server(None)
    without.at(NOW)
    other, _ = server(development(now=NOW, nodes=1))
    other.at(NOW)
    other.entitlements.require("audit_trails")
    third, _ = server(development(now=NOW, nodes=1))
    third.at(NOW)
    with pytest.raises(LicenseLimitError, match="reads only"):
        third.entitlements.require("audit_trails")


def test_it_starts_with_a_beat_and_stops_at_once(server: Callable[..., tuple[Server, Database]]) -> None:
    found, _ = server(development(now=NOW))
    found.watch.start()
    found.entitlements.require("audit_trails")
    found.watch.stop()
    found.watch.stop()
