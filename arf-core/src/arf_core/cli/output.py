# SPDX-License-Identifier: Apache-2.0
"""How a command answers: JSON for machines, lines for people, and the same exit code for both.

Names and texts from telemetry are data: before they reach a terminal, control characters (and with them escape
sequences) and bidirectional overrides are shown as escapes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Protocol, TypeVar

import typer
from typer.exceptions import TyperException

from arf_core.errors import ArfError, InputError

SUCCESS: Final = 0
VERIFICATION_FAILED: Final = 2
BAD_INPUT: Final = 6
LONG_WORK: Final = 20
"""From how many pieces on work shows its progress."""

_Work = TypeVar("_Work")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command found: ``data`` for ``--json``, ``lines`` for people, ``warnings`` for standard error."""

    data: object
    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    exit_code: int = SUCCESS


def emit(answer: Answer, *, as_json: bool, quiet: bool) -> None:
    """Print ``answer`` and leave the command with its exit code."""
    for warning in answer.warnings:
        say(f"warning: {printable(warning)}", to_errors=True)
    if as_json:
        say(json.dumps(answer.data, indent=2, ensure_ascii=False, allow_nan=False))
    elif not quiet:
        say("\n".join(answer.lines))
    raise typer.Exit(answer.exit_code)


class Coded(Protocol):
    """An error of one of the trees: it has a code, says what to do next, and ends the process with an exit code."""

    code: ClassVar[str]
    remedy: ClassVar[str]
    exit_code: ClassVar[int]


def emit_error(error: Coded, *, as_json: bool, shown: Callable[[str], str] = str) -> int:
    """Print ``error``, its text as ``shown``: its code, what happened, what to do next. Its exit code comes back."""
    message = shown(str(error))
    if as_json:
        document = {"code": error.code, "message": message, "remedy": error.remedy, "exit_code": error.exit_code}
        say(json.dumps({"error": document}, indent=2, ensure_ascii=False))
        return error.exit_code
    say(f"error {error.code}: {printable(message)}", to_errors=True)
    say(f"  next: {error.remedy}", to_errors=True)
    if isinstance(error, ArfError):  # `arf explain` knows the codes of this tree
        say(f"  more: arf explain {error.code}", to_errors=True)
    return error.exit_code


def usage(error: TyperException, *, as_json: bool) -> int:
    """Print what is wrong with a command line, or the help where it names no command, and return the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":  # typer does not export it, and compares its name itself
        say(error.format_message())
        return SUCCESS
    return emit_error(InputError(error.format_message()), as_json=as_json)


def say(text: str, *, to_errors: bool = False) -> None:
    """Print ``text``, in colour only on a terminal, and never where NO_COLOR is set."""
    typer.echo(text, err=to_errors, color=False if os.environ.get("NO_COLOR") else None)


def heading(text: str) -> str:
    """``text`` in bold, where the terminal has it."""
    return typer.style(text, bold=True)


def printable(text: str) -> str:
    """``text`` with everything a terminal would act on, or that would reorder the line, written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _shown(character) else _escape(character) for character in text)


def _shown(character: str) -> bool:
    # isprintable is false for control, format (bidirectional overrides, zero width), private and unassigned characters.
    return character.isprintable()


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def watched(work: list[_Work]) -> Iterator[_Work]:
    """``work``, piece by piece; long work shows on standard error how far it is, if that is a terminal."""
    if len(work) < LONG_WORK or not sys.stderr.isatty():
        yield from work
        return
    with typer.progressbar(work, label="analysing", file=sys.stderr) as pieces:
        yield from pieces
