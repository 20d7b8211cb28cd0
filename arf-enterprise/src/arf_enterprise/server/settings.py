# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How the server listens, and its limits, in one frozen value; what it may not be started with is refused here.

1. Keys and tokens never go over a network in the clear: to be reached from other machines the server has a certificate,
   or stands behind something that has one (``--behind-tls``).
2. The address of a caller is that of the connection; what a proxy says of it (``X-Forwarded-For``) counts only from the
   addresses that are named as proxies.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from arf_core.api.settings import is_loopback
from arf_enterprise.errors import SettingError


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How the server listens. ``max_body`` is in bytes, rates in requests a second, times in seconds.

    Raises:
        SettingError: others could reach it in the clear, or half a certificate was given, or a proxy is no address.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: Path | None = None
    certificate_key: Path | None = None
    behind_tls: bool = False
    proxies: tuple[str, ...] = ()
    open_metrics: bool = False
    max_body: int = 1024 * 1024
    max_connections: int = 512
    rate: float = 1000.0
    client_rate: float = 500.0
    burst: float = 2.0
    head_seconds: float = 10.0
    body_seconds: float = 15.0
    answer_seconds: float = 30.0
    stop_seconds: float = 20.0
    most_lag_seconds: float = 60.0

    def __post_init__(self) -> None:
        if (self.certificate is None) is not (self.certificate_key is None):
            raise SettingError("--tls-certificate and --tls-key go together")
        if not is_loopback(self.host) and self.certificate is None and not self.behind_tls:  # rule 1
            raise SettingError(
                f"--host {self.host} is reached from other machines, and keys would go there in the clear: give "
                "--tls-certificate and --tls-key, or say --behind-tls if something in front of it ends TLS"
            )
        for proxy in self.proxies:  # rule 2
            _check_network(proxy)


def _check_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError as error:
        raise SettingError(f"--proxy {text!r:.60} is no address or network") from error
