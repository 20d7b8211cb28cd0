# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise policy push|approve|reject|history|show``: versions, and what a second person decides on them.

A shell proves nobody: who approves or rejects gives an API key, in ``ARF_API_KEY`` or a file, and is audited by name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable
from arf_enterprise.cli.policy_files import PolicyFile, TenantOption, read_bytes, read_text

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.governance.versions import Version

DigestArgument = Annotated[str, typer.Argument(help="The digest that `policy push` and `policy history` show.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept for good.")]
KeyFileOption = Annotated[Path | None, typer.Option(help="A file with your API key, instead of ARF_API_KEY.")]
VARIABLE = "ARF_API_KEY"


def register(policy: typer.Typer) -> None:
    """Add the commands to ``policy``."""
    policy.command(epilog="Example: arf-enterprise policy push policy.yaml")(push)
    policy.command(epilog="Example: arf-enterprise policy approve sha256:… --reason 'agreed with the team'")(approve)
    policy.command(epilog="Example: arf-enterprise policy reject sha256:… --reason 'too wide'")(reject)
    policy.command(epilog="Example: arf-enterprise policy history --json")(history)
    policy.command(epilog="Example: arf-enterprise policy show sha256:…")(show)


def push(
    file: PolicyFile, *, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Push a version. It is in force once a second person has approved it; the very first one is at once."""
    from arf_enterprise.governance import store
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal

    text = read_text(file)
    with _opened() as app, app.database.transaction(tenant) as transaction:
        now, by = app.clock(), local_principal([tenant])
        pushed = store.push(transaction, text, file=str(file), by=by, request_id=new_id("cli", now), now=now)
    data = {
        "schema": "arf.policy-pushed/1",
        "version": pushed.number,
        "digest": pushed.policy.digest,
        "in_force": pushed.is_in_force,
    }
    state = "is in force: it is the first" if pushed.is_in_force else "waits for a second person"
    next_step = f"next: arf-enterprise policy approve {pushed.policy.digest} --reason WHY"
    lines = (f"version {pushed.number} {state}", pushed.policy.digest if pushed.is_in_force else next_step)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def approve(
    digest: DigestArgument,
    *,
    reason: ReasonOption,
    key_file: KeyFileOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Put a version that somebody else wrote in force."""
    _decide(digest, reason, key_file, tenant, approves=True, json=json, quiet=quiet)


def reject(
    digest: DigestArgument,
    *,
    reason: ReasonOption,
    key_file: KeyFileOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """End the waiting of a version: it never comes into force."""
    _decide(digest, reason, key_file, tenant, approves=False, json=json, quiet=quiet)


def history(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the versions, the latest first, and what was decided on each."""
    from arf_enterprise.governance import store

    with _opened() as app, app.database.transaction(tenant) as transaction:
        found = store.history(transaction)
    data = {"schema": "arf.policy-history/1", "versions": [version.document() for version in found]}
    lines = tuple(map(_line, found)) or ("no policy was pushed yet: arf-enterprise policy template",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def show(
    digest: Annotated[str | None, typer.Argument(help="Which version; the one in force, if it is left out.")] = None,
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print a version as it was pushed."""
    from arf_enterprise.governance import store

    with _opened() as app, app.database.transaction(tenant) as transaction:
        policy, content = store.by_digest(transaction, digest or store.current(transaction).digest)
    data = {"schema": "arf.policy/1", "digest": policy.digest, "file": policy.file, "content": content}
    emit(Answer(data=data, lines=(content.rstrip("\n"),)), as_json=json, quiet=quiet)


def _decide(
    digest: str, reason: str, key_file: Path | None, tenant: str, *, approves: bool, json: bool, quiet: bool
) -> None:
    from arf_enterprise.governance import store
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.access import Asked
    from arf_enterprise.identity.roles import Operation

    secret = _key(key_file)
    with _opened() as app:
        now = app.clock()
        request_id = new_id("cli", now)
        asked = Asked(authorization=f"Bearer {secret}", tenant=tenant, client="local", request_id=request_id)
        caller = app.access.identify(asked)
        app.access.permit(caller, Operation.POLICY_APPROVE)
        with app.database.transaction(caller.tenant) as transaction:
            number = store.decide(
                transaction,
                digest,
                by=caller.principal,
                approve=approves,
                reason=reason,
                request_id=request_id,
                now=now,
            )
    said = "is in force" if approves else "was rejected"
    data = {"schema": "arf.policy-decided/1", "version": number, "digest": digest}
    emit(Answer(data=data, lines=(f"version {number} {said}",)), as_json=json, quiet=quiet)


def _key(file: Path | None) -> str:
    from arf_enterprise.errors import NotAuthenticated

    text = os.environ.get(VARIABLE, "") if file is None else read_bytes(file, most=1000).decode("ascii", "replace")
    if not text.strip():
        raise NotAuthenticated(f"a shell proves nobody: set {VARIABLE} to your API key, or name a file with --key-file")
    return text.strip()


def _line(version: Version) -> str:
    document = version.document()
    by = "" if version.decision is None else f" by {version.decision.subject}: {version.decision.reason}"
    said = f"{version.number}  {document['state']}{by}  {version.digest}  {document['pushed_at']}  {version.author}"
    return printable(f"{said}  {version.file}")


@contextmanager
def _opened() -> Iterator[App]:
    from arf_enterprise.app import opened
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        yield app
