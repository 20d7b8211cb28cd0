# SPDX-License-Identifier: Apache-2.0
"""``arf capabilities`` and ``arf config show``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit

ConfigOption = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings.", envvar="ARF_CONFIG")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(name="capabilities", epilog="Example: arf capabilities --json")(show_capabilities)
    config = typer.Typer(help="Show the settings.", no_args_is_help=True)
    config.callback()(lambda: None)
    config.command(name="show", epilog="Example: arf config show --origin")(show_config)
    app.add_typer(config, name="config")


def show_capabilities(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say what this edition can and cannot do, and the digest of its sealed limits."""
    from arf_core.capabilities import capabilities

    data = capabilities()
    emit(Answer(data=data, lines=tuple(_lines(data))), as_json=json, quiet=quiet)


def show_config(
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show every setting and its value; with --origin, where each came from, and the feature flags too."""
    from arf_core.config.oss_config import load
    from arf_core.features import load as load_features

    flags = load_features(os.environ)
    loaded = load(arguments={}, environment=os.environ, file=config)
    values = loaded.config.model_dump()
    data: dict[str, object] = {name: {"value": value, "origin": loaded.origins[name]} for name, value in values.items()}
    data["features"] = {name: {"value": on, "origin": flags.origins[name]} for name, on in flags.states().items()}
    width = max(map(len, values))
    lines = [
        f"{name:<{width}}  {_shown(value)}" + (f"    ({loaded.origins[name]})" if origin else "")
        for name, value in values.items()
    ]
    if origin:
        lines.append("feature flags (arf features says what each does)")
        lines.extend(
            f"{name:<{width}}  {'on' if on else 'off'}    ({flags.origins[name]})"
            for name, on in flags.states().items()
        )
    emit(Answer(data=data if origin else values, lines=tuple(lines)), as_json=json, quiet=quiet)


def _shown(value: object) -> str:
    return "not set" if value is None or value == "" else str(value)


def _lines(data: dict[str, object]) -> list[str]:
    width = max(map(len, data))
    return [f"{name:<{width}}  {_listed(value)}" for name, value in data.items()]


def _listed(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={_listed(item)}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
