# SPDX-License-Identifier: Apache-2.0
"""Which names an entry of an archive or folder may have.

A name is a relative path of portable segments: ASCII letters, digits, ``.``, ``_`` and ``-``, one ``/`` between two
segments, none of them starting or ending with a dot, at most :data:`MAX_NAME` characters. So a name means the same
file on every system, whoever unpacks it; what would mean another is refused with its own reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from arf_core.errors import ArchiveError

MAX_NAME: Final = 200
MANIFEST: Final = "manifest.json"
"""What every archive has: the list of its other entries."""


def check_names(names: Iterable[str]) -> None:
    """Nothing, if every one of ``names`` may stand beside the others.

    Raises:
        ArchiveError: two are equal, or become so without regard to case or Unicode's spelling; or one breaks a rule.
    """
    listed = list(names)
    _check_collisions(listed)
    for name in listed:
        check_name(name)


def check_name(name: str) -> None:
    """Nothing, if ``name`` follows the rules.

    Raises:
        ArchiveError: it does not; the message says which rule.
    """
    for breaks, why in _RULES:
        if breaks(name):
            raise ArchiveError(f"the entry {shown(name)} {why}")


def shown(name: str) -> str:
    """``name`` for a message: quoted, with escapes, and not too long."""
    return ascii(name if len(name) <= 80 else f"{name[:80]}…")


def _check_collisions(names: list[str]) -> None:
    for kind, same in _SAME:
        seen: dict[str, str] = {}
        for name in names:
            spelling = same(name)
            if spelling in seen:
                raise ArchiveError(f"the entries {shown(seen[spelling])} and {shown(name)} {kind}")
            seen[spelling] = name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


_SAME: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("have the same name: which of them is meant cannot be said", str),
    ("differ only in case: on some systems they are one file", str.casefold),
    ("differ only in their Unicode normalisation: on some systems they are one file", _folded),
)
_SEGMENTS: Final = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?")
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_RULES: Final[tuple[tuple[Callable[[str], object], str], ...]] = (
    (lambda name: not name, "has no name"),
    (lambda name: len(name) > MAX_NAME, f"has a name of more than {MAX_NAME} characters"),
    (lambda name: "\0" in name, "has a zero byte in its name"),
    (lambda name: name.startswith("/"), "has an absolute path"),
    (lambda name: "\\" in name, "has a backslash in its name"),
    (lambda name: re.match("[A-Za-z]:", name) is not None, "names a drive"),
    (lambda name: ".." in name.split("/"), "leads to a parent folder (..)"),
    (lambda name: name.endswith("/"), "is a folder: only files are entries"),
    (lambda name: not name.isascii(), "has a name that is not ASCII"),
    (lambda name: any(map(_DEVICES.fullmatch, name.split("/"))), "has the name of a device of Windows"),
    (
        lambda name: not all(map(_SEGMENTS.fullmatch, name.split("/"))),
        "has a name that is not portable: letters, digits, '.', '_', '-', and '/' between segments",
    ),
)
