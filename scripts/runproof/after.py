# SPDX-License-Identifier: Apache-2.0
"""What must be so when the drive has ended. Native code raises no audit events, so its traces are looked for.

Files outside the declared outputs are as they were; the limits are what their file says, and sealed; no child process;
no socket; nothing else open for writing.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from runproof.finding import Finding

STANDARD_ERROR: Final = 2
Snapshot = Mapping[str, tuple[int, int, int]]


def snapshot(folders: Iterable[Path], *, but: Path) -> Snapshot:
    """Path → (size, time of change in ns, mode) of everything below ``folders``, ``but`` what is below the outputs."""
    found: dict[str, tuple[int, int, int]] = {}
    for folder in folders:
        for place, folders_inside, files in os.walk(folder):
            folders_inside[:] = sorted(name for name in folders_inside if Path(place, name) != but)
            for name in (".", *files):
                state = os.lstat(Path(place, name))
                found[str(Path(place, name))] = (state.st_size, state.st_mtime_ns, state.st_mode)
    return found


def changes(before: Snapshot, after: Snapshot) -> Iterator[Finding]:
    """What is new, gone or changed."""
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            state = "new" if path not in before else "gone" if path not in after else "changed"
            yield Finding(kind="files", what=f"{state}, though it is no declared output", where=path)


def traces(outputs: Path, *, report: int) -> Iterator[Finding]:
    """What the process left: children, sockets, files that are open for writing elsewhere."""
    for child in _children():
        yield Finding(kind="process", what=f"a child process is left: {child}", where="/proc")
    for descriptor, target in _open_files():
        if target.startswith("socket:"):
            yield Finding(kind="socket", what=f"descriptor {descriptor} is a {target}", where="/proc/self/fd")
        elif _is_foreign(descriptor, target, outputs, report) and _is_written(descriptor):
            yield Finding(kind="descriptor", what=f"is open for writing as {descriptor}", where=target)


def limits() -> Iterator[Finding]:
    """Whether the limits are what their source says, and still refuse to be set."""
    from arf_core import constants
    from arf_core.errors import BoundaryError

    file = str(constants.__file__)
    written = _literals(Path(file))
    names = ("MAX_INCIDENT_HISTORY", "MAX_RAG_LOOKBACK_DAYS", "MCP_MODES_ALLOWED", "EXECUTION_ALLOWED", "GRAPH_STORAGE")
    for name in names:
        if constants.limits()[name] != written[name]:
            yield Finding(
                kind="limits", what=f"{name} is {constants.limits()[name]!r}, not {written[name]!r}", where=file
            )
    try:
        constants.LIMITS_DIGEST = constants.LIMITS_DIGEST  # type: ignore[misc]
    except BoundaryError:
        return
    yield Finding(kind="limits", what="can be set: the seal is broken", where=file)


def _literals(file: Path) -> dict[str, object]:
    body = ast.parse(file.read_bytes()).body
    return {
        line.target.id: ast.literal_eval(line.value)
        for line in body
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(line.value, (ast.Constant, ast.Tuple))
    }


def _children() -> list[str]:
    if not sys.platform.startswith("linux"):
        return []
    return [stat.name for stat in Path("/proc").glob("[0-9]*") if _parent_of(stat) == os.getpid()]


def _parent_of(process: Path) -> int:
    try:
        text = (process / "stat").read_text()
    except OSError:  # it has ended meanwhile
        return 0
    return int(text.rpartition(")")[2].split()[1])


def _open_files() -> Iterator[tuple[int, str]]:
    for entry in sorted(Path("/proc/self/fd").iterdir()) if sys.platform.startswith("linux") else ():
        try:
            yield int(entry.name), str(entry.readlink())
        except OSError:  # the listing's own descriptor
            continue


def _is_foreign(descriptor: int, target: str, outputs: Path, report: int) -> bool:
    if descriptor <= STANDARD_ERROR or descriptor == report or target == os.devnull:
        return False
    return target.startswith("/") and outputs not in Path(target).parents


def _is_written(descriptor: int) -> bool:
    flags = Path(f"/proc/self/fdinfo/{descriptor}").read_text().split("flags:")[1].split()[0]
    return bool(int(flags, 8) & (os.O_WRONLY | os.O_RDWR))
