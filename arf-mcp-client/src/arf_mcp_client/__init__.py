# SPDX-License-Identifier: Apache-2.0
"""ARF over MCP: an advisory server for any MCP client, and a client that hands sealed intents over.

Importing this module loads nothing else: each public name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arf_mcp_client.version import __version__

if TYPE_CHECKING:
    from arf_mcp_client.client.mode import MCPMode
    from arf_mcp_client.client.oss import OSSMCPClient, create_mcp_client
    from arf_mcp_client.errors import (
        CannotTell,
        HandOffError,
        HandOffRefused,
        McpClientError,
        ModeError,
        NotRecommended,
        OutboxError,
        ServerError,
    )
    from arf_mcp_client.handoff.credentials import Credentials
    from arf_mcp_client.handoff.delivery import Delivery, send_all
    from arf_mcp_client.handoff.patience import Patience
    from arf_mcp_client.handoff.receipt import HandOffReceipt
    from arf_mcp_client.handoff.submit import submit_intent
    from arf_mcp_client.outbox.file import Outbox

__all__ = [
    "CannotTell",
    "Credentials",
    "Delivery",
    "HandOffError",
    "HandOffReceipt",
    "HandOffRefused",
    "MCPMode",
    "McpClientError",
    "ModeError",
    "NotRecommended",
    "OSSMCPClient",
    "Outbox",
    "OutboxError",
    "Patience",
    "ServerError",
    "__version__",
    "create_mcp_client",
    "send_all",
    "submit_intent",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        from arf_mcp_client.public import NAMES

        return NAMES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
