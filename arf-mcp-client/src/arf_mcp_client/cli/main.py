# SPDX-License-Identifier: Apache-2.0
"""The ``arf-mcp`` command. Its exit codes are those of ``arf``: see ``arf_core.cli.main``."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from arf_core.cli.edge import run_app
from arf_mcp_client.cli import handoff, serve, tools
from arf_mcp_client.errors import McpClientError
from arf_mcp_client.version import __version__

app = typer.Typer(
    name="arf-mcp",
    help="ARF over MCP: an advisory server for any MCP client. It advises; it cannot act.",
    epilog="Start with: arf-mcp tools",
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
    return run_app(app, arguments, known=_known)


def _known(error: Exception) -> McpClientError | None:
    return error if isinstance(error, McpClientError) else None


def print_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the value alone
    """Print the version and exit, if ``asked``."""
    if asked:
        typer.echo(f"arf-mcp-client {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Prepare what all commands share: logs go to standard error."""
    level = logging.DEBUG if os.environ.get("ARF_DEBUG") else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


serve.register(app)
tools.register(app)
handoff.register(app)
