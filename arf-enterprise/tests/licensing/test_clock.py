# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The highest time seen: clocks set back a day and a year, wrong answers, and an old row of the database put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_enterprise.audit.checkpoint import checkpoint_text, origin_of, signed_note
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.sequencer import integrate
from arf_enterprise.audit.signing import LocalKey
from arf_enterprise.errors import LicenseClockError, StoreError
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.licensing.clock import HOME, LEAP, PERSISTS, Seen, anchored, confirmed, highest_seen, look, observed
from arf_enterprise.licensing.standing import TOLERANCE, standing
from arf_enterprise.licensing.testing import licence
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
MINUTE, DAY, YEAR = timedelta(minutes=1), timedelta(days=1), timedelta(days=365)
KEY = LocalKey(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
STRANGER = LocalKey(Ed25519PrivateKey.from_private_bytes(b"\x08" * 32))


def after(seen: Seen, *times: datetime) -> Seen:
    for time in times:
        seen = observed(seen, time)
    return seen


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + number * MINUTE for number in range(count))


@pytest.mark.promise("LIC-4")
def test_the_highest_time_follows_a_clock_that_moves_on() -> None:
    assert after(Seen(highest=NOON), *minutes(NOON, 600)).highest == NOON + 599 * MINUTE
    assert observed(Seen(highest=NOON), NOON + LEAP).highest == NOON + LEAP


@pytest.mark.promise("LIC-4")
@pytest.mark.parametrize("back", [DAY, YEAR])
def test_a_clock_that_is_set_back_takes_nothing_back(back: timedelta) -> None:
    seen = after(Seen(highest=NOON), *minutes(NOON - back, 600))
    assert seen.highest == NOON
    assert seen.is_behind(NOON - back)


def test_a_clock_that_is_a_little_behind_is_not_said_to_have_gone_back() -> None:
    assert not Seen(highest=NOON).is_behind(NOON - TOLERANCE)
    assert Seen(highest=NOON).is_behind(NOON - TOLERANCE - timedelta(microseconds=1))


@pytest.mark.promise("LIC-4")
def test_one_wrong_answer_of_a_time_server_costs_no_more_than_it_lasts() -> None:
    seen = after(Seen(highest=NOON), *minutes(NOON + YEAR, 5), NOON + 6 * MINUTE)
    assert seen.highest == NOON + 6 * MINUTE
    assert not seen.is_behind(NOON + 7 * MINUTE)


@pytest.mark.promise("LIC-4")
def test_a_server_that_was_off_for_a_month_is_believed_after_an_hour() -> None:
    later = NOON + 30 * DAY
    assert after(Seen(highest=NOON), *minutes(later, 60)).highest == NOON
    assert after(Seen(highest=NOON), *minutes(later, 61)).highest == later + PERSISTS


@pytest.mark.promise("LIC-4")
def test_who_sets_the_clock_back_again_and_again_before_the_hour_is_over_gains_an_hour_in_all() -> None:
    seen = Seen(highest=NOON)
    for _ in range(3):
        seen = after(seen, NOON, *minutes(NOON + 10 * DAY, 30))
    assert seen.highest >= NOON + 10 * DAY


def test_going_back_and_forth_far_ahead_takes_nothing_off_what_was_seen_there() -> None:
    seen, later = Seen(highest=NOON), NOON + 10 * DAY
    for _ in range(4):
        seen = after(seen, *minutes(later, 21))
    assert seen.highest >= later


def test_two_servers_whose_clocks_do_not_agree_confirm_nothing() -> None:
    seen = Seen(highest=NOON)
    for number in range(600):
        seen = after(seen, NOON + number * MINUTE, NOON + YEAR + number * MINUTE)
    assert seen.highest == NOON + 599 * MINUTE


@settings(deadline=None)
@given(st.lists(st.integers(-10_000, 10_000).map(lambda count: NOON + count * MINUTE), max_size=50))
def test_the_highest_time_never_goes_back_and_was_always_seen(times: list[datetime]) -> None:
    seen = Seen(highest=NOON)
    for time in times:
        before, seen = seen.highest, observed(seen, time)
        assert seen.highest >= before
        assert seen.highest in {before, time}


@pytest.mark.promise("LIC-4")
@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ([], None),
        ([5], None),
        ([1, 2], (0, 1)),
        ([1, 1.9], None),
        ([1, 5, 9], (1, 2)),
        ([1, 2, 9000, 3, 4], (3, 4)),
        ([1, 2, 9000], (1, 2)),
        ([100, 101, 1, 2, 3], (0, 1)),
    ],
    ids=str,
)
def test_the_time_of_a_checkpoint_counts_once_a_later_one_is_an_hour_after_it(
    hours: list[float], found: tuple[int, int] | None
) -> None:
    assert confirmed([NOON + timedelta(hours=hour) for hour in hours]) == found


@pytest.mark.promise("LIC-4")
def test_setting_the_clock_back_is_noticed_said_in_the_log_once_and_stops_executions(database: Database) -> None:
    look_for(database, NOON)
    for number in range(3):
        seen = look(database, NOON - DAY + number * MINUTE)
        with pytest.raises(LicenseClockError):
            standing(licence(start=NOON - YEAR), now=NOON - DAY, highest_seen=seen.highest).require()
    assert actions(database) == ["license.clock_went_back"]
    look(database, NOON + PERSISTS)
    look(database, NOON + PERSISTS + MINUTE)
    assert actions(database) == ["license.clock_is_right", "license.clock_went_back"]
    look(database, NOON - YEAR)
    assert len(actions(database)) == 3


