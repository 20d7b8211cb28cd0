# SPDX-License-Identifier: Apache-2.0
"""Processes that serve: started, waited for, stopped. A process that does not come up says what it wrote."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lib.servers.service import die_with_parent

START_S: Final = 60


class DidNotStart(RuntimeError):
    """The process ended, or did not answer in time; the message has what it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process that serves at ``url``; what it writes is in ``log``."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code comes back."""
        self.process.terminate()
        return self.process.wait(START_S)

    def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        self.process.wait(START_S)


def free_port() -> int:
    """A port of this machine that nothing listens on now.

    Below the range that the kernel takes from for outgoing connections (from 32768), so that none of those takes it
    before the server does; by chance, so that tests beside each other seldom choose the same.
    """
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as made, suppress(OSError):
            made.bind(("127.0.0.1", port))
            return port


@contextmanager
def api(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[Served]:
    """``python -m arf_core.api`` with ``options``, logging below ``folder``."""
    number = port or free_port()
    command = [sys.executable, "-m", "arf_core.api", "--port", str(number), *options]
    with serving(command, folder / f"api-{number}.log", port=number, path="/ready", environment=environment) as served:
        yield served


@contextmanager
def serving(
    command: Sequence[str], log: Path, *, port: int, path: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """``command``, which serves at ``port`` once ``path`` answers; ended when the context is left.

    Raises:
        DidNotStart: it did not come up.
    """
    with log.open("ab") as written:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it makes one system call
        )
    served = Served(url=f"http://127.0.0.1:{port}", port=port, process=process, log=log)
    try:
        _await(served, path)
        yield served
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(START_S)


def _await(served: Served, path: str) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if served.process.poll() is not None:
            raise DidNotStart(f"exit {served.process.returncode}: {served.log.read_text(errors='replace')[-3000:]}")
        try:
            with urllib.request.urlopen(served.url + path, timeout=5):  # noqa: S310 - our own http URL
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise DidNotStart(f"no answer at {path} in {START_S} s: {served.log.read_text(errors='replace')[-3000:]}")
