# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How execution stands, as status, doctor and /metrics tell it; and what a target with wrong settings comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from arf_enterprise.execution.run import Status
from arf_enterprise.execution.standing import LATELY, runs, standing
from arf_enterprise.governance import stop
from arf_enterprise.governance.stop import Reach, Scope
from arf_enterprise.identity.local import local_principal
from arf_enterprise.identity.principal import Role
from arf_enterprise.operate.doctor_execution import execution_findings
from arf_enterprise.server.testing import Clock, served
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets import store as targets
from lib.governed import World, now


def test_an_installation_without_policy_and_targets_says_so(database: Database) -> None:
    found = standing(database, "default", now=datetime.now(UTC))
    assert (found.policy, found.targets, found.stops, found.open_runs) == (None, 0, (), 0)
    states = {one.check: one.state for one in execution_findings(database, now=datetime.now(UTC))}
    assert (states["policy"], states["targets"], states["stops"], states["runs"]) == ("warning", "warning", "ok", "ok")


@pytest.mark.usefixtures("engine")
def test_runs_are_counted_by_where_they_stand_and_the_past_does_not_pile_up(world: World) -> None:
    database = world.app.database
    world.ended(world.submit("scale_out"))
    world.reached(world.submit("rollback"), Status.PENDING_APPROVAL)
    with database.transaction("default") as transaction:
        scope = Scope(reach=Reach.COMPONENT, name="elsewhere")
        stop.press(transaction, scope, reason="test", by=local_principal(["default"]), request_id="r", now=now())
    found = standing(database, "default", now=now())
    assert found.runs == {Status.ADVISED: 1, Status.PENDING_APPROVAL: 1}
    assert (found.open_runs, found.targets, found.stops) == (1, 1, ("component elsewhere",))
    assert found.policy is not None
    later = runs(database, now=now() + LATELY + timedelta(hours=1))
    assert {status: number for status, number in later.items() if number} == {Status.PENDING_APPROVAL: 1}
    assert len(later) == len(Status), "a series that is at zero is there as well"


@pytest.mark.usefixtures("engine")
def test_metrics_say_how_runs_and_the_engine_stand(world: World, clock: Clock) -> None:
    world.ended(world.submit("scale_out"))
    with served(world.app, clock) as found:
        text = found.client.get("/metrics", headers=found.bearer(Role.VIEWER)).text
    assert 'arf_executions{status="advised"} 1' in text
    assert 'arf_executions{status="needs_person"} 0' in text


@pytest.mark.usefixtures("engine")
def test_a_target_with_wrong_settings_is_a_refusal_and_no_failure_of_the_server(world: World, clock: Clock) -> None:
    with world.app.database.transaction("default") as transaction:
        inventory = targets.current_version(transaction)[1]
        text = TEXT.replace("PORT", str(world.port))
        assert inventory.targets
        targets.push(transaction, text, file="t.yaml", by=local_principal(["default"]), request_id="r", now=now())
    with served(world.app, clock) as found:
        answer = found.client.post(
            "/api/v1/intents?mode=autonomous", json=world.intent().to_enterprise_request(),
            headers=found.bearer(Role.OPERATOR),
        )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["code"]) == (424, "ARF-E-6000")
    assert answer.json()["status"] == "refused"


@pytest.fixture
def clock() -> Clock:
    return Clock(now=datetime.now(UTC))


TEXT = """\
schema: arf.targets/1
targets:
  - component: shop
    environment: test
    tier: 2
    owner: team-shop
    kind: web
    ways:
      - adapter: supervisor
        actions: [restart_container]
        settings: {socket: /run/supervisor.sock, group: shop, state_folder: /nonexistent}
        credentials: {user: "env:ARF_DATA", password: "env:ARF_DATA"}
    health:
      window_s: 6
      interval_s: 0.2
      settle_s: 0.2
      sustained_s: 0.6
      probes:
        - {name: it answers, kind: http, is_symptom: true, settings: {url: "http://127.0.0.1:PORT/health"}}
"""
