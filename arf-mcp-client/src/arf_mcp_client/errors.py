# SPDX-License-Identifier: Apache-2.0
"""Every error of the MCP client and server, in one tree.

::

    McpClientError                  the root                                              exit 1
    ├── ModeError                   a mode other than advisory was asked for              exit 3
    ├── HandOffError                an intent could not be handed over                    exit 1
    │   ├── HandOffRefused          the server answered, and refused: nothing happened    exit 3
    │   └── CannotTell              no answer came: whether it was taken is unknown       exit 1
    └── OutboxError                 the outbox file cannot be used                        exit 6
"""

from __future__ import annotations

from typing import ClassVar


class McpClientError(Exception):
    """The root of every error that ``arf_mcp_client`` raises on purpose."""

    code: ClassVar[str] = "ARF-MCP-0001"
    exit_code: ClassVar[int] = 1
    cause: ClassVar[str] = "Something went wrong inside the MCP client or server."
    remedy: ClassVar[str] = "Run the command again with --json and report the output with `arf-mcp --version`."


class ModeError(McpClientError):
    """A mode other than advisory was asked for."""

    code = "ARF-MCP-3000"
    exit_code = 3
    cause = "The open edition advises. Its MCP client has no other mode."
    remedy = "Leave the mode out, or hand the sealed intent to ARF Enterprise: see docs/UPGRADE_TO_ENTERPRISE.md."


class HandOffError(McpClientError):
    """An intent could not be handed over."""

    code = "ARF-MCP-4000"
    cause = "The Enterprise server could not be given the intent."
    remedy = "Check the address and the credentials; submitting the same intent again is safe."


class HandOffRefused(HandOffError):
    """The server answered and refused the intent: nothing happened."""

    code = "ARF-MCP-4001"
    exit_code = 3
    cause = "The Enterprise server refused the intent: by its policy, its licence or its checks."
    remedy = "Read the server's reason in the message; its operators can explain the decision."


class CannotTell(HandOffError):
    """No answer came, so whether the intent was taken is unknown."""

    code = "ARF-MCP-4002"
    cause = "The connection broke, or the server did not answer in time."
    remedy = "Submit the same intent again: its id makes that safe. `arf-mcp outbox send` does."


class OutboxError(McpClientError):
    """The outbox file cannot be used."""

    code = "ARF-MCP-6000"
    exit_code = 6
    cause = "The outbox file is not readable, not writable, or was altered."
    remedy = "Read the message: it names the file and the line."