@pytest.mark.promise("LIC-4")
def test_the_database_takes_no_earlier_time_and_forgets_none(postgres: FreshDatabases, database: Database) -> None:
    look_for(database, NOON)
    with pytest.raises(StoreError, match="only goes forward"), database.transaction(HOME) as transaction:
        transaction.run("set_seen_time", highest=NOON - DAY, ahead_last=None, ahead_for=timedelta(0), behind_since=None)
    name = str(one(database, "SELECT current_database() AS name")["name"])
    with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as owner:
        for statement in (
            "UPDATE arf.installation SET highest_time = 'epoch'",
            "DELETE FROM arf.installation",
            "TRUNCATE arf.installation",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(statement.encode())
    assert highest_seen(database) == NOON + PERSISTS


@pytest.mark.promise("LIC-4")
@pytest.mark.parametrize("back", [DAY, YEAR])
def test_an_old_row_put_back_by_the_owner_gains_nothing_while_the_log_is_there(
    postgres: FreshDatabases, back: timedelta
) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        for at in (NOON, NOON + 2 * PERSISTS):
            checkpoint(database, at)
        put_back(postgres, name, to=NOON - back)
        assert highest_seen(database) == NOON - back
        seen = look(database, NOON - back, anchor=anchored(database))
        assert seen.highest == NOON
        with pytest.raises(LicenseClockError):
            standing(licence(start=NOON - YEAR), now=NOON - back, highest_seen=seen.highest).require()
        # It comes again, after the log has said that the clock went back.
        checkpoint(database, NOON - back)
        put_back(postgres, name, to=NOON - back)
        assert look(database, NOON - back, anchor=anchored(database)).highest == NOON


def test_a_checkpoint_that_somebody_else_signed_is_no_anchor(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        checkpoint(database, NOON)
        checkpoint(database, NOON + 2 * PERSISTS)
        assert anchored(database) == NOON
        with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as owner:
            owner.execute("ALTER TABLE arf.audit_checkpoint DISABLE TRIGGER USER")
            owner.execute("SELECT set_config('arf.tenant', 'default', false)")
            owner.execute("UPDATE arf.audit_checkpoint SET note = replace(note, 'arf.time 2027', 'arf.time 2036')")
        assert anchored(database) is None


@pytest.mark.parametrize("lines", [0, 2])
def test_a_checkpoint_with_no_time_or_with_two_is_no_anchor(database: Database, lines: int) -> None:
    origin = origin_of(str(one(database, "SELECT installation_id AS id FROM installation")["id"]), HOME)
    for size, at in ((1, NOON), (2, NOON + 2 * PERSISTS)):
        checkpoint(database, at)
        plain, _, time = checkpoint_text(origin, size=size + 2, root=b"\0" * 32, at=at).rpartition("arf.time")
        note = signed_note(plain + f"arf.time{time}" * lines, name=origin, key=KEY)
        with database.transaction(HOME) as transaction:
            transaction.run(
                "add_audit_checkpoint",
                tenant=HOME,
                size=size + 10,
                signed_at=at + DAY * size,
                key_id=KEY.key_id,
                note=note,
            )
    assert anchored(database) is None


def test_a_wrong_time_in_a_checkpoint_is_no_anchor_until_it_lasted(database: Database) -> None:
    checkpoint(database, NOON)
    checkpoint(database, NOON + YEAR)
    assert anchored(database) == NOON
    checkpoint(database, NOON + MINUTE)
    assert anchored(database) == NOON


def look_for(database: Database, start: datetime) -> None:
    """Look at a clock for an hour: it is believed at the end of it."""
    for time in minutes(start, 61):
        look(database, time)


def checkpoint(database: Database, at: datetime, *, key: LocalKey = KEY) -> None:
    entry = Entry(actor=Actor.of(SYSTEM), action="license.looked", target="clock", at=at, request_id="req_1")
    with database.transaction(HOME) as transaction:
        append(transaction, entry)
    integrate(database, HOME, key=key, now=at)


def put_back(postgres: FreshDatabases, name: str, *, to: datetime) -> None:
    """What only the owner of the database can do: switch the trigger off, and put an old row back."""
    with psycopg.connect(postgres.url(name, login="arf_owner"), autocommit=True) as owner:
        owner.execute("ALTER TABLE arf.installation DISABLE TRIGGER USER")
        owner.execute("UPDATE arf.installation SET highest_time = %s, behind_since = NULL", [to])
        owner.execute("ALTER TABLE arf.installation ENABLE TRIGGER USER")


def actions(database: Database) -> list[str]:
    with database.transaction(HOME) as transaction:
        rows = transaction.connection.execute("SELECT body FROM audit_entry").fetchall()
    return sorted(str(json.loads(row["body"])["action"]) for row in rows)


def one(database: Database, statement: str) -> dict[str, object]:
    with database.transaction(HOME) as transaction:
        row = transaction.connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row
