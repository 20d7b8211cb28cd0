# SPDX-License-Identifier: Apache-2.0
"""``arf-mcp tools``: the tools that the server offers, with their schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from arf_core.cli.output import Answer, JsonOption, QuietOption, emit, heading

if TYPE_CHECKING:
    from mcp_types import Tool


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(name="tools", epilog="Example: arf-mcp tools --json")(show_tools)


def show_tools(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the tools that the server offers; --json gives their schemas."""
    listed = _listed()
    data = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
    lines = [line for tool in listed for line in _lines(tool)]
    emit(Answer(data={"tools": data}, lines=tuple(lines)), as_json=json, quiet=quiet)


def _listed() -> list[Tool]:
    import asyncio

    from arf_core.advisor import Advisor
    from arf_mcp_client.desk import Desk
    from arf_mcp_client.server.build import make_server

    desk = Desk(Advisor(), clock=lambda: datetime.now(UTC))
    return asyncio.run(make_server(desk).list_tools())


def _lines(tool: Tool) -> list[str]:
    takes = ", ".join(tool.input_schema.get("properties", {})) or "nothing"
    about = (f"  {line}" for line in (tool.description or "").splitlines() if line)
    return [heading(f"{tool.name}  ({tool.title})"), *about, f"  takes: {takes}"]
