# SPDX-License-Identifier: Apache-2.0
"""``arf regress add|run|list``: would ARF still propose this?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.files import read_input, write_output
from arf_core.cli.output import (
    SUCCESS,
    VERIFICATION_FAILED,
    Answer,
    JsonOption,
    QuietOption,
    emit,
    heading,
    printable,
)
from arf_core.cli.recipe import (
    FormatOption,
    MemoryOption,
    NoteOption,
    NowOption,
    PlainOption,
    PolicyOption,
    TopologyOption,
    recipe_from,
)
from arf_core.cli.show import ConfigOption
from arf_core.errors import InputError, RegressionFound
from arf_core.ingest.formats import Format

if TYPE_CHECKING:
    from arf_core.regress.case import Result

MAX_CASES: Final = 10_000
FOLDER: Final = Path("regress")

FolderArgument = Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of the cases.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    commands = typer.Typer(help="Keep incidents as regression cases, and ask whether ARF still proposes the same.")
    commands.command(epilog="Example: arf regress add alerts.json --name checkout-slow")(add)
    commands.command(epilog="Example: arf regress run --junit results.xml")(run)
    commands.command(name="list", epilog="Example: arf regress list")(list_cases)
    app.add_typer(commands, name="regress", no_args_is_help=True)


def add(
    source: Annotated[str, typer.Argument(metavar="INPUT|-", help="A file to analyse, or a bundle.")],
    *,
    name: Annotated[str, typer.Option(help="What to call the case.")],
    folder: Annotated[Path, typer.Option("--dir", help="The folder of the cases.")] = FOLDER,
    tolerance: Annotated[
        float | None, typer.Option(help="How much a confidence may change; not given: at will.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the case of this name.")] = False,
    form: FormatOption = Format.AUTO,
    policy: PolicyOption = None,
    memory: MemoryOption = None,
    topology: TopologyOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    note: NoteOption = None,
    thresholds_only: PlainOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make an incident a regression case: its bundle, and what ARF proposes for it today."""
    from arf_core.bundle.build import build
    from arf_core.verify.archive import looks_like_archive

    data = read_input(source)
    if not looks_like_archive(data):
        recipe = recipe_from(
            [data],
            form=form,
            policy=policy,
            memory=memory,
            topology=topology,
            config=config,
            now=now,
            note=note,
            thresholds_only=thresholds_only,
        )
        data = build(recipe)
    answer = _kept(data, folder, name=name, tolerance=tolerance, replace=replace)
    emit(answer, as_json=json, quiet=quiet)


def run(
    folder: FolderArgument = FOLDER,
    *,
    junit: Annotated[Path | None, typer.Option(help="Write the results there, as JUnit XML.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask for every case whether ARF still proposes the same. Exit 5 if not, 2 if a case cannot be run."""
    from arf_core.plain import plain
    from arf_core.regress.case import BUNDLE_FILE, EXPECTED_FILE, run_case
    from arf_core.regress.junit import regress_xml

    cases = _cases(folder)
    results = [run_case(case.name, _read(case / BUNDLE_FILE), _read(case / EXPECTED_FILE)) for case in cases]
    if junit is not None:
        write_output(junit, regress_xml(results))
    document = {"ok": all(result.status == "same" for result in results), "cases": plain(results)}
    emit(Answer(data=document, lines=tuple(_lines(results)), exit_code=_code(results)), as_json=json, quiet=quiet)


def list_cases(folder: FolderArgument = FOLDER, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the cases, and what each expects."""
    from arf_core.regress.case import EXPECTED_FILE, read_expectation

    found = [read_expectation(_read(case / EXPECTED_FILE), what=f"{case / EXPECTED_FILE}") for case in _cases(folder)]
    data = [{"name": one.name, "bundle": one.bundle, "intents": [str(it) for it in one.intents]} for one in found]
    lines = (f"{one.name}: {printable(', '.join(map(str, one.intents)) or 'nothing is proposed')}" for one in found)
    emit(Answer(data=data, lines=tuple(lines)), as_json=json, quiet=quiet)


def _kept(bundle: bytes, folder: Path, *, name: str, tolerance: float | None, replace: bool) -> Answer:
    """Write the files of the case ``name``, and say what it expects."""
    from arf_core.regress.case import BUNDLE_FILE, EXPECTED_FILE, expectation_of
    from arf_core.verify.bundles import read_bundle

    expected = expectation_of(read_bundle(bundle), name=name, tolerance=tolerance)
    case = _made(folder / name, replace=replace)
    write_output(case / BUNDLE_FILE, bundle)
    write_output(case / EXPECTED_FILE, expected.to_json().encode())
    lines = [f"{case}: {len(expected.intents)} recommendations are expected from now on"]
    lines += [f"  {printable(str(one))} ({one.confidence:g})" for one in expected.intents]
    document = {"case": name, "bundle": expected.bundle, "intents": [str(one) for one in expected.intents]}
    return Answer(data=document, lines=tuple(lines))


def _made(case: Path, *, replace: bool) -> Path:
    try:
        case.mkdir(parents=True, exist_ok=replace)
    except FileExistsError as error:
        raise InputError(f"there is a case {case} already: replace it with --replace, or take another name") from error
    except OSError as error:
        raise InputError(f"{case} cannot be made: {error.strerror}") from error
    return case


def _cases(folder: Path) -> list[Path]:
    try:
        found = sorted(case for case in folder.iterdir() if case.is_dir() and not case.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}; `arf regress add` makes a case") from error
    if not found:
        raise InputError(f"{folder} has no case: `arf regress add` makes one; an empty folder is no success")
    if len(found) > MAX_CASES:
        raise InputError(f"{folder} has {len(found)} cases: at most {MAX_CASES} are run")
    return found


def _read(file: Path) -> bytes:
    """The content of a file of a case; nothing, where it is not there: then the case is broken, and says so."""
    return read_input(str(file)) if file.is_file() else b""


def _lines(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        yield f"  {result.status:<8}{printable(result.name)}"
        yield from (f"          {printable(change)}" for change in result.changes)
    counts = {status: sum(result.status == status for result in results) for status in ("same", "changed", "broken")}
    yield heading(f"{len(results)} cases: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    if counts["changed"]:
        yield f"{RegressionFound.code}: {RegressionFound.remedy}"


def _code(results: Sequence[Result]) -> int:
    if any(result.status == "changed" for result in results):
        return RegressionFound.exit_code
    return VERIFICATION_FAILED if any(result.status == "broken" for result in results) else SUCCESS
