# SPDX-License-Identifier: Apache-2.0
"""Runs the public MCP conformance suites against the fixture profile: see scripts/conformance.

1. A scenario that fails and is not expected to, and one that passes though it was expected to fail, fail the run.
2. What is expected to fail stands in tests/mcp_server/expected-failures.yml, one a line, each with its reason.
3. Scenarios that the suite itself does not score (extensions, pending ones) are listed as such and decide nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpsuite.nodetools import CONFORMANCE, ROOT, NoToolsError, command

PROFILE: Final = ROOT / "tests/mcp_server/profile.py"
EXPECTED: Final = ROOT / "tests/mcp_server/expected-failures.yml"
PAGE: Final = ROOT / "docs/mcp-conformance.md"
MISSING: Final = 7


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of a public suite: its name in the table, its package, and its options."""

    name: str
    package: str
    options: tuple[str, ...] = ()


SUITES: Final = (
    Suite("0.1.16", "conformance-0.1"),
    Suite("0.2.0-alpha.12, requirements of 2025-11-25", "conformance-0.2", ("--requirements", "2025-11-25")),
    Suite("0.2.0-alpha.12, requirements of 2026-07-28", "conformance-0.2", ("--requirements", "2026-07-28")),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one scenario found: how many checks passed and failed; ``unscored`` says why the suite does not count it."""

    name: str
    passed: int
    failed: int
    unscored: str = ""


def main() -> int:
    """Run the suites, print what they found, and write the page if asked."""
    parser = argparse.ArgumentParser(description="Run the public MCP conformance suites.")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/mcp-conformance.md")
    write = parser.parse_args().write
    try:
        found = {suite: run(suite) for suite in SUITES}
    except NoToolsError as error:
        print(f"conformance: NOT RUN: {error}", file=sys.stderr)
        return MISSING
    reasons = expected()
    page = written(found, reasons)
    if write:
        PAGE.write_text(page, encoding="utf-8")
    print(page)
    wrong = [line for suite, scenarios in found.items() for line in surprises(suite, scenarios, reasons)]
    print("\n".join(wrong) or "every scenario is as expected", file=sys.stderr)
    return 1 if wrong else 0


def run(suite: Suite) -> tuple[Scenario, ...]:
    """Every scenario of ``suite``, run against a profile of its own.

    Raises:
        NoToolsError: the suite is not here and cannot be installed.
    """
    program = command(suite.package, CONFORMANCE)
    with tempfile.TemporaryDirectory() as folder, serving() as address:
        done = subprocess.run(
            [*program, "server", "--url", address, "--output-dir", folder, *suite.options],
            capture_output=True,
            text=True,
            check=False,
        )
        results = _results(Path(folder))
    unscored = dict(re.findall(r"^  [✓✗] (\S+) \((\w+)\)", done.stdout, re.MULTILINE))
    listed = re.findall(r"^[✓✗] (\S+): \d+ passed", done.stdout, re.MULTILINE)
    if not listed or not set(listed) <= set(results):
        raise RuntimeError(f"the suite {suite.name} left no results:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return tuple(Scenario(name, *results[name], unscored.get(name, "")) for name in listed)


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The address of a running profile."""
    process = subprocess.Popen(
        [sys.executable, str(PROFILE)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["listening"])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def expected() -> dict[str, str]:
    """The scenarios that are expected to fail, and why: lines of ``  - name  # reason``."""
    lines = [line for line in EXPECTED.read_text(encoding="utf-8").splitlines() if line.startswith("  - ")]
    found = {}
    for line in lines:
        name, mark, reason = line.removeprefix("  - ").partition("  # ")
        if not mark or len(reason) < 20:
            raise ValueError(f"{EXPECTED.name}: {line!r} has no reason")
        found[name.strip()] = reason.strip()
    return found


def surprises(suite: Suite, scenarios: tuple[Scenario, ...], reasons: dict[str, str]) -> list[str]:
    """What is not as expected, one line each (rule 1)."""
    scored = [one for one in scenarios if not one.unscored]
    return [
        f"{suite.name}: {one.name} {'fails' if one.failed else 'passes, though it is expected to fail'}"
        for one in scored
        if bool(one.failed) != (one.name in reasons)
    ]


def written(found: dict[Suite, tuple[Scenario, ...]], reasons: dict[str, str]) -> str:
    """The page with the table of every suite."""
    parts = [_PREFACE]
    for suite, scenarios in found.items():
        scored = [one for one in scenarios if not one.unscored and one.passed + one.failed]
        passing = sum(not one.failed for one in scored)
        parts.append(f"## {suite.name}\n\n{passing} of {len(scored)} scenarios that check something pass.\n")
        parts.append("| scenario | checks passed | failed | |\n|---|---|---|---|")
        parts.extend(f"| {one.name} | {one.passed} | {one.failed} | {_verdict(one, reasons)} |" for one in scenarios)
        parts.append("")
    return "\n".join(parts)


def _verdict(one: Scenario, reasons: dict[str, str]) -> str:
    if one.unscored:
        return f"not scored by the suite ({one.unscored})"
    if not one.passed + one.failed:
        return "nothing is checked of a server without sessions"
    if one.failed:
        return f"expected: {reasons[one.name]}" if one.name in reasons else "FAILS"
    return "passes"


def _results(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for file in folder.glob("server-*/checks.json"):
        name = re.sub(r"-\d{4}-\d\d-\d\dT[\d-]+Z$", "", file.parent.name.removeprefix("server-"))
        states = [check["status"] for check in json.loads(file.read_text(encoding="utf-8"))]
        found[name] = (states.count("SUCCESS"), states.count("FAILURE"))
    return found


_PREFACE: Final = """\
# MCP conformance

Kept by `scripts/conformance --write`; do not edit. The public suites (npm `@modelcontextprotocol/conformance`) are run
against our server with their own fixtures in place of our tools (`tests/mcp_server/profile.py`): the transport, the
guard and the set-up are those of `arf-mcp serve`. What is expected to fail has its reason in
`tests/mcp_server/expected-failures.yml`; a scenario that passes though it is listed there fails the run.
"""


if __name__ == "__main__":
    sys.exit(main())
