# SPDX-License-Identifier: Apache-2.0
"""The settings of the server, in one frozen value; what it may not be started with is refused here.

1. The token comes from a file or from ``ARF_API_TOKEN``, never from the command line, where other users could see it.
2. Without a token the server listens on this machine alone, unless ``--insecure-listen`` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from arf_core.errors import SettingsError

TOKEN_VARIABLE: Final = "ARF_API_TOKEN"  # noqa: S105 - the name of the variable
LEAST_TOKEN: Final = 16
"""The shortest token that is taken, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """How the server listens, and its limits.

    ``max_body`` is in bytes, of one body, packed and unpacked; ``max_waiting_bytes`` of all bodies that are being read
    or wait; ``rate`` and ``client_rate`` are in requests a second, all together and for one address, and ``burst`` is
    how many seconds of them may come at once; ``max_waiting`` counts requests that wait for a worker. Times are in
    seconds: to send the head of a request, its body, to take in an answer, and to finish what is under way on stopping.

    Raises:
        SettingsError: a host that others reach without a token, or a token that is too short or not printable ASCII.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    insecure_listen: bool = False
    max_body: int = 8 * 1024 * 1024
    max_waiting_bytes: int = 64 * 1024 * 1024
    max_waiting: int = 256
    max_connections: int = 512
    rate: float = 2000.0
    client_rate: float = 1000.0
    burst: float = 2.0
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    answer_seconds: float = 30.0
    stop_seconds: float = 30.0
    workers: int = 16

    def __post_init__(self) -> None:
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise SettingsError(f"the token must be {LEAST_TOKEN} to 4096 printable ASCII characters without spaces")
        if self.token is None and not self.insecure_listen and not is_loopback(self.host):  # 2
            raise SettingsError(
                f"--host {self.host} is reached from other machines and there is no token: set {TOKEN_VARIABLE} or "
                "--token-file, or say --insecure-listen if something else keeps strangers away"
            )

    @property
    def is_local(self) -> bool:
        """Whether the server can be reached from this machine alone."""
        return is_loopback(self.host)


def read_token(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """The token from ``file``, else from the environment, else None.

    Raises:
        SettingsError: the file cannot be read or is empty.
    """
    if file is None:
        return environment.get(TOKEN_VARIABLE) or None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the token file {file} cannot be read: {type(error).__name__}") from error
    if not token:
        raise SettingsError(f"the token file {file} is empty")
    return token


def is_loopback(host: str) -> bool:
    """Whether ``host`` is reached from this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


_TOKEN: Final = re.compile(rf"[!-~]{{{LEAST_TOKEN},4096}}")
