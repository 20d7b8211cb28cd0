# SPDX-License-Identifier: Apache-2.0
"""``arf policy lint`` and ``arf policy test``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.files import read_text, write_output
from arf_core.cli.output import BAD_INPUT, SUCCESS, Answer, JsonOption, QuietOption, emit, printable, say
from arf_core.cli.policy_write import cases_beside
from arf_core.errors import FormatError, InputError, RegressionFound

if TYPE_CHECKING:
    from arf_core.policy.coverage import Covered
    from arf_core.policy.lint import Problem
    from arf_core.policy.trial import Trial, Tried

MARK: Final = "arf.healing-policies/"
"""What a file below a folder must mention to be checked."""


class LintFormat(StrEnum):
    """How problems are written."""

    TEXT = "text"
    GITHUB = "github"


def register(commands: typer.Typer) -> None:
    """Add the commands to ``commands``."""
    commands.command(epilog="Example: arf policy lint policies.yaml --strict")(lint)
    commands.command(name="test", epilog="Example: arf policy test policies.yaml --min-coverage 80")(try_policies)


def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Policy files, or folders that have some.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 6 for warnings too.")] = False,
    form: Annotated[LintFormat, typer.Option("--format", help="How to write problems.")] = LintFormat.TEXT,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say everything that is wrong with policy files, and what is probably not meant: file:line:column CODE message."""
    from arf_core.plain import plain

    named = [one for file in files for one in _policy_files(file)]
    found = [problem for file in named for problem in _problems(file)]
    errors = sum(problem.is_error for problem in found)
    if quiet and not json:
        for problem in found:
            if problem.is_error or strict:
                say(_written(problem, form), to_errors=True)
    counts = f"{len(named)} files, {errors} errors, {len(found) - errors} warnings"
    answer = Answer(
        data={
            "schema": "arf.policy-lint/1",
            "files": [str(file) for file in named],
            "errors": errors,
            "warnings": len(found) - errors,
            "problems": plain(found),
        },
        lines=(*(_written(problem, form) for problem in found), counts),
        exit_code=BAD_INPUT if errors or (strict and found) else SUCCESS,
    )
    emit(answer, as_json=json, quiet=quiet)


def _policy_files(file: Path) -> Sequence[Path]:
    """``file`` itself, or the policy files below it."""
    if not file.is_dir():
        return (file,)
    below = sorted(one for one in file.rglob("*") if one.suffix in {".yaml", ".yml"} and one.is_file())
    found = [one for one in below if MARK in read_text(one)]
    if not found:
        raise InputError(f"{file} has no policy file: none of its {len(below)} YAML files mentions {MARK}1")
    return found


def _problems(file: Path) -> tuple[Problem, ...]:
    from arf_core.policy.lint import Problem
    from arf_core.policy.lint import lint as lint_text

    try:
        text = read_text(file)
    except FormatError as error:
        return (Problem(file=str(file), line=1, column=1, code="P101", message=str(error)),)
    return lint_text(text, file=str(file))


def _written(problem: Problem, form: LintFormat) -> str:
    if form is LintFormat.TEXT:
        return printable(str(problem))
    level = "error" if problem.is_error else "warning"
    place = f"file={_escaped(problem.file)},line={problem.line},col={problem.column},title={problem.code}"
    return f"::{level} {place}::{_escaped(problem.message, in_property=False)}"


def _escaped(text: str, *, in_property: bool = True) -> str:
    """As GitHub's workflow commands want it."""
    text = printable(text).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C") if in_property else text


def try_policies(
    file: Annotated[Path, typer.Argument(help="The policy file to try.")],
    *,
    cases: Annotated[Path | None, typer.Option(help="The cases (YAML); FILE's name with .cases before .yaml.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the results there, as JUnit XML.")] = None,
    min_coverage: Annotated[int, typer.Option(min=0, max=100, help="Exit 5 below this coverage in percent.")] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Try a policy file on a table of cases, and say which of its rules they cover. Exit 5 if a case fails."""
    from arf_core.policy.cases import read_cases
    from arf_core.policy.junit import trial_xml
    from arf_core.policy.load import load
    from arf_core.policy.trial import try_out

    table = cases or cases_beside(file)
    trial = try_out(load(read_text(file), file=str(file)), read_cases(read_text(table), file=str(table)))
    if junit is not None:
        write_output(junit, trial_xml(trial))
    is_good = not trial.failed and trial.coverage >= min_coverage
    if quiet and not json:
        for tried in trial.failed:
            say("\n".join(_failed_lines(tried)), to_errors=True)
    answer = Answer(
        data=_document(trial, min_coverage),
        lines=tuple(_lines(trial, min_coverage)),
        exit_code=SUCCESS if is_good else RegressionFound.exit_code,
    )
    emit(answer, as_json=json, quiet=quiet)


def _document(trial: Trial, min_coverage: int) -> dict[str, object]:
    from arf_core.plain import plain

    return {
        "schema": "arf.policy-test/1",
        "cases": [
            {
                "name": tried.case.name,
                "line": tried.case.place.line,
                "passed": tried.passed,
                "actions": plain(tried.actions),
                "differences": list(tried.differences),
            }
            for tried in trial.tried
        ],
        "failed": len(trial.failed),
        "coverage": round(trial.coverage, 1),
        "min_coverage": min_coverage,
        "rules": [{**_plain_rule(covered), "missing": list(covered.missing)} for covered in trial.covered],
    }


def _plain_rule(covered: Covered) -> dict[str, object]:
    rule = covered.rule
    asked = {"was_true": covered.was_true, "was_false": covered.was_false, "offered": covered.offered}
    return {"name": rule.name, "file": rule.file, "line": rule.line, **asked}


def _lines(trial: Trial, min_coverage: int) -> Iterator[str]:
    for tried in trial.tried:
        yield from _failed_lines(tried) if not tried.passed else (f"ok    {tried.case.name}",)
    yield f"{len(trial.tried) - len(trial.failed)} of {len(trial.tried)} cases pass"
    for covered in trial.covered:
        if covered.missing:
            yield f"not covered: {printable(str(covered.rule))}: {', '.join(covered.missing)}"
    wanted = f", at least {min_coverage} % wanted" if trial.coverage < min_coverage else ""
    yield f"coverage {trial.coverage:.0f} % of {len(trial.covered)} rules{wanted}"


def _failed_lines(tried: Tried) -> Iterator[str]:
    yield f"FAIL  {tried.case.name}  ({printable(str(tried.case.place))})"
    yield from (f"      {printable(difference)}" for difference in tried.differences)
