# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise execute`` and ``watch`` as people run them, on a real database where no server is at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.testing import FreshDatabases

Run = Callable[..., str]


@pytest.fixture
def run(postgres: FreshDatabases, folder: Path) -> Run:
    environment = {
        "PATH": os.environ["PATH"],
        "ARF_DATA": str(folder),
        "ARF_DATABASE_URL": postgres.url(postgres.fresh()),
    }

    def command(*words: str, code: int) -> str:
        line = [sys.executable, "-m", "arf_enterprise.cli", *words]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return command


def intent(action: str, incident: str = "incident-1") -> HealingIntent:
    return HealingIntent(
        action=action,  # type: ignore[arg-type]  # the intent makes it one
        component="shop", incident_id=incident, detected_at=datetime.now(UTC), justification="it hangs", confidence=0.9,
    )  # fmt: skip


def test_of_several_intents_in_a_file_one_is_named(run: Run, folder: Path) -> None:
    intents, file = [intent("restart_container"), intent("scale_out")], folder / "intents.jsonl"
    file.write_text("\n".join(one.to_json() for one in intents) + "\n", encoding="utf-8")
    asked = run("execute", str(file), code=6)
    assert all(one.intent_id in asked for one in intents)
    assert "--intent" in asked
    assert "has no intent" in run("execute", str(file), "--intent", "intent_0", code=6)
    taken = json.loads(run("execute", str(file), "--intent", intents[1].intent_id, "--json", code=4))
    assert taken["execution_id"].startswith("exe_")
    listed = json.loads(run("runs", "list", "--json", code=0))["executions"]
    assert [one["intent_id"] for one in listed] == [intents[1].intent_id]


def test_an_altered_line_is_named_with_its_number(run: Run, folder: Path) -> None:
    file = folder / "intents.jsonl"
    altered = intent("scale_out").to_json().replace("it hangs", "it sings")
    file.write_text(intent("restart_container").to_json() + "\n" + altered + "\n", encoding="utf-8")
    assert "intents.jsonl:2:" in run("execute", str(file), code=3)


def test_where_no_server_is_at_work_it_is_said_and_not_waited_for(run: Run, folder: Path) -> None:
    file = folder / "intent.json"
    file.write_text(intent("restart_container").to_json(), encoding="utf-8")
    told = run("execute", str(file), "--watch", code=4)
    assert "no server is at work" in told
    assert "arf-enterprise serve" in told
    execution_id = json.loads(run("execute", str(file), "--json", code=4))["execution_id"]
    assert "no server is at work" in run("watch", execution_id, code=4)
    assert run("watch", execution_id, "--quiet", code=4) == ""
    assert "1 open" in run("status", code=0)
