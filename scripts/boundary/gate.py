# SPDX-License-Identifier: Apache-2.0
"""Decides from the bytes of a file what can be in it at all, so that most files and most nodes need no look.

A file without any of the words by which a capability can be obtained cannot have a finding, and is not even parsed:
what does not parse cannot run here, and where another Python reads it the words decide just the same. Files whose words
may not be what their bytes show (a cookie, a word on two lines, NUL, characters that NFKC turns into ASCII) are always
looked at, with everything thought possible; so are files that spell letters by escapes, split words between literals,
or decode text. Where the words of a file say that it may hold something, those of its code alone are asked once more
(``prose``): a docstring about servers starts none. What comes in under an everyday name from another file is the
business of ``reach``.
"""

from __future__ import annotations

import re
from typing import Final

from boundary import roles, triggers
from boundary.meant import enterprise, only_read, states
from boundary.named import applies
from boundary.prose import code
from boundary.scopes import Hints
from boundary.spelling import hidden, plain, spelled

_SPLIT: Final = bytes(c if (chr(c).isalnum() and c < 128) or c == 95 else 32 for c in range(256))
_IMPORTED: Final = re.compile(rb"(?<![\w.])(?:from|import)[ \t\f]+([\w., \t]+)")
_PLAINLY: Final = re.compile(rb"getattr\([\w.]+, ?[\"']\w+[\"']\s*[,)]")
_RESOURCES: Final = re.compile(rb"importlib\.(?:resources|metadata)\b")
_DEFINED: Final = re.compile(rb"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
_IMPORTS: Final = re.compile(rb"^\s*(?:from|import)\s", re.MULTILINE)
_STAR: Final = re.compile(rb"import\s*\(?\s*\*")
_LIMITS: Final = triggers.SEALED_WORDS | triggers.HOLDING
_boring: set[bytes] = set()
_roles: dict[bytes, int] = {}
"""Words met before, those without and those with a part in a trigger: each word is judged once."""


class Text:
    """The bytes of a file and the words in them; ``found`` are those that play a part in a trigger.

    ``view`` is the text that the words were taken from: with plain line ends, and continued lines made one.
    """

    __slots__ = (
        "_code",
        "_defined",
        "_in_code",
        "_known",
        "_later",
        "_states",
        "built",
        "data",
        "found",
        "hidden",
        "roles",
        "view",
        "words",
    )

    def __init__(self, data: bytes) -> None:
        self.data = data
        view = plain(data)
        self.hidden = hidden(view)
        self.view = view = view.replace(b"\\\n", b"") if b"\\\n" in view and not self.hidden else view
        self.words = set(view.translate(_SPLIT).split())
        self.found = _telling(self.words)
        self.roles = 0
        for word in self.found:
            self.roles |= _roles[word]
        self.found.update([word.lstrip(b"_") for word in self.found if word[:1] == b"_" and word[:2] != b"__"])
        prose = triggers.ONLY_AS_CODE.keys() & self.found
        if prose and not self.hidden:
            self.found -= {word for word in prose if triggers.ONLY_AS_CODE[word].search(view) is None}
        self.built = not self.found.isdisjoint(triggers.DECODING) or spelled(view)
        self._later: bool | None = None
        self._states: bool | None = None
        self._known: bool | None = None
        self._code: bytes | None = None
        self._in_code: set[bytes] | None = None
        self._defined: frozenset[bytes] | None = None
        if not self.hidden and not _LIMITS.isdisjoint(self.found) and only_read(self):
            self.found -= _LIMITS
            self._in_code = None

    @property
    def code(self) -> bytes:
        """The text without its comments and strings (``prose``)."""
        if self._code is None:
            self._code = self.view if self.hidden else code(self.view)
        return self._code

    def in_code(self) -> set[bytes]:
        """Those of the words found that stand in code, or in text that may become code."""
        if self._in_code is None:
            words = self.found if self.built or self.hidden else set(self.code.translate(_SPLIT).split())
            self._in_code = self.found & (words | {word.lstrip(b"_") for word in words if word[:1] == b"_"})
        return self._in_code

    def needs_look(self) -> bool:
        """Whether the file has anything by which a capability could be obtained.

        A row of the tables needs its last name in the code, beside the name of its module or, where that may come
        from elsewhere in the tree, alone; everything else needs one of the words of dynamic access.
        """
        if self._known is None:
            self._known = self.hidden or self.built or self._tells()
        return self._known

    def likely(self) -> bool:
        """Whether the file probably needs a look: a guess that costs nothing."""
        return self.hidden or self.built or not triggers.DYNAMIC.isdisjoint(self.found)

    def _tells(self) -> bool:
        if not self.found:
            return False
        if not triggers.SPOKEN.isdisjoint(self.found) or self.later() or self.states():
            return True
        return self._names(self.view, self.found) and self._names(self.code, self.in_code())

    def _names(self, data: bytes, found: set[bytes]) -> bool:
        """Whether names among ``found`` in the text ``data`` lead to a capability."""
        if not triggers.DYNAMIC.isdisjoint(found):
            return True
        if b"sys" in found and b"path" in found and triggers.PATH_CHANGED.search(data) is not None:
            return True
        if (b"compile" in found or b"help" in found) and triggers.BARE.search(data) is not None:
            return True
        return any(applies(word, found, data) for word in triggers.ROWS.keys() & found)

    def with_modules(self, modules: frozenset[bytes]) -> bool:
        """Whether a row applies when ``modules`` may have come in under other names."""
        return any(
            beside <= modules for word in triggers.EVERYDAY.keys() & self.found for beside in triggers.EVERYDAY[word]
        )

    def later(self) -> bool:
        """Whether a name or text of Enterprise may be there: licence, audit, mode, or a path round Python."""
        if self._later is None:
            self._later = self.built or self.hidden or self.roles & roles.LATER != 0 or enterprise(self)
        return self._later

    def states(self) -> bool:
        """Whether a statement that changes a store may be in the text."""
        if self._states is None:
            self._states = self.built or (self.roles & roles.BEGINS != 0 and states(self.view, self.found))
        return self._states

    def hints(self, given: frozenset[bytes] = frozenset()) -> Hints:
        """What the words allow to be there, and what was ``given`` by other modules."""
        if self.hidden:
            return Hints()
        data, found = self.view, self.found | given
        anything = b"*" in given
        return Hints(
            statements=self.states(),
            executes=not found.isdisjoint(triggers.EXECUTING),
            dynamic=anything or not found.isdisjoint(triggers.ACCESS),
            limits=not found.isdisjoint(triggers.LIMITING),
            setting=not found.isdisjoint(triggers.SETTING) or triggers.SET.search(data) is not None,
            system=anything
            or (b"sys" in found and not found.isdisjoint(triggers.SYSTEM))
            or not found.isdisjoint(triggers.SPACES),
            enterprise=self.later(),
            latent=not found.isdisjoint((b"site", b"marshal"))
            or (b"importlib" in found and len(_RESOURCES.findall(data)) != data.count(b"importlib")),
            native=self.built
            or not found.isdisjoint((b"mem", b"kmem", b"sock"))
            or any(part in data for part in (b"/proc", b"/dev", b"customize")),
            spaces=anything or self.keyed(),
            dull=frozenset() if anything or self.built or not found.isdisjoint(triggers.ACCESS) else _dull(found),
            starred=b"import *" in data or _STAR.search(data) is not None,
        )

    def keyed(self) -> bool:
        """Whether the module could take a namespace as a dict, or hold ``sys.modules`` or ``sys.path``."""
        data, found = self.view, self.found
        return (
            self.hidden
            or not found.isdisjoint(triggers.KEYED)
            or (b"sys" in found and b"path" in found)
            or (b"getattr" in found and len(_PLAINLY.findall(data)) != data.count(b"getattr"))
        )

    def sources(self) -> set[str]:
        """The modules that import statements name, as written: ``.`` in front for relative ones."""
        named = _IMPORTED.findall(self.view)
        return {part.strip().partition(" ")[0] for text in named for part in text.decode("ascii", "replace").split(",")}

    def provides(self, member: str, *, plain: bool) -> bool:
        """Whether ``member`` of this module could be more than a function or class of plain code; ``plain`` says that
        nothing else can be in it."""
        data, name = self.view, member.encode()
        bare = name.lstrip(b"_")
        if self.words.isdisjoint((name, bare, b"_" + bare, b"_" + name)):
            return b"import *" in data or b"__getattr__" in self.words or not data.isascii()
        if not (plain or self.found.isdisjoint(triggers.PROVIDERS) or self.in_code().isdisjoint(triggers.PROVIDERS)):
            return True
        if self._defined is None:
            self._defined = frozenset(_DEFINED.findall(data))
        return name not in self._defined

    def is_plain(self) -> bool:
        """Whether the module names nothing that is capable, and imports nothing."""
        return not self.hidden and self.found.isdisjoint(triggers.PROVIDERS) and _IMPORTS.search(self.view) is None


def _telling(words: set[bytes]) -> set[bytes]:
    """The words that play a part in a trigger."""
    found = words - _boring
    new = found - _roles.keys()
    if new:
        told = roles.roles(list(new))
        _roles.update(told)
        new.difference_update(told)
        _boring.update(new)
        found -= new
    return found


def _dull(known: set[bytes]) -> frozenset[str]:
    """Names of attributes that could be capable, but whose owner is nowhere in sight."""
    rows = triggers.DULL
    return frozenset(w.decode() for w in rows.keys() & known if not any(beside <= known for beside in rows[w]))
