# SPDX-License-Identifier: Apache-2.0
"""Whether a row of the tables can be meant by the words of a text: its last name, its owner, and how they stand."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from boundary import triggers
from boundary.rows import leads

_SPLIT: Final = bytes(c if (chr(c).isalnum() and c < 128) or c == 95 else 32 for c in range(256))
_APART: Final = re.compile(rb"[;:]")
_FROM: Final = re.compile(rb"[ \t\f]*from[ \t]+([A-Za-z0-9_]*)[\w.]*[ \t]+import\b")


def applies(word: bytes, found: set[bytes], data: bytes) -> bool:
    """Whether ``word`` in the text ``data`` with the words ``found`` may be the last name of a capability."""
    return _row_applies(word, found, data) and not _plainly(word, data)


def _row_applies(word: bytes, found: set[bytes], data: bytes) -> bool:
    rows = triggers.ROWS[word]
    if word not in triggers.COMMON and any(beside != {word} for beside in rows):
        return True
    if any(beside <= found for beside in rows if beside != {word}):
        return True
    return {word} in rows and not {word, b"_" + word}.isdisjoint(_imported(data))


def _imported(data: bytes) -> set[bytes]:
    """The words of all lines with the word import, but of ``from a.b import c`` only ``a``, and those modules by name
    ``c`` that others carry along: what an import statement may name as a whole module stands there."""
    found: set[bytes] = set()
    at = data.find(b"import")
    while at >= 0:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[data.rfind(b"\n", 0, at) + 1 : end]
        for part in _APART.split(line) if b";" in line or b":" in line else (line,):
            match = _FROM.match(part)
            if match is None:
                found.update(part.translate(_SPLIT).split())
            else:
                found.add(match[1])
                found.update(triggers.CARRIED.intersection(part[match.end() :].translate(_SPLIT).split()))
        at = data.find(b"import", end)
    return found


def _plainly(word: bytes, data: bytes) -> bool:
    """Whether ``word`` is there only in the paths from which something is imported, and those name no capability."""
    paths = [match[1] for match in _paths_with(word).finditer(data)]
    return (
        bool(paths)
        and sum(path.split(b".").count(word) for path in paths) == len(_whole(word).findall(data))
        and not any(path[:1] == b"." or leads(path.decode()) for path in paths)
    )


@lru_cache(maxsize=1000)
def _paths_with(word: bytes) -> re.Pattern[bytes]:
    return re.compile(
        rb"^[ \t]*from[ \t]+((?=[\w.]*\b" + word + rb"\b)[\w.]+)[ \t]+import\b(?![ \t]*[(]?[ \t]*\*)", re.MULTILINE
    )


@lru_cache(maxsize=1000)
def _whole(word: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![A-Za-z0-9])_*" + word + rb"(?![A-Za-z0-9_])")
