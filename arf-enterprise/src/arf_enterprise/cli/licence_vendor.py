# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise license vendor``: keys, licences and lists of revocations, made by whoever sells ARF Enterprise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arf_core.canonical import read_time, write_time
from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.licensing.issue import Terms
    from arf_enterprise.licensing.keyring import VendorKey
    from arf_enterprise.licensing.licence import Edition, Licence

StoreOption = Annotated[Path, typer.Option("--store", help="The vendor's folder.")]
PassphraseOption = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file that has the passphrase; asked for otherwise.")
]
STORE = Path("arf-vendor")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    vendor = typer.Typer(
        help="For the vendor: keys, licences, revocations.", no_args_is_help=True, rich_markup_mode=None
    )
    vendor.command(epilog="Example: arf-enterprise license vendor init --store arf-vendor")(init)
    vendor.command(epilog="Example: arf-enterprise license vendor issue trial --customer 'Acme Ltd' --out acme.key")(
        issue
    )
    vendor.command(epilog="Example: arf-enterprise license vendor revoke lic_0199… --reason 'refunded'")(revoke)
    vendor.command(epilog="Example: arf-enterprise license vendor rotate")(rotate)
    vendor.command("list", epilog="Example: arf-enterprise license vendor list --json")(list_issued)
    vendor.command(epilog="Example: arf-enterprise license vendor keys --out keys.json")(keys)
    app.add_typer(vendor, name="vendor")


