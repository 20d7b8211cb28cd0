# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The closed loop in one process: an intent becomes a verified change on a real service, or nothing at all."""

from __future__ import annotations

import itertools
import json
import os
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.errors import ConflictError, IntentConflict, IntentExpired, QueueFull
from arf_enterprise.execution.intake import Intake
from arf_enterprise.execution.intent import of_intent
from arf_enterprise.execution.line import Line
from arf_enterprise.execution.run import Run, Status
from arf_enterprise.governance import stop
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.governance.stop import Reach, Scope
from arf_enterprise.identity.local import local_principal
from arf_enterprise.stores.postgres.database import Database
from lib.governed import World, decide, now

pytestmark = pytest.mark.usefixtures("engine")


def receipt(world: World, run: Run) -> dict[str, object]:
    found = world.app.asking.receipt(run, patience_s=20)
    assert found is not None
    return found


def step(found: dict[str, object], name: str) -> dict[str, object]:
    steps = found["steps"]
    assert isinstance(steps, list)
    return dict(next(one["found"] for one in steps if one["step"] == name))


@pytest.mark.promise("EXE-1")
@pytest.mark.promise("EXE-4")
@pytest.mark.promise("AUD-1")
def test_an_autonomous_restart_is_applied_verified_and_recorded(world: World) -> None:
    before = world.running.ctl("pid", "shop")
    run = world.submit()
    answered = receipt(world, run)
    assert (answered["executed"], answered["status"]) == (True, "executed")
    assert str(answered["audit_trail_id"]).startswith("audit_")
    found = world.ended(run)
    assert found["status"] == "succeeded", found
    assert world.running.ctl("pid", "shop") != before
    done = [action for action in world.actions() if action.startswith(("intent.", "execution."))]
    assert done == [
        "intent.submitted", "execution.decided", "execution.applying", "execution.applied", "execution.verified",
        "execution.succeeded",
    ]  # fmt: skip


@pytest.mark.promise("EXE-1")
@pytest.mark.promise("EXE-3")
def test_advice_says_what_would_be_done_and_how_it_would_be_undone_and_does_nothing(world: World) -> None:
    before = world.running.ctl("status")
    run = world.submit("scale_out", scale_factor=2)
    assert receipt(world, run)["status"] == "advised"
    decided = step(world.ended(run), "decided")
    assert decided["diff"]
    assert decided["undo_diff"]
    assert decided["rehearsed_by"]
    assert world.running.ctl("status").split()[:2] == before.split()[:2]


def test_a_caller_who_wishes_advice_gets_no_more(world: World) -> None:
    before = world.running.ctl("pid", "shop")
    assert receipt(world, world.submit(wished=Rung.ADVISE))["status"] == "advised"
    assert world.running.ctl("pid", "shop") == before


@pytest.mark.promise("GOV-2")
def test_what_needs_approval_waits_for_a_person_and_then_is_done(world: World) -> None:
    run = world.submit("rollback")
    answered = receipt(world, run)
    assert (answered["executed"], answered["status"]) == (False, "pending_approval")
    assert answered["approval_id"]
    assert world.release() == "r10"
    decide(world, run, approve=True)
    assert world.ended(run)["status"] == "succeeded"
    assert world.release() == "r9"
    assert receipt(world, run) == answered, "the receipt stays as it was given"


def test_what_a_person_rejects_is_refused_and_nothing_happens(world: World) -> None:
    run = world.submit("rollback")
    receipt(world, run)
    decide(world, run, approve=False)
    found = world.ended(run)
    assert (found["status"], found["code"]) == ("refused", "ARF-E-4140")
    assert world.release() == "r10"


@pytest.mark.promise("GOV-2")
def test_an_approval_is_worth_nothing_after_somebody_changed_the_target(world: World) -> None:
    run = world.submit("rollback")
    receipt(world, run)
    world.running.ctl("stop", "shop")
    decide(world, run, approve=True)
    found = world.ended(run)
    assert (found["status"], found["code"]) == ("refused", "ARF-E-4135"), found
    assert (world.folder / "current").resolve().name == "r10"


@pytest.mark.promise("EXE-4")
def test_a_remedy_that_makes_things_worse_is_undone_by_itself(world: World) -> None:
    (world.folder / "releases" / "r9" / "release.json").write_text(json.dumps({"name": "r9", "sick": True}))
    run = world.submit("rollback")
    receipt(world, run)
    decide(world, run, approve=True)
    found = world.ended(run)
    assert found["status"] == "reverted", found
    assert step(found, "verified")["state"] in {"worse", "not_well"}
    assert world.release() == "r10"
    assert "execution.reverted" in world.actions()


@pytest.mark.promise("EXE-1")
def test_a_person_rolls_back_what_had_succeeded(world: World) -> None:
    run = world.submit("rollback")
    receipt(world, run)
    decide(world, run, approve=True)
    world.ended(run)
    asked = world.app.intake.roll_back(run.execution_id, reason="it was not the release", by=world.caller())
    assert asked.status is Status.REVERTING
    found = world.reached(run, Status.REVERTED, Status.NEEDS_PERSON)
    assert found["status"] == "reverted", found
    assert world.release() == "r10"
    with pytest.raises(ConflictError, match="only one that succeeded"):
        world.app.intake.roll_back(run.execution_id, reason="again", by=world.caller())


