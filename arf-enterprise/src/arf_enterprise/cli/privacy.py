# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise privacy``: what the log knows of a person, erasing it, and what must be kept."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable
from arf_enterprise.cli.audit import TenantOption, asked, brought_up_to_date

SubjectArgument = Annotated[str, typer.Argument(help="The person, as the identity provider or key names them.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Personal data in the audit log.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: arf-enterprise privacy show alice@example.com")(show)
    group.command(epilog="Example: arf-enterprise privacy erase alice@example.com")(erase)
    group.command(epilog="Example: arf-enterprise privacy keep standard --days 400")(keep)
    group.command(epilog="Example: arf-enterprise privacy expire")(expire)
    holds = typer.Typer(help="Legal holds.", no_args_is_help=True, rich_markup_mode=None)
    holds.command("place", epilog='Example: arf-enterprise privacy hold place subject bob --reason "case 12"')(place)
    holds.command("release", epilog="Example: arf-enterprise privacy hold release hold_0199…")(release)
    holds.command("list", epilog="Example: arf-enterprise privacy hold list")(list_holds)
    group.add_typer(holds, name="hold")
    app.add_typer(group, name="privacy")


def show(
    subject: SubjectArgument,
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print everything that the log has of a person."""
    from arf_enterprise.audit.retention import data_of

    with brought_up_to_date(tenant) as app:
        ref, own = data_of(app.database, tenant, subject)
    listed = [{"sequence": one.sequence, "at": one.at, "action": one.action, "data": one.personal} for one in own]
    lines = (
        f"{ref}: {len(own)} records",
        *(printable(f"{one.sequence:>8}  {one.at}  {one.action}  {one.personal}") for one in own),
    )
    data = {"schema": "arf.personal-data/1", "reference": ref, "records": listed}
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def erase(
    subject: SubjectArgument,
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Destroy the keys of a person's data: nobody can read them again, and every proof still holds."""
    from arf_enterprise.audit.retention import erase

    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        ref = erase(transaction, subject, asked=asked(app, tenant))
    line = f"erased: {ref} stands for nobody any more; running servers forget within 10 seconds"
    emit(Answer(data={"schema": "arf.erased/1", "reference": ref}, lines=(line,)), as_json=json, quiet=quiet)


def keep(
    name: Annotated[str, typer.Argument(metavar="CLASS", help="A class of retention, such as standard.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How long personal data of the class are kept.")],
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say for how many days personal data of a class are kept. `privacy expire` acts on it."""
    from arf_enterprise.audit.retention import keep

    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        keep(transaction, name, days, asked=asked(app, tenant))
    data = {"schema": "arf.retention-class/1", "class": name, "keep_days": days}
    emit(Answer(data=data, lines=(f"{printable(name)}: {days} days",)), as_json=json, quiet=quiet)


def expire(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Destroy the keys of personal data that were kept long enough, but of what is held. Run it daily."""
    from arf_enterprise.audit.retention import expire

    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        gone = expire(transaction, asked=asked(app, tenant))
    lines = tuple(f"{name}: {count} keys destroyed" for name, count in gone.items()) or ("nothing was due",)
    emit(Answer(data={"schema": "arf.expired/1", "keys": gone}, lines=lines), as_json=json, quiet=quiet)


def place(
    kind: Annotated[str, typer.Argument(help="subject or class.")],
    target: Annotated[str, typer.Argument(help="The person, or the name of the class.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it is recorded, so name nobody in it.")],
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hold a person's data, or a class, for the law: they are not erased until the hold is released."""
    from arf_enterprise.audit.retention import hold
    from arf_enterprise.errors import RequestError

    if kind not in {"subject", "class"}:
        raise RequestError(f"{kind[:40]!r} cannot be held: subject or class can")
    what: Literal["subject", "class"] = "subject" if kind == "subject" else "class"
    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        hold_id = hold(transaction, what, target, reason=reason, asked=asked(app, tenant))
    emit(Answer(data={"schema": "arf.held/1", "hold_id": hold_id}, lines=(hold_id,)), as_json=json, quiet=quiet)


def release(
    hold_id: Annotated[str, typer.Argument(help="The id of the hold.")],
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """End a legal hold."""
    from arf_enterprise.audit.retention import release

    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        release(transaction, hold_id, asked=asked(app, tenant))
    line = f"released: {printable(hold_id)}"
    emit(Answer(data={"schema": "arf.released/1", "hold_id": hold_id}, lines=(line,)), as_json=json, quiet=quiet)


def list_holds(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the holds that are in force."""
    from arf_core.canonical import write_time
    from arf_enterprise.audit.retention import holds

    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        found = [{**row, "placed_at": write_time(row["placed_at"])} for row in holds(transaction)]
    lines = tuple(printable(f"{row['hold_id']}  {row['kind']} {row['target']}  {row['reason']}") for row in found) or (
        "nothing is held",
    )
    emit(Answer(data={"schema": "arf.holds/1", "holds": found}, lines=lines), as_json=json, quiet=quiet)
