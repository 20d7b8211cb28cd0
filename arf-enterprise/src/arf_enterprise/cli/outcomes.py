# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise outcomes``: what executions came to, and what people say of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.learning.outcomes import Outcome

TenantOption = Annotated[str, typer.Option(help="Whose.")]
ExecutionArgument = Annotated[str, typer.Argument(help="The id of the execution.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    outcomes = typer.Typer(
        help="What executions came to, as verified, and people's corrections.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    outcomes.command("list", epilog="Example: arf-enterprise outcomes list --result failed --json")(list_outcomes)
    outcomes.command(epilog="Example: arf-enterprise outcomes show execution_0199d2c3")(show)
    outcomes.command(epilog='Example: arf-enterprise outcomes label execution_0199d2c3 failed --reason "it came back"')(
        label
    )
    app.add_typer(outcomes, name="outcomes")


def list_outcomes(
    *,
    component: Annotated[str | None, typer.Option(help="Of this component only.")] = None,
    action: Annotated[str | None, typer.Option(help="Of this action only.")] = None,
    result: Annotated[str | None, typer.Option(help="succeeded, reverted, failed or cannot_tell.")] = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the newest outcomes."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning import outcomes
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = outcomes.listed(transaction, component=component, action=action, result=result)
    data = {"schema": "arf.outcomes/1", "outcomes": [one.plain() for one in found]}
    lines = tuple(_line(one) for one in found) or ("no outcome yet: each execution ends in one",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def show(
    execution_id: ExecutionArgument,
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show an outcome with its evidence, and what people said of it."""
    from arf_enterprise.app import opened
    from arf_enterprise.learning import corrections, outcomes
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = outcomes.one(transaction, execution_id)
        said = corrections.listed(transaction, execution_id)
    data = {"schema": "arf.outcome/1", **found.plain(), "corrections": [one.document() for one in said]}
    lines = (
        _line(found),
        f"evidence  {printable(found.evidence.written())}",
        *(f"{one.result}  said by {one.labeller[:12]}: {printable(one.reason)}" for one in said),
    )
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def label(
    execution_id: ExecutionArgument,
    result: Annotated[str, typer.Argument(help="succeeded, reverted, failed or cannot_tell.")],
    *,
    reason: Annotated[str, typer.Option(help="How you know.")],
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what an outcome really was: what was verified stays, and the correction stands beside it."""
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.learning import corrections
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now = app.clock()
        said = corrections.label(
            transaction, execution_id, result, reason=reason, by=local_principal([tenant]),
            request_id=new_id("cli", now), now=now,
        )  # fmt: skip
    data = {"schema": "arf.outcome-label/1", "execution_id": execution_id, **said.document()}
    emit(Answer(data=data, lines=(f"{printable(execution_id)} is {said.result} now",)), as_json=json, quiet=quiet)


def _line(one: Outcome) -> str:
    document = one.plain()
    told = f"{document['at']}  {one.result:<11}  {one.action} on {printable(one.component)}"
    return f"{told}  {printable(one.signature)}  {printable(one.execution_id)}"
