# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real service under a real supervisord, with releases and a template for replicas: what the adapter is tested on."""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Given
from lib.servers import service
from lib.servers.processes import free_port
from lib.servers.supervisord import Supervised, program, supervisord

AT_REST: Final = ("RUNNING", "STOPPED", "FATAL", "EXITED")


@dataclass(frozen=True, slots=True)
class World:
    """A service under supervisord: two releases, the newer one in use."""

    folder: Path
    port: int
    running: Supervised

    @property
    def given(self) -> Given:
        """What the adapter is made of."""
        settings = {
            "socket": str(self.running.socket),
            "group": "shop",
            "state_folder": str(self.folder / "marks"),
            "timeout_s": 1,
            "release_link": str(self.folder / "current"),
            "releases_folder": str(self.folder / "releases"),
            "replicas": {
                "folder": str(self.running.conf),
                "templates": {"standard": str(self.folder / "replica")},
                "most": 4,
            },
        }
        credentials = {"user": self.running.user, "password": self.running.password}
        return Given(component="shop", settings=FrozenMap(settings), credentials=credentials)

    def release(self) -> str:
        """The release that answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
            return str(answer.read().decode().strip())

    def states(self) -> Mapping[str, tuple[str, int]]:
        """State and process id by name."""
        return {told["name"]: (told["statename"], told["pid"]) for told in self.running.processes()}

    def settle(self) -> None:
        """Wait until nothing starts or stops any more."""
        end = time.monotonic() + 20
        while not self.is_at_rest():
            assert time.monotonic() < end, f"never at rest: {self.states()}"
            time.sleep(0.05)

    def is_at_rest(self) -> bool:
        """Whether nothing starts or stops; so it is when supervisord itself has ended."""
        if self.running.process.poll() is not None:
            return True
        states = self.states()
        return bool(states) and all(state in AT_REST for state, _ in states.values())

    def comes_to(self, release: str) -> bool:
        """Whether ``release`` answers, within ten seconds."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with suppress(OSError):
                if self.release() == release:
                    return True
            time.sleep(0.05)
        return False


@contextmanager
def supervised(folder: Path) -> Iterator[World]:
    """The world, in ``folder``, at rest."""
    service.write_release(folder / "releases", "r9")
    service.write_release(folder / "releases", "r10")
    (folder / "current").symlink_to("releases/r10")
    (folder / "marks").mkdir(mode=0o700)
    port = free_port()
    command = [sys.executable, "-S", service.__file__, "--port", str(port), "--release", str(folder / "current")]
    replica = program("{name}", [*command, "--replica", "{number}"], startsecs="0")
    (folder / "replica").write_text(replica.replace("'{number}'", "{number}"), encoding="utf-8")
    with supervisord(folder, programs={"shop": program("shop", command, startsecs="0")}) as running:
        made = World(folder, port, running)
        made.settle()
        yield made
