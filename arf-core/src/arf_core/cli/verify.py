# SPDX-License-Identifier: Apache-2.0
"""``arf verify PATH`` and ``arf receipt INTENT``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.files import read_input
from arf_core.cli.output import SUCCESS, VERIFICATION_FAILED, Answer, JsonOption, QuietOption, emit, heading, printable

if TYPE_CHECKING:
    from arf_core.verify.report import Report


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(epilog="Example: arf verify intents.jsonl")(verify)
    app.command(epilog="Example: arf receipt intent.json")(receipt)


def verify(
    path: Annotated[str, typer.Argument(metavar="PATH|-", help="An intent, a file of intents, or a receipt.")],
    *,
    intent: Annotated[Path | None, typer.Option(help="The intent that a receipt should be of.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Verify an artifact offline and say what was proven and what was not. Exit 2 if it does not verify."""
    from arf_core.models.healing_intent import HealingIntent
    from arf_core.plain import plain
    from arf_core.verify.artifact import verify_bytes

    against = None if intent is None else HealingIntent.from_json(read_input(str(intent)))
    report = verify_bytes(read_input(path), name=path, against=against)
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
