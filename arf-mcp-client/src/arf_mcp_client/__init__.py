# SPDX-License-Identifier: Apache-2.0
"""ARF over MCP: an advisory server for any MCP client, and a client that hands sealed intents over."""

from __future__ import annotations

from arf_mcp_client.version import __version__

__all__ = ["__version__"]
