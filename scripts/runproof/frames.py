# SPDX-License-Identifier: Apache-2.0
"""Who asked for an audit event: the code that raised it, the code outside the standard library, and arf_core's."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import FrameType

_STANDARD = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - pathlib would load what the hook should see load
_OWN = tuple(os.path.join(os.path.dirname(__file__), name) for name in ("hook.py", "frames.py"))  # noqa: PTH118, PTH120


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A module and the line of a file that it was at."""

    module: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Place(module="", file="<the interpreter>", line=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who caused an event.

    ``by`` is the innermost code, ``outside`` the innermost that is not of the standard library, ``arf`` the innermost
    of arf_core or None if arf_core takes no part.
    """

    by: Place
    outside: Place
    arf: Place | None

    @property
    def is_arf(self) -> bool:
        """Whether arf_core asked, itself or by way of the standard library alone."""
        return self.arf is not None and self.arf == self.outside

    @property
    def where(self) -> str:
        """The place to look at: arf_core's if it takes part."""
        return str(self.arf or self.outside)


def asked(package: str) -> Asked:
    """Who caused the event that is being judged; ``package`` is the folder of arf_core."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way to see one's callers
    by = outside = arf = None
    while frame is not None and arf is None:
        place = _place(frame)
        if place.file not in _OWN:
            by = by or place
            if not _is_standard(place.file):
                outside = outside or place
            if is_arf(place, package):
                arf = place
        frame = frame.f_back
    return Asked(by=by or NOWHERE, outside=outside or by or NOWHERE, arf=arf)


def is_arf(place: Place, package: str) -> bool:
    """Whether ``place`` is arf_core's, by its name or by its file."""
    return place.module.split(".")[0] == "arf_core" or place.file.startswith(package + os.sep)


def _place(frame: FrameType) -> Place:
    return Place(
        module=str(frame.f_globals.get("__name__", "")), file=frame.f_code.co_filename, line=frame.f_lineno or 0
    )


def _is_standard(file: str) -> bool:
    return file.startswith("<frozen") or (file.startswith(_STANDARD) and "site-packages" not in file)
