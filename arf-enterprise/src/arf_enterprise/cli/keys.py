# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise keys``: whoever can read the data folder makes the first key here, and any other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.identity.key import Key, WantedKey

TenantOption = Annotated[
    list[str] | None, typer.Option("--tenant", help="A tenant that it is good for; several are possible.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    keys = typer.Typer(help="API keys: made, listed, revoked.", no_args_is_help=True, rich_markup_mode=None)
    keys.command(epilog="Example: arf-enterprise keys create --for alice@example.com --role operator")(create)
    keys.command("list", epilog="Example: arf-enterprise keys list --json")(list_keys)
    keys.command(epilog="Example: arf-enterprise keys revoke key_0199d2c3a4b5c6d7e8f90123456789ab")(revoke)
    app.add_typer(keys, name="keys")


def create(
    *,
    subject: Annotated[str, typer.Option("--for", help="Whose key it is: a person, or a service account.")],
    role: Annotated[list[str], typer.Option("--role", help="A role; several are possible.")],
    tenant: TenantOption = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="When it ends.")] = 90,
    agent: Annotated[bool, typer.Option("--agent", help="A program's key: never an approver or admin.")] = False,
    operation: Annotated[
        list[str] | None, typer.Option("--only", help="One of the operations it is to be good for, instead of all.")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a key. It is shown this once, and kept nowhere."""
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity import keys
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    wanted, tenants = _wanted(subject, role, days, operation, is_agent=agent), tenant or ["default"]
    with opened(read_settings(os.environ)) as app:
        now = app.clock()
        made = keys.create(
            app.database, wanted, tenants=tenants, by=local_principal(tenants), request_id=new_id("cli", now), now=now
        )
    first = made.keys[0].document()
    data = {"schema": "arf.key-created/1", "key": made.text, **first, "tenants": [key.tenant for key in made.keys]}
    lines = (
        made.text,
        f"{first['key_id']} for {printable(subject)}, until {first['expires_at']}: it is not shown again",
    )
    # --quiet still prints the key: it is what the command is for.
    emit(Answer(data=data, lines=lines[:1] if quiet else lines), as_json=json, quiet=False)


def list_keys(
    *,
    tenant: Annotated[str, typer.Option(help="Whose keys.")] = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the keys of a tenant, those that have ended among them; never a secret."""
    from arf_enterprise.app import opened
    from arf_enterprise.identity import keys
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = keys.listed(transaction)
    data = {"schema": "arf.keys/1", "keys": [key.document() for key in found]}
    lines = tuple(_line(key) for key in found) or (f"{printable(tenant)} has no key: arf-enterprise keys create",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")],
    *,
    tenant: Annotated[str, typer.Option(help="Where it is to end.")] = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """End a key, from the next request on."""
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity import keys
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now = app.clock()
        keys.revoke(transaction, key_id, by=local_principal([tenant]), request_id=new_id("cli", now), now=now)
    data = {"schema": "arf.key-revoked/1", "key_id": key_id, "tenant": tenant}
    emit(Answer(data=data, lines=(f"revoked {key_id}",)), as_json=json, quiet=quiet)


def _wanted(subject: str, roles: list[str], days: int, operations: list[str] | None, *, is_agent: bool) -> WantedKey:
    from arf_enterprise.errors import RequestError
    from arf_enterprise.identity.key import WantedKey
    from arf_enterprise.identity.principal import Role
    from arf_enterprise.identity.roles import Operation

    try:
        named = frozenset(map(Role, roles))
        narrowed = None if not operations else frozenset(map(Operation, operations))
    except ValueError as error:
        raise RequestError(f"{error}: roles are {', '.join(Role)}; operations are {', '.join(Operation)}") from error
    return WantedKey(subject=subject, roles=named, days=days, is_agent=is_agent, operations=narrowed)


def _line(key: Key) -> str:
    document = key.document()
    ended = f"revoked {document['revoked_at']}" if key.revoked_at else f"until {document['expires_at']}"
    kind = "agent" if key.is_agent else "person"
    return f"{key.key_id}  {kind}  {printable(key.subject)}  {','.join(sorted(key.roles))}  {ended}"
