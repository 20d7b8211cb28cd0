# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes control plane (scripts/kubernetes), started for a test: etcd, API server, controllers, a kubelet.

It ends with the process that started it, whatever happens to that: it reads the other end of a pipe.
"""

from __future__ import annotations

import json
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lib.servers.processes import START_S, DidNotStart

ROOT: Final = Path(__file__).resolve().parents[3]
BUILD: Final = ROOT / "scripts/kubernetes/build"
ADMIN: Final = "admin"


class NotBuilt(Exception):
    """The program is not there; the message begins ``NOT RUN:``."""


def program() -> Path:
    """The control plane, if it was built.

    Raises:
        NotBuilt: it was not.
    """
    found = subprocess.run([BUILD, "--if-cached"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise NotBuilt(found.stderr.strip())
    return Path(found.stdout.strip())


@dataclass(kw_only=True)
class ControlPlane:
    """A control plane that keeps its state in ``folder``. Started again it has a new address, authority and tokens."""

    folder: Path
    users: Sequence[str] = ()
    server: str = ""
    ca: Path = Path()
    audit: Path = Path()
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it if it does not run, and wait until it can be used.

        Raises:
            NotBuilt: the program is not there.
            DidNotStart: it does not come up; the message has what it wrote.
        """
        if self._process is not None and self._process.poll() is None:
            return
        state = str(self.folder / "state")
        command = [str(program()), "--state", state, "--users", ",".join(self.users)]
        log = self.folder / "control-plane.log"
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written, start_new_session=True
            )
        told = json.loads(_line(self._process) or _did_not_start(log))
        self.server, self.tokens = told["server"], told["tokens"]
        self.ca, self.audit = Path(told["ca"]), Path(told["audit"])

    def kill(self) -> None:
        """End it as a power failure would; its state stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_S)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and does not answer, until the block ends."""
        process = self._process
        if process is None:
            raise DidNotStart("the control plane does not run")
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)


@contextmanager
def control_plane(folder: Path, *, users: Sequence[str] = ()) -> Iterator[ControlPlane]:
    """A control plane that runs until the block ends; ``users`` have no rights at first. Raises as ``start``."""
    plane = ControlPlane(folder=folder, users=users)
    plane.start()
    try:
        yield plane
    finally:
        plane.kill()


def _line(process: subprocess.Popen[bytes]) -> bytes:
    """The line that says it can be used; empty if it ended, or takes too long."""
    out = process.stdout
    if out is None or not select.select([out], [], [], 2 * START_S)[0]:
        process.kill()
        return b""
    return out.readline()


def _did_not_start(log: Path) -> str:
    raise DidNotStart(f"the control plane did not come up: {log.read_text(errors='replace')[-3000:]}")
