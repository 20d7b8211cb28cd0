# SPDX-License-Identifier: Apache-2.0
"""The shop: three replicas of one small service, its releases, and the ways in which it breaks.

1. ``shop-1`` and ``shop-2`` serve; each can do 25 requests a second. ``shop-3`` is the spare: a larger machine, which
   HAProxy sends nothing until somebody gives it weight.
2. ``current`` is a link to the release in use; a replica runs what it led to when the replica was started.
3. A fault is what it would be in life: a cause that comes, and goes by itself or does not. None is an ARF command.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lib.servers import service
from lib.servers.haproxy import Proxied
from lib.servers.processes import free_port
from lib.servers.service import write_release
from lib.servers.supervisord import Supervised, program

COMPONENT: Final = "shop"
SERVING: Final = ("shop-1", "shop-2")
SPARE: Final = "shop-3"
REPLICAS: Final = (*SERVING, SPARE)
GOOD: Final = "r1"
BAD: Final = "r2"
WORK_MS: Final = 40
"""For how long a request has the one worker of a replica."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop's files below ``folder``, and the port of each replica."""

    folder: Path
    ports: dict[str, int]

    @property
    def link(self) -> Path:
        """What names the release in use."""
        return self.folder / "current"

    @property
    def releases(self) -> Path:
        """The folder of all releases."""
        return self.folder / "releases"

    def programs(self) -> dict[str, str]:
        """A program of supervisord for each replica: after three starts that fail it gives up."""
        return {name: self._program(name) for name in REPLICAS}

    def cause(self, replica: str, **faults: object) -> None:
        """Give ``replica`` faults (the keys of ``lib.servers.service``), instead of those it had."""
        fresh = self.folder / f"{replica}.new"
        fresh.write_text(json.dumps({**_LASTING.get(replica, {}), **faults}), encoding="utf-8")
        fresh.replace(self._faults(replica))

    def deploy(self, release: str) -> None:
        """Make the link name ``release``; who is started from now on runs it."""
        fresh = self.folder / "current.new"
        fresh.symlink_to(Path("releases") / release)
        fresh.replace(self.link)

    def _faults(self, replica: str) -> Path:
        return self.folder / f"{replica}.json"

    def _program(self, name: str) -> str:
        command = [sys.executable, "-S", service.__file__, "--port", str(self.ports[name])]
        command += ["--release", str(self.link), "--faults", str(self._faults(name))]
        return program(name, command, startretries="2", stdout_logfile="NONE", stderr_logfile="NONE")


def new_shop(folder: Path) -> Shop:
    """A shop in ``folder``, which must not exist: a good release in use, a bad one beside it."""
    folder.mkdir()
    shop = Shop(folder=folder, ports={name: free_port() for name in REPLICAS})
    write_release(shop.releases, GOOD, work_ms=WORK_MS)
    write_release(shop.releases, BAD, work_ms=WORK_MS, errors=0.6)
    shop.deploy(GOOD)
    for name in REPLICAS:
        shop.cause(name)
    return shop


def restart_all(supervised: Supervised) -> None:
    """Start every replica again, one after the other: what a deployment does."""
    supervised.ctl("restart", *REPLICAS)


def is_given_up(supervised: Supervised, replica: str) -> bool:
    """Whether supervisord has given ``replica`` up, as it says in its log."""
    log = supervised.config.with_name("supervisord.log").read_text(encoding="utf-8", errors="replace")
    return f"gave up: {replica} entered FATAL state" in log


def rest_the_spare(proxied: Proxied) -> None:
    """Send everything to those that serve (rule 1)."""
    for name in SERVING:
        proxied.ask(f"set weight {proxied.backend}/{name} 100")
    proxied.ask(f"set weight {proxied.backend}/{SPARE} 0")


def weights(proxied: Proxied) -> dict[str, int]:
    """The weight of each replica, as HAProxy has it."""
    lines = proxied.ask(f"show servers state {proxied.backend}").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {row[3]: int(row[7]) for row in rows if len(row) > 7}


_LASTING: Final[dict[str, dict[str, object]]] = {SPARE: {"work_ms": 5}}
"""What a replica is like whatever happens: the spare is a larger machine."""
