# SPDX-License-Identifier: Apache-2.0
"""The edge of a process: runs a command, and makes a message and an exit code of whatever happens.

The commands of all distributions end here. Each gives what is its own: the root of its errors, what is told of an
error that is nobody's, and how the text of its errors is shown.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Final

import typer
from typer.exceptions import TyperException

from arf_core.cli.output import Coded, emit_error, say, usage
from arf_core.errors import ArfError

INTERRUPTED: Final = 130
"""As shells have it: 128 and the number of SIGINT."""


def run_app(
    app: typer.Typer,
    arguments: list[str],
    *,
    known: Callable[[Exception], Coded | None] = lambda _: None,
    internal: Callable[[Exception], Coded] | None = None,
    shown: Callable[[str], str] = str,
) -> int:
    """Run the command of ``app`` that ``arguments`` name and return its exit code. Every error ends here.

    ``known`` is the error itself if it is one of the distribution's own, besides ``ArfError``; ``internal`` is what is
    told of one that nobody raised on purpose; ``shown`` is how their texts are shown.
    """
    as_json = "--json" in arguments
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except TyperException as error:
        return usage(error, as_json=as_json)
    except typer.Abort:  # a question, and nobody who answers: Ctrl-C elsewhere is typer's own, with the same code
        say("stopped", to_errors=True)
        return INTERRUPTED
    except ArfError as error:
        return emit_error(error, as_json=as_json)
    except BrokenPipeError:
        # The reader has gone (`arf … | head`): nothing more to say, and no traceback at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the edge of the process
        if (told := known(error)) is None:
            logging.getLogger(__name__).debug("internal error", exc_info=True)
            told = (internal or _internal)(error)
        return emit_error(told, as_json=as_json, shown=shown)


def _internal(error: Exception) -> ArfError:
    return ArfError(f"{type(error).__name__}: {error} (run with ARF_DEBUG=1 for the traceback)")
