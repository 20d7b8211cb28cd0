# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Asking supervisord: XML-RPC (supervisord.org/api.html) on a unix socket, or http on loopback.

Each call is short: nothing is asked for with ``wait=True``, so that a frozen supervisord is told from a slow program.
``writes`` counts the calls that changed something: what is refused after the first is not a refusal any more.
"""

from __future__ import annotations

import base64
import http.client
import xmlrpc.client
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers.expat import ExpatError

from arf_enterprise.actions.unix_socket import MOST_BYTES, UnixConnection, translated
from arf_enterprise.errors import TargetRefused, TargetUnavailable

# supervisor/xmlrpc.py, class Faults
SHUTDOWN_STATE: Final = 6
BAD_NAME: Final = 10
ALREADY_STARTED: Final = 60
NOT_RUNNING: Final = 70
ALREADY_ADDED: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process as supervisord tells it; ``key`` is what it is called by."""

    group: str
    name: str
    state: str
    pid: int
    start: int

    @property
    def key(self) -> str:
        """``group:name``."""
        return f"{self.group}:{self.name}"

    @property
    def is_stopped(self) -> bool:
        """Whether somebody stopped it, or nobody started it. One that ended or fails by itself is not stopped."""
        return self.state in ("STOPPED", "STOPPING")

    @property
    def has_ended(self) -> bool:
        """Whether no process runs, nor will by itself."""
        return self.state in ("STOPPED", "EXITED", "FATAL")


@dataclass(slots=True, kw_only=True)
class Rpc:
    """A supervisord: at the unix socket ``socket``, or at ``port`` of ``host`` on loopback."""

    socket: str | None
    host: str = "127.0.0.1"
    port: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 5.0
    writes: int = 0

    def processes(self) -> tuple[Process, ...]:
        """Every process, by group and name.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`_call`.
        """
        found = [_process(told) for told in self._call("getAllProcessInfo")]
        return tuple(sorted(found, key=lambda process: (process.group, process.name)))

    def process(self, key: str) -> Process:
        """The process ``key``.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`_call`.
        """
        return _process(self._call("getProcessInfo", key))

    def configured(self) -> frozenset[str]:
        """The groups that its files have as it last read them, those that are not in use included.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`_call`.
        """
        return frozenset(str(told.get("group")) for told in self._call("getAllConfigInfo"))

    def write(self, method: str, *parameters: str | bool, tolerated: tuple[int, ...] = ()) -> None:
        """Call what changes something; the faults in ``tolerated`` say that it is so already.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`_call`.
        """
        self._call(method, *parameters, tolerated=tolerated)
        self.writes += 1

    def _call(self, method: str, *parameters: str | bool, tolerated: tuple[int, ...] = ()) -> Any:
        """Call ``supervisor.method``.

        Raises:
            TargetUnavailable: it does not answer, or shuts down.
            TargetRefused: a password that is not accepted, or a fault, in its own words.
        """
        body = xmlrpc.client.dumps(parameters, f"supervisor.{method}").encode()
        with translated("supervisord"):
            status, data = self._posted(body)
        if status in (401, 403):
            raise TargetRefused("supervisord does not accept the user and password of this way")
        if status != 200:
            raise TargetUnavailable(f"supervisord answers {status} to {method}")
        return self._answer(method, data, tolerated)

    def _posted(self, body: bytes) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request("POST", "/RPC2", body, self._headers())
            answer = connection.getresponse()
            return answer.status, answer.read(MOST_BYTES)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.socket is not None:
            return UnixConnection(self.socket, timeout_s=self.timeout_s)
        return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)

    def _headers(self) -> dict[str, str]:
        plain = {"Content-Type": "text/xml", "Accept": "text/xml"}
        if self.user is None or self.password is None:
            return plain
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        return {**plain, "Authorization": f"Basic {token}"}

    def _answer(self, method: str, data: bytes, tolerated: tuple[int, ...]) -> Any:
        try:
            (value,), _ = xmlrpc.client.loads(data)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in tolerated:
                return None
            if fault.faultCode == SHUTDOWN_STATE:
                raise TargetUnavailable("supervisord is shutting down") from fault
            raise TargetRefused(f"supervisord refuses {method}: {fault.faultString[:300]}") from fault
        except (xmlrpc.client.ResponseError, ExpatError, ValueError) as error:
            raise TargetUnavailable(f"what answers {method} is no supervisord") from error
        return value


def _process(told: dict[str, Any]) -> Process:
    try:
        return Process(
            group=str(told["group"]),
            name=str(told["name"]),
            state=str(told["statename"]),
            pid=int(told["pid"]),
            start=int(told["start"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TargetUnavailable("what answers is no supervisord: a process lacks a field") from error
