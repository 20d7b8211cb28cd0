# SPDX-License-Identifier: Apache-2.0
"""Where an intent is sent: checked before anything is sent there.

1. ``https``, or ``http`` to this very machine. Anything else only with ``allow_http=True``.
2. No user name, password, query or fragment: an address is shown and logged, so nothing secret may be in it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from arf_mcp_client.errors import HandOffError

INTENTS_PATH: Final = "/api/v1/intents"
"""Where an Enterprise server takes intents (docs/hand-off.md)."""

MCP_PATH: Final = "/mcp"
"""Where it speaks MCP."""


def address_of(server_url: str, path: str, *, allow_http: bool = False) -> str:
    """The address of ``path`` at the server, which may itself be below a path.

    Raises:
        HandOffError: an address that breaks one of the rules above; the message does not repeat what may be secret.
    """
    parts = _split(server_url)
    if parts.username is not None or parts.password is not None:  # rule 2
        raise HandOffError("the server's address holds a user name or password: take it out, and give credentials")
    if parts.query or parts.fragment or "?" in server_url or "#" in server_url:
        raise HandOffError("the server's address has a query or fragment: give its scheme, host and port only")
    if parts.scheme != "https" and not (parts.scheme == "http" and (allow_http or is_loopback(parts.hostname or ""))):
        raise HandOffError(  # rule 1
            f"{parts.scheme}://{parts.hostname} is not https: credentials would be readable on the way. "
            "Use https, or allow http on purpose (--allow-http)"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(path)}{path}"


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine by its very name or address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split(server_url: str) -> SplitResult:
    if not _ADDRESS.fullmatch(server_url):
        raise HandOffError("the server's address must be http:// or https:// and a host, such as https://arf.example")
    try:
        parts = urlsplit(server_url)
        _ = parts.port  # reading it checks it
    except ValueError:
        raise HandOffError("the server's address has a host or port that does not exist") from None
    if not parts.hostname:
        raise HandOffError("the server's address has no host")
    return parts


_ADDRESS: Final = re.compile(r"https?://[!-\[\]-~]{1,2000}")
"""Visible ASCII without the backslash, which some readers take for a slash."""
