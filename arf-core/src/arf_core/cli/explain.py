# SPDX-License-Identifier: Apache-2.0
"""``arf explain CODE``: what an error code means and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit
from arf_core.errors import ArfError, InputError, every_error


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf explain ARF-1004")(explain)


def explain(
    code: Annotated[str, typer.Argument(help="An error code, such as ARF-1004, or 'all'.")] = "all",
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what an error code means and what to do about it."""
    errors = every_error() if code == "all" else (_found(code),)
    data = [_entry(error) for error in errors]
    lines = [line for error in errors for line in _lines(error)]
    emit(Answer(data=data if code == "all" else data[0], lines=tuple(lines)), as_json=json, quiet=quiet)


def _found(code: str) -> type[ArfError]:
    for error in every_error():
        if error.code == code.upper():
            return error
    raise InputError(f"{code!r} is not an error code: `arf explain all` lists them")


def _entry(error: type[ArfError]) -> dict[str, object]:
    return {
        "code": error.code,
        "name": error.__name__,
        "exit_code": error.exit_code,
        "cause": error.cause,
        "remedy": error.remedy,
    }


def _lines(error: type[ArfError]) -> tuple[str, ...]:
    return (
        f"{error.code}  {error.__name__}  (exit code {error.exit_code})",
        f"  cause:  {error.cause}",
        f"  remedy: {error.remedy}",
    )
