# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Seats over HTTP: two people and one seat, a month that ends, programs that take none, and no licence at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from arf_enterprise.errors import LicenseLimitError
from arf_enterprise.identity.access import SEATLESS, Asked
from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import Operation
from arf_enterprise.licensing.entitlement import REMEMBERED
from arf_enterprise.licensing.seats import taken
from arf_enterprise.licensing.testing import development
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database

ME, KEYS = "/api/v1/me", "/api/v1/keys"
WANTED = {"subject": "carol", "roles": ["viewer"]}
LAST_DAY = datetime(2027, 1, 31, 23, 50, tzinfo=UTC)


@contextmanager
def licensed(database: Database, folder: Path, seats: int) -> Iterator[Served]:
    clock = Clock(now=LAST_DAY)
    key = development(now=clock.now, seats=seats)
    with served(app_on(database, folder, clock=clock, license_key=key), clock) as found:
        yield found


@pytest.fixture
def one_seat(database: Database, tmp_path: Path) -> Iterator[Served]:
    """A server whose licence has one seat, ten minutes before a month ends."""
    with licensed(database, tmp_path, 1) as found:
        yield found


def refusals(found: Served) -> list[str]:
    with found.app.database.transaction("default") as transaction:
        rows = transaction.connection.execute(
            "SELECT body::jsonb #>> '{details,because}' AS because FROM audit_entry"
            " WHERE body::jsonb ->> 'action' = 'access.refused' ORDER BY xid, position"
        ).fetchall()
    return [str(row["because"]) for row in rows]


@pytest.mark.promise("LIC-3")
def test_of_two_people_with_one_seat_the_second_reads_and_no_more(one_seat: Served) -> None:
    alice, bob = (one_seat.bearer(Role.ADMIN, subject=name) for name in ("alice", "bob"))
    assert one_seat.client.post(KEYS, headers=alice, json=WANTED).status_code == 201
    assert one_seat.client.get(KEYS, headers=bob).status_code == 200
    refused = one_seat.client.post(KEYS, headers=bob, json=WANTED)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, LicenseLimitError.code)
    assert "seats" in refused.json()["error"]["message"]
    (because,) = refusals(one_seat)
    assert "seats" in because
    assert taken(one_seat.app.database, now=one_seat.clock.now) == 1


def test_who_has_no_seat_is_told_what_is_left(one_seat: Served) -> None:
    one_seat.client.get(ME, headers=one_seat.bearer(Role.VIEWER, subject="alice"))
    told = one_seat.client.get(ME, headers=one_seat.bearer(Role.OPERATOR, subject="bob")).json()
    assert Operation.LICENSE_READ in told["operations"]
    assert Operation.INTENTS_SUBMIT not in told["operations"]
    assert set(told["operations"]) <= SEATLESS


def test_a_narrow_key_without_a_seat_is_not_widened(one_seat: Served) -> None:
    one_seat.client.get(ME, headers=one_seat.bearer(Role.VIEWER, subject="alice"))
    narrow = one_seat.bearer(
        Role.ADMIN, subject="bob", operations=frozenset({Operation.ME_READ, Operation.KEYS_CREATE})
    )
    assert one_seat.client.get(ME, headers=narrow).json()["operations"] == [Operation.ME_READ]
    assert one_seat.client.get(KEYS, headers=narrow).status_code == 403


@pytest.mark.promise("LIC-3")
def test_when_the_month_ends_whoever_comes_first_takes_the_seat(one_seat: Served) -> None:
    alice, bob = (one_seat.bearer(Role.ADMIN, subject=name) for name in ("alice", "bob"))
    assert one_seat.client.post(KEYS, headers=alice, json=WANTED).status_code == 201
    one_seat.clock.now += timedelta(minutes=9, seconds=59)
    assert one_seat.client.post(KEYS, headers=bob, json=WANTED).status_code == 403
    one_seat.clock.now += timedelta(seconds=1)
    assert one_seat.client.post(KEYS, headers=bob, json=WANTED).status_code == 201
    assert one_seat.client.post(KEYS, headers=alice, json=WANTED).status_code == 403


