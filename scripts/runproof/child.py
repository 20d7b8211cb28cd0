# SPDX-License-Identifier: Apache-2.0
"""The watched process: arms the hook, drives everything, and says what ran and what it left behind.

Nothing here may load what the hook should see being loaded: the imports are of the standard library's quiet parts.
"""

from __future__ import annotations

import sys
from _lsprof import Profiler
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Final

from runproof import after, listed
from runproof.finding import CouldNotRun, Finding, Line
from runproof.hook import Watch
from runproof.plants import INNOCENT, PLANTS, PREPARED, Plant

PROGRAMS: Final = ("arf_core.cli.__main__", "arf_core.api.__main__")
"""Modules that run a program when imported: they are driven by ``python -m``."""


def drive(folder: Path, descriptor: int) -> None:
    """Drive everything with the inputs below ``folder`` and report to ``descriptor``."""
    line = Line(descriptor)
    package, outputs = package_folder(), folder / "out"
    before = after.snapshot((folder, package), but=outputs)
    profiler = _profiler()
    watch = Watch(line, package=str(package), outputs=str(outputs))
    watch.arm()
    _drive_all(folder, line)
    ran = _ran(profiler)
    found = [*_lists(watch), *after.changes(before, after.snapshot((folder, package), but=outputs))]
    for finding in (*found, *after.limits(), *after.traces(outputs, report=descriptor)):
        line.tell(finding)
    line.end({**touched(ran, line, excluded()), **_seen(watch)})


def plant(name: str, folder: Path, descriptor: int) -> None:
    """Run one planted escape, or the innocent control, under the same hook and the same checks."""
    line, outputs = Line(descriptor), folder / "out"
    planted = PLANTS.get(name, Plant("sum([1])", ""))
    names: dict[str, object] = {
        "__name__": "arf_core.planted",
        "inside": str(outputs),
        "outside": str(folder / "outside"),
    }
    exec(compile(PREPARED + planted.ready, "<prepared>", "exec"), names)  # noqa: S102 - our own text
    act = compile(planted.source, f"arf_core/planted/{name}.py", "exec")
    before = after.snapshot((folder,), but=outputs)
    profiler = _profiler()
    Watch(line, package=str(package_folder()), outputs=str(outputs)).arm(clean=False)
    with suppress(Exception):  # the refusal, or what follows from it: the finding is told already
        exec(act, names)  # noqa: S102 - our own text
    ran = _ran(profiler)
    for finding in (*after.changes(before, after.snapshot((folder,), but=outputs)), *after.limits()):
        line.tell(finding)
    for finding in after.traces(outputs, report=descriptor):
        line.tell(finding)
    line.end(touched(ran, line, {}) if planted.kind == "untouched" else {"innocent": name == INNOCENT})


def package_folder() -> Path:
    """Where arf_core is, without importing it.

    Raises:
        CouldNotRun: it is not installed for this interpreter.
    """
    spec = find_spec("arf_core")
    if spec is None or spec.origin is None:
        raise CouldNotRun("arf_core is not installed for this interpreter")
    return Path(spec.origin).resolve().parent


def excluded() -> Mapping[str, str]:
    """The public names that need not run, with the reason."""
    return listed.EXCLUDED if find_spec("PIL") else {**listed.EXCLUDED, **listed.EXCLUDED_WITHOUT_PILLOW}


def touched(ran: Iterable[CodeType], line: Line, but: Mapping[str, str]) -> dict[str, object]:
    """Tell ``line`` of every public name that did not run and every stale exclusion; the figures come back."""
    import arf_core
    from runproof import names

    modules = names.modules_of(arf_core, but=PROGRAMS)
    public, codes = names.public_names(modules), list(ran)
    idle = names.untouched(public, codes, but)
    for name in idle:
        line.tell(Finding(kind="untouched", what=f"{name.full} is public and did not run", where=name.where))
    for prefix in names.stale(public, codes, but):
        line.tell(Finding(kind="stale", what=f"the exclusion of {prefix} excludes nothing", where="runproof/listed.py"))
    marks = {names.mark_of(code) for code in codes}
    return {
        "modules": len(modules) + len(PROGRAMS),
        "public_names": len(public),
        "touched": sum(names.is_touched(name, marks) for name in public),
        "excluded": dict(but),
        "untouched_excluded": [name.full for name in public if not names.is_touched(name, marks)],
    }


def _profiler() -> Profiler:
    """The interpreter's own profiler, switched on: it is written in C, and knows code by itself, not by name."""
    profiler = Profiler(builtins=False)
    profiler.enable()
    return profiler


def _ran(profiler: Profiler) -> list[CodeType]:
    profiler.disable()
    return [entry.code for entry in profiler.getstats() if isinstance(entry.code, CodeType)]


def _drive_all(folder: Path, line: Line) -> None:
    from runproof import calls, commands, serving

    for wrong in commands.drive(folder / "data", folder / "out"):
        what = f"ended with {wrong.code}, not {wrong.expected}"
        line.tell(Finding(kind="drive", what=what, where=f"arf {wrong.line}"))
    for missing in commands.missing():
        line.tell(Finding(kind="untouched", what="no run of the drive uses it", where=missing))
    calls.drive(folder / "data", folder / "out")
    for what in serving.drive(folder / "data", folder / "out"):
        line.tell(Finding(kind="drive", what=what, where="the API server"))


def _lists(watch: Watch) -> Iterable[Finding]:
    """The entries of the lists that nothing needed: they would let something in unseen."""
    unused = (
        *(listed.IMPORTS.keys() - watch.imported),
        *(listed.NATIVE.keys() - watch.native),
        *(listed.LISTENING.keys() - watch.listened),
    )
    for pair in unused:
        yield Finding(kind="stale", what=f"{pair} is listed and never happened", where="runproof/listed.py")


def _seen(watch: Watch) -> dict[str, object]:
    from runproof import commands

    loaded = sorted({name.split(".")[0] for name in sys.modules if listed.is_sensitive(name)})
    return {
        "command_lines": len(commands.RUNS) + commands.BESIDE,
        "commands": commands.count(),
        "events": dict(sorted(watch.counts.items())),
        "imports": [f"{who} imports {what}: {listed.IMPORTS.get((who, what))}" for who, what in sorted(watch.imported)],
        "listens": [f"{who}: {what}: {listed.LISTENING.get((who, what))}" for who, what in sorted(watch.listened)],
        "native": [f"{who}: {what}: {listed.NATIVE.get((who, what))}" for who, what in sorted(watch.native)],
        "sensitive_loaded": loaded,
    }


def watched(arguments: list[str]) -> int:
    """``--drive FOLDER --report FD`` or ``--planted NAME FOLDER --report FD``; the exit code is 0 if it ends."""
    descriptor = int(arguments[-1])
    if arguments[0] == "--drive":
        drive(Path(arguments[1]), descriptor)
    else:
        plant(arguments[1], Path(arguments[2]), descriptor)
    return 0
