# SPDX-License-Identifier: Apache-2.0
"""How the server listens, as frozen values. What would open it to strangers is refused when the values are made:

1. A host that is not this machine's loopback needs a token or an OAuth issuer.
2. One way to say who may come in: a token or OAuth, never both.
3. A host that stands for every address (``0.0.0.0``, ``::``) needs the names under which people reach it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from arf_core.errors import BoundaryError, SettingsError

PATH: Final = "/mcp"
"""Where the server answers over HTTP."""

MAX_INPUT: Final = 4 * 2**20
"""The most bytes of telemetry, or of an artifact, that one call takes."""

MAX_BODY: Final = 2 * MAX_INPUT + 2**16
"""The most bytes of an HTTP request: an input whose every character is escaped, and what stands around it."""

LEAST_TOKEN: Final = 16
"""The fewest characters of a bearer token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """Whose access tokens are taken: of ``issuer``, for ``audience`` (the server's own address), signed by ``jwks``.

    ``jwks`` is a file (RFC 7517), because the server never fetches anything; it is read again when it changes.
    """

    issuer: str
    audience: str
    jwks: Path
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("issuer", self.issuer), ("audience", self.audience)):
            if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
                raise SettingsError(
                    f"the OAuth {name} is {value!r}: it must be an address such as https://id.example.com"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """How the server listens over HTTP, and to whom. Times in seconds, sizes in bytes.

    Raises:
        BoundaryError: a host that others can reach, and nothing that says who may come in (rule 1).
        SettingsError: a value that breaks another rule.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = field(default=None, repr=False)
    oauth: OAuth | None = None
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    max_body: int = MAX_BODY
    body_timeout: float = 30.0
    most_at_once: int = 64
    stop_timeout: float = 5.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"the port is {self.port}: it must be from 0 (any free one) to 65535")
        if self.token is not None and self.oauth is not None:  # rule 2
            raise SettingsError("a token and an OAuth issuer are both given: choose one")
        if self.token is not None and (len(self.token) < LEAST_TOKEN or not self.token.isascii()):
            raise SettingsError(f"the token must have at least {LEAST_TOKEN} characters, all ASCII: make a random one")
        if self.is_open:
            self._check_open()

    @property
    def is_open(self) -> bool:
        """Whether others than this machine can reach the host."""
        return not is_loopback(self.host)

    def _check_open(self) -> None:
        if self.token is None and self.oauth is None:  # rule 1
            raise BoundaryError(
                f"the host {self.host} can be reached by others: give a token (ARF_MCP_TOKEN or --token-file) or "
                "--oauth-issuer, or listen on 127.0.0.1"
            )
        if self.host in {"0.0.0.0", "::", ""} and not self.allowed_hosts:  # rule 3  # noqa: S104 - refused, not bound
            raise SettingsError(
                f"the host {self.host or 'given'} is every address of this machine: say with --allow-host under which "
                "names people reach it"
            )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a name or address that only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
