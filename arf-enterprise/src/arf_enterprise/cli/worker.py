# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise worker``."""

from __future__ import annotations

import logging
import os
import signal
import threading

import typer

from arf_core.cli.output import JsonOption, QuietOption


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: ARF_DATABASE_URL=postgresql://… arf-enterprise worker")(worker)


def worker(*, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Carry runs out without HTTP until told to stop (SIGTERM, SIGINT). It takes a place of the licence."""
    from arf_core.api.logs import log_as_json
    from arf_enterprise.app import opened
    from arf_enterprise.server.works import works_of
    from arf_enterprise.settings import read_settings

    del json  # its log is JSON anyway; of errors, the edge of the process knows
    log_as_json(level=logging.WARNING if quiet else logging.INFO, loggers=("arf_enterprise",))
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with opened(read_settings(os.environ), serves=True) as app:
        works = works_of(app)
        works.start()
        logging.getLogger(__name__).info("works", extra={"pid": os.getpid()})
        told.wait()
        works.stop()
