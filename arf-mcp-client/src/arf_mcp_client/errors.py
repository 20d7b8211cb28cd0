# SPDX-License-Identifier: Apache-2.0
"""Every error of the MCP client and server, in one tree.

::

    McpClientError                  the root                                              exit 1
    ├── ModeError                   a mode other than advisory was asked for              exit 3
    ├── NotRecommended              ARF advises against the action that was asked about   exit 3
    ├── ServerError                 the advisory server did not answer, or not as one     exit 1
    ├── HandOffError                the intent was not handed over: nothing happened      exit 1
    │   ├── HandOffRefused          the server answered, and refused: nothing happened    exit 3
    │   └── CannotTell              whether it was taken is unknown: submit it again      exit 1
    └── OutboxError                 the outbox file cannot be used                        exit 6
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from arf_core.models.healing_intent import HealingIntent


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


class NotRecommended(McpClientError):
    """The telemetry was analysed, and ARF advises against the action that was asked about.

    ``instead`` are the intents it recommends, the most believed first; there may be none.
    """

    code = "ARF-MCP-3001"
    exit_code = 3
    cause = "The telemetry that came with the question does not support the action."
    remedy = "Consider what the message names instead, or ask without telemetry: the intent is then your own wish."

    def __init__(self, message: str, *, instead: tuple[HealingIntent, ...] = ()) -> None:
        """Say why, and keep what is recommended instead."""
        super().__init__(message)
        self.instead = instead


class ServerError(McpClientError):
    """The advisory server did not answer, or not as an advisory server does."""

    code = "ARF-MCP-5000"
    cause = "The MCP server cannot be reached, is not ARF's advisory server, or could not answer the question."
    remedy = "Check that `arf-mcp serve` runs at that address and that the token is the right one."


class HandOffError(McpClientError):
    """An intent was not handed over: the server did not take it, and nothing happened."""

    code = "ARF-MCP-4000"
    cause = "The Enterprise server could not be given the intent."
    remedy = "Check the address and the credentials; submitting the same intent again is safe."


class HandOffRefused(HandOffError):
    """The server answered and refused the intent: nothing happened.

    ``reason`` and ``server_code`` are the server's own; ``http_status`` is that of its answer.
    """

    code = "ARF-MCP-4001"
    exit_code = 3
    cause = "The Enterprise server refused the intent: by its policy, its licence or its checks."
    remedy = "Read the server's reason in the message; its operators can explain the decision."

    def __init__(self, message: str, *, reason: str = "", server_code: str = "", http_status: int = 0) -> None:
        """Say it in ``message``, and keep the parts."""
        super().__init__(message)
        self.reason = reason
        self.server_code = server_code
        self.http_status = http_status


class CannotTell(HandOffError):
    """Whether the intent was taken is unknown: no answer came, or one that proves nothing."""

    code = "ARF-MCP-4002"
    cause = "The connection broke, the server did not answer in time, or its answer is no receipt of this intent."
    remedy = "Submit the same intent again: its id makes that safe. `arf-mcp outbox send` does."


class OutboxError(McpClientError):
    """The outbox file cannot be used."""

    code = "ARF-MCP-6000"
    exit_code = 6
    cause = "The outbox file is not readable, not writable, or was altered."
    remedy = "Read the message: it names the file and the line."


def every_error() -> tuple[type[McpClientError], ...]:
    """Every class of the tree, in the order of their codes."""
    found: list[type[McpClientError]] = [McpClientError]
    for known in found:
        found.extend(known.__subclasses__())
    return tuple(sorted(found, key=lambda error: error.code))
