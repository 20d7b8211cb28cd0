# SPDX-License-Identifier: Apache-2.0
"""Speaks over standard input and output: the client starts the process, and ends it by closing its input.

Nothing but the protocol reaches standard output: while serving, the SDK points that descriptor at standard error.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from arf_mcp_client.server.build import make_server

if TYPE_CHECKING:
    from arf_mcp_client.desk import Desk


def serve(desk: Desk) -> None:
    """Serve one client until it closes the input, or a signal stops the process."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        # The thread that waits for input cannot be woken, so the process leaves as it is; it has nothing to save.
        signal.signal(stop, lambda *_: os._exit(0))
    asyncio.run(make_server(desk).run_stdio_async())
