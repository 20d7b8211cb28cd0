# SPDX-License-Identifier: Apache-2.0
"""A real HAProxy (Debian's package) before servers of this machine, ending with who started it::

with haproxy(folder, servers={"a": 18081, "b": 18082}) as proxied:
    proxied.url                      # the frontend
    proxied.socket                   # the runtime API, level admin; .user_socket has level user
    proxied.ask("show stat")         # another writer
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lib.servers.processes import START_S, free_port
from lib.servers.supervisord import await_socket, frozen, start, stop

HAPROXY: Final = "haproxy"

_CONFIG: Final = """\
global
  stats socket {folder}/a mode 600 level admin
  stats socket {folder}/u mode 600 level user
  stats timeout 10s
  maxconn 500
defaults
  mode http
  option redispatch
  retries 1
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend front
  bind 127.0.0.1:{port}
  http-request use-service prometheus-exporter if {{ path /haproxy-metrics }}
  default_backend {backend}
backend {backend}
  balance {balance}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxied:
    """A running HAProxy."""

    url: str
    port: int
    backend: str
    socket: Path
    user_socket: Path
    process: subprocess.Popen[bytes]

    def ask(self, command: str) -> str:
        """What the runtime API answers to ``command``."""
        with socket.socket(socket.AF_UNIX) as opened:
            opened.settimeout(10)
            opened.connect(str(self.socket))
            opened.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: opened.recv(65536), b"")).decode()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and does not answer."""
        with frozen(self.process):
            yield

    def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        self.process.wait(START_S)


def missing() -> str:
    """The name of the program if it is not installed; empty if it is."""
    return "" if shutil.which(HAPROXY) else HAPROXY


@contextmanager
def haproxy(
    folder: Path,
    *,
    servers: Mapping[str, int],
    backend: str = "shop",
    check: str = "check inter 200ms fall 2 rise 1",
    balance: str = "roundrobin",
) -> Iterator[Proxied]:
    """A HAProxy before ``servers`` (port of this machine by name), each of weight 100; /haproxy-metrics for Prometheus.

    ``check`` are the options of each server; empty for none.

    Raises:
        DidNotStart: it did not come up; the message has its log.
    """
    short, port, config = Path(tempfile.mkdtemp(prefix="arf-h-")), free_port(), folder / "haproxy.cfg"
    lines = "".join(f"  server {name} 127.0.0.1:{at} weight 100 {check}\n" for name, at in servers.items())
    config.write_text(
        _CONFIG.format(folder=short, port=port, backend=backend, balance=balance) + lines, encoding="utf-8"
    )
    process = start([HAPROXY, "-db", "-f", str(config)], folder / "haproxy.log")
    try:
        await_socket(process, short / "u", folder / "haproxy.log")
        yield Proxied(
            url=f"http://127.0.0.1:{port}",
            port=port,
            backend=backend,
            socket=short / "a",
            user_socket=short / "u",
            process=process,
        )
    finally:
        stop(process)
        shutil.rmtree(short, ignore_errors=True)
