# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise import``: incidents and settings from the open edition's export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit

if TYPE_CHECKING:
    from arf_enterprise.learning.importing import Export, Imported

FileArgument = Annotated[Path, typer.Argument(help="What `arf export` wrote; - for standard input.")]
RehearsalOption = Annotated[bool, typer.Option("--dry-run", help="Do everything, compare, and keep nothing.")]
TenantOption = Annotated[str, typer.Option(help="Whose memory and settings.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    imports = typer.Typer(
        help="From the open edition: incidents and settings.", no_args_is_help=True, rich_markup_mode=None
    )
    imports.command(epilog="Example: arf-enterprise import incidents incidents.json --dry-run")(incidents)
    imports.command(epilog="Example: arf-enterprise import config config.json")(config)
    app.add_typer(imports, name="import")


def incidents(
    file: FileArgument,
    *,
    dry_run: RehearsalOption = False,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Remember the incidents of an export; its count and digest are compared with what is stored."""
    _import("incidents", file, is_rehearsal=dry_run, tenant=tenant, json=json, quiet=quiet)


def config(
    file: FileArgument,
    *,
    dry_run: RehearsalOption = False,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Keep the settings of an export, in place of those that were imported before."""
    _import("config", file, is_rehearsal=dry_run, tenant=tenant, json=json, quiet=quiet)


def _import(kind: str, file: Path, *, is_rehearsal: bool, tenant: str, json: bool, quiet: bool) -> None:
    from arf_core.cli.files import read_input
    from arf_enterprise.learning.importing import Rehearsed, read_export

    export = read_export(read_input(str(file)), kind=kind)
    try:
        imported = _imported(export, tenant=tenant, is_rehearsal=is_rehearsal)
    except Rehearsed as rehearsed:
        imported = rehearsed.imported
    emit(Answer(data=imported.document(), lines=_lines(imported)), as_json=json, quiet=quiet)


def _imported(export: Export, *, tenant: str, is_rehearsal: bool) -> Imported:
    from arf_core.recall.embedding import SignalEmbedder
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.learning.importing import import_config, import_incidents
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        request_id = new_id("cli", now)
        if export.kind == "config":
            return import_config(transaction, export, by=by, request_id=request_id, now=now, is_rehearsal=is_rehearsal)
        return import_incidents(
            transaction, export, embedder=SignalEmbedder(), by=by, request_id=request_id, now=now,
            is_rehearsal=is_rehearsal,
        )  # fmt: skip


def _lines(done: Imported) -> tuple[str, ...]:
    what = "incidents" if done.kind == "incidents" else "settings"
    return (
        f"{done.count} {what}: {done.added} added, {done.changed} changed, {done.already} there already",
        f"count and digest are those of the export: {done.digest}",
        *(("nothing was kept: this was a dry run",) if done.is_rehearsal else ()),
    )
