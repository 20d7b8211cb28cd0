# SPDX-License-Identifier: Apache-2.0
"""The public names, all of them: ``arf_mcp_client`` serves them when they are first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arf_mcp_client import errors
from arf_mcp_client.client.mode import MCPMode
from arf_mcp_client.client.oss import OSSMCPClient, create_mcp_client
from arf_mcp_client.handoff.credentials import Credentials
from arf_mcp_client.handoff.delivery import Delivery, send_all
from arf_mcp_client.handoff.patience import Patience
from arf_mcp_client.handoff.receipt import HandOffReceipt
from arf_mcp_client.handoff.submit import submit_intent
from arf_mcp_client.outbox.file import Outbox

NAMES: Final[Mapping[str, object]] = {
    "CannotTell": errors.CannotTell,
    "Credentials": Credentials,
    "Delivery": Delivery,
    "HandOffError": errors.HandOffError,
    "HandOffReceipt": HandOffReceipt,
    "HandOffRefused": errors.HandOffRefused,
    "MCPMode": MCPMode,
    "McpClientError": errors.McpClientError,
    "ModeError": errors.ModeError,
    "NotRecommended": errors.NotRecommended,
    "OSSMCPClient": OSSMCPClient,
    "Outbox": Outbox,
    "OutboxError": errors.OutboxError,
    "Patience": Patience,
    "ServerError": errors.ServerError,
    "create_mcp_client": create_mcp_client,
    "send_all": send_all,
    "submit_intent": submit_intent,
}
