# SPDX-License-Identifier: Apache-2.0
"""The audit hook: counts every event and refuses what :mod:`runproof.listed` does not allow.

Installed before the first import of arf_core, numpy or faiss. A refusal is told to the parent process first and raised
second, so that code which swallows exceptions hides nothing; and the refused act does not happen. What is not known is
refused. Python code cannot remove an audit hook; native code can get round it, which is why the drive is repeated under
strace and its traces are looked for afterwards.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from runproof import listed
from runproof.finding import CouldNotRun, Finding, Line
from runproof.frames import Asked, asked

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(RuntimeError):
    """Raised in the code that asked for something forbidden."""


class Watch:
    """Watches this process from :meth:`arm` on."""

    def __init__(self, line: Line, *, package: str, outputs: str) -> None:
        """Tell ``line``; ``package`` is the folder of arf_core, ``outputs`` the only folder that may be written to."""
        self.counts: Counter[str] = Counter()
        self.imported: set[tuple[str, str]] = set()
        self.native: set[tuple[str, str]] = set()
        self.listened: set[tuple[str, str]] = set()
        self._line = line
        self._package = os.path.realpath(package)
        self._outputs = os.path.realpath(outputs) + os.sep
        self._busy = False

    def arm(self, *, clean: bool = True) -> None:
        """Start watching; ``clean``: nothing sensitive may have been loaded before, or its loading was not seen.

        Raises:
            CouldNotRun: something was.
        """
        early = sorted({name.split(".")[0] for name in sys.modules} & (listed.SENSITIVE | {"arf_core", "numpy"}))
        if clean and early:
            raise CouldNotRun(f"loaded before the hook was there: {', '.join(early)}")
        self._import = builtins.__import__
        builtins.__import__ = self._watched_import  # type: ignore[assignment]
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._busy:  # what the judgement itself causes: reading frames raises events, too
            return
        self._busy = True
        try:
            self.counts[event] += 1
            if event not in listed.HARMLESS:
                self._judge(event, arguments)
        finally:
            self._busy = False

    def _watched_import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names are those of builtins.__import__
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> object:
        """As ``__import__``. The audit event is raised only where a module is loaded for the first time."""
        importer = str((globals or {}).get("__name__", ""))
        if importer.split(".", 1)[0] == "arf_core" and not self._busy:
            self._busy = True
            try:
                for full in [f"{name}.{part}" for part in fromlist or ()] or [name]:
                    if listed.is_forbidden_to_arf(full):
                        self._refuse("import", f"of {full} by arf_core", asked(self._package))
            finally:
                self._busy = False
        return self._import(name, globals, locals, fromlist or (), level)

    def _judge(self, event: str, arguments: tuple[object, ...]) -> None:
        who = asked(self._package)
        if event == "import":
            self._judge_import(str(arguments[0]), who)
        elif event == "open":
            self._judge_open(arguments, who)
        elif event in listed.WRITES:
            self._judge_paths(event, arguments, who)
        elif event in listed.LISTENS:
            self._judge_listening(event, arguments, who)
        elif event in listed.DYNAMIC:
            self._judge_dynamic(event, arguments, who)
        elif event in listed.INSTRUMENTS:
            if who.arf is not None or who.outside.module != "runproof.child":
                self._refuse(event, "only the proof itself may", who)
        elif event.startswith("ctypes."):
            self._judge_native(event, arguments, who)
        else:
            self._refuse(event, _shown(arguments), who)

    def _judge_import(self, name: str, who: Asked) -> None:
        if who.is_arf:
            if listed.is_sensitive(name):
                self._refuse("import", f"of {name} by arf_core", who)
        elif listed.is_sensitive(name):
            pair = (who.outside.module.split(".")[0], name.split(".", 1)[0])
            self.imported.add(pair)
            if pair not in listed.IMPORTS:
                self._refuse("import", f"of {name} by {who.outside.module}, which is not listed", who)

    def _judge_open(self, arguments: tuple[object, ...], who: Asked) -> None:
        path, mode, flags = arguments
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else int(str(flags)) & _WRITING
        if writes and not isinstance(path, int) and not self._may_write(path):
            self._refuse("open", f"{path!s} for writing: it is no declared output", who)

    def _judge_paths(self, event: str, arguments: tuple[object, ...], who: Asked) -> None:
        # A number is a mode, a size, a descriptor that was opened under the hook, or a folder's descriptor: with the
        # latter the path is relative to an unknown folder.
        through_folder = event in listed.RELATIVE and any(isinstance(one, int) and one >= 0 for one in arguments[1:])
        paths = [one for one in arguments[: listed.WRITES[event]] if not isinstance(one, int)]
        if through_folder or not all(map(self._may_write, paths)):
            self._refuse(event, f"{_shown(tuple(paths))}: not among the declared outputs", who)

    def _judge_dynamic(self, event: str, arguments: tuple[object, ...], who: Asked) -> None:
        if not who.is_arf or (who.by != who.arf and who.by.module in listed.MACHINERY):
            return
        if event in ("object.__setattr__", "object.__getattr__"):
            self._judge_attribute(event, arguments, who)
        elif who.by == who.arf or event in listed.EVALUATION:
            self._refuse(event, f"by arf_core: {_shown(arguments)}", who)

    def _judge_attribute(self, event: str, arguments: tuple[object, ...], who: Asked) -> None:
        attribute = str(arguments[1])
        if who.by == who.arf and (who.by.module, attribute) not in listed.ATTRIBUTES:
            self._refuse(event, f"{attribute} by arf_core", who)

    def _judge_native(self, event: str, arguments: tuple[object, ...], who: Asked) -> None:
        pair = (who.outside.module.split(".")[0], f"{event} {_shown(arguments)}")
        self.native.add(pair)
        if who.is_arf or pair not in listed.NATIVE:
            self._refuse(event, f"{_shown(arguments)} by {who.outside.module}, which is not listed", who)

    def _judge_listening(self, event: str, arguments: tuple[object, ...], who: Asked) -> None:
        pair = (who.outside.module.split(".")[0], event)
        if who.is_arf or pair not in listed.LISTENING:
            self._refuse(event, _shown(arguments), who)
        self.listened.add(pair)
        if event == "socket.bind" and not listed.is_loopback(arguments[1]):
            self._refuse(event, f"of {arguments[1]!s}, which is not loopback", who)

    def _may_write(self, path: object) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        resolved = os.path.realpath(os.fsdecode(path))
        return resolved == os.devnull or (resolved + os.sep).startswith(self._outputs)

    def _refuse(self, event: str, what: str, who: Asked) -> None:
        self._line.tell(Finding(kind=event, what=what, where=who.where))
        raise Refused(f"{event}: {what}")


def _shown(arguments: tuple[object, ...]) -> str:
    return ", ".join(str(one)[:80] if isinstance(one, (str, int, bytes)) else type(one).__name__ for one in arguments)
