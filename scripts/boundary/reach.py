# SPDX-License-Identifier: Apache-2.0
"""Which modules of a tree may hold a capability under an everyday name, because another module handed it on.

``from p.tools import search; search.append("x")`` has no word that could raise suspicion; that ``p.tools`` binds
``search = sys.path`` has. So: which modules hand something on, 1. a capable module under another name, 2. what makes
namespaces, 3. ``sys.path`` or ``sys.modules``, and who imports from them, however indirect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from boundary import triggers
from boundary.gate import Text
from boundary.rows import leads

if TYPE_CHECKING:
    from boundary.tree import Tree

_ACCESS: Final = frozenset(
    b"getattr vars globals locals __import__ import_module setattr delattr attrgetter methodcaller reload".split()
)
"""What hands out members, modules and namespaces, when it is not called at once."""
_ASKED: Final = triggers.OWNERS | _ACCESS
_SPACES: Final = triggers.KEYED - {b"modules", b"import_module", b"__import__", b"attrgetter", b"methodcaller"}
_SYSTEM: Final = re.compile(
    rb"\.[ \t]*(?:modules|path|meta_path|path_hooks)\b(?![ \t]*[.(\[])|\bimport\b[^\n]*\b(?:path|modules)\b"
)
ANY: Final = b"*"


def handed(tree: Tree) -> dict[str, frozenset[bytes]]:
    """By module of the tree: what it may hand on by itself, ``*`` for what needs no word to be used."""
    return {name: words for name in tree.names() for words in [_handed(tree.text(name))] if words}


def given(tree: Tree, handed: dict[str, frozenset[bytes]]) -> dict[str, frozenset[bytes]]:
    """By module of the tree: what may have come to it from others, however indirect."""
    if not handed:
        return {}
    found: dict[str, frozenset[bytes]] = {}
    todo = list(handed)
    while todo:
        name = todo.pop()
        words = handed.get(name, frozenset()) | found.get(name, frozenset())
        for importer in tree.importers(name):
            known = found.get(importer, frozenset())
            if not words <= known:
                found[importer] = known | words
                todo.append(importer)
    return found


def reaches(text: Text, words: frozenset[bytes]) -> bool:
    """Whether a module with that text must be looked at because it was given ``words``."""
    return ANY in words or text.with_modules(words | text.found)


def _handed(text: Text) -> frozenset[bytes]:
    """The capable modules that the text may hand on under another name; ``*`` for what needs no word to be used."""
    if text.hidden:
        return frozenset((ANY,))
    words = _ASKED & text.words
    if not words:
        return frozenset()
    if not text.words.isdisjoint(_SPACES) and not _SPACES.isdisjoint(text.in_code()):
        return frozenset((ANY,))
    found = {word for word in words if _hands(word, text)}
    if not found.isdisjoint(_ACCESS):
        return frozenset((ANY,))
    holds = b"sys" in words and not text.words.isdisjoint(triggers.SYSTEM)
    if holds and (b"sys" in found or _SYSTEM.search(text.view) is not None):
        return frozenset((ANY,))
    return frozenset(found | (text.found & triggers.BESIDE)) if found else frozenset()


def _hands(word: bytes, text: Text) -> bool:
    """Whether ``word`` is both bound by an import and renamed or mentioned by itself, in one of its spellings."""
    if word in _ACCESS:
        return _accesses(word, text.view) and _accesses(word, text.code)
    spellings = [spelling for spelling in (word, b"_" + word, b"__" + word) if spelling in text.words]
    return any(
        _is_bound(each, text.view)
        and (_is_renamed(word, each, text) or (_stands_alone(each, text.view) and _stands_alone(each, text.code)))
        for each in spellings
    )


def _accesses(word: bytes, data: bytes) -> bool:
    """Whether ``word`` is there other than as an attribute, and other than called at once."""
    return any(data[at - 1 : at] not in _BEFORE and _CALLED.match(data, end) is None for at, end in _places(word, data))


def _stands_alone(word: bytes, data: bytes) -> bool:
    """Whether ``word`` is there other than as the owner of an attribute, as a callee, or in a plain import."""
    for at, end in _places(word, data):
        if data[at - 1 : at] not in _BEFORE:
            if _RENAMED.match(data, end) is not None:
                return True
            if _OWNING.match(data, end) is None and data[max(at - 7, 0) : at] != b"import ":
                return True
    return False


def _is_bound(word: bytes, data: bytes) -> bool:
    """Whether an import may bind ``word``: prose and texts bind nothing."""
    for at, end in _places(word, data):
        before = data[data.rfind(b"\n", 0, at) + 1 : at]
        if _IMPORTING.search(before) is not None or (not before.strip() and _LISTED.match(data, end) is not None):
            return True
    return _STAR.search(data) is not None


def _is_renamed(word: bytes, spelling: bytes, text: Text) -> bool:
    """Whether something of the module ``spelling`` that leads to a capability is bound under another name."""
    if b"as" not in text.words:
        return False
    found = []
    for match in _FROM.finditer(text.view):
        path = b"".join(match[1].split())
        if path.partition(b".")[0] == spelling:
            found += [path + b"." + name for name in _AS.findall(match[2])]
    for match in _IMPORT.finditer(text.view):
        found += [path for path in _AS.findall(match[1]) if path.partition(b".")[0] == spelling and b"." in path]
    return any(leads((word + path.removeprefix(spelling)).decode()) for path in found)


def _places(word: bytes, data: bytes) -> Iterator[tuple[int, int]]:
    """Where ``word`` begins and ends in ``data``, as a word or as the end of one."""
    at = data.find(word)
    while at >= 0:
        end = at + len(word)
        if data[end : end + 1] not in _NAMING:
            yield at, end
        at = data.find(word, end)


_NAMING: Final = frozenset(bytes((c,)) for c in range(128) if chr(c).isalnum() or c == ord("_"))
_BEFORE: Final = _NAMING | {b".", b'"', b"'", b"`"}
_CALLED: Final = re.compile(rb"[ \t]*[(\w\"'`]")
_RENAMED: Final = re.compile(rb"[ \t]+as\b")
_OWNING: Final = re.compile(rb"[ \t]*[\w.\"'`:]")
_IMPORTING: Final = re.compile(rb"(?:import|from)\b(?:[^\n#]*\W)?\Z")
_LISTED: Final = re.compile(rb"[ \t]*(?:,|\)|as\b|#|$)", re.MULTILINE)
_STAR: Final = re.compile(rb"import[ \t]*\(?\s*\*")
_FROM: Final = re.compile(rb"\bfrom[ \t]+([\w.][\w. \t]*?)[ \t]*\bimport[ \t]*(\([^)]*|[^\n]*)")
_IMPORT: Final = re.compile(rb"\bimport\b([^\n;]*)")
_AS: Final = re.compile(rb"([\w.]+)\s+as\b")
