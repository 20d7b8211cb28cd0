# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise policy pack``: packs of policies made, signed, verified and installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable
from arf_enterprise.cli.policy_files import TenantOption, read_bytes, read_text

if TYPE_CHECKING:
    from arf_core.verify.trust import TrustedKeys
    from arf_enterprise.governance.packs import Pack

FolderArgument = Annotated[Path, typer.Argument(help="The folder that has pack.yaml.")]
PackArgument = Annotated[str, typer.Argument(help="The archive: a file, or an https URL with --digest.")]
KeyOption = Annotated[Path, typer.Option("--key", help="The key file that `policy pack key` made.")]
PassphraseOption = Annotated[Path, typer.Option("--passphrase", help="A file with the key's passphrase.")]
TrustOption = Annotated[list[Path], typer.Option(help="A file of keys you trust (arf.trusted-keys/1).")]
DigestOption = Annotated[str | None, typer.Option(help="sha256:… of the file: needed for a URL.")]
CaOption = Annotated[Path | None, typer.Option(help="Certificates to hold the server's against.")]
NameOption = Annotated[str | None, typer.Option("--policy", help="Which of its policies, where it has several.")]
MOST_FILES: Final = 1000
MOST_KEY_FILE: Final = 65_536


def register(policy: typer.Typer) -> None:
    """Add the commands to ``policy``."""
    packs = typer.Typer(
        help="Packs of policies: made, signed, verified, installed.", no_args_is_help=True, rich_markup_mode=None
    )
    packs.command(epilog="Example: arf-enterprise policy pack init payments --publisher 'Example Ltd'")(init)
    packs.command(epilog="Example: arf-enterprise policy pack validate payments")(validate)
    packs.command(epilog="Example: arf-enterprise policy pack key pack.pem --passphrase passphrase.txt")(key)
    packs.command(
        epilog="Example: arf-enterprise policy pack sign payments --key pack.pem --passphrase passphrase.txt"
    )(sign)
    packs.command(epilog="Example: arf-enterprise policy pack verify payments-1.0.0.zip --trust keys.json")(verify)
    packs.command(epilog="Example: arf-enterprise policy pack install payments-1.0.0.zip --trust keys.json")(install)
    packs.command(epilog="Example: arf-enterprise policy pack update payments-1.1.0.zip --trust keys.json")(update)
    policy.add_typer(packs, name="pack")


