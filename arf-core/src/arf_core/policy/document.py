# SPDX-License-Identifier: Apache-2.0
"""YAML as values that know where they stand, so that every complaint can name file, line and column.

What is read is a small part of YAML on purpose:

1. Anchors, aliases, tags and merge keys are refused: a policy is read as it stands, and nothing in it can grow.
2. A key is a string and stands once in its mapping.
3. A plain scalar is null, true, false, a number in JSON's spelling, or else a string: ``yes``, ``on``, ``0x1F`` and
   ``1:30`` are strings.
4. One document, at most :data:`MAX_TEXT` characters, nested at most :data:`MAX_DEPTH` deep.

The text goes through PyYAML's event parser, which builds no objects and does not recurse.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from arf_core.errors import PolicyError

if TYPE_CHECKING:
    import yaml

MAX_TEXT: Final = 262_144
MAX_DEPTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file; ``line`` and ``column`` count from 1. Written ``file:line:column``."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and its place.

    ``value`` is None, a bool, an int, a finite float, a str, a tuple of nodes, or a mapping of keys to :class:`Entry`.
    ``verbatim`` says that the text of a string stands in the file character by character, from ``place`` on.
    """

    value: object
    place: Place
    verbatim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a mapping: where its key stands, and its value."""

    place: Place
    node: Node


def read_document(text: str, *, file: str, twice: list[str] | None = None) -> Node:
    """The one document in ``text``.

    Complaints about keys that stand twice are put into ``twice``, if it is given, and the first of the two counts.

    Raises:
        PolicyError: whatever the rules above refuse; the message starts with ``file:line:column``.
    """
    _check_text(text, file)
    events = _Events(text, file, twice)
    node = events.document()
    if node is None:
        raise PolicyError(
            f"{Place(file=file, line=1, column=1)}: the file is empty: a policy file starts with 'schema:'"
        )
    return node


def describe(node: Node) -> str:
    """What a node is, in words for an error message."""
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "true" if node.value else "false"
        case tuple():
            return "a list"
        case Mapping():
            return "a mapping"
        case value:
            return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}…"


class _Events:
    """PyYAML's events, put together as nodes."""

    def __init__(self, text: str, file: str, twice: list[str] | None) -> None:
        self._file = file
        self._twice = twice
        self._lines = text.split("\n")
        self._events = parsed(text, file)

    def document(self) -> Node | None:
        import yaml

        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise PolicyError(f"{self._place(event)}: a second document starts here: a policy file holds one")
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, depth=0)
        return root

    def _node(self, event: yaml.Event, *, depth: int) -> Node:
        import yaml

        self._refuse_sharing(event)
        if depth >= MAX_DEPTH:
            raise PolicyError(f"{self._place(event)}: values are nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(value=tuple(self._items(depth)), place=self._place(event))
        return Node(value=dict(self._entries(depth)), place=self._place(event))

    def _items(self, depth: int) -> Iterator[Node]:
        import yaml

        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth=depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[str, Entry]]:
        import yaml

        seen: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth=depth + 1)
            if not isinstance(key.value, str):
                raise PolicyError(f"{key.place}: a key is {describe(key)}: it must be a name")
            if key.value in seen:
                self._complain_twice(key, seen[key.value])
                self._node(next(self._events), depth=depth + 1)
                continue
            seen[key.value] = key.place
            yield key.value, Entry(place=key.place, node=self._node(next(self._events), depth=depth + 1))

    def _complain_twice(self, key: Node, first: Place) -> None:
        complaint = f"{key.place}: the key {key.value!r} stands here a second time: see line {first.line}"
        if self._twice is None:
            raise PolicyError(complaint)
        self._twice.append(complaint)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        place = self._place(event)
        quoted = not event.implicit[0]
        if not quoted:
            value = _plain(event.value, place)
            return Node(value=value, place=place, verbatim=isinstance(value, str) and self._stands(value, place))
        inside = Place(file=place.file, line=place.line, column=place.column + 1)
        if self._stands(event.value, inside):
            return Node(value=event.value, place=inside, verbatim=True)
        return Node(value=event.value, place=place)

    def _stands(self, value: str, place: Place) -> bool:
        return (
            self._lines[place.line - 1].startswith(value, place.column - 1) if place.line <= len(self._lines) else False
        )

    def _refuse_sharing(self, event: yaml.Event) -> None:
        import yaml

        if isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.NodeEvent) and event.anchor is not None):
            raise PolicyError(f"{self._place(event)}: anchors and aliases are not read: write the value out")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            raise PolicyError(f"{self._place(event)}: tags are not read: write the value without '!'")

    def _place(self, event: yaml.Event) -> Place:
        return _place(self._file, event.start_mark)


def _place(file: str, mark: yaml.Mark | yaml._yaml.Mark | None) -> Place:
    return (
        Place(file=file, line=1, column=1)
        if mark is None
        else Place(file=file, line=mark.line + 1, column=mark.column + 1)
    )


def parsed(text: str, file: str) -> Iterator[yaml.Event]:
    """The events of PyYAML's parser. Raises PolicyError where ``text`` is not YAML."""
    import yaml

    try:
        yield from yaml.parse(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        place = _place(file, error.problem_mark or error.context_mark)
        raise PolicyError(f"{place}: this is not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise PolicyError(f"{Place(file=file, line=1, column=1)}: this is not YAML: {error}") from error


def _loader() -> type[yaml.SafeLoader | yaml.CSafeLoader]:
    """The parser of libyaml, eight times as fast, where PyYAML was built with it: its wheels are."""
    import yaml

    return yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def _check_text(text: str, file: str) -> None:
    if len(text) > MAX_TEXT:
        place = Place(file=file, line=1, column=1)
        raise PolicyError(f"{place}: the file has {len(text)} characters: at most {MAX_TEXT} are read")
    if found := _UNREADABLE.search(text):
        before = text[: found.start()]
        place = Place(file=file, line=before.count("\n") + 1, column=found.start() - before.rfind("\n"))
        raise PolicyError(f"{place}: the character U+{ord(found[0]):04X} is not allowed in a policy file")


_UNREADABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML cannot carry, and the line separators that other tools do not count as the end of a line."""

_WORDS: Final[Mapping[str, object]] = {"": None, "null": None, "~": None, "true": True, "false": False}
_WHOLE: Final = re.compile(r"-?(?:0|[1-9]\d{0,15})", re.ASCII)
_REAL: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def _plain(text: str, place: Place) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _REAL.fullmatch(text):
        return text
    if not math.isfinite(number := float(text)):
        raise PolicyError(f"{place}: the number {text[:40]} is too large")
    return number
