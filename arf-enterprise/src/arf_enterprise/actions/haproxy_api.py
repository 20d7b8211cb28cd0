# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Asking HAProxy: the runtime API on its stats socket (HAProxy's Management Guide, 9.3 "Unix Socket commands").

1. A command is made of checked words alone: a name with a space, a line end or ``;`` would be another command.
2. Each request is one line on a connection of its own, and its answer ends with the connection.
3. HAProxy answers errors as text. What is not the known answer of success is a refusal, in its own words.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from arf_enterprise.actions.unix_socket import MOST_BYTES, opened, translated
from arf_enterprise.errors import TargetRefused, TargetUnavailable

NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
Admin = Literal["ready", "drain", "maint"]

_SUCCESS: Final = ("", "New server registered.", "Server deleted.")
_NO_BACKEND: Final = "Can't find backend."
# include/haproxy/server-t.h: SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN (forced by people), SRV_ST_STOPPED; check-t.h: enabled
_FORCED_MAINT, _FORCED_DRAIN, _DOWN, _CHECK_ENABLED = 1, 8, 0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server of a backend: its address, its weight (0..256), what people set it to, whether it is up for HAProxy."""

    name: str
    address: str
    weight: int
    admin: Admin
    is_up: bool
    is_checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What HAProxy counted of a server or backend: requests and errors since its start, sessions in the last second."""

    requests: int
    errors: int
    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The runtime API at the unix socket ``path``."""

    path: str
    timeout_s: float

    def level(self) -> str:
        """What this socket permits: ``user``, ``operator`` or ``admin``."""
        return self.ask("show cli level").strip()

    def servers(self, backend: str) -> tuple[Server, ...]:
        """The servers of ``backend`` by name; none if there is no such backend.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`ask`.
        """
        answer = self.ask(f"show servers state {backend}")
        if answer.strip() == _NO_BACKEND:
            return ()
        lines = answer.splitlines()
        if len(lines) < 2 or not lines[1].startswith("# "):
            raise _refused(answer)
        names = lines[1][2:].split()
        rows = (dict(zip(names, line.split(), strict=False)) for line in lines[2:] if line.strip())
        return tuple(sorted((_server(row) for row in rows), key=lambda server: server.name))

    def counts(self, backend: str) -> Mapping[str, Counts]:
        """The counts of each server of ``backend``, and of all of it as ``BACKEND``.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`ask`.
        """
        return {row["svname"]: _counts(row) for row in self._statistics(backend)}

    def algorithm(self, backend: str) -> str:
        """How ``backend`` balances; empty where the socket's level does not show it.

        Raises:
            TargetUnavailable, TargetRefused: as :meth:`ask`.
        """
        rows = [row for row in self._statistics(backend) if row["svname"] == "BACKEND"]
        return rows[0].get("algo") or "" if rows else ""

    def write(self, *commands: str) -> None:
        """Do ``commands``, one after another.

        Raises:
            TargetRefused: HAProxy said no to one of them, in its own words (rule 3); those before it were done.
            TargetUnavailable: as :meth:`ask`.
        """
        answer = self.ask("; ".join(commands))
        if said := [line for line in answer.splitlines() if line.strip() not in _SUCCESS]:
            raise _refused("; ".join(said))

    def ask(self, line: str) -> str:
        """What HAProxy answers to ``line`` (rule 2).

        Raises:
            TargetUnavailable: it does not answer within the timeout.
            TargetRefused: this process may not open the socket.
        """
        with translated(f"HAProxy at {self.path}"):
            return b"".join(self._answered(line.encode() + b"\n")).decode("utf-8", "replace")

    def _statistics(self, backend: str) -> tuple[dict[str, str], ...]:
        answer = self.ask("show stat")
        if not answer.startswith("# "):
            raise _refused(answer)
        rows = csv.DictReader(answer[2:].splitlines())
        return tuple(row for row in rows if row["pxname"] == backend and row["svname"] != "FRONTEND")

    def _answered(self, line: bytes) -> Iterator[bytes]:
        end, size = time.monotonic() + self.timeout_s, 0
        with opened(self.path, timeout_s=self.timeout_s) as connection:
            connection.sendall(line)
            while part := connection.recv(65536):
                size += len(part)
                if time.monotonic() > end or size > MOST_BYTES:
                    raise TimeoutError
                yield part


def _refused(answer: str) -> TargetRefused | TargetUnavailable:
    said = answer.strip()[:300]
    if not said:
        return TargetUnavailable("HAProxy closed the connection without an answer")
    return TargetRefused(f"HAProxy refuses: {said}")


def _server(row: Mapping[str, str]) -> Server:
    try:
        admin, state = int(row["srv_admin_state"]), int(row["srv_op_state"])
        forced = "maint" if admin & _FORCED_MAINT else "drain" if admin & _FORCED_DRAIN else "ready"
        return Server(
            name=row["srv_name"],
            address=f"{row['srv_addr']}:{row['srv_port']}",
            weight=int(row["srv_uweight"]),
            admin=cast("Admin", forced),
            is_up=state != _DOWN,
            is_checked=bool(int(row["srv_check_state"]) & _CHECK_ENABLED),
        )
    except (KeyError, ValueError) as error:
        raise TargetUnavailable("what answers is no HAProxy that is known: a server's state cannot be read") from error


def _counts(row: Mapping[str, str]) -> Counts:
    """A request that no server answered counts as well: a connection that failed, an answer that broke off."""
    answers = sum(_number(row, f"hrsp_{kind}") for kind in ("1xx", "2xx", "3xx", "4xx", "5xx", "other"))
    broken = _number(row, "econ") + _number(row, "eresp")
    errors = max(_number(row, "hrsp_5xx"), broken)
    return Counts(requests=max(answers, _number(row, "stot"), errors), errors=errors, rate=_number(row, "rate"))


def _number(row: Mapping[str, str], name: str) -> int:
    value = row.get(name) or "0"
    return int(value) if value.isdecimal() else 0
