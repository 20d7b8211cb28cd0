# SPDX-License-Identifier: Apache-2.0
"""Readers of single fields of a policy file: each takes a node and returns a checked value, or complains about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar, cast

from arf_core.errors import PolicyError
from arf_core.policy.document import Entry, Node, Place, describe

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MAX_MEANT: Final = 60
"""The longest name for which a likely one is looked for, in characters."""


class Section:
    """A mapping with known keys.

    Raises:
        PolicyError: not a mapping, an unknown key, or a required one that is missing.
    """

    def __init__(self, node: Node, *, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        if not isinstance(node.value, Mapping):
            keys = ", ".join((*required, *optional))
            raise PolicyError(f"{node.place}: {what} is {describe(node)}: it must be a mapping with {keys}")
        self.place: Final = node.place
        self._entries: Mapping[str, Entry] = node.value
        for complaint in key_complaints(node, what=what, required=required, optional=optional):
            raise PolicyError(complaint)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def take(self, key: str, read: Callable[[Node], T]) -> T:
        """The value of ``key`` as ``read`` reads it; the key must be there."""
        return read(self._entries[key].node)


def key_complaints(
    node: Node, *, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[str]:
    """What is wrong with the keys of a mapping: unknown ones, then missing ones."""
    entries = cast("Mapping[str, Entry]", node.value)
    known = (*required, *optional)
    for key, entry in entries.items():
        if key not in known:
            nearest = nearest_name(key, known)
            yield f"{entry.place}: {key!r} is not a key of {what}: known are {', '.join(known)}{nearest}"
    for key in required:
        if key not in entries:
            yield f"{node.place}: {what} lacks the key {key!r}"


def nearest_name(name: object, known: Iterable[str]) -> str:
    """The one of ``known`` that was probably meant by ``name``, as the end of a sentence; empty if none is near."""
    from difflib import get_close_matches

    if not isinstance(name, str) or not 3 <= len(name) <= MAX_MEANT:
        return ""
    names = list(known)
    found = get_close_matches(name, names, n=1) or [one for one in names if one.startswith(name)]
    return f"; did you mean {found[0]}?" if found else ""


def items_of(node: Node, *, what: str, most: int) -> tuple[Node, ...]:
    """The items of a list of 1 to ``most``."""
    if not isinstance(node.value, tuple) or not node.value:
        raise PolicyError(f"{node.place}: {what} is {_or_empty(node)}: it must be a list of at least one")
    if len(node.value) > most:
        raise PolicyError(f"{node.place}: {what} has {len(node.value)} entries: at most {most} are allowed")
    return cast("tuple[Node, ...]", node.value)


def name_of(node: Node) -> str:
    """A rule's name: letters, digits and ``-_.`` and spaces, at most 100, beginning with a letter or digit."""
    if not isinstance(node.value, str) or not NAME.fullmatch(node.value):
        rule = "1 to 100 letters, digits, spaces and -_., beginning with a letter or digit"
        raise PolicyError(f"{node.place}: the name is {describe(node)}: it must be {rule}")
    return node.value


def member_of(kinds: type[E], *, what: str) -> Callable[[Node], E]:
    """A reader of one of the names in ``kinds``."""

    def read(node: Node) -> E:
        for member in kinds:
            if member.value == node.value:
                return member
        nearest = nearest_name(node.value, kinds)
        raise PolicyError(f"{node.place}: {what} is {describe(node)}: it must be one of {', '.join(kinds)}{nearest}")

    return read


def whole_of(what: str, *, least: int, most: int) -> Callable[[Node], int]:
    """A reader of a whole number from ``least`` to ``most``."""

    def read(node: Node) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool) or not least <= node.value <= most:
            raise PolicyError(
                f"{node.place}: {what} is {describe(node)}: it must be a whole number from {least} to {most}"
            )
        return node.value

    return read


def number_of(what: str, *, least: float, most: float) -> Callable[[Node], float]:
    """A reader of a number from ``least`` to ``most``."""

    def read(node: Node) -> float:
        if not isinstance(node.value, (int, float)) or isinstance(node.value, bool) or not least <= node.value <= most:
            raise PolicyError(
                f"{node.place}: {what} is {describe(node)}: it must be a number from {least:g} to {most:g}"
            )
        return node.value

    return read


def text_of(what: str) -> Callable[[Node], tuple[str, Callable[[int], str]]]:
    """A reader of a text and of the places of its characters.

    Where the text stands in the file in another spelling (folded, escaped), every place is that of its beginning.
    """

    def read(node: Node) -> tuple[str, Callable[[int], str]]:
        if not isinstance(node.value, str):
            raise PolicyError(f"{node.place}: {what} is {describe(node)}: it must be a text")
        place, exact = node.place, node.verbatim
        return node.value, lambda offset: str(
            Place(file=place.file, line=place.line, column=place.column + (offset if exact else 0))
        )

    return read


def plain(node: Node) -> object:
    """The node as plain Python values, without places."""
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    if isinstance(node.value, Mapping):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    return node.value


NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}", re.ASCII)


def _or_empty(node: Node) -> str:
    return "an empty list" if node.value == () else describe(node)
