# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise learning``: its switch, what it has learned and why, and what it would have done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.learning.switch import Mode

TenantOption = Annotated[str, typer.Option(help="Whose.")]
ActionOption = Annotated[str | None, typer.Option(help="Of this action only.")]
ComponentOption = Annotated[str | None, typer.Option(help="Of this component only.")]
SignatureOption = Annotated[str | None, typer.Option(help="Of this fault only.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    learning = typer.Typer(
        help="Learning from verified outcomes: off, shadow, on; why; reset.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    learning.command(epilog="Example: arf-enterprise learning status --json")(status)
    learning.command(epilog="Example: arf-enterprise learning shadow")(shadow)
    learning.command(epilog="Example: arf-enterprise learning on")(on)
    learning.command(epilog="Example: arf-enterprise learning off")(off)
    learning.command(epilog="Example: arf-enterprise learning explain --component shop")(explain)
    learning.command(epilog="Example: arf-enterprise learning advise intents.json --json")(advise)
    learning.command(epilog="Example: arf-enterprise learning simulate")(simulate)
    learning.command(epilog="Example: arf-enterprise learning reset --component shop")(reset)
    learning.command(epilog="Example: arf-enterprise learning export outcomes.jsonl")(export)
    learning.command(epilog="Example: arf-enterprise learning proposals")(proposals)
    app.add_typer(learning, name="learning")


def status(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say how the switch stands, whether the licence includes learning, and what of the autonomy budget is spent."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning import autonomy
    from arf_enterprise.learning.earning import BUDGET_PER_DAY
    from arf_enterprise.learning.switch import effective, licensed, mode
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        is_licensed = licensed(app.entitlements)
        with app.database.transaction(tenant) as transaction:
            data = {
                "schema": "arf.learning/1",
                "mode": mode(transaction).value,
                "effective": effective(transaction, is_licensed=is_licensed).value,
                "autonomy_spent": round(autonomy.spent(transaction, app.clock()), 6),
                "autonomy_budget": BUDGET_PER_DAY,
            }
    licence = "" if data["mode"] == data["effective"] else ": the licence does not include learning_engine"
    lines = (
        f"switch    {data['mode']}",
        f"learning  {data['effective']}{licence}",
        f"autonomy  {data['autonomy_spent']} of {data['autonomy_budget']} spent in 24 hours",
    )
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def shadow(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Learn, and show what would change, without changing anything."""
    from arf_enterprise.learning.switch import Mode

    _switched(Mode.SHADOW, tenant, as_json=json, quiet=quiet)


def on(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Let what was learned count. It goes on from shadow only."""
    from arf_enterprise.learning.switch import Mode

    _switched(Mode.ON, tenant, as_json=json, quiet=quiet)


def off(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Stop: advice is the open edition's, and nothing is autonomous."""
    from arf_enterprise.learning.switch import Mode

    _switched(Mode.OFF, tenant, as_json=json, quiet=quiet)


def explain(
    *,
    action: ActionOption = None,
    component: ComponentOption = None,
    signature: SignatureOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is believed of each action where it was tried, and from what."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning.service import explained
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = explained(transaction, now=app.clock(), action=action, component=component, signature=signature)
    data = {"schema": "arf.learned/1", "learned": [one.document() for one in found]}
    lines = tuple(
        f"{printable(one.cell.component)}  {printable(one.cell.signature)}  {printable(one.says)}" for one in found
    )
    emit(Answer(data=data, lines=lines or ("nothing was learned of that yet",)), as_json=json, quiet=quiet)


def advise(
    file: Annotated[Path, typer.Argument(help="A JSON list of sealed intents.", exists=True, dir_okay=False)],
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Order candidates by what was learned, and seal what it changed and why; off, they come back as they are."""
    from arf_core.strict_json import parse_json
    from arf_enterprise.app import opened
    from arf_enterprise.learning.service import advised, intents_of
    from arf_enterprise.learning.switch import effective, licensed
    from arf_enterprise.settings import read_settings

    intents = intents_of(parse_json(file.read_bytes(), what=str(file)))
    with opened(read_settings(os.environ)) as app:
        is_licensed = licensed(app.entitlements)
        with app.database.transaction(tenant) as transaction:
            stands = effective(transaction, is_licensed=is_licensed)
            found = advised(transaction, intents, mode=stands, now=app.clock())
    lines = [f"learning is {found.mode}"]
    lines += [f"{one.confidence:.2f}  {one.action} on {printable(one.component)}" for one in found.intents]
    lines += [f"learned  {printable(one.estimate.says)}" for one in found.learned]
    emit(Answer(data=found.document(), lines=tuple(lines)), as_json=json, quiet=quiet)


def simulate(
    *,
    seed: Annotated[int, typer.Option(help="Of the bootstrap: the same seed, the same interval.")] = 1,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Estimate what the learned ranking would have done with the decisions on record, with its uncertainty."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning.service import simulated
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = simulated(transaction, now=app.clock(), seed=seed)
    data = {"schema": "arf.learning-simulation/1", **found.document()}
    emit(Answer(data=data, lines=(found.says,)), as_json=json, quiet=quiet)


def reset(
    *,
    action: ActionOption = None,
    component: ComponentOption = None,
    signature: SignatureOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was learned.")] = False,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Learn anew from now on. Outcomes are kept, and no longer count."""
    from arf_enterprise.app import opened
    from arf_enterprise.errors import RequestError
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.learning import switch
    from arf_enterprise.settings import read_settings

    scope = switch.Scope(action=action, component=component, signature=signature)
    if everything is (scope != switch.Scope()):
        raise RequestError("name what is to be learned anew: --action, --component, --signature; or --all")
    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now = app.clock()
        by = local_principal([tenant])
        reset_id = switch.reset(transaction, scope, by=by, request_id=new_id("cli", now), now=now)
    data = {"schema": "arf.learning-reset/1", "reset_id": reset_id, **scope.document()}
    emit(Answer(data=data, lines=(f"learned anew from now on: {reset_id}",)), as_json=json, quiet=quiet)


def export(
    file: Annotated[Path, typer.Argument(help="Where to, as JSON Lines.", dir_okay=False)],
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write every outcome with its labels to a file."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning.service import exported
    from arf_enterprise.settings import read_settings

    with (
        opened(read_settings(os.environ)) as app,
        app.database.transaction(tenant) as transaction,
        file.open("w", encoding="utf-8") as lines,
    ):
        count = sum(lines.write(f"{line}\n") > 0 for line in exported(transaction)) - 2
    data = {"schema": "arf.learning-exported/1", "file": str(file), "outcomes": count}
    emit(Answer(data=data, lines=(f"{count} outcomes in {printable(str(file))}",)), as_json=json, quiet=quiet)


def proposals(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List what has earned autonomy. People accept or reject it over the API, with a key that says who they are."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning import autonomy
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = autonomy.proposals(transaction)
    data = {"schema": "arf.autonomy-proposals/1", "proposals": [one.document() for one in found]}
    lines = tuple(
        f"{one.proposal_id}  {one.state:<8}  {one.action} on {printable(one.component)}  {printable(one.says)}"
        for one in found
    )
    emit(Answer(data=data, lines=lines or ("nothing has earned autonomy yet",)), as_json=json, quiet=quiet)


def _switched(wanted: Mode, tenant: str, *, as_json: bool, quiet: bool) -> None:
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.learning import switch
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        now = app.clock()
        if wanted is not switch.Mode.OFF:
            app.entitlements.current().require(switch.FEATURE)
        with app.database.transaction(tenant) as transaction:
            by, request_id = local_principal([tenant]), new_id("cli", now)
            before = switch.switch(transaction, wanted, by=by, request_id=request_id, now=now)
    data = {"schema": "arf.learning-switched/1", "was": before.value, "is": wanted.value}
    emit(Answer(data=data, lines=(f"learning is {wanted}; it was {before}",)), as_json=as_json, quiet=quiet)
