# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise serve``."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from arf_core.cli.output import JsonOption, QuietOption


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: ARF_DATA=./arf arf-enterprise serve --port 8080")(serve)


def serve(
    *,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8080,
    certificate: Annotated[Path | None, typer.Option("--tls-certificate", help="A certificate chain, in PEM.")] = None,
    certificate_key: Annotated[Path | None, typer.Option("--tls-key", help="Its private key, in PEM.")] = None,
    behind_tls: Annotated[
        bool, typer.Option("--behind-tls", help="Something in front of it ends TLS, and nobody gets round that.")
    ] = False,
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="An address or network whose X-Forwarded-For is believed; several are possible."),
    ] = None,
    open_metrics: Annotated[bool, typer.Option("--open-metrics", help="/metrics without a key.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Serve REST and MCP until told to stop (SIGTERM, SIGINT). The log is JSON lines on standard error."""
    from arf_core.api.logs import log_as_json
    from arf_enterprise.app import opened
    from arf_enterprise.server.listen import serve as listen
    from arf_enterprise.server.settings import ServerSettings
    from arf_enterprise.server.works import works_of
    from arf_enterprise.settings import read_settings

    settings = ServerSettings(
        host=host,
        port=port,
        certificate=certificate,
        certificate_key=certificate_key,
        behind_tls=behind_tls,
        proxies=tuple(proxy or ()),
        open_metrics=open_metrics,
    )
    del json  # its log is JSON anyway; of errors, the edge of the process knows
    log_as_json(level=logging.WARNING if quiet else logging.INFO, loggers=("arf_enterprise",))
    with opened(read_settings(os.environ), serves=True) as app:
        listen(app, settings, background=works_of(app))
