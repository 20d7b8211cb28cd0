# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Starts a program as another user, so that it ends when we do.

1. No ``preexec_fn`` (unsafe beside threads): a small Python program drops to the user, asks the kernel to be told when
   its parent dies (after dropping: a change of user clears that), checks that the parent still lives, and becomes the
   program.
2. The signal follows the *thread* that forked, so a server is started from a thread of its own that waits for it.
3. The environment is a minimal one, and a secret that the program needs comes through a pipe of its user: none is in
   its environment, on its command line or in a file.
4. It goes to its folder after it has dropped to the user: a folder that the user cannot enter is noticed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
PATIENCE_S: Final = 120.0
_ANYWHERE: Final = Path("/")

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
os.chdir(sys.argv[5])
os.execv(sys.argv[6], sys.argv[6:])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who a program runs as."""

    uid: int
    gid: int


def run_as(
    user: User, command: Sequence[str], *, cwd: Path = _ANYWHERE, secret: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end as ``user``, in ``cwd`` (rule 4); what it printed is kept, and no failure is raised.

    ``secret`` is what it finds on its standard input (rule 3): at most a few hundred bytes.
    """
    with _piped(user, secret) as reading:
        return subprocess.run(  # noqa: S603 - a fixed program, without a shell
            _shimmed(user, command, sign=0, cwd=cwd),
            env=ENVIRONMENT, stdin=reading, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
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
                    _shimmed(user, command, sign=sign, cwd=_ANYWHERE),
                    env=ENVIRONMENT,
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


@contextmanager
def _piped(user: User, text: str) -> Iterator[int]:
    """The end of a pipe that ``text`` is read from, by ``user`` alone, also by its name under ``/dev``."""
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as opened:
            opened.write(text)
        os.fchown(reading, user.uid, user.gid)
        yield reading
    finally:
        os.close(reading)


def _shimmed(user: User, command: Sequence[str], *, sign: int, cwd: Path) -> list[str]:
    numbers = map(str, (user.uid, user.gid, os.getpid(), int(sign)))
    return [sys.executable, "-I", "-S", "-c", _SHIM, *numbers, str(cwd), *command]
