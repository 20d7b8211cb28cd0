# SPDX-License-Identifier: Apache-2.0
"""The ``arf`` command.

Exit codes: 0 done, 1 internal error, 2 verification failed, 3 refused by policy or boundary, 4 approval required,
5 regression, 6 bad input, 7 missing dependency, 8 unsafe, 9 licence (Enterprise).
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from arf_core.cli import (
    analyze,
    benchmark,
    bundle,
    demo,
    doctor,
    explain,
    export,
    features,
    ingest,
    policy,
    regress,
    replay,
    show,
    verify,
)
from arf_core.cli.edge import run_app
from arf_core.version import __version__

app = typer.Typer(
    name="arf",
    help="ARF, the open edition: telemetry in, sealed healing intents out. It advises; it cannot act.",
    epilog="Start with: arf demo",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    raise SystemExit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command in ``arguments`` and return its exit code. Every error ends here."""
    return run_app(app, arguments)


def print_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the value alone
    """Print the version and exit, if ``asked``."""
    if asked:
        typer.echo(f"arf-core {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Prepare what all commands share."""
    if os.environ.get("ARF_DEBUG"):
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


analyze.register(app)
verify.register(app)
bundle.register(app)
regress.register(app)
show.register(app)
explain.register(app)
doctor.register(app)
replay.register(app)
features.register(app)
export.register(app)
benchmark.register(app)
ingest.register(app)
policy.register(app)
demo.register(app)
