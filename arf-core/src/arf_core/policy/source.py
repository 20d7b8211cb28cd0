# SPDX-License-Identifier: Apache-2.0
"""A policy file as it is written: its pieces, how they are spelled, and the comments that belong to each.

A piece is a key of the file, a rule, or a key of a rule; what is below that (the actions, the parameters) is its value.

1. A comment on its own line belongs to the next piece; one that follows something on its line, to the last piece there.
   An indented one after the last rule of a part of the file stays at the end of that part.
2. A comment inside a value stays inside it.
3. An empty line between two comments, or between a comment and its piece, is kept as an empty comment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from arf_core.policy.document import parsed

if TYPE_CHECKING:
    import yaml


@dataclass(slots=True, kw_only=True)
class Value:
    """A value from offset ``start`` to ``end``; ``kind`` is scalar, block (a block scalar), sequence or mapping.

    ``items`` are its values, with their keys in a mapping. ``text`` is its spelling.
    """

    kind: str
    start: int
    end: int
    text: str
    items: list[Piece] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Piece:
    """A key and its value, or an item of a list (``name`` is empty), from offset ``start`` on.

    ``before`` and ``after`` are its comments, ``tail`` those after the last rule of a list; a leaf has no pieces in its
    value, but may have comments inside.
    """

    name: str
    start: int
    value: Value
    before: list[str] = field(default_factory=list)
    after: str = ""
    tail: list[str] = field(default_factory=list)
    is_leaf: bool = False
    has_inside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file: its ``root`` mapping, the comments after its last piece, and all comments in order."""

    text: str
    root: Value
    end: tuple[str, ...]
    comments: tuple[str, ...]


def read_source(text: str, *, file: str) -> Source:
    """The pieces of ``text``, which is a policy file that loads; ``\\r\\n`` is read as ``\\n``."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = _Reader(text, file)
    root = reader.root()
    comments = tuple(_comments(text, reader.scalars))
    end = _attach(text, comments, root)
    return Source(text=text, root=root, end=tuple(end), comments=tuple(comment.text for comment in comments))


@dataclass(frozen=True, slots=True)
class _Comment:
    start: int
    text: str
    alone: bool


class _Reader:
    """Values from PyYAML's events, with the offsets of what they span."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._events = parsed(text, file)
        self.scalars: list[tuple[int, int]] = []

    def root(self) -> Value:
        import yaml

        for event in self._events:
            if isinstance(event, yaml.MappingStartEvent):
                return self._value(event)
        raise ValueError("a policy file that loads is a mapping")

    def _value(self, event: yaml.Event) -> Value:
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        start = self._offset(event.start_mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._collection("sequence", start, yaml.SequenceEndEvent, bool(event.flow_style))
        is_flow = isinstance(event, yaml.MappingStartEvent) and bool(event.flow_style)
        return self._collection("mapping", start, yaml.MappingEndEvent, is_flow)

    def _collection(self, kind: str, start: int, end: type[yaml.Event], flow: bool) -> Value:  # noqa: FBT001
        items: list[Piece] = []
        while not isinstance(event := next(self._events), end):
            first = self._value(event)
            if kind == "mapping":
                key = self._text_of(event)
                items.append(Piece(name=key, start=first.start, value=self._value(next(self._events))))
            else:
                items.append(Piece(name="", start=first.start, value=first))
        last = items[-1].value.end if items and not flow else self._offset(event.end_mark)
        return Value(kind=kind, start=start, end=last, text=self._text[start:last], items=items)

    def _text_of(self, event: yaml.Event) -> str:
        import yaml

        return event.value if isinstance(event, yaml.ScalarEvent) else ""

    def _scalar(self, event: yaml.ScalarEvent) -> Value:
        start, end = self._offset(event.start_mark), self._offset(event.end_mark)
        kind = "block" if event.style in {"|", ">"} else "scalar"
        if kind == "block":
            end = start + len(self._text[start:end].rstrip())
            first = self._text.find("\n", start)
            self.scalars.append((end if first < 0 else min(first, end), end))
        else:
            self.scalars.append((start, end))
        return Value(kind=kind, start=start, end=end, text=self._text[start:end])

    def _offset(self, mark: yaml.Mark | yaml._yaml.Mark | None) -> int:
        if mark is None:
            return len(self._text)
        return self._lines[mark.line] + mark.column if mark.line < len(self._lines) else len(self._text)


_HASH: Final = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*", re.MULTILINE)


def _comments(text: str, scalars: Sequence[tuple[int, int]]) -> Iterator[_Comment]:
    starts = [start for start, _ in scalars]
    position = 0
    while (found := _HASH.search(text, position)) is not None:
        place = bisect_right(starts, found.start()) - 1
        if place >= 0 and found.start() < scalars[place][1]:
            position = max(scalars[place][1], found.start() + 1)
            continue
        line = text.rfind("\n", 0, found.start()) + 1
        alone = not text[line : found.start()].strip()
        yield _Comment(found.start(), found[0].rstrip(), alone)
        position = found.end()


def _pieces(root: Value) -> Iterator[Piece]:
    """The keys of the file, the rules, and the keys of the rules, as they stand."""
    for key in root.items:
        yield key
        if key.value.kind == "sequence":
            for rule in key.value.items:
                yield rule
                yield from _leaves(rule)
        elif key.value.kind == "mapping":
            yield from _leaves(key)
        else:
            key.is_leaf = True


def _leaves(rule: Piece) -> Iterator[Piece]:
    for key in rule.value.items:
        key.is_leaf = True
        yield key


def _attach(text: str, comments: Sequence[_Comment], root: Value) -> list[str]:
    """Give every comment to its piece; those after the last piece come back."""
    pieces, end = list(_pieces(root)), list[str]()
    starts = [piece.start for piece in pieces]
    for number, comment in enumerate(comments):
        line = text.rfind("\n", 0, comment.start) + 1
        place = bisect_right(starts, comment.start)
        last = pieces[place - 1] if place else None
        if last is not None and last.is_leaf and last.value.start < comment.start < last.value.end:
            last.has_inside = True
            continue
        if last is not None and not comment.alone and _end_of(last) >= line and not last.after:
            last.after = comment.text
            continue
        later = pieces[place] if place < len(pieces) else None
        into = _into(root, later, end, is_indented=comment.start > line)
        into.append(comment.text)
        following = comments[number + 1].start if number + 1 < len(comments) else len(text)
        until = following if later is None else min(following, later.start)
        if text.count("\n", comment.start, until) > 1:
            into.append("")
    return end


def _into(root: Value, later: Piece | None, end: list[str], *, is_indented: bool) -> list[str]:
    """Where a comment on its own line goes that stands before the piece ``later``."""
    if later is not None and not any(later is key for key in root.items):
        return later.before
    begun = root.items if later is None else root.items[: [key is later for key in root.items].index(True)]
    if is_indented and begun and not begun[-1].is_leaf:
        return begun[-1].tail
    return end if later is None else later.before


def _end_of(piece: Piece) -> int:
    """Where the text of a piece ends: of one that has pieces inside, only its own key or dash counts."""
    return piece.value.end if piece.is_leaf else piece.start
