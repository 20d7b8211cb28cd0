# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Starts a program as another user, so that it ends when we do.

1. No ``preexec_fn`` (unsafe beside threads): a small Python program drops to the user, asks the kernel to be told when
   its parent dies (after dropping: a change of user clears that), checks that the parent still lives, and becomes the
   program.
2. The signal follows the *thread* that forked, so a server is started from a thread of its own that waits for it.
3. The environment is a minimal one: no secret of ours reaches the program.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
PATIENCE_S: Final = 120.0

_SHIM: Final = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
uid, gid, parent, sign = map(int, sys.argv[1:5])
if os.geteuid() == 0 and uid != 0:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
if sign:
    libc.prctl(1, sign, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
os.execv(sys.argv[5], sys.argv[5:])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who a program runs as."""

    uid: int
    gid: int


def run_as(user: User, command: Sequence[str], *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end as ``user``; what it printed is kept, and no failure is raised."""
    return subprocess.run(  # noqa: S603 - a fixed program, without a shell
        _shimmed(user, command, sign=0),
        env=ENVIRONMENT, cwd=cwd or Path("/"), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        errors="replace",
    )  # fmt: skip


@dataclass(slots=True)
class Child:
    """A program that goes on until it is stopped, or until this process ends."""

    process: subprocess.Popen[bytes]
    thread: threading.Thread = field(repr=False)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def stop(self, sign: signal.Signals) -> None:
        """Send ``sign`` and wait; a program that does not end in time is killed."""
        if self.is_running:
            self.process.send_signal(sign)
        try:
            self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join(timeout=PATIENCE_S)


def start_as(user: User, command: Sequence[str], *, log: IO[bytes], sign: signal.Signals = signal.SIGQUIT) -> Child:
    """Start ``command`` as ``user``, writing to ``log``; it gets ``sign`` when this process dies."""
    started: list[subprocess.Popen[bytes]] = []
    failed: list[OSError] = []
    is_up = threading.Event()

    def hold() -> None:  # the thread that forks must outlive the program (rule 2)
        try:
            started.append(
                subprocess.Popen(  # noqa: S603 - a fixed program, without a shell
                    _shimmed(user, command, sign=sign),
                    env=ENVIRONMENT,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        except OSError as error:
            failed.append(error)
            return
        finally:
            is_up.set()
        started[0].wait()

    thread = threading.Thread(target=hold, name="postgres", daemon=True)
    thread.start()
    is_up.wait()
    if failed:
        raise failed[0]
    return Child(process=started[0], thread=thread)


def _shimmed(user: User, command: Sequence[str], *, sign: int) -> list[str]:
    numbers = map(str, (user.uid, user.gid, os.getpid(), int(sign)))
    return [sys.executable, "-I", "-S", "-c", _SHIM, *numbers, *command]
