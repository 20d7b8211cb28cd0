# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise tenants``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    tenants = typer.Typer(help="Tenants: added, listed.", no_args_is_help=True, rich_markup_mode=None)
    tenants.command(epilog="Example: ARF_TENANTS=multi arf-enterprise tenants add acme")(add)
    tenants.command("list", epilog="Example: arf-enterprise tenants list --json")(list_tenants)
    app.add_typer(tenants, name="tenants")


def add(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, - and _; at most 63.")],
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add a tenant. Its audit log begins with that."""
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity import tenants
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        now = app.clock()
        tenants.add(app.database, name, by=local_principal([name]), request_id=new_id("cli", now), now=now)
    lines = (f"added {name}", f"next: arf-enterprise keys create --tenant {name} --for NAME --role admin")
    emit(Answer(data={"schema": "arf.tenant-added/1", "tenant": name}, lines=lines), as_json=json, quiet=quiet)


def list_tenants(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the tenants of this installation."""
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        found = app.database.tenants()
    emit(Answer(data={"schema": "arf.tenants/1", "tenants": list(found)}, lines=found), as_json=json, quiet=quiet)
