# SPDX-License-Identifier: Apache-2.0
"""The processes that are killed, and started again: writers, sequencers, Postgres, and who starts that."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

WRITERS: Final = 3
SEQUENCERS: Final = 2
VICTIMS: Final = {"writer": 8, "sequencer": 4, "postmaster": 4, "backend": 2, "starter": 2}
"""Who is killed, and how often among twenty."""
PATIENCE_S: Final = 60.0


@dataclass(slots=True)
class Crew:
    """The processes at work: who starts Postgres, and the others by name."""

    folder: Path
    starter: subprocess.Popen[bytes]
    others: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start the process ``name``."""
        self.others[name] = _spawn(self.folder, name)

    def wait_for(self, what: str) -> float:
        """Until something of the journals named ``what`` was noted; how long that took."""
        began, before = time.monotonic(), _size(self.folder, what)
        while _size(self.folder, what) == before:
            if time.monotonic() - began > PATIENCE_S:
                raise TimeoutError(f"nothing was {what} in {PATIENCE_S} s: something waits for ever")
            self._raise_if_ended()
            time.sleep(0.005)
        return time.monotonic() - began

    def wait_for_all(self) -> float:
        """Until every writer has had a change acknowledged; how long that took."""
        return sum(self.wait_for(f"acknowledged.{name}") for name in self.others if name.startswith("writer"))

    def kill(self, victim: str, chance: random.Random) -> float:
        """Kill one ``victim``, start it again, and say how long it was until the next write."""
        if victim in {"writer", "sequencer"}:
            name = chance.choice([name for name in self.others if name.startswith(victim)])
            _end(self.others[name])
            self.start(name)
            return self.wait_for(f"acknowledged.{name}" if victim == "writer" else "checkpoints.*")
        server = _server(self.folder)
        if victim == "backend":
            os.kill(chance.choice(_backends(server)), signal.SIGKILL)
            return self.wait_for_all()
        os.kill(server if victim == "postmaster" else self.starter.pid, signal.SIGKILL)
        self.starter.wait(timeout=PATIENCE_S)
        self.starter = _started(self.folder)
        return self.wait_for_all()

    def finish(self) -> None:
        """Let everybody finish what they do; only Postgres goes on."""
        self.wait_for_all()
        (self.folder / "stop").touch()
        for process in self.others.values():
            if process.wait(timeout=PATIENCE_S):
                raise RuntimeError(f"a process ended with {process.returncode}: {_said(self.folder)}")

    def _raise_if_ended(self) -> None:
        for name, process in self.others.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended by itself with {process.returncode}: {_said(self.folder)}")


@contextmanager
def crew_in(folder: Path) -> Iterator[Crew]:
    """Everybody at work in ``folder``, for as long as the block lasts."""
    crew = Crew(folder=folder, starter=_started(folder))
    try:
        for number in range(WRITERS):
            crew.start(f"writer{number}")
        for number in range(SEQUENCERS):
            crew.start(f"sequencer{number}")
        yield crew
    finally:
        for process in (*crew.others.values(), crew.starter):
            _end(process)


def _spawn(folder: Path, name: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "errors").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "crashes.parts", name, str(folder)], env=environment, stderr=errors
        )


def _started(folder: Path) -> subprocess.Popen[bytes]:
    (folder / "url").unlink(missing_ok=True)
    process, end = _spawn(folder, "starter"), time.monotonic() + PATIENCE_S
    while not (folder / "url").exists():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Postgres does not come up again: {_said(folder)}")
        time.sleep(0.005)
    return process


def _said(folder: Path) -> str:
    return (folder / "errors").read_text(errors="replace")[-3000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(timeout=PATIENCE_S)


def _size(folder: Path, what: str) -> int:
    return sum(file.stat().st_size for file in (folder / "journal").glob(what))


def _server(folder: Path) -> int:
    return int((folder / "server/lock").read_text().split()[0])


def _backends(server: int) -> list[int]:
    """The processes of ``server`` that serve the program."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    titles = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, title in titles.items() if b"arf_app" in title]
