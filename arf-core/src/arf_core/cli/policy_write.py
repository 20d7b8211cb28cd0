# SPDX-License-Identifier: Apache-2.0
"""``arf policy init``, ``arf policy fmt`` and ``arf policy schema``."""

from __future__ import annotations

import difflib
import json as json_module
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from arf_core.cli.files import read_text, write_output
from arf_core.cli.output import SUCCESS, Answer, JsonOption, QuietOption, emit, printable
from arf_core.errors import InputError, RegressionFound

STARTER: Final = "starter.yaml"
STARTER_CASES: Final = "starter.cases.yaml"


def register(commands: typer.Typer) -> None:
    """Add the commands to ``commands``."""
    commands.command(epilog="Example: arf policy init policies.yaml")(init)
    commands.command(epilog="Example: arf policy fmt --check policies.yaml")(fmt)
    commands.command(epilog="Example: arf policy schema cases")(schema)


def cases_beside(file: Path) -> Path:
    """Where the cases of the policy file ``file`` are kept: ``policies.cases.yaml`` beside ``policies.yaml``."""
    return file.with_name(f"{file.stem}.cases{file.suffix or '.yaml'}")


def init(
    file: Annotated[Path, typer.Argument(help="The policy file to write.")] = Path("policies.yaml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a policy file to start from, with comments, and a table of cases beside it."""
    from importlib.resources import files

    cases = cases_beside(file)
    for target in (file, cases):
        if target.exists() and not force:
            raise InputError(f"{target} is there already: name another file, or overwrite it with --force")
    package = files("arf_core.policy")
    for target, template in ((file, STARTER), (cases, STARTER_CASES)):
        write_output(target, package.joinpath(template).read_bytes())
    lines = (
        f"wrote {printable(str(file))} and {printable(str(cases))}",
        f"next: arf policy lint {printable(str(file))}; arf policy test {printable(str(file))}",
    )
    emit(Answer(data={"policies": str(file), "cases": str(cases)}, lines=lines), as_json=json, quiet=quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    """A file before and after."""

    file: Path
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def fmt(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The policy files to lay out.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 5 if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Lay policy files out in the one way. Comments and meaning stay: the digest is the same before and after."""
    laid = [_laid_out(file) for file in files]
    changed = [one for one in laid if one.is_changed]
    if not check and not diff:
        for one in changed:
            write_output(one.file.resolve(), one.after.encode())
    answer = Answer(
        data={"files": len(laid), "changed": [str(one.file) for one in changed], "written": not check and not diff},
        lines=tuple(_lines(changed, len(laid), written=not check and not diff, diff=diff)),
        exit_code=RegressionFound.exit_code if check and changed else SUCCESS,
    )
    emit(answer, as_json=json, quiet=quiet)


def _laid_out(file: Path) -> _Laid:
    from arf_core.policy.layout import formatted

    text = read_text(file)
    return _Laid(file=file, before=text, after=formatted(text, file=str(file)))


def _lines(changed: list[_Laid], count: int, *, written: bool, diff: bool) -> Iterator[str]:
    for one in changed:
        name = printable(str(one.file))
        if diff:
            names = f"{one.file} (now)", f"{one.file} (laid out)"
            found = difflib.unified_diff(one.before.splitlines(), one.after.splitlines(), *names, lineterm="")
            yield from map(printable, found)
        else:
            yield f"{'laid out' if written else 'would lay out'} {name}"
    yield f"{len(changed)} of {count} files {'changed' if written else 'would change'}"


class SchemaOf(StrEnum):
    """What there is a schema of."""

    POLICIES = "policies"
    CASES = "cases"


def schema(
    of: Annotated[SchemaOf, typer.Argument(help="What to print the schema of.")] = SchemaOf.POLICIES,
    *,
    json: JsonOption = True,
    quiet: QuietOption = False,
) -> None:
    """Print the JSON Schema of policy files or of tables of cases, for editors."""
    from arf_core.policy.schema import cases_schema, policy_schema

    document = policy_schema() if of is SchemaOf.POLICIES else cases_schema()
    lines = (json_module.dumps(document, indent=2, ensure_ascii=False),)
    emit(Answer(data=document, lines=lines), as_json=json and not quiet, quiet=quiet)
