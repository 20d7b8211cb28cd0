# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise init``, ``migrate`` and ``status``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit

if TYPE_CHECKING:
    from arf_enterprise.app import App


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(epilog="Example: ARF_DATA=./arf arf-enterprise init")(init)
    app.command(epilog="Example: ARF_DATABASE_OWNER_URL=postgresql://… arf-enterprise migrate")(migrate)
    app.command(epilog="Example: arf-enterprise status --json")(status)


def init(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Make what an installation needs: folder, database, the key that signs the audit log. Safe to repeat."""
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings

    settings = read_settings(os.environ)
    with opened(settings) as app:
        found = _status(app)
    lines = (
        f"ready: {settings.data}",
        f"checkpoints are signed by {found['audit_key_id']}",
        "next: arf-enterprise serve",
    )
    emit(Answer(data=found, lines=lines), as_json=json, quiet=quiet)


def migrate(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Bring the schema of the database to this version."""
    from arf_enterprise.app import urls
    from arf_enterprise.errors import SettingError
    from arf_enterprise.settings import read_settings
    from arf_enterprise.stores.postgres import migrate as migrations

    with urls(read_settings(os.environ)) as (_, owner_url):
        if owner_url is None:
            raise SettingError("ARF_DATABASE_OWNER_URL is not set: it names the login that owns the schema")
        applied = [f"{step.version:04d}_{step.name}" for step in migrations.migrate(owner_url)]
    lines = tuple(f"applied {name}" for name in applied) or ("nothing to do: the schema is up to date",)
    emit(Answer(data={"applied": applied}, lines=lines), as_json=json, quiet=quiet)


def status(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say how the installation stands: database, schema, audit log."""
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        found = _status(app)
    emit(
        Answer(data=found, lines=tuple(f"{name}: {value}" for name, value in found.items())), as_json=json, quiet=quiet
    )


def _status(app: App) -> dict[str, object]:
    from arf_enterprise.stores.postgres.migrate import migrations

    tenants: dict[str, object] = {}
    with app.database.transaction(None) as transaction:
        installation = transaction.one("installation")
        names = [str(row["tenant"]) for row in transaction.all("known_tenants")]
    for name in names:
        with app.database.transaction(name) as transaction:
            latest = transaction.maybe("latest_audit_checkpoint", tenant=name)
            waiting = transaction.one("unsequenced_audit_entries", tenant=name)["waiting"]
        tenants[name] = {"audit_records": latest["size"] if latest else 0, "waiting": waiting}
    return {
        "installation_id": installation["installation_id"],
        "database": "embedded" if app.settings.is_embedded else "external",
        "schema_version": migrations()[-1].version,
        "audit_key_id": app.audit_key.key_id,
        "tenants": tenants,
    }
