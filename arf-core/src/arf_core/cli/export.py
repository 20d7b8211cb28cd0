# SPDX-License-Identifier: Apache-2.0
"""``arf export incidents`` and ``arf export config``."""

from __future__ import annotations

import json as json_module
import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from arf_core.cli.analyze import remember_file
from arf_core.cli.moments import moment_of
from arf_core.cli.output import Answer, QuietOption, emit
from arf_core.cli.show import ConfigOption

NO_MEMORY = "memory lasts as long as a program: name the file your incidents are kept in with --memory"


class ExportFormat(StrEnum):
    """The forms of an export."""

    JSON = "json"


FormatOption = Annotated[ExportFormat, typer.Option("--format", help="The form of the export.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As --format json, which is the only form.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    commands = typer.Typer(help="Export incidents or settings in the form that Enterprise imports.")
    commands.command(name="incidents", epilog="Example: arf export incidents --memory incidents.jsonl")(incidents)
    commands.command(name="config", epilog="Example: arf export config --format json")(config)
    app.add_typer(commands, name="export", no_args_is_help=True)


def incidents(
    *,
    memory: Annotated[Path | None, typer.Option(help="The incidents to export (JSONL).")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only incidents of this time or later, ISO 8601 with a zone.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only incidents before this time, ISO 8601 with a zone.")] = None,
    form: FormatOption = ExportFormat.JSON,
    json: JsonOption = True,
    quiet: QuietOption = False,
) -> None:
    """Export remembered incidents: at most the sealed limit, with their count and digest."""
    from arf_core.advisor import Advisor, memory_for
    from arf_core.config.oss_config import OSSConfig
    from arf_core.export import between, export_incidents

    kept, bounds = memory_for(OSSConfig()), (moment_of("--since", since), moment_of("--until", until))
    now = datetime.now(UTC)  # the rim
    warnings = [NO_MEMORY] if memory is None else remember_file(Advisor(memory=kept), memory, default_time=now)
    if undated := sum(incident.occurred_at == now for incident in kept.incidents):
        warnings.append(f"{undated} incidents do not say when they happened: now is taken, so the digest is a new one")
    chosen = between(kept.incidents, since=bounds[0], until=bounds[1])
    _emit(export_incidents(chosen), warnings, form, as_json=json, quiet=quiet)


def config(
    *,
    settings: ConfigOption = None,
    form: FormatOption = ExportFormat.JSON,
    json: JsonOption = True,
    quiet: QuietOption = False,
) -> None:
    """Export the settings that differ from their defaults."""
    from arf_core.config.oss_config import load
    from arf_core.export import export_config

    loaded = load(arguments={}, environment=os.environ, file=settings)
    _emit(export_config(loaded.config), [], form, as_json=json, quiet=quiet)


def _emit(document: dict[str, object], warnings: list[str], _form: ExportFormat, *, as_json: bool, quiet: bool) -> None:
    lines = (json_module.dumps(document, indent=2, ensure_ascii=False),)
    emit(Answer(data=document, lines=lines, warnings=tuple(warnings)), as_json=as_json, quiet=quiet)
