# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise license``: what the licence permits, installing another, and asking the vendor for one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.canonical import write_time
from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable
from arf_enterprise.cli import licence_vendor
from arf_enterprise.identifiers import new_id

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.audit.entry import Actor
    from arf_enterprise.errors import LicenseError
    from arf_enterprise.licensing.entitlement import Entitlement

FileArgument = Annotated[Path, typer.Argument(help="A file that has it; - is standard input.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    commands = typer.Typer(
        help="What the licence permits, installing another, and asking for one.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    commands.command(epilog="Example: arf-enterprise license show --json")(show)
    commands.command(epilog="Example: arf-enterprise license install licence.key")(install)
    commands.command(epilog="Example: arf-enterprise license verify licence.key")(verify)
    commands.command(epilog="Example: arf-enterprise license request --customer 'Acme Ltd' --edition trial")(request)
    lists = typer.Typer(
        help="The vendor's lists of licences that were taken back.", no_args_is_help=True, rich_markup_mode=None
    )
    lists.command("install", epilog="Example: arf-enterprise license revocations install revocations.json")(
        install_revocations
    )
    commands.add_typer(lists, name="revocations")
    licence_vendor.register(commands)
    app.add_typer(commands, name="license")


def show(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say what the licence permits, and how it stands. Exits with 9 where no new execution may start."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.errors import LicenseError
    from arf_enterprise.licensing.sources import is_set_up, provider_of
    from arf_enterprise.settings import read_settings

    settings, now = read_settings(os.environ), system_clock()
    if is_set_up(settings):
        with _opened() as app:
            _look(app, now)
            found = provider_of(settings, app.database).entitlement(now)
    else:  # showing must not be what makes an installation
        found = provider_of(settings, None).entitlement(now)
    try:
        found.standing.require()
    except LicenseError as error:
        emit(_refused(found, error), as_json=json, quiet=quiet)
    emit(Answer(data=found.document(), lines=_lines(found), warnings=_warnings(found)), as_json=json, quiet=quiet)


def install(file: FileArgument, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Verify a licence, and make it the one that counts for this installation."""
    from arf_enterprise.licensing.installed import install as install_licence

    text = _text(file)
    with _opened() as app:
        licence = install_licence(
            app.database,
            text,
            customer=app.settings.customer,
            actor=_actor(),
            now=app.clock(),
            request_id=new_id("cli", app.clock()),
        )
    lines = (
        f"installed: {licence.licence_id}, {licence.edition} for {licence.customer}",
        "next: arf-enterprise license show",
    )
    emit(Answer(data=licence.document(), lines=lines), as_json=json, quiet=quiet)


def verify(file: FileArgument, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Verify a licence against the keys of this build, without installing it. Needs no database."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.licensing.keyring import package_keyring
    from arf_enterprise.licensing.standing import standing
    from arf_enterprise.licensing.verify import verify as verify_text
    from arf_enterprise.settings import read_settings

    licence = verify_text(_text(file), keyring=package_keyring(), customer=read_settings(os.environ).customer)
    stands = standing(licence, now=system_clock())
    stands.require()
    lines = (
        f"verified: {licence.licence_id}, {licence.edition} for {licence.customer}: {stands.says}",
        "not looked at: revocations, and the highest time seen (both need the installation)",
    )
    emit(Answer(data={**licence.document(), "standing": stands.state.value}, lines=lines), as_json=json, quiet=quiet)


def request(
    *,
    customer: Annotated[str, typer.Option(help="Who is asking: the name that the licence will have.")],
    edition: Annotated[str, typer.Option(help="trial, starter, professional or enterprise.")] = "trial",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write what the vendor has to know to issue a licence. Sends nothing."""
    from arf_enterprise.licensing.licence import PRODUCT, Edition
    from arf_enterprise.licensing.nodes import holders
    from arf_enterprise.licensing.seats import taken
    from arf_enterprise.version import __version__

    choices = [known.value for known in Edition if known is not Edition.DEVELOPMENT]
    if edition not in choices:
        raise typer.BadParameter(f"must be one of {', '.join(choices)}")
    with _opened() as app:
        nodes, seats = len(holders(app.database)), taken(app.database, now=app.clock())
    asked: dict[str, object] = {
        "schema": "arf.licence-request/1",
        "product": PRODUCT,
        "version": __version__,
        "customer": customer,
        "edition": edition,
        "nodes_in_use": nodes,
        "seats_in_use": seats,
    }
    lines = (*(f"{name}: {value}" for name, value in asked.items()), "next: send this to sales@arf.example")
    emit(Answer(data=asked, lines=lines), as_json=json, quiet=quiet)


def install_revocations(file: FileArgument, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Verify a list of revoked licences, and let it take the place of the one before."""
    from arf_enterprise.licensing.installed import install_revocations as install_list

    data = _bytes(file)
    with _opened() as app:
        found = install_list(app.database, data, actor=_actor(), now=app.clock(), request_id=new_id("cli", app.clock()))
    lines = (f"installed: list {found.number}, with {len(found.revoked)} revoked licences",)
    emit(
        Answer(data={"number": found.number, "revoked": sorted(found.revoked)}, lines=lines), as_json=json, quiet=quiet
    )


@contextmanager
def _opened() -> Iterator[App]:
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        yield app


def _look(app: App, now: datetime) -> None:
    from arf_enterprise.licensing.clock import anchored, look

    look(app.database, now, anchor=anchored(app.database))


def _actor() -> Actor:
    from arf_enterprise.audit.entry import Actor
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.licensing.clock import HOME

    return Actor.of(local_principal([HOME]))


def _refused(found: Entitlement, error: LicenseError) -> Answer:
    said = {"code": error.code, "message": str(error), "remedy": error.remedy, "exit_code": error.exit_code}
    return Answer(
        data={**found.document(), "error": said},
        lines=_lines(found),
        warnings=(f"{error.code}: {error}", error.remedy),
        exit_code=error.exit_code,
    )


def _lines(found: Entitlement) -> tuple[str, ...]:
    licence = found.licence
    return (
        f"{licence.licence_id}: {licence.edition} for {printable(licence.customer)}, from {found.source}",
        f"standing: {found.standing.state}: {found.standing.says}",
        f"features: {', '.join(sorted(licence.features)) or 'none'}",
        f"limits: {licence.nodes} nodes, {licence.seats} seats",
        f"valid: {write_time(licence.not_before)} to {write_time(licence.not_after)}, grace {licence.grace.days} days",
    )


def _warnings(found: Entitlement) -> tuple[str, ...]:
    if found.standing.warning is None:
        return ()
    return (f"{found.standing.says} ({found.standing.days_left} whole days left): ask the vendor to renew it",)


def _text(file: Path) -> str:
    from arf_enterprise.errors import LicenseMalformed
    from arf_enterprise.licensing.token import MAX_SIZE
    from arf_enterprise.licensing.verify import REQUIRED

    data = _bytes(file, most=MAX_SIZE)
    if len(data) > MAX_SIZE or not data.isascii():
        raise LicenseMalformed(f"{REQUIRED}: {file} has no licence, or more than one")
    return data.decode("ascii")


def _bytes(file: Path, *, most: int = 32_000_000) -> bytes:
    from arf_enterprise.errors import RequestError

    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(most + 1)
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}") from error
