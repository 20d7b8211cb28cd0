# SPDX-License-Identifier: Apache-2.0
"""Runs the public MCP conformance suites against the fixture profiles of both editions: see scripts/conformance.

1. A scenario that fails and is not expected to, and one that passes though it was expected to fail, fail the run.
2. What is expected to fail stands in the edition's expected-failures.yml, one a line, each with its reason.
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
class Subject:
    """What the suites are run against: the server's name, the program of its profile, and what it is expected to fail.

    ``says`` stands above its tables.
    """

    name: str
    profile: Path
    expected: Path
    says: str


OPEN: Final = Subject(
    "arf-mcp serve",
    ROOT / "tests/mcp_server/profile.py",
    ROOT / "tests/mcp_server/expected-failures.yml",
    "The suites' fixtures stand in place of its tools; the transport, the guard and the set-up are its own.",
)
ENTERPRISE: Final = Subject(
    "arf-enterprise serve",
    ROOT / "arf-enterprise/tests/execution/mcp_profile.py",
    ROOT / "arf-enterprise/tests/execution/expected-failures.yml",
    """\
A whole installation on a Postgres of its own: the server has tools alone, so the suites' fixture tools stand beside its
own, and what is about resources, prompts and completions is expected to fail. The suites send no API key: a forwarder
in front of the server adds it to each request, and changes nothing else.""",
)
SUBJECTS: Final = (OPEN, ENTERPRISE)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one scenario found: how many checks passed and failed; ``unscored`` says why the suite does not count it."""

    name: str
    passed: int
    failed: int
    unscored: str = ""


Found = dict[Suite, tuple[Scenario, ...]]
"""What each suite found."""


def main() -> int:
    """Run the suites, print what they found, and write the page if asked."""
    parser = argparse.ArgumentParser(description="Run the public MCP conformance suites.")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/mcp-conformance.md")
    write = parser.parse_args().write
    try:
        found = {subject: found_of(subject) for subject in SUBJECTS}
    except NoToolsError as error:
        print(f"conformance: NOT RUN: {error}", file=sys.stderr)
        return MISSING
    page = "\n".join([_PREFACE, *(written(subject, one) for subject, one in found.items())])
    if write:
        PAGE.write_text(page, encoding="utf-8")
    print(page)
    wrong = [line for subject, one in found.items() for line in surprises_of(subject, one)]
    print("\n".join(wrong) or "every scenario is as expected", file=sys.stderr)
    return 1 if wrong else 0


def found_of(subject: Subject) -> Found:
    """What every suite finds of ``subject``.

    Raises:
        NoToolsError: the suites are not here and cannot be installed.
    """
    return {suite: run(suite, subject) for suite in SUITES}


def run(suite: Suite, subject: Subject) -> tuple[Scenario, ...]:
    """Every scenario of ``suite``, run against a profile of its own.

    Raises:
        NoToolsError: the suite is not here and cannot be installed.
    """
    program = command(suite.package, CONFORMANCE)
    with tempfile.TemporaryDirectory() as folder, serving(subject.profile) as address:
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
def serving(profile: Path) -> Iterator[str]:
    """The address of a running profile."""
    process = subprocess.Popen(
        [sys.executable, str(profile)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["listening"])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def expected(file: Path) -> dict[str, str]:
    """The scenarios that are expected to fail, and why: lines of ``  - name  # reason``."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("  - ")]
    found = {}
    for line in lines:
        name, mark, reason = line.removeprefix("  - ").partition("  # ")
        if not mark or len(reason) < 20:
            raise ValueError(f"{file.name}: {line!r} has no reason")
        found[name.strip()] = reason.strip()
    return found


def surprises_of(subject: Subject, found: Found) -> list[str]:
    """What is not as expected of ``subject``, one line each."""
    reasons = expected(subject.expected)
    lines = [line for suite, scenarios in found.items() for line in surprises(suite, scenarios, reasons)]
    return [f"{subject.name}: {line}" for line in lines]


def surprises(suite: Suite, scenarios: tuple[Scenario, ...], reasons: dict[str, str]) -> list[str]:
    """What is not as expected, one line each (rule 1)."""
    scored = [one for one in scenarios if not one.unscored]
    return [
        f"{suite.name}: {one.name} {'fails' if one.failed else 'passes, though it is expected to fail'}"
        for one in scored
        if bool(one.failed) != (one.name in reasons)
    ]


def written(subject: Subject, found: Found) -> str:
    """The page's part about ``subject``, with the table of every suite."""
    reasons = expected(subject.expected)
    parts = [f"## {subject.name}\n\n{subject.says}\n"]
    for suite, scenarios in found.items():
        scored = [one for one in scenarios if not one.unscored and one.passed + one.failed]
        passing = sum(not one.failed for one in scored)
        parts.append(f"### {suite.name}\n\n{passing} of {len(scored)} scenarios that check something pass.\n")
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
against the servers of both editions, each in a profile that has the suites' fixtures (`tests/mcp_server/profile.py`,
`arf-enterprise/tests/execution/mcp_profile.py`). What is expected to fail has its reason in `expected-failures.yml`
beside the profile; a scenario that passes though it is listed there fails the run.
"""


if __name__ == "__main__":
    sys.exit(main())
