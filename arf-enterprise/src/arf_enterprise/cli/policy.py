# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise policy``: governance policies checked, tried out, explained and put in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.output import BAD_INPUT, Answer, JsonOption, QuietOption, emit, printable
from arf_enterprise.cli import policy_packs, policy_versions
from arf_enterprise.cli.policy_files import PolicyFile, TenantOption, read_bytes, read_policy, read_text

if TYPE_CHECKING:
    from arf_enterprise.governance.simulate import Record

DIFFERS: Final = 5
"""The exit code of cases that do not come out as expected: a regression."""
MOST_READ: Final = 64 * 2**20


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    policy = typer.Typer(
        help="Governance policies: checked, tried out, explained, put in force.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    policy.command(epilog="Example: arf-enterprise policy template approve > policy.yaml")(template)
    policy.command(epilog="Example: arf-enterprise policy lint policy.yaml")(lint)
    policy.command("test", epilog="Example: arf-enterprise policy test policy.yaml cases.yaml")(try_cases)
    policy.command(epilog="Example: arf-enterprise policy explain policy.yaml --asked asked.json")(explain)
    policy.command(epilog="Example: arf-enterprise policy simulate policy.yaml --against asked.jsonl")(simulate)
    policy_versions.register(policy)
    policy_packs.register(policy)
    app.add_typer(policy, name="policy")


def template(
    name: Annotated[str | None, typer.Argument(help="Which one; without a name they are listed.")] = None,
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print a policy to start from. Nothing is in force by that."""
    from arf_enterprise.governance.templates import TEMPLATES
    from arf_enterprise.governance.templates import template as text_of

    if name is None:
        lines = tuple(f"{known:<18} {what}" for known, what in TEMPLATES.items())
        data = {"schema": "arf.policy-templates/1", "templates": TEMPLATES}
        emit(Answer(data=data, lines=lines), as_json=json, quiet=quiet)
    else:
        text = text_of(name)
        # --quiet still prints it: it is what the command is for.
        emit(Answer(data={"name": name, "content": text}, lines=(text.rstrip("\n"),)), as_json=json, quiet=False)


def lint(file: PolicyFile, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List every mistake in a policy, each with its place. Exits with 6 if there is one."""
    from arf_enterprise.governance.policy import complaints_of, load

    text = read_text(file)
    found = complaints_of(text, file=str(file))
    data: dict[str, object] = {
        "schema": "arf.policy-lint/1",
        "file": str(file),
        "mistakes": list(found),
        "digest": None,
    }
    if found:
        emit(Answer(data=data, lines=tuple(map(printable, found)), exit_code=BAD_INPUT), as_json=json, quiet=False)
    policy = load(text, file=str(file))
    lines = (f"{printable(str(file))}: no mistakes, {len(policy.rules)} rules", policy.digest)
    emit(Answer(data={**data, "digest": policy.digest}, lines=lines), as_json=json, quiet=quiet)


def try_cases(
    file: PolicyFile,
    cases: Annotated[Path, typer.Argument(help="A table of cases, in YAML (arf.governance-cases/1).")],
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Try a policy on a table of cases. Exits with 5 if one does not come out as expected."""
    from arf_enterprise.governance.cases import read_cases, try_out

    policy = read_policy(file)
    tried = [try_out(policy, case) for case in read_cases(read_text(cases), file=str(cases))]
    failed = [one for one in tried if one.differs]
    lines = [f"FAILED  {one.case.name} ({one.case.place}): {'; '.join(one.differs)}" for one in failed]
    data = {"schema": "arf.policy-test/1", "digest": policy.digest, "cases": [one.document() for one in tried]}
    lines.append(f"{len(tried) - len(failed)} of {len(tried)} cases come out as expected")
    answer = Answer(data=data, lines=tuple(map(printable, lines)), exit_code=DIFFERS if failed else 0)
    emit(answer, as_json=json, quiet=quiet and not failed)


def explain(
    file: PolicyFile,
    *,
    asked: Annotated[Path | None, typer.Option(help="What is asked, in JSON or YAML: action, component, …")] = None,
    intent: Annotated[Path | None, typer.Option(help="A sealed intent; then --targets is needed, too.")] = None,
    targets: Annotated[Path | None, typer.Option(help="The inventory that has the intent's component.")] = None,
    instances: Annotated[int | None, typer.Option(help="How many instances it would touch.", min=0)] = None,
    of_instances: Annotated[int, typer.Option(help="Of how many.", min=1)] = 1,
    irreversible: Annotated[bool, typer.Option("--irreversible", help="It could not be undone.")] = False,
    at: Annotated[str | None, typer.Option(help="When, such as 2026-01-02T03:04:05Z; now, if it is left out.")] = None,
    wished: Annotated[str, typer.Option(help="The most that is wished for.")] = "autonomous",
    tenant: Annotated[str, typer.Option(help="For which tenant.")] = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what a policy makes of a request, and why: every rule, and every reason."""
    from arf_enterprise.cli.policy_ask import facts_asked, facts_of_intent, moment_named, rung_named
    from arf_enterprise.governance.explain import explain as explained
    from arf_enterprise.governance.explain import lines_of
    from arf_enterprise.governance.gate import Situation

    policy = read_policy(file)
    if (asked is None) is (intent is None):
        raise typer.BadParameter("give either --asked, or --intent with --targets")
    if intent is not None and targets is None:
        raise typer.BadParameter("--intent needs --targets: the inventory says what the component is")
    if intent is not None and targets is not None:
        facts = facts_of_intent(
            intent, targets, instances=instances, of_instances=of_instances, tenant=tenant, is_final=irreversible
        )
    else:
        facts = facts_asked(asked or Path("-"))
    situation = Situation(facts=facts, wished=rung_named(wished), now=moment_named(at))
    found = explained(policy, situation)
    emit(Answer(data=found.document(), lines=tuple(map(printable, lines_of(found)))), as_json=json, quiet=quiet)


def simulate(
    file: PolicyFile,
    *,
    against: Annotated[
        Path | None, typer.Option(help="A file of what was asked, one JSON object a line, instead of the executions.")
    ] = None,
    tenant: TenantOption = "default",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what a policy would have made of the executions there were, or of what a file says was asked."""
    from arf_enterprise.governance.simulate import counts, replay

    policy = read_policy(file)
    replayed = replay(policy, _recorded(tenant) if against is None else _in_file(against))
    differing = [one for one in replayed if one.differs]
    data = {
        "schema": "arf.policy-simulation/1",
        "digest": policy.digest,
        "counts": counts(replayed),
        "differing": len(differing),
        "records": [one.document() for one in replayed],
    }
    lines = [f"{number:>6} {label}" for label, number in counts(replayed).items()]
    lines.append(f"{len(differing)} of {len(replayed)} would have become something else")
    lines += [
        f"  {one.record.name}: {one.was} -> {one.ruling.rung.label}: {one.because.rule} ({one.because.place}): "
        f"{one.because.says}"
        for one in differing[:50]
    ]
    emit(Answer(data=data, lines=tuple(map(printable, lines))), as_json=json, quiet=quiet)


def _in_file(file: Path) -> tuple[Record, ...]:
    from arf_enterprise.governance.simulate import read_records

    return read_records(read_bytes(file, most=MOST_READ), file=str(file))


def _recorded(tenant: str) -> tuple[Record, ...]:
    from arf_enterprise.app import opened
    from arf_enterprise.governance.past import recorded
    from arf_enterprise.settings import read_settings

    with opened(read_settings(os.environ)) as app, app.database.transaction(tenant) as transaction:
        return recorded(transaction)
