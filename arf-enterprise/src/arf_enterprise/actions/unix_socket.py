# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Connections to a server on this machine: a unix socket, or http on loopback. What goes wrong becomes ours, once.

1. Nothing waits longer than its timeout, and no answer is longer than :data:`MOST_BYTES`.
2. A socket that may not be opened is a refusal; one that is not there, or does not answer, is unavailable.
3. Who may connect is who may write: a password goes over loopback alone, never over a network in clear.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from arf_core.models.frozen import shown
from arf_enterprise.errors import SettingError, TargetRefused, TargetUnavailable

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_PATH: Final = 107
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the unix socket at ``path``."""

    def __init__(self, path: str, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = opened(self._path, timeout_s=cast("float", self.timeout))


def opened(path: str, *, timeout_s: float) -> socket.socket:
    """A connection to the unix socket at ``path``; each wait on it ends after ``timeout_s``.

    Raises:
        OSError: it cannot be opened; :func:`translated` has our words for it.
    """
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(timeout_s)
        made.connect(path)
    except BaseException:
        made.close()
        raise
    return made


def is_loopback(host: str | None) -> bool:
    """Whether ``host`` is this machine (rule 3)."""
    return host in _LOOPBACK


def checked_path(path: str, *, what: str) -> str:
    """``path`` as that of a unix socket.

    Raises:
        SettingError: not absolute, or longer than the kernel takes.
    """
    if not path.startswith("/") or len(path.encode()) > MOST_PATH:
        raise SettingError(f"{what} is {path!r}: it must be an absolute path of at most {MOST_PATH} bytes")
    return path


def seconds(value: object, *, what: str, least: float, most: float) -> float:
    """``value`` as seconds.

    Raises:
        SettingError: it is not from ``least`` to ``most``.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise SettingError(f"{what} is {shown(value)}: it must be seconds from {least:g} to {most:g}")
    return float(value)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Errors of a connection to ``what`` as ours (rule 2).

    Raises:
        TargetRefused: this process may not open it.
        TargetUnavailable: anything else; whether what was asked for happened cannot be told.
    """
    try:
        yield
    except PermissionError as error:
        raise TargetRefused(f"{what} may not be opened by this process: give its user access to the socket") from error
    except TimeoutError as error:
        raise TargetUnavailable(f"{what} takes connections and does not answer") from error
    except (OSError, http.client.HTTPException) as error:
        said = f"{type(error).__name__}: {error}"
        raise TargetUnavailable(f"{what} does not answer: {said}") from error
