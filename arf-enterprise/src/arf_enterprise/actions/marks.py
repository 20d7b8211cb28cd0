# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Marks: what ARF does to a target that keeps no trace of it, on the target's own machine.

A restarted process does not show who restarted it: one that crashes gets a new id by itself. So ``apply`` leaves a mark
beside the target, before and after, and ``progress`` reads it:

1. A mark is one small JSON file for a target, replaced as a whole, on the disk before anything is done.
2. Who changes the target holds its lock: two processes of ARF on one machine take turns, and a dead one lets go.
3. The mark has the number of the fence. Who comes with a lower one has lost its hold, and does nothing.
4. The folder is ARF's own, and closed to others (mode 0700): so no folder of the system can be named by mistake.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from arf_core.canonical import canonical_text
from arf_core.errors import ArfError
from arf_core.models.frozen import FrozenMap
from arf_core.verify.fields import object_of, read_json, size_of, text_of
from arf_enterprise.actions.adapter import Change, Fence
from arf_enterprise.errors import FenceLost, SettingError, TargetUnavailable

_KEYS: Final = ("change", "execution_id", "fence", "phase", "baseline")


class Phase(StrEnum):
    """How far a change got; what ends in -ing was begun and perhaps not finished."""

    APPLYING = "applying"
    APPLIED = "applied"
    REVERTING = "reverting"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The last change of a target by ARF. ``baseline`` is what the adapter saw just before it began."""

    change: str
    execution_id: str
    fence: int
    phase: Phase
    baseline: FrozenMap

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "change": self.change,
            "execution_id": self.execution_id,
            "fence": self.fence,
            "phase": self.phase.value,
            "baseline": self.baseline,
        }


class Marks:
    """The marks of the target ``name`` in ``folder``."""

    def __init__(self, folder: Path, name: str) -> None:
        """Check the folder (rule 4).

        Raises:
            SettingError: it is not there, or is open to others.
        """
        self._file, self._lock, self._name = folder / f"{name}.json", folder / f"{name}.lock", name
        _check_folder(folder)

    def of(self, change: Change) -> Mark | None:
        """The mark that ``change`` left, None if it left none or another change came after it.

        Raises:
            TargetUnavailable: it cannot be read.
        """
        found = self._read()
        return found if found is not None and found.change == change.digest else None

    @contextmanager
    def held(self, fence: Fence) -> Iterator[None]:
        """Hold the target (rules 2 and 3).

        Raises:
            FenceLost: a later holder was here.
            TargetUnavailable: another process is at it.
        """
        with _opened(self._lock) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TargetUnavailable(f"another process is changing {self._name} just now: try again") from error
            last = self._read()
            if last is not None and last.fence > fence.number:
                raise FenceLost(f"{self._name} is held under fence {last.fence}, and this run has {fence.number}")
            yield

    def put(self, change: Change, fence: Fence, phase: Phase, *, baseline: FrozenMap) -> None:
        """Leave the mark (rule 1)."""
        mark = Mark(
            change=change.digest,
            execution_id=fence.execution_id,
            fence=fence.number,
            phase=phase,
            baseline=baseline,
        )
        fresh = self._file.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as opened:
            opened.write(canonical_text(mark.document()))
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(self._file)
        sync_folder(self._file.parent)

    def _read(self) -> Mark | None:
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return _mark(data)
        except (ArfError, ValueError) as error:
            raise TargetUnavailable(f"the mark {self._file} cannot be read: look at it, then remove it") from error


def sync_folder(folder: Path) -> None:
    """The names in ``folder`` are on the disk when this returns."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _opened(lock: Path) -> IO[str]:
    try:
        return lock.open("a", encoding="utf-8")
    except OSError as error:
        raise TargetUnavailable(f"{lock} cannot be opened: {error.strerror}") from error


def _mark(data: bytes) -> Mark:
    found = object_of(read_json(data, what="a mark"), what="a mark", keys=_KEYS)
    return Mark(
        change=text_of(found["change"], what="change"),
        execution_id=text_of(found["execution_id"], what="execution_id"),
        fence=size_of(found["fence"], what="fence"),
        phase=Phase(text_of(found["phase"], what="phase")),
        baseline=FrozenMap(found["baseline"]),  # type: ignore[arg-type]  # it says itself if it is no mapping
    )


def _check_folder(folder: Path) -> None:
    try:
        found = folder.stat()
    except OSError as error:
        raise SettingError(f"state_folder {folder} is not there: make it, for ARF's user alone") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingError(f"state_folder {folder} must be a folder of ARF's own user, closed to others: chmod 700")
