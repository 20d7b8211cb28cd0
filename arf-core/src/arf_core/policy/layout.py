# SPDX-License-Identifier: Apache-2.0
"""One layout for policy files: ``arf policy fmt``.

1. Keys stand in the order of ``policy.parts``; rules and actions stay in theirs, which decides.
2. Two spaces a level; actions on one line, and the parameters of each action; one empty line before each rule but the
   first of a list and before each part of the file; no blanks at the ends of lines; a newline at the end.
3. Every comment stays with what it stands at (``policy.source``). A value with comments inside, and one of several
   lines, is moved as it stands.
4. Values keep their spelling and their quotes.
5. What comes out was read again and says the same: equal digest, equal comments.
"""

from __future__ import annotations

from typing import Final

from arf_core.errors import PolicyError
from arf_core.policy.load import load
from arf_core.policy.parts import FALLBACK, POLICY, REMEDY, ROOT, Part
from arf_core.policy.source import Piece, Source, Value, read_source

_PARTS: Final = {"policies": POLICY, "remedies": REMEDY}


def formatted(text: str, *, file: str) -> str:
    """The policy file ``text`` in the one layout.

    Raises:
        PolicyError: the file does not load, or cannot be laid out without changing what it says.
    """
    before = load(text, file=file)
    source = read_source(text, file=file)
    done = _Writer(source).written()
    if not _says_the_same(done, file, digest=before.digest, comments=source.comments):
        raise PolicyError(f"{file}:1:1: the file cannot be laid out without changing it: lay it out by hand")
    return done


def _says_the_same(done: str, file: str, *, digest: str, comments: tuple[str, ...]) -> bool:
    try:
        again = load(done, file=file)
    except PolicyError:
        return False
    return again.digest == digest and sorted(read_source(done, file=file).comments) == sorted(comments)


class _Writer:
    """Puts lines together."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._done: list[str] = []

    def written(self) -> str:
        self._header()
        for key in _ordered(self._source.root, ROOT):
            self._blank()
            self._own(key.before, "")
            if key.value.kind == "sequence":
                self._list(key, _PARTS[key.name])
            elif key.value.kind == "mapping":
                self._done.append(f"{key.name}:{_after(key)}")
                self._rule(key.value, FALLBACK, "  ", "  ")
            else:
                self._leaf(key, "")
            if key.tail:
                self._blank()
                self._own(key.tail, "  ")
        self._blank()
        self._own(self._source.end, "")
        return "\n".join(self._done).rstrip("\n") + "\n"

    def _header(self) -> None:
        """What an empty line parts from the first key stays at the top, whichever key comes first then."""
        before = self._source.root.items[0].before
        if "" in before:
            parted = len(before) - before[::-1].index("")
            self._own(before[:parted], "")
            del before[:parted]

    def _list(self, key: Piece, part: Part) -> None:
        self._done.append(f"{key.name}:{_after(key)}")
        for place, rule in enumerate(key.value.items):
            if place:
                self._blank()
            self._own(rule.before, "  ")
            self._rule(rule.value, part, "  - ", "    ")

    def _rule(self, value: Value, part: Part, first: str, rest: str) -> None:
        """The keys of a rule, the first one behind ``first``: comments before that one go above it."""
        for place, key in enumerate(_ordered(value, part)):
            own = [comment for comment in key.before if comment]
            self._own(own, rest if place else first.replace("- ", ""))
            self._leaf(key, rest if place else first)

    def _leaf(self, key: Piece, start: str) -> None:
        value = key.value
        if key.has_inside or _has_lines(value):
            self._moved(key, start)
        elif key.name == "parameters" and value.items:
            self._done.append(f"{start}{key.name}:{_after(key)}")
            self._done.extend(f"{' ' * len(start)}  {one.name}: {_flow(one.value)}" for one in value.items)
        else:
            self._done.append(f"{start}{key.name}: {_flow(value) if value.items else value.text}{_after(key)}")

    def _moved(self, key: Piece, start: str) -> None:
        """The lines of a piece as they stand, at another column."""
        text = self._source.text
        column = key.start - (text.rfind("\n", 0, key.start) + 1)
        first, *rest = text[key.start : key.value.end].split("\n")
        self._done.append(start + first.rstrip())
        self._done.extend(_shifted(line, len(start) - column) for line in rest)
        self._done[-1] += _after(key)

    def _own(self, comments: list[str] | tuple[str, ...], indent: str) -> None:
        """Comments on lines of their own; an empty one is an empty line."""
        for comment in comments:
            if comment:
                self._done.append(indent + comment)
            else:
                self._blank()

    def _blank(self) -> None:
        if self._done and self._done[-1]:
            self._done.append("")


def _ordered(value: Value, part: Part) -> list[Piece]:
    return sorted(value.items, key=lambda piece: part.keys.index(piece.name))


def _after(key: Piece) -> str:
    return f"  {key.after}" if key.after else ""


def _has_lines(value: Value) -> bool:
    """Whether a text goes over several lines, or is a block."""
    if value.items:
        return any(_has_lines(one.value) for one in value.items)
    return value.kind == "block" or "\n" in value.text


def _flow(value: Value) -> str:
    """A value on one line, between brackets."""
    match value.kind:
        case "mapping":
            return "{" + ", ".join(f"{one.name}: {_flow(one.value)}" for one in value.items) + "}"
        case "sequence":
            return "[" + ", ".join(_flow(one.value) for one in value.items) + "]"
        case _:
            return _quoted(value.text)


_BRACKETS: Final = frozenset(",[]{}")


def _quoted(text: str) -> str:
    """A text that may stand between brackets: one that was not quoted may hold what has a meaning there."""
    if text[:1] in {"'", '"'}:
        return text
    return "'" + text.replace("'", "''") + "'" if _BRACKETS & set(text) else text or "null"


def _shifted(line: str, by: int) -> str:
    if not line.strip():
        return ""
    if by >= 0:
        return " " * by + line.rstrip()
    return line[min(-by, len(line) - len(line.lstrip(" "))) :].rstrip()
