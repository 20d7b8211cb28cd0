# SPDX-License-Identifier: Apache-2.0
"""The milestones as checks that run, in order: V3.0 advisory lock-in … V3.3 outcome learning.

    python scripts/v3_milestones.py [--json] [--require V3.1]

1. A milestone passes when its subject exists and every one of its commands exits 0.
2. A milestone whose subject does not exist is "not built": never "passed", and nothing is run for it.
3. Once a milestone has not passed, those after it are not run: they are "blocked", or "not built".
4. A subject that exists without a command to check it fails: what is built is checked.

Exit codes: 0 every milestone up to the first one not built has passed, 1 one failed, or one that ``--require`` names
did not pass, 2 could not run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


class State(StrEnum):
    """How a milestone stands."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOT_BUILT = "not built"


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """``subject`` is the file without which there is nothing to check; ``commands`` are what checks it."""

    name: str
    title: str
    subject: str
    commands: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a milestone stands and why; ``ran`` counts the commands that were run for it."""

    name: str
    title: str
    state: State
    because: str
    ran: int = 0


_PYTHON: Final = sys.executable
_TESTS: Final = (_PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider")
MILESTONES: Final = (
    Milestone(
        name="V3.0",
        title="advisory lock-in",
        subject="arf-core/src/arf_core/constants.py",
        commands=(
            (_PYTHON, "-c", "import arf_core.constants as limits; assert limits.EXECUTION_ALLOWED is False"),
            (str(Path(_PYTHON).with_name("lint-imports")), "--no-cache"),
            (_PYTHON, "scripts/enforce_oss_constants.py"),
            (_PYTHON, "scripts/prove_run.py"),
        ),
    ),
    Milestone(
        name="V3.1",
        title="execution governance",
        subject="arf-enterprise/src/arf_enterprise/governance/gate.py",
        commands=(
            (*_TESTS, "arf-enterprise/tests/governance/test_gate.py"),
            (*_TESTS, "arf-enterprise/tests/governance/test_approval.py"),
            (*_TESTS, "arf-enterprise/tests/governance/test_stop.py"),
            (*_TESTS, "arf-enterprise/tests/execution/test_loop.py"),
        ),
    ),
    Milestone(
        name="V3.2",
        title="risk-bounded autonomy",
        subject="arf-enterprise/src/arf_enterprise/learning/autonomy.py",
        commands=(
            (*_TESTS, "arf-enterprise/tests/learning/test_autonomy.py"),
            (_PYTHON, "scripts/learning_simulation.py", "--seeds", "2", "--incidents", "1500"),
        ),
    ),
    Milestone(
        name="V3.3",
        title="outcome learning",
        subject="arf-enterprise/src/arf_enterprise/learning/outcomes.py",
        commands=(
            (*_TESTS, "arf-enterprise/tests/learning/test_outcomes.py"),
            (*_TESTS, "arf-enterprise/tests/learning/test_posterior.py"),
            (*_TESTS, "arf-enterprise/tests/learning/test_advise.py"),
            (*_TESTS, "arf-enterprise/tests/learning/test_off_policy.py"),
        ),
    ),
)


def main() -> int:
    """Check the milestones in order and print how they stand."""
    parser = argparse.ArgumentParser(description="Check the V3 milestones, in order.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--require", choices=[milestone.name for milestone in MILESTONES], help="fail unless it passed")
    arguments = parser.parse_args()
    try:
        verdicts = tuple(judge(MILESTONES, ROOT))
    except OSError as error:
        print(f"v3_milestones: could not run: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps([asdict(verdict) for verdict in verdicts], indent=2))
    else:
        for verdict in verdicts:
            print(f"{verdict.name}  {verdict.state:<9}  {verdict.title}: {verdict.because}")
    return exit_code(verdicts, arguments.require)


def judge(milestones: Iterable[Milestone], root: Path) -> Iterator[Verdict]:
    """How each milestone stands, in order; nothing is run after the first that has not passed."""
    stopped_by: Verdict | None = None
    for milestone in milestones:
        verdict = _verdict(milestone, root, stopped_by)
        if stopped_by is None and verdict.state is not State.PASSED:
            stopped_by = verdict
        yield verdict


def exit_code(verdicts: Iterable[Verdict], required: str | None) -> int:
    """0 unless one failed, was built on one that did not pass, or was required and did not pass."""
    for verdict in verdicts:
        if verdict.state in {State.FAILED, State.BLOCKED}:
            return 1
        if verdict.name == required and verdict.state is not State.PASSED:
            return 1
    return 0


def _verdict(milestone: Milestone, root: Path, stopped_by: Verdict | None) -> Verdict:
    if not (root / milestone.subject).exists():
        return _said(milestone, State.NOT_BUILT, f"{milestone.subject} does not exist")
    if stopped_by is not None:
        return _said(milestone, State.BLOCKED, f"{stopped_by.name} is {stopped_by.state}")
    if not milestone.commands:
        return _said(milestone, State.FAILED, f"{milestone.subject} exists, but nothing checks it")
    for number, command in enumerate(milestone.commands, start=1):
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            last = (ran.stdout + ran.stderr).strip().splitlines()[-1:] or ["it printed nothing"]
            because = f"`{' '.join(command[:3])}` exited {ran.returncode}: {last[0]}"
            return _said(milestone, State.FAILED, because, ran=number)
    count = len(milestone.commands)
    return _said(milestone, State.PASSED, f"{count} of {count} checks", ran=count)


def _said(milestone: Milestone, state: State, because: str, *, ran: int = 0) -> Verdict:
    return Verdict(name=milestone.name, title=milestone.title, state=state, because=because, ran=ran)


if __name__ == "__main__":
    raise SystemExit(main())
