# SPDX-License-Identifier: Apache-2.0
"""``scripts/demo-enterprise``: what happens is printed, a line each, with the seconds since the start."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from demo_enterprise.enterprise import CommandFailed, enterprise
from demo_enterprise.faults import FAULTS
from demo_enterprise.proof import proven
from demo_enterprise.shop import REPLICAS
from demo_enterprise.story import NotAsPromised, told
from demo_enterprise.world import missing, world
from lib.servers.processes import DidNotStart

NOT_RUN = 7
"""The exit code where something is not installed, as of every command of ARF."""


def lines(folder: Path) -> Iterator[str]:
    """The whole demo in ``folder``, which must not exist: a line for each thing that happens.

    Raises:
        DidNotStart, CommandFailed, NotAsPromised, TimeoutError: it came to something else than it promises.
    """
    folder.mkdir(mode=0o711)
    yield "starting supervisord, HAProxy, Prometheus, Alertmanager, ARF, and ARF Enterprise on a Postgres of its own"
    with world(folder / "world") as shop, enterprise(shop, folder / "enterprise") as governed:
        yield f"serving: {len(REPLICAS)} replicas of shop, {shop.traffic.rate:g} requests a second"
        for number, fault in enumerate(FAULTS, start=1):
            yield f"fault {number} of {len(FAULTS)}, {fault.name}: {fault.says}"
            yield from told(shop, governed, fault)
        yield from proven(governed, folder / "proof")


def main() -> int:
    """Run the demo, print its lines, clean up; the exit code."""
    argparse.ArgumentParser(prog="scripts/demo-enterprise", description=__doc__).parse_args()
    if absent := missing():
        print(f"NOT RUN: the demo needs {absent}")
        return NOT_RUN
    signal.signal(signal.SIGTERM, _stop)
    base, start = Path(tempfile.mkdtemp(prefix="arf-demo-")), time.monotonic()
    base.chmod(0o711)  # as root, Postgres runs as another user
    try:
        for line in lines(base / "demo"):
            print(f"{time.monotonic() - start:6.1f} s  {line}", flush=True)
    except (DidNotStart, CommandFailed, NotAsPromised, TimeoutError) as error:
        print(f"{time.monotonic() - start:6.1f} s  FAILED: {error}", flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C, so that everything that was started ends; being told again does not disturb that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