@pytest.mark.promise("LIC-3")
def test_an_agent_takes_no_seat_and_needs_none(one_seat: Served) -> None:
    robots = [one_seat.bearer(Role.OPERATOR, subject=f"robot-{number}", is_agent=True) for number in range(3)]
    for robot in robots:
        told = one_seat.client.get(ME, headers=robot).json()
        assert Operation.INTENTS_SUBMIT in told["operations"]
    assert taken(one_seat.app.database, now=one_seat.clock.now) == 0


@pytest.mark.promise("LIC-3")
def test_many_people_log_in_for_the_first_time_at_once_and_the_last_seat_is_one_persons(
    database: Database, tmp_path: Path
) -> None:
    with licensed(database, tmp_path, 3) as found:
        texts = [found.key(Role.OPERATOR, subject=f"person-{number}") for number in range(8)]
        together, seated = Barrier(len(texts)), list[bool]()

        def log_in(text: str) -> None:
            asked = Asked(authorization=f"Bearer {text}", tenant=None, client="192.0.2.1", request_id="r")
            together.wait()
            seated.append(found.app.access.identify(asked).has_seat)

        threads = [Thread(target=log_in, args=[text]) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (seated.count(True), seated.count(False)) == (3, 5)
        assert taken(database, now=found.clock.now) == 3


def test_a_seat_that_is_known_is_not_asked_for_again(one_seat: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from arf_enterprise.licensing import seats

    alice = one_seat.bearer(Role.VIEWER)
    assert one_seat.client.get(ME, headers=alice).status_code == 200
    asked: list[object] = []
    monkeypatch.setattr(seats, "take", lambda *given, **_: asked.append(given))
    assert one_seat.client.get(ME, headers=alice).status_code == 200
    assert asked == []


@pytest.mark.promise("LIC-3")
def test_without_a_licence_no_seat_is_counted_and_with_one_it_is(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    app = app_on(database, tmp_path, clock=clock)
    with served(app, clock) as found:
        people = [found.bearer(Role.ADMIN, subject=f"person-{number}") for number in range(3)]
        assert [found.client.post(KEYS, headers=one, json=WANTED).status_code for one in people] == [201] * 3
        assert taken(database, now=clock.now) == 0
        app.settings.license_file.write_text(development(now=clock.now, seats=1))
        clock.now += REMEMBERED
        assert [found.client.post(KEYS, headers=one, json=WANTED).status_code for one in people] == [201, 403, 403]


def test_a_smaller_licence_takes_no_seat_back_within_its_month(database: Database, tmp_path: Path) -> None:
    clock = Clock(now=LAST_DAY)
    app = app_on(database, tmp_path, clock=clock)
    app.settings.license_file.write_text(development(now=clock.now, seats=2))
    with served(app, clock) as found:
        people = [found.bearer(Role.ADMIN, subject=name) for name in ("alice", "bob", "carol")]
        assert [found.client.post(KEYS, headers=one, json=WANTED).status_code for one in people] == [201, 201, 403]
    app.settings.license_file.write_text(development(now=clock.now, seats=1))
    again = app_on(database, tmp_path, clock=clock)  # a server that remembers nothing
    with served(replace(again, settings=app.settings), clock) as found:
        assert [found.client.post(KEYS, headers=one, json=WANTED).status_code for one in people] == [201, 201, 403]


def test_who_has_no_seat_reads_and_may_stop_and_no_more() -> None:
    """A new operation is looked at here, whichever way it is called."""
    assert sorted(set(Operation) - SEATLESS) == sorted(
        {
            Operation.KEYS_CREATE,
            Operation.KEYS_REVOKE,
            Operation.TENANTS_ADD,
            Operation.LICENSE_INSTALL,
            Operation.PRIVACY_ERASE,
            Operation.INTENTS_SUBMIT,
            Operation.EXECUTIONS_ROLL_BACK,
            Operation.APPROVALS_DECIDE,
            Operation.STOP_LIFT,
            Operation.POLICY_WRITE,
            Operation.POLICY_APPROVE,
            Operation.TARGETS_WRITE,
            Operation.AGENTS_ATTEST,
            Operation.OUTCOMES_LABEL,
            Operation.LEARNING_CHANGE,
            Operation.ADMINISTER,
        }
    )
