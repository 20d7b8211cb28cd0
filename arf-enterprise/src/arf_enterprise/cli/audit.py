# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise audit``: read the log, export it, prove it, and give others what they verify it with."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable, say

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.audit.reading import Record
    from arf_enterprise.audit.retention import Asked

TenantOption = Annotated[str, typer.Option(help="Whose log.")]
FromOption = Annotated[str | None, typer.Option("--from", metavar="TIME", help="From this time on (ISO 8601).")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before this time (ISO 8601).")]
OutputOption = Annotated[Path | None, typer.Option("--output", "--out", "-o", help="The file to write.")]
POLL_S: Final = 0.5


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    from arf_enterprise.cli.audit_export import export_records

    group = typer.Typer(help="The audit log.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Example: arf-enterprise audit tail --follow")(tail)
    group.command("export", epilog="Example: arf-enterprise audit export -o log.arfa")(export_records)
    group.command(epilog="Example: arf-enterprise audit checkpoint -o checkpoint.note")(checkpoint)
    group.command(epilog="Example: arf-enterprise audit prove 17 -o inclusion.json")(prove)
    group.command(
        epilog="Example: arf-enterprise audit evidence soc2 --from 2026-10-01 --to 2027-01-01 -o soc2-q4.arfa"
    )(evidence)
    group.command(epilog="Example: arf-enterprise audit keys -o trusted-keys.json")(keys)
    group.command("revoke-key", epilog="Example: arf-enterprise audit revoke-key sha256:… --from 2026-11-01T00:00Z")(
        revoke_key
    )
    app.add_typer(group, name="audit")


def tail(
    *,
    count: Annotated[int, typer.Option("-n", min=0, max=10_000, help="How many of the latest records.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is recorded from now on.")] = False,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print the latest records; with --json one a line."""
    from arf_enterprise.audit.reading import records, size_of

    with brought_up_to_date(tenant) as app:
        size = size_of(app.database, tenant)
        seen = max(0, size - count)
        while True:
            for record in records(app.database, tenant, first=seen, last=size):
                if not quiet:
                    say(record.text if json else _line(record))
                seen = record.sequence + 1
            if not follow:
                return
            time.sleep(POLL_S)
            size = size_of(app.database, tenant)


def checkpoint(
    *,
    output: OutputOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print the latest checkpoint. Keep it elsewhere: no later log can then leave out, or change, what it covers."""
    from arf_enterprise.audit.proofs import latest

    with brought_up_to_date(tenant) as app, app.database.transaction(tenant) as transaction:
        found = latest(transaction)
    if output is not None:
        output.write_text(found.note, encoding="utf-8")
    data = {"schema": "arf.audit-checkpoint/1", "size": found.checkpoint.size, "note": found.note}
    emit(Answer(data=data, lines=(found.note.rstrip("\n"),)), as_json=json, quiet=quiet)


def prove(
    sequence: Annotated[int | None, typer.Argument(min=0, help="The number of a record.")] = None,
    *,
    consistency: Annotated[
        tuple[int, int] | None, typer.Option(help="The sizes of two checkpoints, the smaller one first.")
    ] = None,
    output: OutputOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Prove that a record is in the log, or that a checkpoint continues an earlier one. `arf verify` checks it."""
    from arf_core.strict_json import parse_json
    from arf_enterprise.audit.proofs import prove_consistency, prove_inclusion
    from arf_enterprise.errors import RequestError

    if (sequence is None) == (consistency is None):
        raise RequestError("name either the number of a record, or two sizes with --consistency")
    with brought_up_to_date(tenant) as app:
        if consistency is not None:
            found = prove_consistency(app.database, tenant, *consistency)
        else:
            found = prove_inclusion(app.database, tenant, sequence or 0)
    _write(output, found)
    emit(Answer(data=parse_json(found), lines=(_told(output, found),)), as_json=json, quiet=quiet)


def evidence(
    framework: Annotated[str, typer.Argument(help="soc2, gdpr or hipaa.")],
    *,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="From this time on (ISO 8601).")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Before this time (ISO 8601).")],
    output: Annotated[Path, typer.Option("--output", "--out", "-o", help="The file to write.")],
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a signed pack: which records can be evidence for each control of a framework, or that there are none."""
    from arf_enterprise.audit.evidence import Window, make_pack
    from arf_enterprise.audit.log import append

    window = Window(start=moment(start), end=moment(end))
    with brought_up_to_date(tenant) as app:
        pack = make_pack(app.database, tenant, framework, window, key=app.audit_key, now=app.clock())
        output.write_bytes(pack.archive)
        with app.database.transaction(tenant) as transaction:
            made = {"framework": framework, "digest": pack.digest}
            append(transaction, asked(app, tenant).entry("audit.evidence_made", f"evidence/{framework}", made))
    lines = (
        *(f"{control['control']}: {control['count'] or control['status']}" for control in pack.controls),
        f"{output}: {pack.digest}",
    )
    data = {"schema": "arf.evidence-made/1", "file": str(output), "digest": pack.digest, "controls": pack.controls}
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def keys(
    *,
    output: OutputOption = None,
    tenant: Annotated[str | None, typer.Option(help="Trust the keys for this tenant's log alone.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print the keys that signed the log, as `arf verify --trust` wants them. Give the file to those who verify."""
    from json import dumps

    from arf_enterprise.audit.sequencer import introduce
    from arf_enterprise.audit.trusting import note_keys, trusted_keys

    with brought_up_to_date(tenant or "default") as app, app.database.transaction(tenant or "default") as transaction:
        introduce(transaction, app.audit_key, app.clock())
        found = trusted_keys(transaction, tenants=None if tenant is None else [tenant])
        lines = note_keys(transaction, tenant or "default")
    if output is not None:
        output.write_text(dumps(found, indent=2) + "\n", encoding="utf-8")
    emit(Answer(data=found, lines=lines), as_json=json, quiet=quiet)


def revoke_key(
    key_id: Annotated[str, typer.Argument(help="sha256:… of the key.")],
    *,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="From then on it verifies nothing.")],
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Revoke a signing key from a time on: checkpoints of before still verify, later ones do not."""
    from arf_enterprise.audit.trusting import revoke

    with brought_up_to_date("default") as app, app.database.transaction("default") as transaction:
        revoke(transaction, key_id, revoked_from=moment(start), asked=asked(app, "default"))
    emit(Answer(data={"key_id": key_id}, lines=(f"revoked: {printable(key_id)}",)), as_json=json, quiet=quiet)


@contextmanager
def brought_up_to_date(tenant: str) -> Iterator[App]:
    """The installation, with everything that waits in the tenant's log integrated: also where no server runs.

    Raises:
        TenantError: there is no such tenant.
    """
    from arf_enterprise.app import opened
    from arf_enterprise.audit.sequencer import integrate_all
    from arf_enterprise.errors import TenantError
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        if tenant not in app.database.tenants():
            raise TenantError(f"there is no tenant {tenant[:63]!r}: `arf-enterprise tenants list`")
        integrate_all(app.database, tenant, key=app.audit_key, now=app.clock())
        yield app


def asked(app: App, tenant: str) -> Asked:
    """Who runs this command, for the record."""
    from arf_enterprise.audit.entry import Actor
    from arf_enterprise.audit.retention import Asked
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal

    now = app.clock()
    return Asked(actor=Actor.of(local_principal([tenant])), at=now, request_id=new_id("cli", now))


def moment(text: str) -> datetime:
    """A time that a person wrote; without a zone it is UTC.

    Raises:
        RequestError: it is none.
    """
    from datetime import UTC

    from arf_enterprise.errors import RequestError

    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise RequestError(f"{text[:40]!r} is no time: write 2026-11-21 or 2026-11-21T08:00:00+01:00") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _line(record: Record) -> str:
    from arf_enterprise.audit.formats import Event

    event = Event.of(record)
    who = f"{event.actor['subject']} ({event.actor['method']})"
    return printable(f"{record.sequence:>8}  {event['at']}  {event['action']:<24} {event['object']}  by {who}")


def _write(output: Path | None, found: bytes) -> None:
    if output is not None:
        output.write_bytes(found)


def _told(output: Path | None, found: bytes) -> str:
    return found.decode().rstrip("\n") if output is None else f"{output}: `arf verify {output} --trust KEYS` checks it"
