# SPDX-License-Identifier: Apache-2.0
"""The ``arf-mcp`` command. Its exit codes are those of ``arf``: see ``arf_core.cli.main``."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from arf_core.cli.output import emit_error, printable, say, usage
from arf_core.errors import ArfError
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
    as_json = "--json" in arguments
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except TyperException as error:
        return usage(error, as_json=as_json)
    except ArfError as error:
        emit_error(error, as_json=as_json)
        return error.exit_code
    except McpClientError as error:
        emit_client_error(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone (`arf-mcp … | head`): nothing more to say, and no traceback at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the edge of the process
        logging.getLogger(__name__).debug("internal error", exc_info=True)
        emit_error(_internal(error), as_json=as_json)
        return ArfError.exit_code


def emit_client_error(error: McpClientError, *, as_json: bool) -> None:
    """Print an error of this distribution as ``arf_core.cli.output.emit_error`` prints one of core."""
    if as_json:
        document = {"code": error.code, "message": str(error), "remedy": error.remedy, "exit_code": error.exit_code}
        say(json.dumps({"error": document}, indent=2, ensure_ascii=False))
        return
    say(f"error {error.code}: {printable(str(error))}", to_errors=True)
    say(f"  next: {error.remedy}", to_errors=True)


def _internal(error: Exception) -> ArfError:
    return ArfError(f"{type(error).__name__}: {error} (run with ARF_DEBUG=1 for the traceback)")


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