@pytest.mark.promise("GOV-3")
def test_a_stop_keeps_what_is_approved_from_being_done(world: World) -> None:
    run = world.submit("rollback")
    receipt(world, run)
    with world.app.database.transaction("default") as transaction:
        scope = Scope(reach=Reach.COMPONENT, name="shop")
        by = local_principal(["default"])
        stop.press(transaction, scope, reason="we look at it", by=by, request_id="test", now=now())
    decide(world, run, approve=True)
    found = world.ended(run)
    assert (found["status"], found["code"]) == ("refused", "ARF-E-4120")
    assert world.release() == "r10"


@pytest.mark.promise("EXE-2")
def test_fifty_submissions_at_once_to_two_servers_are_one_execution(world: World) -> None:
    before = world.starts()
    submitted = of_intent(world.intent())
    with another_server(world) as other, ThreadPoolExecutor(25) as pool:
        intakes = [world.app.intake, other]
        runs = list(
            pool.map(
                lambda number: intakes[number % 2].submit(submitted, Rung.AUTONOMOUS, by=world.caller()), range(50)
            )
        )
    assert len({run.execution_id for run in runs}) == 1
    world.ended(runs[0])
    assert world.starts() == before + 1
    assert world.actions().count("intent.submitted") == 1


@contextmanager
def another_server(world: World) -> Iterator[Intake]:
    """What another server takes intents with: connections of its own to the same database."""
    database, line = Database(world.app.database.url), Line(world.app.database.url)
    database.open()
    try:
        yield Intake(database=database, line=line, clock=now)
    finally:
        line.close()
        database.close()


@pytest.mark.promise("EXE-2")
def test_a_known_id_with_another_digest_is_refused_and_recorded(world: World) -> None:
    intent = world.intent()
    world.ended(world.app.intake.submit(of_intent(intent), Rung.AUTONOMOUS, by=world.caller()))
    before = world.starts()
    other = of_intent(replace(intent, justification="another reason"))
    assert other.intent_id == intent.intent_id
    with pytest.raises(IntentConflict):
        world.app.intake.submit(other, Rung.AUTONOMOUS, by=world.caller())
    assert world.actions()[-1] == "intent.refused"
    assert world.starts() == before


@pytest.mark.parametrize("days", [-2, 1])
def test_an_intent_about_another_time_is_refused(world: World, days: int) -> None:
    intent = replace(world.intent(), detected_at=now() + timedelta(days=days))
    with pytest.raises(IntentExpired):
        world.app.intake.submit(of_intent(intent), Rung.AUTONOMOUS, by=world.caller())
    assert world.actions()[-1] == "intent.refused"


@pytest.mark.promise("GOV-1")
def test_what_the_policy_does_not_name_is_refused_with_its_rule(world: World) -> None:
    run = world.submit("circuit_breaker")
    answered = receipt(world, run)
    assert (answered["status"], answered["executed"]) == ("refused", False)
    assert str(answered["code"]).startswith("ARF-E-41")
    assert answered["reason"]


def test_an_unknown_component_is_refused(world: World) -> None:
    intent: HealingIntent = replace(world.intent(), component="nobody")
    run = world.app.intake.submit(of_intent(intent), Rung.AUTONOMOUS, by=world.caller())
    assert receipt(world, run)["code"] == "ARF-E-4130"


def test_more_than_the_installation_takes_at_once_is_not_taken(world: World) -> None:
    for _ in range(2):
        receipt(world, world.submit("rollback"))
    with pytest.raises(QueueFull):
        replace(world.app.intake, most_open=2).submit(of_intent(world.intent()), Rung.AUTONOMOUS, by=world.caller())


@pytest.mark.promise("EXE-5")
def test_runs_on_one_target_are_done_one_after_the_other(world: World) -> None:
    before = world.starts()
    runs = [world.submit() for _ in range(3)]
    found = [world.ended(run) for run in runs]
    assert [one["status"] for one in found] == ["succeeded"] * 3
    spans = sorted((step_at(one, "apply_begun"), str(one["ended_at"])) for one in found)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans)), spans
    # What another run restarted since it was planned is restarted: it is not done once more.
    assert before < world.starts() <= before + 3


def step_at(found: dict[str, object], name: str) -> str:
    steps = found["steps"]
    assert isinstance(steps, list)
    return str(next(one["at"] for one in steps if one["step"] == name))


@pytest.mark.promise("EXE-4")
def test_deleting_the_sick_thing_is_not_health(world: World) -> None:
    """Somebody stops the service while its health is watched: that is worse, whatever the probes say."""
    run = world.submit()
    world.reached(run, Status.VERIFYING)
    world.running.ctl("stop", "shop")
    found = world.ended(run)
    assert found["status"] in {"reverted", "needs_person"}, found


def test_secrets_stand_in_no_run_and_no_record(world: World) -> None:
    run = world.submit()
    told = json.dumps(world.ended(run)) + " ".join(world.records())
    assert world.running.password not in told
    assert os.environ.get("ARF_LICENSE_KEY", "ARF-ENT-") not in told


def test_the_service_answers(world: World) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{world.port}/health", timeout=5) as answer:
        assert answer.status == 200