def init(
    *,
    store: StoreOption = STORE,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make the vendor's folder, and its first key, encrypted with the passphrase."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.licensing import vendor

    key = vendor.init(store, passphrase=_passphrase(passphrase_file, is_new=True), now=system_clock())
    _said_key(key, as_json=json, quiet=quiet)


def rotate(
    *,
    store: StoreOption = STORE,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make another key, which signs from now on. What older keys signed stays good until their end."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.licensing import vendor

    key = vendor.rotate(store, passphrase=_passphrase(passphrase_file, is_new=True), now=system_clock())
    _said_key(key, as_json=json, quiet=quiet)


def issue(
    edition: Annotated[str, typer.Argument(help="trial, starter, professional, enterprise or development.")],
    *,
    customer: Annotated[str, typer.Option(help="Who it is for.")],
    store: StoreOption = STORE,
    passphrase_file: PassphraseOption = None,
    feature: Annotated[list[str] | None, typer.Option("--feature", help="Instead of the edition's; several.")] = None,
    no_features: Annotated[bool, typer.Option("--no-features", help="A licence for nothing.")] = False,
    nodes: Annotated[int | None, typer.Option(min=0, help="Servers that run executions at once.")] = None,
    seats: Annotated[int | None, typer.Option(min=0, help="People who log in within a month.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3660, help="How long it is valid.")] = None,
    grace: Annotated[int | None, typer.Option(min=0, max=90, help="Days after that.")] = None,
    start: Annotated[str | None, typer.Option(help="From when: 2026-01-02T03:04:05.000006Z. Now, if left out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the key; printed otherwise.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Issue a licence. A development one needs no folder: its key is no secret, and no release accepts it."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.licensing import vendor
    from arf_enterprise.licensing.licence import Edition

    chosen, now = _edition(edition), system_clock()
    named = () if no_features else feature
    terms = _terms(chosen, named, nodes=nodes, seats=seats, days=days, grace_days=grace)
    starts = now if start is None else read_time(start)
    if chosen is Edition.DEVELOPMENT:
        licence, text = vendor.issue_development(terms, customer=customer, now=now, not_before=starts)
    else:
        passphrase = _passphrase(passphrase_file)
        licence, text = vendor.issue_licence(
            store, chosen, terms, customer=customer, passphrase=passphrase, now=now, not_before=starts
        )
    _said_licence(licence, text, out, as_json=json, quiet=quiet)


def revoke(
    licence_id: Annotated[str, typer.Argument(help="The id of a licence that was issued here.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, in words: it is part of the list.")],
    store: StoreOption = STORE,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take a licence back, and sign the list of everything that was taken back."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.licensing import vendor

    passphrase = _passphrase(passphrase_file)
    vendor.revoke(store, licence_id, reason=reason, passphrase=passphrase, now=system_clock())
    file = store / "revocations.json"
    lines = (
        f"revoked: {licence_id}",
        f"next: send {file} to customers: `arf-enterprise license revocations install FILE`",
    )
    emit(Answer(data={"licence_id": licence_id, "list": str(file)}, lines=lines), as_json=json, quiet=quiet)


def list_issued(*, store: StoreOption = STORE, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List what was issued, and what became of it."""
    from arf_enterprise.licensing import vendor

    rows = [
        {
            "licence_id": item.licence.licence_id,
            "customer": item.licence.customer,
            "edition": item.licence.edition.value,
            "not_after": write_time(item.licence.not_after),
            "digest": item.digest,
            "revoked_at": None if item.revocation is None else write_time(item.revocation.revoked_at),
        }
        for item in vendor.books(store).issued.values()
    ]
    lines = tuple(
        f"{row['licence_id']}  {row['edition']:<12}  until {row['not_after']}  {printable(str(row['customer']))}"
        + (f"  revoked {row['revoked_at']}" if row["revoked_at"] else "")
        for row in rows
    )
    emit(Answer(data={"licences": rows}, lines=lines or ("none was issued",)), as_json=json, quiet=quiet)


def keys(
    *,
    store: StoreOption = STORE,
    out: Annotated[Path | None, typer.Option(help="Where to write it; printed otherwise.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say the keys.json of a release build: the public keys that have not ended, and no development key."""
    from arf_enterprise.app import system_clock
    from arf_enterprise.licensing import vendor

    text = _indented(vendor.release_keys(store, now=system_clock()))
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    lines = (
        (text,)
        if out is None
        else (f"written: {out}", "next: it takes the place of arf_enterprise/licensing/keys.json")
    )
    emit(Answer(data=vendor.release_keys(store, now=system_clock()), lines=lines), as_json=json, quiet=quiet)


def _said_key(key: VendorKey, *, as_json: bool, quiet: bool) -> None:
    data = {"key_id": key.key_id, "not_after": write_time(key.not_after)}
    lines = (
        f"signs from now on: {key.key_id}, good until {data['not_after']}",
        "next: `arf-enterprise license vendor keys` says the keys.json of the next release",
    )
    emit(Answer(data=data, lines=lines), as_json=as_json, quiet=quiet)


def _said_licence(licence: Licence, text: str, out: Path | None, *, as_json: bool, quiet: bool) -> None:
    data = dict(licence.document())
    if out is None:  # the one place that prints a key: the vendor asked for it
        answer = Answer(data={**data, "key": text}, lines=(text,))
    else:
        out.touch(mode=0o600)
        out.write_text(text + "\n", encoding="ascii")
        line = f"{licence.licence_id}: {licence.edition} for {printable(licence.customer)} in {out}"
        answer = Answer(data={**data, "file": str(out)}, lines=(line,))
    emit(answer, as_json=as_json, quiet=quiet)


def _edition(name: str) -> Edition:
    from arf_enterprise.licensing.licence import Edition

    try:
        return Edition(name)
    except ValueError as error:
        raise typer.BadParameter(f"the edition must be one of {', '.join(known.value for known in Edition)}") from error


def _terms(edition: Edition, features: Sequence[str] | None, **given: int | None) -> Terms:
    from arf_enterprise.licensing.issue import FEATURES, TERMS

    if unknown := sorted(set(features or ()) - set(FEATURES)):
        raise typer.BadParameter(f"no feature is called {unknown[0]!r}: there are {', '.join(FEATURES)}")
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if features is not None:
        changed["features"] = frozenset(features)
    return replace(TERMS[edition], **changed)


def _passphrase(file: Path | None, *, is_new: bool = False) -> bytes:
    from arf_enterprise.errors import SettingError

    if file is None:
        return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True)).encode()
    try:
        return file.read_bytes().strip()
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}") from error


def _indented(document: dict[str, object]) -> str:
    import json

    return json.dumps(document, indent=2)
