# SPDX-License-Identifier: Apache-2.0
"""The workflows call the same scripts as people do, pin their actions and ask for no more than reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def steps(workflow: Path) -> list[dict[str, object]]:
    """Every step of every job."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_there_are_workflows_to_check() -> None:
    names = {workflow.name for workflow in WORKFLOWS}
    assert {"tests.yml", "oss-enforcement.yml", "v3_milestone_sequence.yml"} <= names


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(workflow: Path) -> None:
    used = [str(step["uses"]) for step in steps(workflow) if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_it_may_only_read_and_has_a_time_limit(workflow: Path) -> None:
    document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert document["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 45 for job in document["jobs"].values())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_script_it_runs_is_there_and_no_input_is_pasted_into_a_command(workflow: Path) -> None:
    commands = [str(step["run"]) for step in steps(workflow) if "run" in step]
    assert commands
    for command in commands:
        assert "${{" not in command
        scripts = re.findall(r"(?:^|\s|scanner/)(scripts/[\w./]+)", command)
        assert scripts
        assert all((ROOT / script).exists() for script in scripts)


def test_the_pre_commit_hook_names_a_script_that_can_be_run() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    script = ROOT / hook["entry"]
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")
    assert script.stat().st_mode & 0o111
