# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise stop``: nothing more of an action, on a component, for a tenant, or at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.governance.stop import Scope, Stop

TenantOption = Annotated[str, typer.Option(help="Where; the tenant itself is stopped where nothing narrower is named.")]
FAILED = 1
"""The exit code of a drill that did not succeed."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    stop = typer.Typer(help="The stop button.", no_args_is_help=True, rich_markup_mode=None)
    stop.command(epilog="Example: arf-enterprise stop press --component checkout --reason 'smoke in the rack'")(press)
    stop.command(epilog="Example: arf-enterprise stop lift stop_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e")(lift)
    stop.command("list", epilog="Example: arf-enterprise stop list --json")(list_stops)
    stop.command(epilog="Example: arf-enterprise stop drill")(drill)
    app.add_typer(stop, name="stop")


def press(
    *,
    reason: Annotated[str, typer.Option(help="Why; whoever lifts it must know.")],
    action: Annotated[str | None, typer.Option(help="This action alone, such as rollback.")] = None,
    component: Annotated[str | None, typer.Option(help="This component alone.")] = None,
    tenant: TenantOption = "default",
    everything: Annotated[bool, typer.Option("--all", help="Every tenant of the installation.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Stop, from the next step of any run on, until it is lifted."""
    from arf_enterprise.app import opened
    from arf_enterprise.governance import stop
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    scope = _scope(action, component, everything=everything)
    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        pressed = stop.press(transaction, scope, reason=reason, by=by, request_id=new_id("cli", now), now=now)
    data = {"schema": "arf.stop/1", **pressed.document()}
    emit(Answer(data=data, lines=(_line(pressed),)), as_json=json, quiet=quiet)


def lift(
    stop_id: Annotated[str, typer.Argument(help="The id that `stop list` shows.")],
    *,
    tenant: Annotated[str, typer.Option(help="Where it was pressed.")] = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """End a stop."""
    from arf_enterprise.app import opened
    from arf_enterprise.governance import stop
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        lifted = stop.lift(transaction, stop_id, by=by, request_id=new_id("cli", now), now=now)
    data = {"schema": "arf.stop/1", **lifted.document()}
    emit(Answer(data=data, lines=(_line(lifted),)), as_json=json, quiet=quiet)


def list_stops(
    *,
    tenant: Annotated[str, typer.Option(help="Whose stops; those of all are among them.")] = "default",
    every: Annotated[bool, typer.Option("--with-lifted", help="Those that were lifted, too.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the stops in force, the latest first."""
    from arf_enterprise.app import opened
    from arf_enterprise.governance import stop
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = stop.listed(transaction, with_lifted=every)
    data = {"schema": "arf.stops/1", "stops": [one.document() for one in found]}
    lines = tuple(_line(one) for one in found) or ("nothing is stopped",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def drill(
    *,
    tenant: Annotated[str, typer.Option(help="Where.")] = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Press a stop for a component that does not exist, see that a run would stop, lift it, and record the drill."""
    import time

    from arf_enterprise.app import opened
    from arf_enterprise.governance import drill as drills
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        found = drills.drill(
            app.database, tenant, by=local_principal([tenant]), request_id=new_id("cli", app.clock()),
            clock=app.clock, seconds=time.monotonic,
        )  # fmt: skip
    said = "the stop was seen" if found.ok else "the drill FAILED: a stop that is in force hides it, or it was not seen"
    lines = (f"{said} ({1000 * found.seen_after_s:.1f} ms)",)
    emit(Answer(data=found.document(), lines=lines, exit_code=0 if found.ok else FAILED), as_json=json, quiet=quiet)


def _scope(action: str | None, component: str | None, *, everything: bool) -> Scope:
    from arf_enterprise.errors import RequestError
    from arf_enterprise.governance.stop import Reach, Scope

    if (action is not None) + (component is not None) + everything > 1:
        raise RequestError("name one of --action, --component and --all")
    if action is not None:
        return Scope(reach=Reach.ACTION, name=action)
    if component is not None:
        return Scope(reach=Reach.COMPONENT, name=component)
    return Scope(reach=Reach.ALL if everything else Reach.TENANT)


def _line(stop: Stop) -> str:
    document = stop.document()
    ended = "in force" if stop.lifted_at is None else f"lifted {document['lifted_at']}"
    by = "" if stop.pressed_by is None else f" by {printable(stop.pressed_by)}"
    return (
        f"{stop.stop_id}  {printable(str(stop.scope))}  {ended}  pressed {document['pressed_at']}{by}: "
        f"{printable(stop.reason)}"
    )
