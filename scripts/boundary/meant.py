# SPDX-License-Identifier: Apache-2.0
"""What a text may mean by more than one word: names and modes of Enterprise, statements, limits that are only read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from boundary import roles, triggers

if TYPE_CHECKING:
    from boundary.gate import Text

_GLUED: Final = re.compile(rb"\w[\x80-\xff]|[\x80-\xff]\w")
_LATER: Final = re.compile(rb"licen[cs]|audit", re.IGNORECASE)
"""A name with letters of other scripts may have more words than the bytes show."""


def enterprise(text: Text) -> bool:
    """Names of Enterprise, modes as text or members, and paths round Python: what needs more than one word."""
    view, parts = text.view, text.roles
    if parts & roles.NAMES and any(roles.role(word) & roles.NAMES for word in text.in_code()):
        return True
    if parts & roles.MODE and (
        parts & roles.MODED
        or (parts & roles.EXECUTES and triggers.EXECUTION.search(view) is not None)
        or triggers.MODE_MADE.search(view) is not None
        or triggers.MODE_MEMBER.search(view) is not None
    ):
        return True
    if not view.isascii() and _LATER.search(view) is not None and _GLUED.search(text.code) is not None:
        return True
    return b"/proc" in view or b"/dev" in view


def states(data: bytes, found: set[bytes]) -> bool:
    """Whether a statement that changes a store may be in the text."""
    lowered = {word.lower() for word in found}
    begun = {word for word in triggers.PARTNERS.keys() & lowered if not triggers.PARTNERS[word].isdisjoint(lowered)}
    if b"COPY" not in found:
        begun.discard(b"copy")
    begun &= triggers.STATEMENTS.keys()
    return bool(begun) and any(_going_on(word).search(data) is not None for word in found if word.lower() in begun)


def only_read(text: Text) -> bool:
    """Whether every line of code with the name of a limit, or of a module of limits, only reads it."""
    data = text.code
    lines = {data.rfind(b"\n", 0, match.start()) + 1 for match in triggers.SEALED_NAME.finditer(data)}
    read = all(triggers.SEALED_READ.match(data, start) is not None for start in lines)
    return read and triggers.HELD_TEXT.search(text.view) is None


@lru_cache(maxsize=1000)
def _going_on(word: bytes) -> re.Pattern[bytes]:
    """A statement that begins with ``word`` in this spelling: a fixed beginning makes the search fast."""
    return re.compile(re.escape(word) + rb"(?i:" + triggers.STATEMENTS[word.lower()] + rb")")
