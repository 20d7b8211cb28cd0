# SPDX-License-Identifier: Apache-2.0
"""The public conformance suites and the Inspector, run against our server; and what keeps those runs honest."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from arf_core.models.healing_intent import HealingIntent
from mcpsuite.conformance import (
    OPEN,
    PAGE,
    SUITES,
    Found,
    Scenario,
    expected,
    found_of,
    run,
    surprises,
    surprises_of,
    written,
)
from mcpsuite.nodetools import INSPECTOR, NoToolsError, command

pytestmark = pytest.mark.promise("MCP-2")
ROOT = Path(__file__).resolve().parents[2]
READING = '{"component": "checkout", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900}'


@pytest.fixture(scope="module")
def found() -> Found:
    """What the suites find; skipped, with the reason, where npm cannot install them."""
    try:
        return found_of(OPEN)
    except NoToolsError as error:
        pytest.skip(f"MCP CONFORMANCE NOT RUN: {error}")


def test_every_scenario_is_as_expected(found: Found) -> None:
    assert surprises_of(OPEN, found) == []


def test_of_the_current_revision_every_scored_scenario_passes(found: Found) -> None:
    (scenarios,) = (found[suite] for suite in SUITES if "2026-07-28" in suite.name)
    scored = [one for one in scenarios if not one.unscored]
    assert len(scored) >= 37
    assert [one.name for one in scored if one.failed or not one.passed] == []


def test_every_suite_really_checked_something(found: Found) -> None:
    for suite, scenarios in found.items():
        assert sum(one.passed for one in scenarios) >= 20, suite.name


def test_the_page_says_what_the_suites_find(found: Found) -> None:
    assert written(OPEN, found) in PAGE.read_text(encoding="utf-8"), "run scripts/conformance --write"


def test_a_failure_that_is_not_expected_and_a_pass_that_is_not_are_both_told() -> None:
    suite = SUITES[0]
    scenarios = (
        Scenario("good", 3, 0),
        Scenario("broken", 2, 1),
        Scenario("known", 0, 1),
        Scenario("mended", 1, 0),
        Scenario("extra", 0, 9, "extension"),
    )
    told = surprises(suite, scenarios, {"known": "a reason", "mended": "a reason"})
    assert told == [
        f"{suite.name}: broken fails",
        f"{suite.name}: mended passes, though it is expected to fail",
    ]


def test_a_suite_finds_what_a_server_lacks(tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom tests.mcp_server import profile\n"
        "profile._contents = lambda server: None\nprofile.main()\n"
    )
    try:
        scenarios = run(SUITES[0], replace(OPEN, profile=bare))
    except NoToolsError as error:
        pytest.skip(f"MCP CONFORMANCE NOT RUN: {error}")
    assert f"{SUITES[0].name}: tools-call-simple-text fails" in surprises(SUITES[0], scenarios, expected(OPEN.expected))


def test_an_expected_failure_without_a_reason_is_refused(tmp_path: Path) -> None:
    assert len(expected(OPEN.expected)) == 8
    bare = tmp_path / "expected.yml"
    bare.write_text("server:\n  - logging-set-level\n")
    with pytest.raises(ValueError, match="logging-set-level"):
        expected(bare)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our own server, with our own tools."""
    command_line = [sys.executable, "-m", "arf_mcp_client.cli", "serve", "--transport", "http", "--port", "0", "--json"]
    process = subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True, cwd=tmp_path_factory.mktemp("serve"))
    assert process.stdout is not None
    yield str(json.loads(process.stdout.readline())["listening"])
    process.terminate()
    process.communicate(timeout=30)


def inspect(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        program = command("@modelcontextprotocol/inspector", INSPECTOR)
    except NoToolsError as error:
        pytest.skip(f"MCP INSPECTOR NOT RUN: {error}")
    return subprocess.run([*program, "--cli", *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_the_inspector_lists_our_tools_and_finds_their_schemas_portable(address: str) -> None:
    done = inspect(address, "--transport", "http", "--method", "tools/list", "--strict")
    assert done.returncode == 0, done.stderr
    assert {tool["name"] for tool in json.loads(done.stdout)["tools"]} == {
        "analyze",
        "recommend_action",
        "find_similar_incidents",
        "explain_decision",
        "verify_artifact",
        "get_capabilities",
    }


@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_the_inspector_calls_a_tool_and_gets_a_sealed_intent(address: str, transport: str) -> None:
    server = [address] if transport == "http" else [sys.executable, "-m", "arf_mcp_client.cli", "serve"]
    call = ["--method", "tools/call", "--tool-name", "recommend_action", "--tool-arg", f"telemetry={READING}"]
    done = inspect(*server, "--transport", transport, *call)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["structuredContent"]
    assert HealingIntent.from_dict(answer["recommended"]).component == "checkout"


def test_the_inspector_reads_our_resources_and_prompts(address: str) -> None:
    resources = inspect(address, "--transport", "http", "--method", "resources/list")
    assert {one["uri"] for one in json.loads(resources.stdout)["resources"]} >= {"arf://intents", "arf://policies"}
    prompts = inspect(address, "--transport", "http", "--method", "prompts/list")
    assert "incident_review" in {one["name"] for one in json.loads(prompts.stdout)["prompts"]}
