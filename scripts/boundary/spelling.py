# SPDX-License-Identifier: Apache-2.0
"""Whether the words of a file are what its bytes show: encodings, escapes, words split between literals."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from boundary.roles import role

_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=]", re.MULTILINE)
_CONTINUED: Final = re.compile(rb"\w\\\n\w|#[^\n]*\\\n|\\\\\n")
"""A continued line that divides a word, or that only seems continued: in a comment, or behind another backslash."""
_OTHERS: Final = re.compile(rb"[\x80-\xff]+")
_ASCII: Final = frozenset(map(chr, range(128)))
_SPELLED: Final = re.compile(
    rb"\\(?:(?:x|u00|U000000)(?:2[fF]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9Aa])"
    rb"|N\{(?:LATIN|FULLWIDTH|DIGIT|LOW LINE|SOLIDUS)|1[0-7][0-7]|0?[4-7][0-7])"
)
"""An escape that stands for a character of a name."""
_BETWEEN: Final = rb"(?:[\s+()]|#[^\n]*+)*+[A-Za-z]{0,2}"
_JOINED: Final = re.compile(
    rb"[\"'](?<=\w.)(?:" + _BETWEEN + rb"[\"'][\"'])*+" + _BETWEEN + rb"[\"']{1,3}(\w+)([\"']?)"
)
_NEXT: Final = re.compile(_BETWEEN + rb"[\"']+\w")
_PREFIXES: Final = frozenset(b"r u b f t br rb fr rf tr rt".split())
_ENDING: Final = re.compile(rb"\w+\Z")
"""Two literals that share a word between them."""


def plain(data: bytes) -> bytes:
    """``data`` with the line ends that Python makes of all others."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def hidden(data: bytes) -> bool:
    """Whether the words of the ``plain`` text may not be what its bytes show."""
    return (
        b"\0" in data
        or (b"\\\n" in data and _CONTINUED.search(data) is not None)
        or (b"coding" in data[:400] and _COOKIE.search(data[:400].removeprefix(b"\xef\xbb\xbf")) is not None)
        or (not data.isascii() and _disguised(data))
    )


def spelled(data: bytes) -> bool:
    """Whether the text makes words that it does not show: by escapes, or by literals that share one."""
    if b"\\" in data and _SPELLED.search(data) is not None:
        return True
    return any(_shared(data, match) for match in _JOINED.finditer(data))


def _shared(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether the word that two literals share matters; a chain of more than two is taken to."""
    before = _ENDING.search(data[max(match.start() - 60, 0) : match.start()])
    if before is None or role(before[0] + match[1]):
        return True
    opening = before[0].lower() in _PREFIXES and data[match.start() + 1] in b"\"'"
    return bool(match[2]) and not opening and _NEXT.match(data, match.end()) is not None


def _disguised(data: bytes) -> bool:
    """Whether a character outside ASCII could be part of an identifier that Python reads as an ASCII one."""
    try:
        others = set("".join(part.decode() for part in set(_OTHERS.findall(data.removeprefix(b"\xef\xbb\xbf")))))
    except UnicodeDecodeError:
        return True
    return any(_folds(other) for other in others)


@lru_cache(maxsize=10_000)
def _folds(character: str) -> bool:
    return any(part.isalnum() or part == "_" for part in unicodedata.normalize("NFKC", character) if part in _ASCII)
