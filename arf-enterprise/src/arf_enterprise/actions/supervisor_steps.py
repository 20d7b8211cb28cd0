# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The steps of a change on a supervisord: what of it is left is done, what is done already is passed over.

1. Processes are restarted one after another, each waited for until it runs (not for ever): never all are away at once.
2. A process has the smaller of ``grace_s`` and its own ``stopwaitsecs`` to end by itself; then it is killed.
3. A file is removed only if it says what ARF wrote.
4. A process that lives another life since it was asked to stop has ended: supervisord itself was started anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arf_enterprise.actions.supervisor_rpc import (
    ALREADY_ADDED,
    ALREADY_STARTED,
    BAD_NAME,
    NOT_RUNNING,
    Process,
    Rpc,
)
from arf_enterprise.errors import TargetMoved, TargetRefused, TargetUnavailable

UP_S: Final = 10.0
KILL_S: Final = 5.0
_POLL_S: Final = 0.05
_NO_WAIT: Final = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps, asked of ``rpc``."""

    rpc: Rpc

    def restart(self, keys: Iterable[str], *, grace_s: float) -> None:
        """Restart each of ``keys`` (rule 1).

        Raises:
            TargetUnavailable, TargetRefused: supervisord does not answer, or says no.
        """
        listed = tuple(keys)
        for key in listed:
            self._stop(key, grace_s=grace_s)
            self.rpc.write("startProcess", key, _NO_WAIT, tolerated=(ALREADY_STARTED,))
            if key != listed[-1]:
                self._await(key, _is_settled, UP_S)

    def start(self, keys: Iterable[str]) -> None:
        """Start those of ``keys`` that were stopped.

        Raises:
            TargetUnavailable, TargetRefused: supervisord does not answer, or says no.
        """
        for key in keys:
            if not self.rpc.process(key).is_stopped:
                continue
            if not self._await(key, _has_ended, KILL_S):
                self._kill(key)
            self.rpc.write("startProcess", key, _NO_WAIT, tolerated=(ALREADY_STARTED,))

    def add(self, texts: Mapping[str, str], folder: Path) -> None:
        """Write the file of each group of ``texts`` into ``folder``, and add the groups.

        Raises:
            TargetMoved: a file of that name says something else.
            TargetUnavailable, TargetRefused: supervisord does not answer, or says no; the files are gone again.
            OSError: a file cannot be written.
        """
        for name, text in texts.items():
            _write(folder / f"{name}.conf", text)
        try:
            self.rpc.write("reloadConfig")
            for name in texts:
                self.rpc.write("addProcessGroup", name, tolerated=(ALREADY_ADDED,))
        except TargetRefused:
            self.remove(texts, folder, grace_s=0)
            raise

    def remove(self, texts: Mapping[str, str], folder: Path, *, grace_s: float) -> None:
        """Stop and remove the groups of ``texts``, and their files (rule 3).

        Raises:
            TargetMoved: a file says something else than was written.
            TargetUnavailable, TargetRefused: supervisord does not answer, or says no.
        """
        for name, text in texts.items():
            if _said(folder / f"{name}.conf") not in (None, text):
                raise TargetMoved(f"somebody changed {folder / name}.conf: it is theirs now")
        there = {process.group for process in self.rpc.processes()}
        for name in texts:
            if name in there:
                self._stop(f"{name}:{name}", grace_s=grace_s)
                self.rpc.write("removeProcessGroup", name, tolerated=(BAD_NAME,))
            (folder / f"{name}.conf").unlink(missing_ok=True)
        self.rpc.write("reloadConfig")

    def _stop(self, key: str, *, grace_s: float) -> None:
        first = self.rpc.process(key).pid
        self.rpc.write("stopProcess", key, _NO_WAIT, tolerated=(NOT_RUNNING,))
        if not self._await(key, lambda now: now.has_ended or now.pid not in (0, first), grace_s):  # rule 4
            self._kill(key)

    def _kill(self, key: str) -> None:
        self.rpc.write("signalProcess", key, "KILL", tolerated=(NOT_RUNNING,))
        if not self._await(key, _has_ended, KILL_S):
            raise TargetUnavailable(f"{key} does not end, not even killed: somebody must look at it")

    def _await(self, key: str, is_so: Callable[[Process], bool], patience_s: float) -> bool:
        end = time.monotonic() + patience_s
        while not is_so(self.rpc.process(key)):
            if time.monotonic() >= end:
                return False
            time.sleep(_POLL_S)
        return True


def _has_ended(process: Process) -> bool:
    return process.has_ended


def _is_settled(process: Process) -> bool:
    return process.has_ended or process.state == "RUNNING"


def _write(file: Path, text: str) -> None:
    """The file, whole or not at all, and never over another's."""
    if (said := _said(file)) is not None:
        if said != text:
            raise TargetMoved(f"{file} is there already, and says something else")
        return
    fresh = file.with_name(f".{file.name}.arf")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _said(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
