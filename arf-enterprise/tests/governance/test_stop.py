# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The stop button: what it stops, for whom, until when; and the drill."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from arf_enterprise.errors import ConflictError, NotFound, RequestError, Stopped, TenantError
from arf_enterprise.governance import stop
from arf_enterprise.governance.drill import MOST_S, drill
from arf_enterprise.governance.stop import ALL, Reach, Scope, Stop
from arf_enterprise.governance.testing import NOW, TENANT, Desk, person
from arf_enterprise.identity.principal import Role
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

OPS = person("olga@example.com", Role.OPERATOR)
WHOLE = Scope(reach=Reach.TENANT)
CHECKOUT = Scope(reach=Reach.COMPONENT, name="checkout")
ROLLBACK = Scope(reach=Reach.ACTION, name="rollback")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def press(desk: Desk, scope: Scope, reason: str = "smoke in the rack") -> Stop:
    with desk.database.transaction(desk.tenant) as transaction:
        return stop.press(transaction, scope, reason=reason, by=OPS, request_id="r1", now=NOW)


def lift(desk: Desk, stop_id: str) -> Stop:
    with desk.database.transaction(desk.tenant) as transaction:
        return stop.lift(transaction, stop_id, by=OPS, request_id="r2", now=NOW + timedelta(minutes=1))


def is_clear(database: Database, component: str, action: str, tenant: str = TENANT) -> bool:
    with database.transaction(tenant) as transaction:
        try:
            stop.require_clear(transaction, component=component, action=action)
        except Stopped:
            return False
    return True


def is_meant(scope: Scope, component: str, action: str, tenant: str) -> bool:
    """Whether ``scope``, pressed in acme, is for this."""
    narrow = {Reach.TENANT: True, Reach.COMPONENT: component == "checkout", Reach.ACTION: action == "rollback"}
    return scope.reach is Reach.ALL or (tenant == "acme" and narrow[scope.reach])


@pytest.mark.promise("GOV-3")
@pytest.mark.parametrize("scope", [ALL, WHOLE, CHECKOUT, ROLLBACK], ids=str)
def test_a_stop_stops_what_it_is_for_and_nothing_else(desk: Desk, scope: Scope) -> None:
    pressed = press(desk, scope)
    found = {
        (component, action, tenant): is_clear(desk.database, component, action, tenant)
        for component, action, tenant in itertools.product(
            ("checkout", "search", "rollback"), ("rollback", "scale_out", "checkout"), ("acme", "globex")
        )
    }
    assert found == {key: not is_meant(scope, *key) for key in found}
    lift(desk, pressed.stop_id)
    assert is_clear(desk.database, "checkout", "rollback")
    assert is_clear(desk.database, "checkout", "rollback", "globex")
    assert desk.recorded("stop.") == ["stop.pressed", "stop.lifted"]


