# SPDX-License-Identifier: Apache-2.0
"""Decides from the bytes of a file what can be in it at all, so that most files and most nodes need no look.

A plain ASCII file without any of the words by which a capability can be obtained cannot have a finding. Files whose
words may not be what their bytes show (a cookie, a continued line, characters that NFKC turns into ASCII) are always
looked at, with everything thought possible.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from boundary import triggers
from boundary.scopes import Hints

_SPLIT: Final = bytes(c if (chr(c).isalnum() and c < 128) or c == 95 else 32 for c in range(256))
_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=]", re.MULTILINE)
_ASCII: Final = frozenset(map(chr, range(128)))
_IMPORTED: Final = re.compile(rb"\b(?:from|import)\s+([\w., ]+)")
_PLAINLY: Final = re.compile(rb"getattr\([\w.]+, ?[\"']\w+[\"']\s*[,)]")
_STAR: Final = re.compile(rb"import\s*\(?\s*\*")


class Text:
    """The bytes of a file and the words in them."""

    __slots__ = ("_known", "data", "found", "hidden")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.hidden = _hidden(data)
        self.found = _words(data)
        self._known: tuple[bool, bool] | None = None

    @property
    def _meant(self) -> tuple[bool, bool]:
        """Whether a name of Enterprise, and whether a statement that changes a store, may be in the text."""
        if self._known is None:
            self._known = (_later(self.data), _states(self.data, self.found))
        return self._known

    def needs_look(self) -> bool:
        """Whether the file has anything by which a capability could be obtained.

        A row of the tables needs its last name in the text, beside the name of its module or, where that may come
        from elsewhere in the tree, alone; everything else needs one of the words of dynamic access.
        """
        if self.hidden:
            return True
        data, found = self.data, self.found
        if not triggers.DYNAMIC.isdisjoint(found) or any(self._meant):
            return True
        if (b"compile" in found or b"help" in found) and triggers.BARE.search(data) is not None:
            return True
        return any(_row_applies(word, found, data) for word in triggers.ROWS.keys() & found)

    def hints(self) -> Hints:
        """What the words allow to be there."""
        if self.hidden:
            return Hints()
        data, found = self.data, self.found
        return Hints(
            statements=self._meant[1],
            executes=not found.isdisjoint(triggers.EXECUTING),
            dynamic=not found.isdisjoint(triggers.ACCESS),
            limits=not found.isdisjoint(triggers.LIMITING),
            system=(b"sys" in found and not found.isdisjoint(triggers.SYSTEM)) or not found.isdisjoint(triggers.SPACES),
            enterprise=self._meant[0],
            latent=not found.isdisjoint((b"importlib", b"site", b"marshal")),
            native=not found.isdisjoint((b"mem", b"kmem", b"sock"))
            or any(part in data for part in (b"/proc", b"/dev", b"customize")),
            spaces=self.keyed(),
            starred=b"import *" in data or _STAR.search(data) is not None,
        )

    def keyed(self) -> bool:
        """Whether the module could take a namespace as a dict, or hold ``sys.modules`` or ``sys.path``."""
        data, found = self.data, self.found
        return (
            self.hidden
            or not found.isdisjoint(triggers.KEYED)
            or (b"sys" in found and b"path" in found)
            or (b"getattr" in found and len(_PLAINLY.findall(data)) != data.count(b"getattr"))
        )

    def sources(self) -> set[str]:
        """The modules that import statements name, as written: ``.`` in front for relative ones."""
        named = _IMPORTED.findall(self.data)
        return {part.strip().partition(" ")[0] for text in named for part in text.decode("ascii", "replace").split(",")}

    def provides(self, member: str) -> bool:
        """Whether ``member`` of this module could be more than a function or class of plain code."""
        data, name = self.data, member.encode()
        if name not in self.found and name.lstrip(b"_") not in self.found:
            return b"import *" in data or not data.isascii()
        if not self.found.isdisjoint(triggers.PROVIDERS):
            return True
        return re.search(rb"(?m)^(?:async\s+def|def|class)\s+" + re.escape(name) + rb"\b", data) is None

    def is_plain(self) -> bool:
        """Whether the module names nothing that is capable, and imports nothing."""
        return (
            not self.hidden
            and self.found.isdisjoint(triggers.PROVIDERS)
            and re.search(rb"(?m)^\s*(?:from|import)\s", self.data) is None
        )


def _row_applies(word: bytes, found: set[bytes], data: bytes) -> bool:
    rows = triggers.ROWS[word]
    if word not in triggers.COMMON and any(beside != {word} for beside in rows):
        return True
    return any(_beside(word, beside, found, data) for beside in rows)


def _hidden(data: bytes) -> bool:
    """Whether the words of the file may not be what its bytes show."""
    return (
        _COOKIE.search(data[:400]) is not None
        or b"\\\n" in data
        or b"\\\r" in data
        or (not data.isascii() and _disguised(data))
    )


def _words(data: bytes) -> set[bytes]:
    found = set(data.translate(_SPLIT).split())
    found.update([word.lstrip(b"_") for word in found if word[:1] == b"_" and word[:2] != b"__"])
    return found


def _later(data: bytes) -> bool:
    """Whether a name or text of Enterprise may be there: licence, audit, mode, or a path round Python."""
    return any(word in data for word in triggers.PARTS) and triggers.LATER.search(data) is not None


def _states(data: bytes, found: set[bytes]) -> bool:
    begun = triggers.STATING.keys() & found
    if not begun:
        return False
    lowered = {word.lower() for word in found}
    likely = any(not triggers.PARTNERS[word].isdisjoint(lowered) for word in begun if word != b"copy")
    if not likely and b"COPY" not in found:
        return False
    spelled = [word for word in found if word.lower() in triggers.STATEMENTS]
    return any(_going_on(word).search(data) is not None for word in spelled)


@lru_cache(maxsize=1000)
def _going_on(word: bytes) -> re.Pattern[bytes]:
    """A statement that begins with ``word`` in this spelling: a fixed beginning makes the search fast."""
    return re.compile(re.escape(word) + rb"(?i:" + triggers.STATEMENTS[word.lower()] + rb")")


def _beside(word: bytes, beside: frozenset[bytes], found: set[bytes], data: bytes) -> bool:
    if beside != {word}:
        return beside <= found
    return re.search(rb"(?:import|from)[^\n#]*\b_?" + word + rb"\b", data) is not None


def _disguised(data: bytes) -> bool:
    """Whether a character outside ASCII could be part of an identifier that Python reads as an ASCII one."""
    try:
        others = set(data.decode("utf-8-sig")) - _ASCII
    except UnicodeDecodeError:
        return True
    return any(_folds(other) for other in others)


@lru_cache(maxsize=10_000)
def _folds(character: str) -> bool:
    return any(part.isalnum() or part == "_" for part in unicodedata.normalize("NFKC", character) if part in _ASCII)
