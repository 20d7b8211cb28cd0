# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Places for servers and seats for people: two servers with one place, a server that dies, a month that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from arf_enterprise.errors import LicenseLimitError
from arf_enterprise.identity.principal import Principal
from arf_enterprise.licensing.entitlement import Entitlements, EnvironmentEntitlement, Known
from arf_enterprise.licensing.nodes import LOCK_CLASS, Node, holders
from arf_enterprise.licensing.seats import take, taken
from arf_enterprise.licensing.testing import development
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.held import HeldLocks
from arf_enterprise.testing import FreshDatabases

NOW = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
OTHER_PROCESS = """
import sys, time
from arf_enterprise.licensing.nodes import LOCK_CLASS
from arf_enterprise.stores.postgres.held import HeldLocks
locks = HeldLocks(sys.stdin.readline().strip(), lock_class=LOCK_CLASS)
print(locks.try_hold(1), flush=True)
time.sleep(600)
"""


@pytest.fixture
def name(postgres: FreshDatabases) -> str:
    return postgres.fresh()


@pytest.fixture
def database(postgres: FreshDatabases, name: str) -> Iterator[Database]:
    with postgres.database(name) as opened:
        yield opened


@pytest.fixture
def node(postgres: FreshDatabases, database: Database, name: str) -> Iterator[Callable[[str], Node]]:
    """Servers by name, each with locks of its own."""
    made: list[HeldLocks] = []

    def start(node_id: str) -> Node:
        made.append(HeldLocks(postgres.url(name), lock_class=LOCK_CLASS))
        return Node(database, made[-1], node_id=node_id)

    yield start
    for locks in made:
        locks.close()


@pytest.mark.promise("LIC-3")
def test_two_servers_with_one_place_and_the_second_reads_only_and_says_so(
    database: Database, node: Callable[[str], Node]
) -> None:
    first, second = node("server-a"), node("server-b")
    assert first.beat(nodes=1, now=NOW) == 1
    assert second.beat(nodes=1, now=NOW) is None
    assert first.refusal() is None
    assert "server-a" in str(second.refusal())
    assert "reads only" in str(second.refusal())
    assert [(holder.place, holder.node_id) for holder in holders(database)] == [(1, "server-a")]
    asked = Entitlements(
        EnvironmentEntitlement(key=development(now=NOW), known=Known),
        clock=lambda: NOW,
        place=lambda: second.refusal() or "",
    )
    with pytest.raises(LicenseLimitError, match="held by server-a"):
        asked.require("audit_trails")


def test_before_its_first_beat_a_server_runs_nothing(node: Callable[[str], Node]) -> None:
    assert node("server-a").refusal()


def test_a_licence_for_two_has_two_places_and_one_for_none_has_none(node: Callable[[str], Node]) -> None:
    servers = [node(f"server-{number}") for number in range(3)]
    assert [server.beat(nodes=2, now=NOW) for server in servers] == [1, 2, None]
    assert [server.beat(nodes=2, now=NOW) for server in servers] == [1, 2, None]
    assert [server.beat(nodes=0, now=NOW) for server in servers] == [None, None, None]


def test_a_smaller_licence_takes_places_back(database: Database, node: Callable[[str], Node]) -> None:
    first, second = node("server-a"), node("server-b")
    first.beat(nodes=2, now=NOW)
    second.beat(nodes=2, now=NOW)
    assert [first.beat(nodes=1, now=NOW), second.beat(nodes=1, now=NOW)] == [1, None]
    assert len(holders(database)) == 1


def test_many_servers_start_at_once_and_no_place_is_taken_twice(node: Callable[[str], Node]) -> None:
    servers = [node(f"server-{number}") for number in range(8)]
    threads = [threading.Thread(target=server.beat, kwargs={"nodes": 3, "now": NOW}) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(server.place for server in servers if server.place is not None) == [1, 2, 3]


@pytest.mark.promise("LIC-3")
def test_a_server_that_is_killed_frees_its_place(
    postgres: FreshDatabases, node: Callable[[str], Node], name: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        print(postgres.url(name), file=other.stdin, flush=True)
        assert other.stdout.readline() == "True\n"
        mine = node("server-b")
        assert mine.beat(nodes=1, now=NOW) is None
        other.send_signal(signal.SIGKILL)
    end = time.monotonic() + 30
    while mine.beat(nodes=1, now=NOW) is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert mine.refusal() is None


def test_a_server_whose_connection_was_ended_has_no_place_until_it_has_asked_again(
    postgres: FreshDatabases, node: Callable[[str], Node], name: str
) -> None:
    first, second = node("server-a"), node("server-b")
    first.beat(nodes=1, now=NOW)
    with psycopg.connect(postgres.url(name, login="postgres"), autocommit=True) as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'arf-enterprise locks' AND datname = current_database()"
        )
    end = time.monotonic() + 30
    while second.beat(nodes=1, now=NOW) is None:  # its own connection did not exist yet
        assert time.monotonic() < end
        time.sleep(0.01)
    assert first.beat(nodes=1, now=NOW) is None
    assert "does not answer" in str(first.refusal())
    assert first.beat(nodes=1, now=NOW) is None
    assert "server-b" in str(first.refusal())


def person(name: str, **changed: Any) -> Principal:
    return Principal(**{"issuer": "https://login.example", "subject": name, "method": "oidc", **changed})


@pytest.mark.promise("LIC-3")
def test_seats_are_taken_by_people_once_a_month_and_not_by_programs(database: Database) -> None:
    for _ in range(3):
        assert take(database, person("alice"), seats=2, now=NOW)
        assert take(database, person("bob", tenants=frozenset({"acme"})), seats=2, now=NOW)
    assert taken(database, now=NOW) == 2
    assert not take(database, person("carol"), seats=2, now=NOW)
    assert take(database, person("robot", is_agent=True), seats=2, now=NOW)
    assert taken(database, now=NOW) == 2
    assert take(database, person("carol"), seats=2, now=NOW + timedelta(minutes=1))  # another month


def test_the_same_name_at_another_provider_is_another_person(database: Database) -> None:
    assert take(database, person("alice"), seats=1, now=NOW)
    assert not take(database, person("alice", issuer="https://other.example"), seats=1, now=NOW)


def test_many_people_log_in_at_once_and_no_seat_is_taken_twice(database: Database) -> None:
    found: list[bool] = []

    def log_in(number: int) -> None:
        found.append(take(database, person(f"person-{number}"), seats=3, now=NOW))

    threads = [threading.Thread(target=log_in, args=[number]) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(found), taken(database, now=NOW)) == (3, 3)


def test_the_table_of_seats_has_no_names(database: Database) -> None:
    take(database, person("alice"), seats=1, now=NOW)
    with database.transaction(None) as transaction:
        rows = transaction.connection.execute("SELECT * FROM licence_seat").fetchall()
    assert len(rows) == 1
    assert "alice" not in str(rows)
