# SPDX-License-Identifier: Apache-2.0
"""``arf verify PATH`` and ``arf receipt INTENT``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.files import read_input
from arf_core.cli.folders import read_folder
from arf_core.cli.moments import moment_of
from arf_core.cli.output import SUCCESS, VERIFICATION_FAILED, Answer, JsonOption, QuietOption, emit, heading, printable

if TYPE_CHECKING:
    from arf_core.verify.kept import Kept
    from arf_core.verify.report import Report
    from arf_core.verify.trust import TrustedKeys


TrustOption = Annotated[Path | None, typer.Option(help="The keys you trust: a file of them (JSON), or a folder.")]
CheckpointOption = Annotated[
    list[Path] | None, typer.Option(help="A checkpoint of the audit log that you have kept. May be given again.")
]
RecordsOption = Annotated[
    list[Path] | None,
    typer.Option(help="An audit export to count an evidence pack's records in. May be given again, in order."),
]
AtOption = Annotated[str | None, typer.Option(metavar="TIME", help="A time (ISO 8601) when a licence must be valid.")]
RecomputeOption = Annotated[bool, typer.Option("--recompute", help="Run a bundle's analysis again, and compare.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(epilog="Example: arf verify intents.jsonl")(verify)
    app.command(epilog="Example: arf receipt intent.json")(receipt)


def verify(
    path: Annotated[str, typer.Argument(metavar="PATH|-", help="Any artifact of ARF, or the folder of a policy pack.")],
    *,
    intent: Annotated[Path | None, typer.Option(help="The intent that the artifact should be about.")] = None,
    trust: TrustOption = None,
    checkpoint: CheckpointOption = None,
    records: RecordsOption = None,
    at: AtOption = None,
    recompute: RecomputeOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Verify an artifact offline and say what was proven and what was not. Exit 2 if it does not verify."""
    from arf_core.models.healing_intent import HealingIntent
    from arf_core.plain import plain
    from arf_core.verify.artifact import verify_bytes

    against = None if intent is None else HealingIntent.from_json(read_input(str(intent)))
    trusted = None if trust is None else _trusted(trust)
    if _is_folder(path):
        report = _folder_report(path, trusted, is_plain=not (intent or checkpoint or records or at or recompute))
    else:
        data, moment = read_input(path), moment_of("--at", at)
        kept, counted = _files(checkpoint or []), _files(records or [])
        report = verify_bytes(data, name=path, against=against, trusted=trusted, kept=kept, records=counted, at=moment)
        report = _recomputed(data, report) if recompute else report
    code = SUCCESS if report.ok else VERIFICATION_FAILED
    emit(Answer(data=plain(report), lines=tuple(report_lines(report)), exit_code=code), as_json=json, quiet=quiet)


def receipt(
    intent: Annotated[str, typer.Argument(metavar="INTENT|-", help="A sealed intent (JSON).")],
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print a one-line receipt of an intent, for a ticket. `arf verify` checks it."""
    from arf_core.models.healing_intent import HealingIntent
    from arf_core.verify.receipt import write

    line = write(HealingIntent.from_json(read_input(intent)))
    emit(Answer(data={"receipt": line}, lines=(line,)), as_json=json, quiet=quiet)


def report_lines(report: Report) -> Iterator[str]:
    """A report as text: what was checked, the first bad place, what was proven and what was not."""
    yield heading(f"{'verified' if report.ok else 'DOES NOT VERIFY'}: {printable(report.name)}")
    for check in report.checks:
        detail = f": {printable(check.detail)}" if check.detail else ""
        yield f"  {'ok  ' if check.ok else 'FAIL'}  {printable(check.what)}{detail}"
    if report.first_bad is not None:
        yield f"  first bad place: {printable(str(report.first_bad))}"
    yield from (f"  proven: {printable(fact)}" for fact in report.proven)
    yield from (f"  not proven: {printable(fact)}" for fact in report.not_proven)


def _is_folder(path: str) -> bool:
    """Whether ``path`` names a folder; a licence is told from a path before anything could quote it."""
    from arf_core.errors import InputError

    if path.startswith("ARF-ENT-"):
        raise InputError(
            "a licence on a command line is seen by every user of the machine: "
            "put it into a file, or pipe it to `arf verify -`"
        )
    return path != "-" and os.path.isdir(path)  # noqa: PTH112 - pathlib's raises on a path that is too long


def _folder_report(path: str, trusted: TrustedKeys | None, *, is_plain: bool) -> Report:
    from arf_core.errors import SettingsError
    from arf_core.verify.artifact import verify_folder

    if not is_plain:
        raise SettingsError(f"{path} is a folder: a policy pack is verified with --trust and no other option")
    return verify_folder(read_folder(Path(path)), name=path, trusted=trusted)


def _recomputed(data: bytes, report: Report) -> Report:
    from arf_core.bundle.recompute import recomputed
    from arf_core.errors import SettingsError

    if report.kind != "bundle":
        raise SettingsError(f"{report.name} is no bundle: only a bundle can be run again with --recompute")
    return recomputed(data, report)


def _files(files: list[Path]) -> list[Kept]:
    from arf_core.verify.kept import Kept

    return [Kept(name=str(file), data=read_input(str(file))) for file in files]


def _trusted(source: Path) -> TrustedKeys:
    from arf_core.verify.trust import read_trusted_keys

    if not source.is_dir():
        return read_trusted_keys([(source.name, read_input(str(source)))])
    found = read_folder(source)
    return read_trusted_keys((name, data) for name, data in found.items() if name.endswith(".json"))