def init(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist; its name is the pack's.")],
    *,
    publisher: Annotated[str, typer.Option(help="Who publishes it.")],
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make the folder of a new pack: a template, cases for it, and a README to be written."""
    from arf_enterprise.errors import RequestError
    from arf_enterprise.governance.packs import starter

    files = starter(folder.name, publisher)
    try:
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"{folder} cannot be made: {error.strerror}") from error
    lines = (*(str(folder / name) for name in files), f"next: arf-enterprise policy pack validate {folder}")
    emit(Answer(data={"folder": str(folder), "files": sorted(files)}, lines=lines), as_json=json, quiet=quiet)


def validate(folder: FolderArgument, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Read every policy of a pack, and try it on its cases."""
    from arf_enterprise.governance.packs import check

    label = check(_files(folder))
    data = {"name": label.name, "version": label.version, "publisher": label.publisher}
    emit(Answer(data=data, lines=(f"{label.name} {label.version} can be signed",)), as_json=json, quiet=quiet)


def key(
    file: Annotated[Path, typer.Argument(help="Where the key goes; it must not exist.")],
    *,
    passphrase: PassphraseOption,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a key that signs packs, and print what those who trust it need: a file for --trust."""
    import base64
    import json as json_module

    from arf_core.canonical import write_time
    from arf_core.verify.packs import SCHEMA as KIND
    from arf_core.verify.trust import SCHEMA
    from arf_enterprise.app import system_clock
    from arf_enterprise.audit.signing import create_key_file
    from arf_enterprise.audit.trusting import FOR_EVER

    made = create_key_file(file, _secret(passphrase))
    trusted = {
        "key_id": made.key_id,
        "public_key": base64.b64encode(made.public_key).decode("ascii"),
        "kinds": [KIND],
        "not_before": write_time(system_clock()),
        "not_after": write_time(FOR_EVER),
        "revoked_from": None,
        "tenants": None,
    }
    data = {"schema": SCHEMA, "keys": [trusted]}
    # --quiet still prints it: it is what the command is for.
    warnings = () if quiet else (f"who has {file} and its passphrase signs in your name: keep both safe, and apart",)
    emit(Answer(data=data, lines=(json_module.dumps(data, indent=2),), warnings=warnings), as_json=json, quiet=False)


def sign(
    folder: FolderArgument,
    *,
    key: KeyOption,
    passphrase: PassphraseOption,
    to: Annotated[
        Path | None, typer.Option(help="Where the archive goes: NAME-VERSION.zip, if it is left out.")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check a pack, sign it, and write its archive."""
    from arf_core.canonical import file_digest
    from arf_enterprise.app import system_clock
    from arf_enterprise.audit.signing import file_key
    from arf_enterprise.errors import RequestError
    from arf_enterprise.governance.packs import check
    from arf_enterprise.governance.packs import sign as signed

    files = _files(folder)
    label = check(files)
    signer = file_key(key, _secret(passphrase))
    archive = signed(files, key=signer, now=system_clock())
    target = to or Path(f"{label.name}-{label.version}.zip")
    try:
        with target.open("xb") as opened:
            opened.write(archive)
    except OSError as error:
        raise RequestError(f"{target} cannot be written: {error.strerror}") from error
    data = {"file": str(target), "digest": file_digest(archive), "key_id": signer.key_id}
    lines = (f"{target}: {label.name} {label.version}, signed by {signer.key_id}", f"digest: {data['digest']}")
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def verify(
    pack: PackArgument,
    *,
    trust: TrustOption,
    digest: DigestOption = None,
    ca_file: CaOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Verify a pack against the keys you trust, without installing it. `arf verify` does the same."""
    found = _verified(pack, trust, digest, ca_file)
    lines = (
        f"{_named(found)} verifies",
        *found.report.proven,
        *(f"not proven: {one}" for one in found.report.not_proven),
    )
    emit(Answer(data=_data(found), lines=tuple(map(printable, lines))), as_json=json, quiet=quiet)


def install(
    pack: PackArgument,
    *,
    trust: TrustOption,
    digest: DigestOption = None,
    ca_file: CaOption = None,
    policy: NameOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Verify a pack and push its policy. It is in force once a second person has approved it, never before."""
    _install(_verified(pack, trust, digest, ca_file), policy, tenant, updates=False, json=json, quiet=quiet)


def update(
    pack: PackArgument,
    *,
    trust: TrustOption,
    digest: DigestOption = None,
    ca_file: CaOption = None,
    policy: NameOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Install a higher version of a pack that is installed."""
    _install(_verified(pack, trust, digest, ca_file), policy, tenant, updates=True, json=json, quiet=quiet)


def _install(found: Pack, policy: str | None, tenant: str, *, updates: bool, json: bool, quiet: bool) -> None:
    from arf_enterprise.app import opened
    from arf_enterprise.governance.packs import install as installed
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        pushed = installed(
            transaction, found, policy=policy, by=by, request_id=new_id("cli", now), now=now, updates=updates
        )
    data = {**_data(found), "policy_version": pushed.number, "policy_digest": pushed.policy.digest, "in_force": False}
    lines = (
        f"{_named(found)} is version {pushed.number} of the policy, and waits for a second person",
        f"next: arf-enterprise policy approve {pushed.policy.digest} --reason WHY",
    )
    emit(Answer(data=data, lines=tuple(map(printable, lines))), as_json=json, quiet=quiet)


def _verified(pack: str, trust: list[Path], digest: str | None, ca_file: Path | None) -> Pack:
    from arf_core.verify.archive_form import MAX_BYTES
    from arf_enterprise.errors import RequestError
    from arf_enterprise.governance.packs import verified

    trusted = _trusted(trust)
    if "://" not in pack:
        return verified(read_bytes(Path(pack), most=MAX_BYTES), name=pack, trusted=trusted, pinned=digest)
    from arf_enterprise.actions.download import fetch

    if digest is None:
        raise RequestError("a pack from a URL is pinned: give its --digest sha256:…, from somewhere else than the URL")
    return verified(fetch(pack, most=MAX_BYTES, ca_file=ca_file), name=pack, trusted=trusted, pinned=digest)


def _trusted(files: list[Path]) -> TrustedKeys:
    from arf_core.verify.trust import read_trusted_keys

    return read_trusted_keys((str(file), read_bytes(file, most=MOST_KEY_FILE * 16)) for file in files)


def _data(found: Pack) -> dict[str, object]:
    label = found.label
    return {
        "schema": "arf.policy-pack-verified/1",
        "name": label.name,
        "version": label.version,
        "publisher": label.publisher,
        "digest": found.digest,
        "policies": sorted(found.policies),
    }


def _named(found: Pack) -> str:
    return f"{found.label.name} {found.label.version} of {found.label.publisher}"


def _secret(file: Path) -> bytes:
    return read_bytes(file, most=MOST_KEY_FILE).strip()


def _files(folder: Path) -> dict[str, str]:
    from arf_enterprise.errors import RequestError

    if not folder.is_dir():
        raise RequestError(f"{folder} is no folder: arf-enterprise policy pack init {folder} --publisher NAME")
    found = sorted(path for path in folder.rglob("*") if not path.is_dir())
    if len(found) > MOST_FILES or any(path.is_symlink() for path in found):
        raise RequestError(f"{folder} has a symbolic link, or more than {MOST_FILES} files")
    return {path.relative_to(folder).as_posix(): read_text(path) for path in found}
