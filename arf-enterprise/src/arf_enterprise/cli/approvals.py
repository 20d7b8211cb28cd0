# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise approvals``, ``approve`` and ``reject``.

Who can read the data folder may look; approving is somebody's: ``ARF_API_KEY`` has the key, or the identity provider's
token, of the person who does, and it is checked as the server checks it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit
from arf_enterprise.cli.approval_shown import line_of, lines_of

if TYPE_CHECKING:
    from arf_enterprise.governance.approval import State

ApprovalArgument = Annotated[str, typer.Argument(help="The id that `approvals list` shows.")]
TenantOption = Annotated[str, typer.Option(help="Whose approvals.")]
DigestOption = Annotated[
    str | None, typer.Option(help="What you have looked at, as `approvals show` prints it; asked for if not given.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    approvals = typer.Typer(
        help="Approvals: what waits for people.", no_args_is_help=True, rich_markup_mode=None
    )  # fmt: skip
    approvals.command("list", epilog="Example: arf-enterprise approvals list --json")(list_approvals)
    approvals.command(epilog="Example: arf-enterprise approvals show approval_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e")(show)
    approvals.command(epilog="Example: arf-enterprise approvals export approval_019b7c5e… --out approval.json")(export)
    app.add_typer(approvals, name="approvals")
    app.command(epilog="Example: ARF_API_KEY=… arf-enterprise approve approval_019b7c5e… --digest sha256:…")(approve)
    app.command(epilog="Example: ARF_API_KEY=… arf-enterprise reject approval_019b7c5e… --reason 'wrong service'")(
        reject
    )


def list_approvals(
    *,
    tenant: TenantOption = "default",
    every: Annotated[bool, typer.Option("--all", help="Those that are decided, too.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List what waits for people, the latest first."""
    from arf_enterprise.app import opened
    from arf_enterprise.governance import approval
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        found = approval.listed(transaction, now=app.clock(), only_waiting=not every)
    data = {"schema": "arf.approvals/1", "approvals": [state.line() for state in found]}
    lines = tuple(line_of(state) for state in found) or ("nothing waits for an approval",)
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def show(
    approval_id: ApprovalArgument,
    *,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what would be done and undone, and the digest that an approval of it names."""
    state = _look(tenant, approval_id)
    emit(Answer(data=_described(state), lines=lines_of(state)), as_json=json, quiet=quiet)


def export(
    approval_id: ApprovalArgument,
    *,
    out: Annotated[Path, typer.Option(help="Where to.")],
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the approval as a signed statement, which `arf verify` verifies; it names nobody."""
    from arf_enterprise.app import opened
    from arf_enterprise.governance import approval
    from arf_enterprise.governance.approval_statement import statement
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now = app.clock()
        state = approval.look(transaction, approval_id, now)
        out.write_bytes(statement(transaction, state, key=app.audit_key, now=now))
    data = {"schema": "arf.approval-exported/1", "approval_id": state.approval_id, "file": str(out)}
    lines = (f"wrote {out}", f"arf verify {out} --trust KEYS, as `arf-enterprise audit keys` prints them")
    emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)


def approve(
    approval_id: ApprovalArgument,
    *,
    digest: DigestOption = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Approve, as the person whose key ARF_API_KEY is. Without --digest it is shown first, and asked about."""
    seen = digest or _confirmed(tenant, approval_id)
    _say(tenant, approval_id, digest=seen, reason=reason, approves=True, json=json, quiet=quiet)


def reject(
    approval_id: ApprovalArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    digest: DigestOption = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Reject, as the person whose key ARF_API_KEY is: one rejection ends it."""
    seen = digest or _look(tenant, approval_id).digest
    _say(tenant, approval_id, digest=seen, reason=reason, approves=False, json=json, quiet=quiet)


def _say(tenant: str, approval_id: str, *, digest: str, reason: str, approves: bool, json: bool, quiet: bool) -> None:
    from arf_enterprise.app import opened
    from arf_enterprise.governance.approval import Said
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.access import Asked
    from arf_enterprise.identity.roles import Operation
    from arf_enterprise.server.deciding import decide
    from arf_enterprise.settings import read_settings

    bearer = f"Bearer {os.environ.get('ARF_API_KEY', '')}"
    with opened(read_settings(os.environ)) as app:
        request_id = new_id("cli", app.clock())
        caller = app.access.identify(Asked(authorization=bearer, tenant=tenant, client="local", request_id=request_id))
        app.access.permit(caller, Operation.APPROVALS_DECIDE)
        said = Said(
            approval_id=approval_id, by=caller.principal, approve=approves, digest=digest, reason=reason,
            request_id=request_id,
        )  # fmt: skip
        state = decide(app, caller.tenant, said)
    lines = (f"{state.approval_id} is {state.kind}: {state.given} of {state.binding.quorum} have approved",)
    emit(Answer(data=_described(state), lines=lines), as_json=json, quiet=quiet)


def _confirmed(tenant: str, approval_id: str) -> str:
    """The digest of what is shown, if whoever is asked says yes to it.

    Raises:
        NotAuthenticated: nobody could approve here, so nothing is shown and asked.
        RequestError: the answer was no, or there was none: nobody is at the terminal.
    """
    from arf_enterprise.errors import NotAuthenticated, RequestError

    if not os.environ.get("ARF_API_KEY"):
        raise NotAuthenticated("ARF_API_KEY is not set: it has the key or token of the person who approves")
    state = _look(tenant, approval_id)
    typer.echo("\n".join(lines_of(state)), err=True)
    try:
        is_approved = typer.confirm("Approve this?", err=True)
    except typer.Abort as error:
        raise RequestError("nobody answered, so nothing was decided: --digest says what you approve") from error
    if not is_approved:
        raise RequestError("it was not approved: nothing was decided")
    return state.digest


def _look(tenant: str, approval_id: str) -> State:
    from arf_enterprise.app import opened
    from arf_enterprise.governance import approval
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        return approval.look(transaction, approval_id, app.clock())


def _described(state: State) -> dict[str, object]:
    return {"schema": "arf.approval-state/1", **_plain(state)}


def _plain(state: State) -> dict[str, object]:
    from arf_core.models.frozen import thaw

    return cast("dict[str, object]", thaw(state.document()))
