# SPDX-License-Identifier: Apache-2.0
"""What a check found, and what all of it means for the exit code.

1. A failed check has exactly one command, which can be copied to a shell and mends it. A warning may have one.
2. Warnings do not fail: ARF works without what they name.
3. The exit code is 0 when all is well, 7 when a package is missing, 6 when a setting is wrong, else 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from arf_core.errors import ArfError, DependencyError, SettingsError


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class About(StrEnum):
    """What a check is about; it decides the exit code."""

    DEPENDENCY = "dependency"
    SETTINGS = "settings"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: what it was about, how it ended, what it found, and the command that mends it.

    Raises:
        ValueError: a failed check without a command.
    """

    check: str
    about: About
    state: State
    found: str
    command: str | None = None

    def __post_init__(self) -> None:
        if self.state is State.FAILED and not self.command:  # 1
            raise ValueError(f"the check {self.check!r} failed without a command that mends it")


def exit_code(findings: Iterable[Finding]) -> int:
    """The exit code that ``findings`` lead to."""
    failed = {finding.about for finding in findings if finding.state is State.FAILED}
    return next((code for about, code in _CODES.items() if about in failed), 0)


_CODES: Final = {
    About.DEPENDENCY: DependencyError.exit_code,
    About.SETTINGS: SettingsError.exit_code,
    About.INSTALLATION: ArfError.exit_code,
}
