# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise targets``: what ARF may change, by which ways, and whether those work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from arf_core.cli.output import BAD_INPUT, Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.targets.inventory import Inventory
    from arf_enterprise.targets.store import Version
    from arf_enterprise.targets.target import Target

TenantOption = Annotated[str, typer.Option(help="Whose targets.")]
MISSING = 7
"""The exit code of a check that found something that does not work: as of a missing dependency."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    targets = typer.Typer(
        help="Targets: what may be changed, how, and how its health is told.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    targets.command(epilog="Example: arf-enterprise targets push targets.yaml")(push)
    targets.command("list", epilog="Example: arf-enterprise targets list --json")(list_targets)
    targets.command(epilog="Example: arf-enterprise targets show checkout")(show)
    targets.command(epilog="Example: arf-enterprise targets check checkout")(check)
    targets.command(epilog="Example: arf-enterprise targets history")(history)
    app.add_typer(targets, name="targets")


def push(
    file: Annotated[Path, typer.Argument(help="The inventory, in YAML (docs/targets.md).")],
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Put an inventory in force. What is wrong with it is listed, each with file, line and column."""
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.learning.outbox import enqueue_inventory
    from arf_enterprise.settings import read_settings
    from arf_enterprise.targets import store
    from arf_enterprise.targets.inventory import mistakes

    text = _text(file)
    if found := mistakes(text, file=str(file)):
        data = {"schema": "arf.targets-mistakes/1", "mistakes": list(found)}
        emit(Answer(data=data, lines=tuple(map(printable, found)), exit_code=BAD_INPUT), as_json=json, quiet=False)
    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        store.push(transaction, text, file=str(file), by=by, request_id=new_id("cli", now), now=now)
        version, inventory = store.current_version(transaction)
        enqueue_inventory(transaction, inventory.targets)
    lines = (f"version {version.number} with {len(inventory.targets)} targets is in force: {version.digest}",)
    emit(Answer(data=_described(version, inventory), lines=lines), as_json=json, quiet=quiet)


def list_targets(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the targets in force."""
    version, inventory = _in_force(tenant)
    lines = tuple(_line(target) for target in inventory.targets) or ("the inventory has no target",)
    emit(Answer(data=_described(version, inventory), lines=lines), as_json=json, quiet=quiet)


def show(
    component: Annotated[str, typer.Argument(help="The component.")],
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show a target: its ways, its health, and who depends on it. Credentials are references only."""
    from arf_core.models.frozen import thaw

    _, inventory = _in_force(tenant)
    target = inventory.target(component)
    dependents = inventory.dependents(component)
    data = {
        "schema": "arf.target/1",
        **cast("dict[str, object]", thaw(target.document())),
        "digest": target.digest,
        "dependents": list(dependents),
    }
    lines = [_line(target), f"  owner       {printable(target.owner)}"]
    lines += [f"  depends on  {printable(name)}" for name in target.depends_on]
    lines += [f"  needed by   {printable(name)}" for name in dependents]
    lines += [f"  way         {way.adapter}: {', '.join(sorted(way.actions))}" for way in target.ways]
    lines += [
        f"  {'symptom' if probe.is_symptom else 'probe':<11} {printable(probe.name)} ({probe.kind})"
        for probe in target.health.probes
    ]
    emit(Answer(data=data, lines=tuple(lines)), as_json=json, quiet=quiet)


def check(
    component: Annotated[str | None, typer.Argument(help="The component; all of them, if it is left out.")] = None,
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask each way what it observes, and each probe once. Nothing is changed. Exits with 7 if one does not work."""
    from arf_enterprise.actions.checks import check as checked
    from arf_enterprise.targets import broker

    _, inventory = _in_force(tenant)
    targets = inventory.targets if component is None else (inventory.target(component),)
    found = [one for target in targets for one in checked(target, read=broker.read)]
    data = {"schema": "arf.targets-check/1", "checked": [one.document() for one in found]}
    lines = tuple(
        f"{'works' if one.works else 'FAILS'}  {printable(one.component)}  {one.kind} {printable(one.name)}  "
        f"{printable(one.says)}"
        for one in found
    ) or ("there is nothing to check",)
    failed = not all(one.works for one in found)
    emit(Answer(data=data, lines=lines, exit_code=MISSING if failed else 0), as_json=json, quiet=quiet)


def history(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the versions of the inventory, the latest first."""
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings
    from arf_enterprise.targets import store

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = store.history(transaction)
    data = {"schema": "arf.targets-history/1", "versions": [version.document() for version in found]}
    lines = tuple(
        f"{version.number}  {version.document()['pushed_at']}  {printable(version.author)}  {version.digest}"
        for version in found
    ) or ("no inventory was pushed yet: arf-enterprise targets push FILE",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def _in_force(tenant: str) -> tuple[Version, Inventory]:
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings
    from arf_enterprise.targets import store

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        return store.current_version(transaction)


def _described(version: Version, inventory: Inventory) -> dict[str, object]:
    from arf_core.models.frozen import thaw

    return {**cast("dict[str, object]", thaw(inventory.document())), **version.document()}


def _line(target: Target) -> str:
    words = (target.component, target.environment, f"tier {target.tier}", target.kind)
    actions = sorted({action for way in target.ways for action in way.actions})
    return f"{'  '.join(map(printable, words))}  {', '.join(actions) or 'no way to change it'}"


def _text(file: Path) -> str:
    from arf_core.policy.document import MAX_TEXT
    from arf_enterprise.errors import RequestError

    try:
        with file.open("rb") as opened:
            content = opened.read(4 * MAX_TEXT + 1)
        return content.decode("utf-8")
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"{file} is not UTF-8 text") from error
