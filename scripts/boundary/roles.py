# SPDX-License-Identifier: Apache-2.0
"""What part a single word plays in a trigger. Most words play none, so a file's new words are judged together."""

from __future__ import annotations

import re
from typing import Final

from boundary import symbols
from boundary.triggers import EVERY, PARTNERS, STATED

NAMED, LATER, MODE, EXECUTES, BEGINS, NAMES, MODED = 1, 2, 4, 8, 16, 32, 64
"""In a table below; a permission or a path; names a mode; is a mode; begins a statement; judges licences or writes the
audit log; is a mode of Enterprise, or holds one."""
_MODE: Final = re.compile(rb"(?:^|_)(?i:modes?)(?:_|$)|Modes?$")
_MODED: Final = re.compile(rb"approval|autonomous|auto_execute")
_TELLING: Final = re.compile(rb"icen[sc]|audit|approval|autonomous|auto_execute|_allowed|docker|mode|execution")
"""One of these is in every word that stands for a mode, a licence or the audit log."""


def roles(words: list[bytes]) -> dict[bytes, int]:
    """What part each of ``words`` plays in any trigger, of those that play one: most are passed over together."""
    lowered = b"\n".join(words).lower()
    parts = {
        lowered[lowered.rfind(b"\n", 0, match.start()) + 1 : (lowered + b"\n").find(b"\n", match.end())]
        for match in _TELLING.finditer(lowered)
    }
    parts |= STATED
    likely = [
        word
        for word, low in zip(words, lowered.split(b"\n"), strict=True)
        if word in EVERY or low in parts or word[:1] == b"_"
    ]
    return {word: found for word in likely if (found := role(word))}


def role(word: bytes) -> int:
    """What part ``word`` plays in any trigger: the sum of the parts below, 0 for none."""
    lowered = word.lower()
    found = NAMED if word in EVERY or (word[:1] == b"_" and word.lstrip(b"_") in EVERY) else 0
    found |= BEGINS if lowered in PARTNERS else NAMED if lowered in STATED else 0
    found |= MODE if b"mode" in lowered and _MODE.search(word) is not None else 0
    found |= MODED if _MODED.search(lowered) is not None else 0
    found |= EXECUTES if lowered == b"execution" else 0
    found |= LATER if b"docker" in lowered or (b"_allowed" in lowered and word != b"MCP_MODES_ALLOWED") else 0
    name = word.decode("ascii", "replace")
    return found | (NAMES if symbols.licence_symbol(name) or symbols.audited(name) else 0)
