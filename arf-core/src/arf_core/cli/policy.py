# SPDX-License-Identifier: Apache-2.0
"""``arf policy``: write, check, lay out, try, explain and compare healing policies."""

from __future__ import annotations

import typer

from arf_core.cli import policy_ask, policy_check, policy_write


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    commands = typer.Typer(help="Write, check, try, explain and compare healing policies.")
    for part in (policy_write, policy_check, policy_ask):
        part.register(commands)
    app.add_typer(commands, name="policy", no_args_is_help=True)
