# SPDX-License-Identifier: Apache-2.0
"""The text of a file without its prose: what is left when comments and plain strings are taken away, without a parser.

A word in a comment or a string is no name, and a capability is only ever obtained by names, unless something makes
code of text; that needs a word of its own, in code (``exec``, ``getattr``, ``import_module``). So:

1. Comments and the contents of strings go; code stays, in its lines.
2. A string stays that an annotation may be (``typing`` evaluates it): it has a bracket, or is a part of one that may
   have, and stands after a colon, an arrow, a bracket or another string.
3. Of ``f`` and ``t`` strings the fields stay: they hold code. They end where Python 3.12 says (PEP 701: quotes nest);
   before that, the same text either ends there too or does not parse.
4. What cannot be told for certain (an unending string, an escape or comment inside a field) leaves the text as it is.
"""

from __future__ import annotations

import re
from typing import Final

_START: Final = re.compile(rb"#[^\n]*|\"\"\"|'''|\"|'")
_BODY: Final = {
    quote: re.compile(
        rb"[^\\%b]*+(?:(?:\\.|%b(?!%b))[^\\%b]*+)*+%b" % (quote[:1], quote[:1], quote[:2], quote[:1], quote)
        if len(quote) == 3
        else rb"[^\\\n%b]*+(?:\\.[^\\\n%b]*+)*+%b" % (quote, quote, quote),
        re.DOTALL,
    )
    for quote in (b'"""', b"'''", b'"', b"'")
}
_JOINED: Final = re.compile(rb"(?:\s|#[^\n]*\n)*+[A-Za-z]{0,2}[\"']")
_WORD: Final = re.compile(rb"\w+\Z")
_PREFIXES: Final = frozenset(b"fFrRtT")
_ENDS: Final = frozenset(b",):]}=.+%")
_ENDED: Final = frozenset(bytes((c,)) for c in _ENDS) | {b""}
"""What cannot stand between two strings that are one."""
_FORMATTED: Final = frozenset(b"f fr rf t tr rt".split())
_HEAD: Final = re.compile(
    rb"(?:\A|\n)[ \t]*(?:class \w+(?:\([^()\n]*\))?|(?:async )?def \w+\([^()]*\)(?: -> [^()\n]+)?):[ \t]*\n\s*\Z"
)
"""The end of the head of a class or function: the string behind it is its documentation."""
_LITERAL: Final = {quote: re.compile(rb"\\.|\{\{|\}\}|[{}\n]|" + quote, re.DOTALL) for quote in _BODY}
_FIELD: Final = re.compile(rb"[\"'#\\{}()\[\]:]|\Z")
_DEEPEST: Final = 8


class _UncertainError(Exception):
    """Where a string ends cannot be told."""


def code(text: bytes) -> bytes:
    """``text`` without what is surely prose; ``text`` itself where that cannot be told."""
    try:
        return b"".join(_kept(text))
    except _UncertainError:
        return text


def _kept(text: bytes) -> list[bytes]:
    kept: list[bytes] = []
    at, first, last_end = 0, 0, -1
    while (match := _START.search(text, at)) is not None:
        begin, mark = match.start(), match[0]
        if at < begin:
            kept.append(text[at:begin])
        at = match.end()
        if mark[:1] == b"#":
            continue
        if last_end < 0 or text[last_end] in _ENDS or not _between(text, last_end, begin):
            first = len(kept)
        if text[begin - 1] in _PREFIXES and _is_formatted(text, begin):
            fields: list[bytes] = []
            at = _formatted(text, at, mark, 0, fields)
            kept += [b" ", *fields]
        else:
            body = _BODY[mark].match(text, at)
            if body is None:
                raise _UncertainError
            at = body.end()
            code_like = b"(" in body[0] or (text[at : at + 1] not in _ENDED and _JOINED.match(text, at) is not None)
            kept.append(text[begin:at] if code_like and _evaluated(kept[:first], mark) else mark[:1] * 2)
        last_end = at
    kept.append(text[at:])
    return kept


def _is_formatted(text: bytes, begin: int) -> bool:
    """Whether the string whose quote is at ``begin`` has fields, by its prefix."""
    prefix = _WORD.search(text, max(begin - 3, 0), begin)
    return prefix is not None and prefix[0].lower() in _FORMATTED


def _between(text: bytes, end: int, begin: int) -> bool:
    """Whether two strings are one: nothing is between them but space, a comment and a prefix."""
    return _JOINED.match(text, end, begin + 1) is not None


def _evaluated(kept: list[bytes], mark: bytes) -> bool:
    """Whether the string behind what was ``kept`` could be an annotation (rule 2)."""
    before = b"".join(kept[-8:])
    if not before.strip(b" \t\n\f("):
        before = b"".join(kept)
    bare = before.rstrip(b" \t\n\fuUbBrR")
    inner = bare.rstrip(b" \t\n\f(")
    last = inner[-1:]
    if not last or last in b"=,[{+" or (inner != bare and (last.isalnum() or last in b"_)]")):
        return False
    return not (last == b":" and len(mark) == 3 and _HEAD.search(before) is not None)


def _formatted(text: bytes, at: int, quote: bytes, depth: int, fields: list[bytes]) -> int:
    """Where the string ends whose contents begin at ``at`` (rule 3); its fields are added."""
    if depth > _DEEPEST:
        raise _UncertainError
    while (match := _LITERAL[quote].search(text, at)) is not None:
        at, mark = match.end(), match[0]
        if mark == quote:
            return at
        if mark in (b"\\N", b"}"):
            raise _UncertainError
        if mark == b"{":
            at = _field(text, at, depth)
            fields.append(text[match.start() : at])
        elif mark == b"\n" and len(quote) == 1:
            break
    raise _UncertainError


def _field(text: bytes, at: int, depth: int) -> int:
    """Where the field ends that begins at ``at``, behind its brace."""
    open_ = 0
    while (match := _FIELD.search(text, at)) is not None:
        at, mark = match.end(), match[0]
        if mark in (b"", b"#", b"\\"):
            break
        if mark in b"\"'":
            at = _nested(text, match.start(), depth)
        elif mark in b"([{":
            open_ += 1
        elif mark == b"}" and not open_:
            return at
        elif mark in b")]}":
            open_ -= 1
        elif not open_:
            return _specified(text, at, depth)
    raise _UncertainError


def _nested(text: bytes, begin: int, depth: int) -> int:
    """Where the string ends that stands in a field."""
    quote = text[begin : begin + 3] if text[begin : begin + 3] in _BODY else text[begin : begin + 1]
    if _is_formatted(text, begin):
        return _formatted(text, begin + len(quote), quote, depth + 1, [])
    body = _BODY[quote].match(text, begin + len(quote))
    if body is None or b"\\" in body[0]:
        raise _UncertainError
    return body.end()


_SPECIFIED: Final = re.compile(rb"[{}\"'\\\n]|\Z")


def _specified(text: bytes, at: int, depth: int) -> int:
    """Where a field ends from its format on."""
    while (match := _SPECIFIED.search(text, at)) is not None:
        at = match.end()
        if match[0] == b"}":
            return at
        if match[0] != b"{":
            break
        at = _field(text, at, depth + 1)
    raise _UncertainError
