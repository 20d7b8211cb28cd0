# SPDX-License-Identifier: Apache-2.0
"""``arf doctor``: what is wrong with an installation, and the one command that mends it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.files import write_output
from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable
from arf_core.cli.show import ConfigOption
from arf_core.errors import FeatureRequiresEnterpriseError, SettingsError

if TYPE_CHECKING:
    from arf_core.doctor.finding import Finding

OutOption = Annotated[Path | None, typer.Option(help="The folder where files shall be written: is it writable?")]
FixOption = Annotated[bool, typer.Option("--fix", help="Write the settings or policy file that is named but missing.")]
ReadyOption = Annotated[bool, typer.Option("--production-readiness", help="Belongs to ARF Enterprise: exit 3.")]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf doctor --config arf.toml --out results")(doctor)


def doctor(
    *,
    fix: FixOption = False,
    production_readiness: ReadyOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the installation, the settings and the surroundings; each failed check names the command that mends it.

    Exit code: 0 when all is well, 7 when a package is missing, 6 when a setting is wrong, else 1. Warnings do not fail.
    """
    from arf_core.doctor.around import Surroundings
    from arf_core.doctor.examine import examine, mendable
    from arf_core.doctor.finding import exit_code

    if production_readiness:
        raise FeatureRequiresEnterpriseError("production_readiness")
    around = Surroundings(
        environment=os.environ,
        file=config,
        out=out,
        now=datetime.now(UTC),  # the rim
        zone=zone_of(os.environ),
        encoding=sys.stdout.encoding or "ascii",
    )
    written = []
    findings = examine(around)
    if fix and exit_code(findings) == SettingsError.exit_code:
        for file, content in mendable(around):
            write_output(file, content.encode())
            written.append(str(file))
        findings = examine(around)
    code = exit_code(findings)
    data = {"ok": code == 0, "exit_code": code, "checks": [asdict(finding) for finding in findings], "written": written}
    lines = (*(f"written: {printable(file)}" for file in written), *finding_lines(findings))
    emit(Answer(data=data, lines=lines, exit_code=code), as_json=json, quiet=quiet)


def zone_of(environment: Mapping[str, str]) -> tuple[str, bool]:
    """The name of the time zone, and whether the system knows it: an unknown one silently counts as UTC."""
    from zoneinfo import ZoneInfo

    name = environment.get("TZ", "").removeprefix(":")
    if not name or name.startswith("/"):
        return name or time.tzname[0], True
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return name, time.tzname[0] not in {"UTC", name.split("/")[0]}
    return name, True


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """``findings`` for people, one below the other, each with the command that mends it, and how many there are."""
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        yield f"{finding.state.value:<8} {finding.check:<{width}}  {printable(finding.found)}"
        if finding.command is not None:
            yield f"{'':<8} {'':<{width}}  $ {printable(finding.command)}"
    count = {state: sum(finding.state.value == state for finding in findings) for state in ("failed", "warning")}
    yield f"{len(findings)} checks, {count['failed']} failed, {count['warning']} warnings"