@pytest.mark.promise("GOV-3")
def test_a_stop_survives_a_restart(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        press(Desk(database), CHECKOUT)
    with postgres.database(name) as database:
        assert not is_clear(database, "checkout", "rollback")


@pytest.mark.promise("GOV-3")
def test_a_stop_that_is_pressed_while_a_run_waits_is_seen_before_its_next_step(desk: Desk) -> None:
    with desk.database.transaction(TENANT) as running:
        stop.require_clear(running, component="checkout", action="rollback")
        press(desk, ROLLBACK)
        with pytest.raises(Stopped, match="stops action rollback since 2026"):
            stop.require_clear(running, component="checkout", action="rollback")


@pytest.mark.promise("GOV-3")
def test_who_has_no_tenant_is_stopped(desk: Desk) -> None:
    with desk.database.transaction(None) as transaction, pytest.raises(TenantError):
        stop.require_clear(transaction, component="checkout", action="rollback")


@pytest.mark.promise("GOV-3")
def test_two_stops_are_lifted_one_by_one_and_each_once(desk: Desk) -> None:
    first, second = press(desk, CHECKOUT), press(desk, CHECKOUT)
    assert lift(desk, first.stop_id).lifted_at is not None
    assert not is_clear(desk.database, "checkout", "rollback")
    lift(desk, second.stop_id)
    assert is_clear(desk.database, "checkout", "rollback")
    with pytest.raises(ConflictError, match="before"):
        lift(desk, first.stop_id)


@pytest.mark.promise("GOV-3")
def test_a_tenant_neither_sees_nor_lifts_the_stop_of_another(desk: Desk) -> None:
    pressed = press(desk, WHOLE)
    foreign = Desk(desk.database, tenant="globex")
    with pytest.raises(NotFound):
        lift(foreign, pressed.stop_id)
    with desk.database.transaction("globex") as transaction:
        assert stop.listed(transaction, with_lifted=True) == ()


@pytest.mark.promise("GOV-3")
def test_a_stop_of_all_tells_no_tenant_who_pressed_it(desk: Desk) -> None:
    press(desk, ALL)
    with desk.database.transaction("globex") as transaction:
        (seen,) = stop.listed(transaction)
    assert (seen.scope, seen.pressed_by, seen.reason) == (ALL, None, "smoke in the rack")
    assert desk.recorded("stop.") == ["stop.pressed"]


def test_stops_are_listed_the_latest_first_and_lifted_ones_when_asked_for(desk: Desk) -> None:
    first, second = press(desk, CHECKOUT), press(desk, ALL)
    lift(desk, first.stop_id)
    with desk.database.transaction(TENANT) as transaction:
        assert [one.stop_id for one in stop.listed(transaction)] == [second.stop_id]
        every = stop.listed(transaction, with_lifted=True)
    assert {one.stop_id for one in every} == {first.stop_id, second.stop_id}
    (lifted,) = (one for one in every if one.stop_id == first.stop_id)
    assert lifted.document()["pressed_by"] == "olga@example.com"
    assert lifted.document()["lifted_at"] == "2026-01-02T03:05:05.000006Z"


@pytest.mark.parametrize(
    ("reach", "name"),
    [("tenant", "x"), ("all", "x"), ("component", ""), ("action", ""), ("component", "a\x00"), ("action", "x" * 201)],
)
def test_a_scope_that_is_none_is_refused(reach: str, name: str) -> None:
    with pytest.raises(RequestError):
        Scope(reach=Reach(reach), name=name)


def test_a_stop_has_a_reason_which_is_text_and_nothing_else(desk: Desk) -> None:
    with pytest.raises(RequestError, match="reason"):
        press(desk, WHOLE, reason="  \n")
    odd = Scope(reach=Reach.COMPONENT, name="'; DROP TABLE arf.stop_order; --")
    pressed = press(desk, odd, reason="%(tenant)s'); DELETE FROM arf.tenant; --\x00")
    assert pressed.reason.startswith("%(tenant)s'); DELETE")
    assert not is_clear(desk.database, odd.name, "rollback")
    assert is_clear(desk.database, "checkout", "rollback")
    for name in ("\x00", "' OR true --", "stop_" + "0" * 32):
        with pytest.raises(NotFound):
            lift(desk, name)


@pytest.mark.promise("GOV-3")
def test_the_database_itself_keeps_a_stop_and_that_it_was_lifted(postgres: FreshDatabases) -> None:
    name = postgres.fresh()
    with postgres.database(name) as database:
        desk = Desk(database)
        for scope in (CHECKOUT, ALL):
            lift(desk, press(desk, scope).stop_id)
    for login in ("arf_app", "arf_owner"):
        with psycopg.connect(postgres.url(name, login=login), autocommit=True) as connection:
            connection.execute("SELECT set_config('arf.tenant', 'acme', false)")
            for statement in (
                "UPDATE arf.stop_order SET lifted_at = NULL",
                "UPDATE arf.stop_of_all SET lifted_at = NULL",
                "DELETE FROM arf.stop_order",
                "DELETE FROM arf.stop_of_all",
            ):
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)):
                    connection.execute(statement)


def drilled(desk: Desk, seconds: Callable[[], float]) -> dict[str, object]:
    found = drill(desk.database, TENANT, by=OPS, request_id="cli_1", clock=lambda: NOW, seconds=seconds)
    return found.document()


@pytest.mark.promise("GOV-3")
def test_a_drill_shows_that_a_stop_is_seen_and_is_recorded(desk: Desk) -> None:
    found = drilled(desk, time.monotonic)
    assert (found["ok"], found["is_clear_again"]) == (True, True)
    assert desk.recorded("stop.") == ["stop.pressed", "stop.lifted", "stop.drilled"]
    with desk.database.transaction(TENANT) as transaction:
        assert stop.listed(transaction) == ()


@pytest.mark.promise("GOV-3")
def test_a_drill_that_took_too_long_is_no_success(desk: Desk) -> None:
    ticks = itertools.count(0, MOST_S + 1)
    found = drilled(desk, lambda: float(next(ticks)))
    assert found["ok"] is False
    (_, record) = desk.entries("stop.drilled")[0]
    assert record["details"]["ok"] is False


@pytest.mark.promise("GOV-3")
def test_a_drill_in_an_installation_that_is_stopped_shows_nothing_and_says_so(desk: Desk) -> None:
    pressed = press(desk, ALL)
    assert drilled(desk, time.monotonic)["ok"] is False
    with desk.database.transaction(TENANT) as transaction:
        assert [one.stop_id for one in stop.listed(transaction)] == [pressed.stop_id]
