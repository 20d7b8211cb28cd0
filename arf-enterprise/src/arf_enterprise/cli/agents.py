# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise agents``: which programs people vouch for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.identity.agents import Agent

TenantOption = Annotated[str, typer.Option(help="Where.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    agents = typer.Typer(help="Agents: attested, listed, revoked.", no_args_is_help=True, rich_markup_mode=None)
    agents.command(epilog="Example: arf-enterprise agents attest remediator --version 1.2.0 --description agent.md")(
        attest
    )
    agents.command("list", epilog="Example: arf-enterprise agents list --json")(list_agents)
    agents.command(epilog="Example: arf-enterprise agents revoke agent_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e")(revoke)
    app.add_typer(agents, name="agents")


def attest(
    subject: Annotated[str, typer.Argument(help="Who it comes as: the subject of its key or token.")],
    *,
    version: Annotated[str, typer.Option(help="Which version of it.")],
    description: Annotated[Path, typer.Option(help="A file that says what it does; its digest is attested.")],
    name: Annotated[str | None, typer.Option(help="What it is called; the subject, unless given.")] = None,
    issuer: Annotated[
        str, typer.Option(help="Who says that it is this subject: arf, or an identity provider.")
    ] = "arf",
    days: Annotated[int, typer.Option(min=1, max=366, help="When it ends.")] = 90,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Vouch for an agent, so that it may bring intents."""
    from arf_core.canonical import file_digest
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity import agents
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    wanted = agents.WantedAgent(
        issuer=issuer, subject=subject, name=name or subject, version=version, days=days,
        description_digest=file_digest(_read(description)),
    )  # fmt: skip
    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        made = agents.attest(transaction, wanted, by=by, request_id=new_id("cli", now), now=now)
    data = {"schema": "arf.agent/1", **made.document()}
    emit(Answer(data=data, lines=(_line(made),)), as_json=json, quiet=quiet)


def list_agents(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the attestations, those that have ended among them."""
    from arf_enterprise.app import opened
    from arf_enterprise.identity import agents
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = agents.listed(transaction)
    data = {"schema": "arf.agents/1", "agents": [agent.document() for agent in found]}
    lines = tuple(_line(agent) for agent in found) or (f"nobody has attested an agent for {printable(tenant)}",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def revoke(
    agent_id: Annotated[str, typer.Argument(help="The id that `agents list` shows.")],
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take an attestation back, from the next intent on."""
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity import agents
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        agents.revoke(transaction, agent_id, by=by, request_id=new_id("cli", now), now=now)
    data = {"schema": "arf.agent-revoked/1", "agent_id": agent_id}
    emit(Answer(data=data, lines=(f"revoked {agent_id}",)), as_json=json, quiet=quiet)


def _read(file: Path) -> bytes:
    from arf_enterprise.errors import RequestError

    try:
        return file.read_bytes()
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}") from error


def _line(agent: Agent) -> str:
    document = agent.document()
    ended = f"revoked {document['revoked_at']}" if agent.revoked_at else f"until {document['until']}"
    what = f"{printable(agent.name)} {printable(agent.version)}"
    return f"{agent.agent_id}  {printable(agent.subject)} of {printable(agent.issuer)}  {what}  {ended}"
