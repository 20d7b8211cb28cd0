# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise execute``, ``runs``, ``watch``, ``rollback`` and ``release``: intents in, and what becomes of them.

A command hands an intent to the servers of the installation; one of them carries it out (``serve``, ``worker``).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable, say
from arf_enterprise.cli.intent_file import meant

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.identity.access import Caller

TenantOption = Annotated[str, typer.Option(help="Whose runs.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The id of the run: exe_…")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is recorded.")]
_EXITS: Final = {"refused": 3, "pending_approval": 4, "accepted": 4, "succeeded": 0, "advised": 0, "executed": 0}
_FAILED: Final = 8
"""Of a run that was undone, or needs a person: what was tried did not help."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(epilog="Example: arf-enterprise execute intent.json --watch")(execute)
    runs = typer.Typer(help="Runs: listed, shown.", no_args_is_help=True, rich_markup_mode=None)
    runs.command("list", epilog="Example: arf-enterprise runs list --status succeeded")(list_runs)
    runs.command("show", epilog="Example: arf-enterprise runs show exe_0199d2c3a4b5c6d7e8f9012345678901")(show_run)
    app.add_typer(runs, name="runs")
    app.command(epilog="Example: arf-enterprise watch exe_0199d2c3a4b5c6d7e8f9012345678901")(watch)
    app.command(epilog='Example: arf-enterprise rollback exe_… --reason "the release was not the cause"')(rollback)
    app.command(epilog='Example: arf-enterprise release exe_… --reason "looked at it, it is well"')(release)


def execute(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Sealed intents, as `arf analyze --out` writes them.")],
    *,
    intent_id: Annotated[str | None, typer.Option("--intent", help="Which one, if the file has several.")] = None,
    mode: Annotated[str, typer.Option(help="The most that may happen: advisory, approval or autonomous.")] = "approval",
    wait: Annotated[float, typer.Option(min=0, max=3600, help="Seconds to wait for an answer.")] = 30.0,
    irreversible_reason: Annotated[str | None, typer.Option(help="Why, even if it cannot be undone.")] = None,
    follow: Annotated[bool, typer.Option("--watch", help="Follow the run to its end.")] = False,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Submit an intent, and say what becomes of it. The same intent again is the same run."""
    from arf_enterprise.execution.intent import of_intent, rung_of

    intent, wished = meant(file, intent_id), rung_of(mode)
    with _asking(tenant) as (app, caller):
        run = app.intake.submit(of_intent(intent), wished, by=caller, irreversible_reason=irreversible_reason)
        patience_s = wait if _is_served(app) else 0.0
        found = app.asking.receipt(run, patience_s=patience_s) or _waiting(app, run.execution_id)
        if follow and found["status"] != "refused":
            found = _followed(app, tenant, run.execution_id, tell=_teller(json=json, quiet=quiet))
    emit(Answer(data=found, lines=tuple(_lines(found)), exit_code=_exit(found)), as_json=json, quiet=quiet)


def list_runs(
    *,
    status: Annotated[str | None, typer.Option(help="Only those that stand there.")] = None,
    component: Annotated[str | None, typer.Option(help="Only those on this component.")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the latest runs."""
    with _asking(tenant) as (app, _):
        found = app.asking.some(tenant, status=status, component=component, before=None, most=most)
    lines = tuple(_line(one) for one in found) or ("no run",)
    emit(Answer(data={"schema": "arf.executions/1", "executions": found}, lines=lines), as_json=json, quiet=quiet)


def show_run(
    execution_id: RunArgument,
    *,
    patch: Annotated[bool, typer.Option("--patch", help="Only the patch file, where another system owns it.")] = False,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show a run: what it would do or did, why, and what each step found."""
    with _asking(tenant) as (app, _):
        found = app.asking.one(tenant, execution_id)
    lines = (_patch_of(found),) if patch else tuple(_story(found))
    emit(Answer(data=found, lines=lines), as_json=json, quiet=quiet)


def watch(
    execution_id: RunArgument, *, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Follow a run to its end, or until people must approve it."""
    with _asking(tenant) as (app, _):
        found = _followed(app, tenant, execution_id, tell=_teller(json=json, quiet=quiet))
    emit(Answer(data=found, lines=tuple(_lines(found)), exit_code=_exit(found)), as_json=json, quiet=quiet)


def rollback(
    execution_id: RunArgument,
    *,
    reason: ReasonOption,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Undo what a run did that had succeeded, and follow that to its end."""
    with _asking(tenant) as (app, caller):
        app.intake.roll_back(execution_id, reason=reason, by=caller)
        found = _followed(app, tenant, execution_id, tell=_teller(json=json, quiet=quiet))
    is_undone = found["status"] == "reverted"
    exit_code = 0 if is_undone else _FAILED
    emit(Answer(data=found, lines=tuple(_lines(found)), exit_code=exit_code), as_json=json, quiet=quiet)


def release(
    execution_id: RunArgument,
    *,
    reason: ReasonOption,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give back the target of a run that needed a person, once one has looked."""
    with _asking(tenant) as (app, caller):
        run = app.intake.release(execution_id, reason=reason, by=caller)
    emit(Answer(data=run.document(), lines=(f"{run.component} is free again",)), as_json=json, quiet=quiet)


@contextmanager
def _asking(tenant: str) -> Iterator[tuple[App, Caller]]:
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.access import Caller
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app:
        request_id = new_id("cli", app.clock())
        yield app, Caller(principal=local_principal([tenant]), tenant=tenant, request_id=request_id)


def _waiting(app: App, execution_id: str) -> dict[str, Any]:
    """What is said of a run of which nothing can be said yet."""
    if _is_served(app):
        return {"status": "accepted", "execution_id": execution_id}
    says = "it is kept, and no server is at work that would carry it out: start `arf-enterprise serve`"
    return {"status": "accepted", "execution_id": execution_id, "says": says}


def _is_served(app: App) -> bool:
    """Whether a server holds a place of the licence: without one, nothing is carried out."""
    from arf_enterprise.licensing.nodes import holders

    return bool(holders(app.database))


def _followed(app: App, tenant: str, execution_id: str, *, tell: Callable[[str], None]) -> dict[str, Any]:
    told: str | None = None
    while True:
        found = app.asking.one(tenant, execution_id)
        if found["status"] != told:
            told = str(found["status"])
            tell(told)
        shown = {name: value for name, value in found.items() if name not in {"intent", "steps"}}
        if found["ended_at"] is not None or told == "pending_approval":
            return shown
        if told == "accepted" and not _is_served(app):  # it would be waited for without end
            return {**shown, **_waiting(app, execution_id)}
        time.sleep(0.1)


def _teller(*, json: bool, quiet: bool) -> Callable[[str], None]:
    """Progress goes to standard error, so that the answer stays what a program can read."""

    def tell(status: str) -> None:
        if not (json or quiet) and sys.stderr.isatty():
            say(f"… {status}", to_errors=True)

    return tell


def _exit(found: Mapping[str, Any]) -> int:
    return _EXITS.get(str(found["status"]), _FAILED)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    from arf_enterprise.errors import kind_of

    says = found.get("says") or found.get("reason")
    yield f"{found['status']}" + (f": {printable(str(says))}" if says else "")
    if found.get("code"):
        yield f"code      {found['code']}: {kind_of(str(found['code'])).remedy}"
    yield f"run       {found['execution_id']}"
    if found.get("approval_id"):
        yield f"approval  {found['approval_id']}"
    if found["status"] == "accepted":
        yield f"next      arf-enterprise watch {found['execution_id']}"
    if found["status"] == "pending_approval":
        yield f"next      arf-enterprise approve {found['approval_id']}"


def _line(run: Mapping[str, Any]) -> str:
    says = f"  {printable(str(run['says']))}" if run["says"] else ""
    return f"{run['execution_id']}  {run['status']:<19}  {run['action']} {printable(str(run['component']))}{says}"


def _story(found: Mapping[str, Any]) -> Iterator[str]:
    yield from _lines(found)
    yield f"intent    {found['intent_id']}: {found['action']} on {printable(str(found['component']))}"
    steps = cast("list[Mapping[str, Any]]", found["steps"])
    decided: Mapping[str, Any] = next((one["found"] for one in steps if one["step"] == "decided"), {})
    for change in [decided["change"]] if "change" in decided else []:
        yield f"change    {printable(str(change['summary']))}"
        yield f"undo      {printable(str(change['undo_summary'] or change['irreversible_because']))}"
        yield from (f"  {printable(str(line))}" for line in decided["diff"])
    for one in decided.get("ruling", {}).get("reasons", []):
        yield f"because   {one['rung']}  {printable(str(one['rule']))} ({one['place']}): {printable(str(one['says']))}"
    for one in steps:
        says = one["found"].get("says")
        shown = printable(" ".join(says) if isinstance(says, list) else str(says or one["found"].get("next", "")))
        yield f"{one['at']}  {one['step']:<14} {shown}"


def _patch_of(found: Mapping[str, Any]) -> str:
    from arf_enterprise.errors import NotFound

    patches = (one["found"].get("patch") for one in found["steps"])
    patch = next((str(one) for one in patches if one), None)
    if patch is None:
        raise NotFound(f"the run {found['execution_id']} has no patch file: nothing of its target is owned elsewhere")
    return patch
