# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise outcomes`` and ``learning`` as commands, and the same over REST, on a real database."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arf_core.models.action import Action
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.identity.principal import Role
from arf_enterprise.learning import outcomes
from arf_enterprise.learning.switch import Mode, mode
from arf_enterprise.learning.testing_outcomes import CELL, NOW, learns, outcome
from arf_enterprise.licensing.testing import development
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.testing import FreshDatabases
from doc_pages import ROOT, blocks

EXECUTION = outcome(1).execution_id


class Installation:
    """Commands of one installation whose database has five outcomes."""

    def __init__(self, postgres: FreshDatabases, folder: Path) -> None:
        self.postgres, self.name = postgres, postgres.fresh()
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self.environment = {**kept, "ARF_DATA": str(folder), "ARF_DATABASE_URL": postgres.url(self.name)}
        with postgres.database(self.name) as database, database.transaction("default") as tx:
            for number in range(5):
                outcomes.record(tx, outcome(number, success=number != 2, at=NOW - timedelta(hours=number)))

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "arf_enterprise.cli", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))


@pytest.fixture(scope="module")
def arf(postgres: FreshDatabases, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(postgres, tmp_path_factory.mktemp("installation"))


@pytest.mark.promise("LRN-1")
def test_outcomes_are_listed_shown_and_labelled_and_the_label_stands_beside(arf: Installation) -> None:
    assert len(arf.json("outcomes", "list")["outcomes"]) == 5
    assert [one["result"] for one in arf.json("outcomes", "list", "--result", "failed")["outcomes"]] == ["failed"]
    assert EXECUTION in arf.run("outcomes", "list")
    labelled = arf.json("outcomes", "label", EXECUTION, "failed", "--reason", "it came back")
    assert labelled["result"] == "failed"
    shown = arf.json("outcomes", "show", EXECUTION)
    assert shown["result"] == "succeeded"
    assert [one["result"] for one in shown["corrections"]] == ["failed"]
    assert "it came back" in arf.run("outcomes", "show", EXECUTION)


def test_the_label_that_the_docs_show_is_taken(arf: Installation) -> None:
    """The block of docs/learning.md that needs an outcome."""
    (block,) = [block for block in blocks(ROOT / "docs/learning.md") if "run-by" in block.words]
    command, *arguments = shlex.split(block.text.replace("execution_0199d2c3", outcome(3).execution_id))
    assert command == "arf-enterprise"
    assert "is failed now" in arf.run(*arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["outcomes", "show", "nothing"], 6, "nothing"),
        (["outcomes", "label", EXECUTION, "great", "--reason", "r"], 6, "great"),
        (["outcomes", "label", EXECUTION, "failed"], 6, "reason"),
        (["outcomes", "list", "--result", "great"], 6, "great"),
        (["learning", "on"], 9, "licence"),
        (["learning", "shadow"], 9, "licence"),
        (["learning", "reset"], 6, "--all"),
        (["learning", "reset", "--all", "--component", "shop"], 6, "--all"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(arf: Installation, arguments: list[str], code: int, says: str) -> None:
    assert says in arf.run(*arguments, code=code).lower().replace(EXECUTION, "")


def test_learning_explains_exports_and_simulates(arf: Installation, tmp_path: Path) -> None:
    (learned,) = arf.json("learning", "explain", "--component", "shop")["learned"]
    assert learned["outcomes"] == 5
    assert "5 verified" in learned["says"]
    assert "of 5 verified" in arf.run("learning", "explain")
    file = tmp_path / "outcomes.jsonl"
    assert arf.json("learning", "export", str(file))["outcomes"] == 5
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"schema": "arf.learning-export/1", "tenant": "default"}
    assert lines[-1]["outcomes"] == len(lines) - 2
    assert arf.json("learning", "simulate")["is_telling"] is False
    assert arf.json("learning", "proposals")["proposals"] == []
    status = arf.json("learning", "status")
    assert (status["mode"], status["effective"], status["autonomy_spent"]) == ("off", "off", 0.0)


def test_a_reset_is_said_and_switching_off_needs_no_licence(arf: Installation) -> None:
    assert arf.json("learning", "reset", "--component", "other")["component"] == "other"
    assert arf.json("learning", "off")["is"] == "off"


def test_intents_come_back_as_they_are_while_learning_is_off(arf: Installation, tmp_path: Path) -> None:
    file = tmp_path / "intents.json"
    file.write_text(json.dumps([intent().to_dict()]), encoding="utf-8")
    found = arf.json("learning", "advise", str(file))
    assert found["mode"] == "off"
    assert found["intents"] == [intent().to_dict()]
    file.write_text(json.dumps([{**intent().to_dict(), "confidence": 0.99}]), encoding="utf-8")
    assert "no sealed intent" in arf.run("learning", "advise", str(file), code=6)


def test_every_command_has_help_with_an_example(arf: Installation) -> None:
    groups = {
        "outcomes": ("list", "show", "label"),
        "learning": (
            "status", "shadow", "on", "off", "explain", "advise", "simulate", "reset", "export", "proposals",
        ),
    }  # fmt: skip
    for group, commands in groups.items():
        for command in commands:
            text = arf.run(group, command, "--help")
            assert "Example: " in text
            assert "--json" in text
            assert "--quiet" in text


@pytest.fixture
def licensed(postgres: FreshDatabases, tmp_path: Path) -> Iterator[Served]:
    """A server with a licence that includes learning."""
    clock = Clock()
    with postgres.database() as database:
        app = app_on(database, tmp_path, clock=clock, license_key=development(now=clock.now))
        with served(app, clock) as found:
            yield found


@pytest.mark.promise("LRN-3")
def test_over_rest_learning_is_switched_learned_from_and_autonomy_given_by_a_person(licensed: Served) -> None:
    admin, approver = licensed.bearer(Role.ADMIN), licensed.bearer(Role.APPROVER, Role.OPERATOR, subject="bob")
    ask = licensed.client
    assert ask.post("/api/v1/learning", json={"mode": "on"}, headers=admin).status_code == 409
    with licensed.app.database.transaction("default") as tx:
        learns(tx, now=licensed.clock.now)
        for number in range(40):
            outcomes.record(tx, outcome(number, at=licensed.clock.now - timedelta(hours=41 - number)))
    assert ask.get("/api/v1/learning", headers=admin).json()["effective"] == "on"
    (learned,) = ask.get("/api/v1/learning/explain?component=shop", headers=admin).json()["learned"]
    assert learned["succeeded"] == 40
    (waiting,) = ask.get("/api/v1/learning/proposals", headers=admin).json()["proposals"]
    path = f"/api/v1/learning/proposals/{waiting['proposal_id']}/decide"
    answer = {"accept": True, "reason": "40 of 40"}
    assert ask.post(path, json=answer, headers=licensed.bearer(Role.OPERATOR)).status_code == 403
    assert ask.post(path, json={"accept": "yes", "reason": "r"}, headers=approver).status_code == 422
    assert ask.post(path, json=answer, headers=approver).json()["state"] == "accepted"
    assert ask.post(path, json=answer, headers=approver).status_code == 409


@pytest.mark.promise("LRN-2")
def test_over_rest_candidates_are_ranked_and_outcomes_corrected(licensed: Served) -> None:
    with licensed.app.database.transaction("default") as tx:
        learns(tx, now=licensed.clock.now)
        outcomes.record(tx, outcome(1, success=False, at=licensed.clock.now - timedelta(hours=1)))
    bearer, ask = licensed.bearer(Role.OPERATOR), licensed.client
    given = {"intents": [intent().to_dict()]}
    found = ask.post("/api/v1/learning/advise", json=given, headers=bearer).json()
    assert found["mode"] == "on"
    assert found["intents"][0]["confidence"] < intent().confidence
    assert found["intents"][0]["digest"] != intent().digest
    path = f"/api/v1/outcomes/{EXECUTION}"
    label = {"result": "cannot_tell", "reason": "it was switched off"}
    assert ask.post(f"{path}/labels", json=label, headers=bearer).status_code == 201
    assert ask.get(path, headers=bearer).json()["corrections"][0]["reason"] == label["reason"]
    assert ask.get("/api/v1/outcomes/none", headers=bearer).status_code == 404
    assert ask.get("/api/v1/outcomes?result=failed", headers=bearer).json()["outcomes"][0]["execution_id"] == EXECUTION
    robot = licensed.bearer(Role.OPERATOR, subject="robot", is_agent=True)
    assert ask.post(f"{path}/labels", json=label, headers=robot).status_code == 422
    with licensed.app.database.transaction("default") as tx:
        assert mode(tx) is Mode.ON


def intent() -> HealingIntent:
    return HealingIntent(
        action=Action.RESTART_CONTAINER, component=CELL.component, incident_id="incident-1", detected_at=NOW,
        confidence=0.8, justification="memory runs out", policy_applied=f"{CELL.signature}@sha256:{'ab' * 32}",
    )  # fmt: skip
