# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The ``arf-enterprise`` command.

Exit codes: 0 done, 1 internal error, 2 verification failed, 3 refused, 4 approval required, 5 regression, 6 bad input,
7 missing dependency or database, 8 unsafe, 9 licence.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from arf_core.cli.edge import run_app
from arf_enterprise.cli import (
    agents,
    approvals,
    audit,
    doctor,
    execute,
    graph,
    import_,
    keys,
    learning,
    licence,
    outcomes,
    policy,
    privacy,
    serve,
    setup,
    stop,
    targets,
    tenants,
    worker,
)
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.identity.hiding import hidden
from arf_enterprise.version import __version__

app = typer.Typer(
    name="arf-enterprise",
    help="ARF Enterprise: sealed intents carried out under licence, policy, approval and verified health.",
    epilog="Start with: arf-enterprise init",
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
    # ``hidden``: somebody may have put a key where another text belongs.
    return run_app(app, arguments, known=_known, internal=_internal, shown=hidden)


def _known(error: Exception) -> EnterpriseError | None:
    return error if isinstance(error, EnterpriseError) else None


def _internal(error: Exception) -> EnterpriseError:
    # Not its text: a foreign exception may quote what it was given, and that may be a secret.
    return EnterpriseError(f"{type(error).__name__} (ARF_DEBUG=1 shows the traceback)")


def print_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the value alone
    """Print the version and exit, if ``asked``."""
    if asked:
        typer.echo(f"arf-enterprise {__version__}")
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


setup.register(app)
serve.register(app)
worker.register(app)
execute.register(app)
keys.register(app)
licence.register(app)
tenants.register(app)
doctor.register(app)
audit.register(app)
privacy.register(app)
targets.register(app)
policy.register(app)
graph.register(app)
import_.register(app)
outcomes.register(app)
learning.register(app)
approvals.register(app)
stop.register(app)
agents.register(app)
