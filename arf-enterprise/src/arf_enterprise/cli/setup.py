# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise init``, ``migrate`` and ``status``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.audit.service import Lag


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
    from arf_enterprise.errors import SettingError
    from arf_enterprise.parts import urls
    from arf_enterprise.settings import read_settings
    from arf_enterprise.stores.postgres import migrate as migrations
    from arf_enterprise.stores.postgres.engine_schema import migrate_engine

    with urls(read_settings(os.environ)) as (_, owner_url):
        if owner_url is None:
            raise SettingError("ARF_DATABASE_OWNER_URL is not set: it names the login that owns the schema")
        applied = [f"{step.version:04d}_{step.name}" for step in migrations.migrate(owner_url)]
        migrate_engine(owner_url)
    lines = tuple(f"applied {name}" for name in applied) or ("nothing to do: the schema is up to date",)
    emit(Answer(data={"applied": applied}, lines=lines), as_json=json, quiet=quiet)


def status(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say how the installation stands: database, schema, licence; of each tenant the audit log, runs, policy, stops."""
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        found = _status(app)
    emit(Answer(data=found, lines=tuple(_lines(found))), as_json=json, quiet=quiet)


def _status(app: App) -> dict[str, object]:
    from arf_enterprise.audit.service import lag

    with app.database.transaction(None) as transaction:
        installation = transaction.one("installation")
        examined = transaction.one("examined")
    behind, graph = lag(app.database, now=app.clock()), _graph(app)
    return {
        "installation_id": installation["installation_id"],
        "database": "embedded" if app.settings.is_embedded else "external",
        "database_version": examined["version"],
        "schema_version": examined["schema_version"],
        "audit_key_id": app.audit_key.key_id,
        "licence": _licence(app),
        "tenants": {
            one.tenant: {**_log(app, one), **_execution(app, one.tenant), **graph.get(one.tenant, {})} for one in behind
        },
    }


def _log(app: App, behind: Lag) -> dict[str, object]:
    """How long the log is, how many entries wait to be in it, and for how many seconds the oldest has."""
    with app.database.transaction(behind.tenant) as transaction:
        latest = transaction.maybe("latest_audit_checkpoint", tenant=behind.tenant)
    return {
        "audit_records": latest["size"] if latest else 0,
        "waiting": behind.waiting,
        "behind_s": round(behind.oldest_s, 1),
    }


def _graph(app: App) -> dict[str, dict[str, object]]:
    """By tenant, how many entries the graph does not have yet, and for how many seconds the oldest has waited."""
    from arf_enterprise.learning.outbox import lag

    if app.graph is None:
        return {}
    behind = lag(app.database, now=app.clock())
    return {one.tenant: {"graph": {"waiting": one.waiting, "behind_s": round(one.oldest_s, 1)}} for one in behind}


def _execution(app: App, tenant: str) -> dict[str, object]:
    from arf_enterprise.execution.standing import standing

    return standing(app.database, tenant, now=app.clock()).document()


def _licence(app: App) -> dict[str, object]:
    from arf_enterprise.errors import LicenseError

    try:
        found = app.entitlements.current()
    except LicenseError as error:
        return {"edition": None, "may_execute": False, "says": str(error)}
    edition, standing = found.licence.edition.value, found.standing
    return {"edition": edition, "may_execute": standing.may_execute, "says": standing.says}


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"installation  {found['installation_id']}"
    yield f"database      {found['database']}, Postgres {found['database_version']}"
    yield f"schema        {found['schema_version']:04d}"
    yield f"audit key     {found['audit_key_id']}"
    yield f"licence       {found['licence']['edition'] or 'none'}: {printable(found['licence']['says'])}"
    for name, log in found["tenants"].items():
        waiting = f"{log['waiting']} waiting for {log['behind_s']} s" if log["waiting"] else "none waiting"
        yield f"tenant        {name}: {log['audit_records']} audit records, {waiting}"
        yield f"  runs        {_counted(log)}"
        yield f"  policy      {log['policy'] or 'none: nothing is permitted; next: arf-enterprise policy push FILE'}"
        yield f"  targets     {log['targets'] or 'none; next: arf-enterprise targets push FILE'}"
        if graph := log.get("graph"):
            waits = f"{graph['waiting']} entries wait, for {graph['behind_s']} s" if graph["waiting"] else "up to date"
            yield f"  graph       {waits}"
        yield f"  stopped     {printable(', '.join(log['stops'])) or 'nothing'}"


def _counted(tenant: Mapping[str, Any]) -> str:
    """The runs that are open, and those that began within a day, by where they stand."""
    each = ", ".join(f"{number} {status}" for status, number in tenant["runs"].items())
    return f"{tenant['open_runs']} open" + (f"; within a day: {each}" if each else "")
