# SPDX-License-Identifier: Apache-2.0
"""``arf features``."""

from __future__ import annotations

import os

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf features --json")(features)


def features(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say which parts of the analysis are on, what each does, and where its state came from."""
    from arf_core.features import MEANS, environment_name, load

    loaded = load(os.environ)
    data = [
        {"name": name, "enabled": state, "origin": loaded.origins[name], "does": MEANS[name]}
        for name, state in loaded.states().items()
    ]
    lines = [
        line
        for name, state in loaded.states().items()
        for line in (f"{name:<15} {'on ' if state else 'off'}  ({loaded.origins[name]})", f"    {MEANS[name]}")
    ]
    first = environment_name(next(iter(loaded.states())))
    lines.append(f"Turn one off with {first}=false. No flag can make the open edition act.")
    emit(Answer(data=data, lines=tuple(lines)), as_json=json, quiet=quiet)
