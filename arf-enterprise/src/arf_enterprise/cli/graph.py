# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise graph``: questions to the graph, how far it is behind, and how it is made again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, printable

if TYPE_CHECKING:
    from arf_enterprise.app import App
    from arf_enterprise.stores.neo4j.graph import GraphStore

ComponentArgument = Annotated[str, typer.Argument(help="The component that is asked about.")]
TenantOption = Annotated[str, typer.Option(help="Whose graph.")]
LimitOption = Annotated[int, typer.Option(min=1, max=1000, help="How many answers at most.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    graph = typer.Typer(
        help="The graph: what healed, depends, changed, fails together.", no_args_is_help=True, rich_markup_mode=None
    )
    graph.command(epilog="Example: arf-enterprise graph healed checkout")(healed)
    graph.command(epilog="Example: arf-enterprise graph depends payment --json")(depends)
    graph.command(epilog="Example: arf-enterprise graph changed checkout --days 2")(changed)
    graph.command(epilog="Example: arf-enterprise graph together checkout")(together)
    graph.command(epilog="Example: arf-enterprise graph note checkout 'deploy 2.3.1'")(note)
    graph.command(epilog="Example: arf-enterprise graph status")(status)
    graph.command(epilog="Example: arf-enterprise graph rebuild")(rebuild)
    app.add_typer(graph, name="graph")


def healed(
    component: ComponentArgument,
    *,
    signature: Annotated[str | None, typer.Option(help="Only faults with this signature.")] = None,
    limit: LimitOption = 50,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what was done about incidents of a component before, and how it ended."""
    from arf_enterprise.learning import questions

    with _opened() as (_, store):
        found = questions.healed(store, tenant, component, signature=signature, most=limit)
    lines = [f"{one.action}: {one.succeeded} of {one.tried} succeeded" for one in found.actions]
    for done in found.executions:
        took = "" if done.seconds_to_recover is None else f"  {done.seconds_to_recover:.0f} s"
        lines.append(
            f"{done.at}  {done.result}  {done.action} on {printable(done.on_component)}{took}  {done.incident}"
        )
    _say(questions.healed_document(component, found), lines, "nothing was done about it yet", json=json, quiet=quiet)


def depends(
    component: ComponentArgument,
    *,
    limit: LimitOption = 100,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what depends on a component, near first."""
    from arf_enterprise.learning import questions

    with _opened() as (_, store):
        found = questions.depends(store, tenant, component, most=limit)
    lines = [f"{one.steps}  {printable(one.component)}" for one in found]
    _say(questions.document("depends", component, found), lines, "nothing depends on it", json=json, quiet=quiet)


def changed(
    component: ComponentArgument,
    *,
    before: Annotated[str | None, typer.Option(help="A time such as 2026-01-02T03:04:05Z; now if absent.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back.")] = 7,
    limit: LimitOption = 100,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what changed on a component, and on what it depends on, before a time."""
    from arf_core.cli.moments import moment_of
    from arf_enterprise.learning import questions

    with _opened() as (app, store):
        moment = moment_of("--before", before) or app.clock()
        found = questions.changed(store, tenant, component, before=moment, days=days, most=limit)
    lines = [
        f"{one.at}  {printable(one.component)}  {printable(one.what or '')}  {one.incidents} incidents after it"
        for one in found
    ]
    _say(
        questions.document("changed", component, found),
        lines,
        f"nothing changed in {days} days",
        json=json,
        quiet=quiet,
    )


def together(
    component: ComponentArgument,
    *,
    limit: LimitOption = 50,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show which components fail together with a component, the most often first."""
    from arf_enterprise.learning import questions

    with _opened() as (_, store):
        found = questions.together(store, tenant, component, most=limit)
    lines = [f"{one.incidents} incidents ({one.share:.0%})  {printable(one.component)}" for one in found]
    _say(questions.document("together", component, found), lines, "it fails alone", json=json, quiet=quiet)


def note(
    component: Annotated[str, typer.Argument(help="The component that was changed.")],
    what: Annotated[str, typer.Argument(help="What was changed: a deploy, a setting; no names of people.")],
    *,
    at: Annotated[str | None, typer.Option(help="When, such as 2026-01-02T03:04:05Z; now if absent.")] = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Note a change that was made elsewhere, such as a deploy. It needs no graph: it is there when the graph is."""
    from arf_core.cli.moments import moment_of
    from arf_enterprise.app import opened
    from arf_enterprise.identifiers import new_id
    from arf_enterprise.identity.local import local_principal
    from arf_enterprise.learning import changes
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        now = app.clock()
        change_id = changes.note(
            transaction, component, what, at=moment_of("--at", at) or now, by=local_principal([tenant]),
            request_id=new_id("cli", now), now=now,
        )  # fmt: skip
    data: dict[str, object] = {"schema": "arf.change-noted/1", "change": change_id, "component": component}
    _say(data, [f"noted {change_id}"], "", json=json, quiet=quiet)


def status(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say how far the graph is behind Postgres, and whether the two are equal."""
    from arf_enterprise.learning.comparing import graph_in_neo4j, graph_in_postgres
    from arf_enterprise.learning.projection import lag

    with _opened() as (app, store):
        waits = next((one for one in lag(app.database, now=app.clock()) if one.tenant == tenant), None)
        with app.database.transaction(tenant) as transaction:
            ours = graph_in_postgres(transaction)
        theirs = graph_in_neo4j(store, tenant)
    data = {
        "schema": "arf.graph-status/1",
        "tenant": tenant,
        "waiting": 0 if waits is None else waits.waiting,
        "oldest_s": 0.0 if waits is None else waits.oldest_s,
        "postgres": {"digest": ours.digest, "nodes": len(ours.nodes), "relations": len(ours.relations)},
        "neo4j": {"digest": theirs.digest, "nodes": len(theirs.nodes), "relations": len(theirs.relations)},
        "is_equal": ours == theirs,
    }
    lines = [
        f"{data['waiting']} entries wait, the oldest for {data['oldest_s']:.0f} s",
        f"Postgres  {len(ours.nodes)} nodes, {len(ours.relations)} relations, {ours.digest}",
        f"Neo4j     {len(theirs.nodes)} nodes, {len(theirs.relations)} relations, {theirs.digest}",
        "they are equal" if ours == theirs else "they differ: the server catches up, or `arf-enterprise graph rebuild`",
    ]
    _say(data, lines, "", json=json, quiet=quiet)


def rebuild(*, tenant: TenantOption = "default", json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Empty the graph of a tenant, and make it again from Postgres. If it is broken off, the server goes on with it."""
    from arf_enterprise.learning.comparing import graph_in_neo4j, graph_in_postgres
    from arf_enterprise.learning.projector import rebuild as rebuilt

    def progress(done: int, total: int) -> None:
        if not quiet and sys.stderr.isatty():
            typer.echo(f"\r{done} of {total} entries", err=True, nl=False)

    with _opened() as (app, store):
        taken = rebuilt(app.database, store, tenant, clock=app.clock, progress=progress)
        with app.database.transaction(tenant) as transaction:
            ours = graph_in_postgres(transaction)
        theirs = graph_in_neo4j(store, tenant)
    data = {
        "schema": "arf.graph-rebuilt/1",
        "tenant": tenant,
        "entries": taken,
        "nodes": len(theirs.nodes),
        "relations": len(theirs.relations),
        "digest": theirs.digest,
        "is_equal": ours == theirs,
    }
    lines = [
        f"{taken} entries: {len(theirs.nodes)} nodes, {len(theirs.relations)} relations",
        theirs.digest,
        "equal to what Postgres says" if ours == theirs else "more was written meanwhile: the server catches up",
    ]
    _say(data, lines, "", json=json, quiet=quiet)


@contextmanager
def _opened() -> Iterator[tuple[App, GraphStore]]:
    """The installation and its graph.

    Raises:
        SettingError: it has none.
    """
    from arf_enterprise.app import opened
    from arf_enterprise.errors import SettingError
    from arf_enterprise.settings import read_settings
    from arf_enterprise.stores.neo4j.graph import GraphStore

    settings = read_settings(os.environ)
    if settings.graph is None:
        raise SettingError("this installation has no graph: set NEO4J_URI and NEO4J_PASSWORD")
    with GraphStore(settings.graph) as store, opened(settings) as app:
        yield app, store


def _say(data: dict[str, object], lines: list[str], nothing: str, *, json: bool, quiet: bool) -> None:
    emit(Answer(data=data, lines=tuple(lines) or (nothing,)), as_json=json, quiet=quiet)
