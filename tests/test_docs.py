# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what happens: its examples run, and its generated parts are up to date."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
from pathlib import Path

import pytest

import arf_core
import write_docs
from arf_core.cli.main import run
from arf_core.models.healing_intent import HealingIntent

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "arf-core/README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language ("" for none)."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [content for name, content in fences if name == language]


@pytest.mark.promise("CLI-2")
def test_the_page_of_error_codes_is_that_of_the_code() -> None:
    assert (ROOT / "docs/errors.md").read_text(encoding="utf-8") == write_docs.errors(), "run scripts/docs"


def test_the_readme_shows_what_the_demo_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == write_docs.with_demo(readme), "run scripts/docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_python_examples_of_a_page_run(page: Path) -> None:
    for block in blocks(page, "python"):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(block, str(page), "exec"), {})  # noqa: S102 - our own examples
        assert "intent_" in printed.getvalue()


def test_the_example_of_the_package_is_true() -> None:
    assert doctest.testmod(arf_core).failed == 0
    assert doctest.testmod(arf_core).attempted > 0


def test_the_commands_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    lines = [line.partition("#")[0] for block in blocks(ROOT / "README.md", "") for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("arf ")]
    assert len(commands) >= 4
    for command in commands:
        assert run(command) == 0, command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_policy_of_the_policy_page_loads() -> None:
    from arf_core.policy.load import load

    (policy,) = blocks(ROOT / "docs/policies.md", "yaml")
    assert [rule.name for rule in load(policy, file="policies.md").policies] == ["checkout-slow"]


def prepare(folder: Path) -> None:
    """The files that the commands of the README name."""
    reading = {"component": "checkout-api", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900}
    (folder / "alerts.json").write_text(json.dumps(reading), encoding="utf-8")
    cases = ROOT / "arf-core/src/arf_core/cases"
    window = (cases / "windows.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (folder / "window.json").write_text(window, encoding="utf-8")
    (folder / "calls.json").write_bytes((cases / "edges.json").read_bytes())
    (folder / "incidents.jsonl").write_bytes((cases / "incidents.jsonl").read_bytes())


def test_the_intents_that_the_readme_makes_are_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(["analyze", "window.json", "--topology", "calls.json", "--out", "intents.jsonl", "--quiet"]) == 0
    lines = (tmp_path / "intents.jsonl").read_bytes().splitlines()
    assert lines
    for line in lines:
        assert HealingIntent.from_json(line).to_json().encode() == line
