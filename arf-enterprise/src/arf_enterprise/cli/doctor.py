# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise doctor``: what is wrong with an installation, and the one command that mends it."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated, Final

import typer

from arf_core.cli.doctor import finding_lines
from arf_core.cli.output import Answer, JsonOption, QuietOption, emit

UNSAFE: Final = 8

ReadyOption = Annotated[
    bool, typer.Option("--production-readiness", help="Ask what production asks for; exit 8 if one thing is unsafe.")
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf-enterprise doctor --production-readiness --json")(doctor)


def doctor(*, production_readiness: ReadyOption = False, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Check database, login, schema, files, keys, clocks and licence; each failed check names what mends it.

    Exit code: 0 when all is well, 7 when the database or a package is missing, 6 when a setting is wrong, else 1; with
    --production-readiness 8 when one thing is unsafe. Warnings do not fail. Nothing is changed.
    """
    from arf_core.doctor.finding import exit_code
    from arf_enterprise.app import system_clock
    from arf_enterprise.operate.doctor import examine
    from arf_enterprise.operate.readiness import readiness
    from arf_enterprise.settings import read_settings

    settings = read_settings(os.environ)
    seen = examine(settings, clock=system_clock)
    findings = seen.findings
    code = exit_code(findings)
    if production_readiness:
        findings = readiness(settings, seen, now=system_clock())
        code = UNSAFE if exit_code(findings) else 0
    data = {"ok": code == 0, "exit_code": code, "checks": [asdict(finding) for finding in findings]}
    emit(Answer(data=data, lines=tuple(finding_lines(findings)), exit_code=code), as_json=json, quiet=quiet)
