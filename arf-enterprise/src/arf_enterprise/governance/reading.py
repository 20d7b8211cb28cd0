# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Reading the parts of a policy file so that every mistake is found, and not only the first.

A reader that fails leaves its complaint in ``problems`` and goes on with a stand-in; what was read is thrown away then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar, cast
from zoneinfo import ZoneInfo

from arf_core.errors import PolicyError
from arf_core.models.action import Action
from arf_core.policy.document import Entry, Node, describe
from arf_core.policy.fields import items_of, key_complaints, member_of, whole_of
from arf_enterprise.governance.rules import Where
from arf_enterprise.governance.ruling import Rung

T = TypeVar("T")
Reader = Callable[[Node, list[str]], T]
"""Reads a part, and adds what is wrong with it to the list."""

MOST_VALUES: Final = 200
"""The most values that one key of ``where`` can list."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Form:
    """A mapping with known keys; what is wrong with it is added to ``problems``."""

    def __init__(
        self, node: Node, *, what: str, required: tuple[str, ...], optional: tuple[str, ...], problems: list[str]
    ) -> None:
        """Read ``node`` as ``what``."""
        self.place: Final = node.place
        self._problems = problems
        self._entries: Mapping[str, Entry] = {}
        if not isinstance(node.value, Mapping):
            keys = ", ".join((*required, *optional))
            problems.append(f"{node.place}: {what} is {describe(node)}: it must be a mapping with {keys}")
            return
        self._entries = cast("Mapping[str, Entry]", node.value)
        problems.extend(key_complaints(node, what=what, required=required, optional=optional))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def line(self) -> str:
        """Where it stands, as reasons say it: ``file:line``."""
        return f"{self.place.file}:{self.place.line}"

    def take(self, key: str, read: Callable[[Node], T], default: T) -> T:
        """The value of ``key`` as ``read`` reads it; ``default`` where it is not there, or is wrong."""
        if key not in self._entries:
            return default
        try:
            return read(self._entries[key].node)
        except PolicyError as error:
            self._problems.append(str(error))
            return default

    def part(self, key: str, read: Reader[T], default: T) -> T:
        """The part ``key``, ``default`` where it is not there."""
        return read(self._entries[key].node, self._problems) if key in self._entries else default

    def many(self, key: str, read: Reader[T], *, most: int) -> tuple[T, ...]:
        """Each part of the list ``key``, none if it is not there."""
        none: tuple[Node, ...] = ()
        nodes = self.take(key, lambda node: items_of(node, what=key, most=most), none)
        return tuple(read(node, self._problems) for node in nodes)

    def complain(self, said: str) -> None:
        """Note something that is wrong with the whole."""
        self._problems.append(f"{self.place}: {said}")


def rung_of(what: str) -> Callable[[Node], Rung]:
    """A reader of a rung by its label."""

    def read(node: Node) -> Rung:
        for rung in Rung:
            if node.value == rung.label:
                return rung
        labels = ", ".join(rung.label for rung in Rung)
        raise PolicyError(f"{node.place}: {what} is {describe(node)}: it must be one of {labels}")

    return read


def where_of(*keys: str) -> Reader[Where]:
    """A reader of a ``where`` that can name ``keys``; each has a value or a list of values."""

    def read(node: Node, problems: list[str]) -> Where:
        form = Form(node, what="where", required=(), optional=keys, problems=problems)
        if isinstance(node.value, Mapping) and not node.value:
            form.complain("where is empty: name what it is for, or leave it out")
        return Where(allowed=tuple((key, form.take(key, _values_of(key), ())) for key in keys if key in form))

    return read


def _values_of(key: str) -> Callable[[Node], tuple[str | int, ...]]:
    one = _VALUES.get(key, _text)

    def read(node: Node) -> tuple[str | int, ...]:
        nodes = items_of(node, what=key, most=MOST_VALUES) if isinstance(node.value, tuple) else (node,)
        return tuple(one(item) for item in nodes)

    return read


def _text(node: Node) -> str:
    """A name that is compared as it stands: ASCII, so that no letter looks like another."""
    if not isinstance(node.value, str) or not node.value:
        raise PolicyError(f"{node.place}: a name is {describe(node)}: it must be a text")
    if not (node.value.isascii() and node.value.isprintable()):
        raise PolicyError(
            f"{node.place}: the name {node.value!a} has a letter that another may look like: names here are ASCII; a "
            "rule can name it, with an escape"
        )
    return node.value


def zone_of(node: Node) -> str:
    """The name of a time zone of the IANA database."""
    if isinstance(node.value, str) and _ZONE.fullmatch(node.value):
        try:
            return ZoneInfo(node.value).key
        except (OSError, ValueError, LookupError):
            pass
    raise PolicyError(f"{node.place}: zone is {describe(node)}: it must be an IANA time zone, such as Europe/Berlin")


def minute_of(what: str) -> Callable[[Node], int]:
    """A reader of a time of day, ``"00:00"`` to ``"24:00"``, as minutes."""

    def read(node: Node) -> int:
        found = _MINUTE.fullmatch(node.value) if isinstance(node.value, str) else None
        if found is None:
            raise PolicyError(f'{node.place}: {what} is {describe(node)}: it must be a time such as "22:00"')
        return int(found[1]) * 60 + int(found[2]) if found[1] else 1440

    return read


def day_of(what: str) -> Callable[[Node], date | None]:
    """A reader of a day, ``2026-12-20``."""

    def read(node: Node) -> date | None:
        try:
            if isinstance(node.value, str) and _DAY.fullmatch(node.value):
                return date.fromisoformat(node.value)
        except ValueError:
            pass
        raise PolicyError(f"{node.place}: {what} is {describe(node)}: it must be a day such as 2026-12-20")

    return read


def weekdays_of(node: Node) -> frozenset[int]:
    """Days of the week, by the first three letters of their names."""
    found = []
    for item in items_of(node, what="weekdays", most=7):
        if item.value not in DAYS:
            raise PolicyError(f"{item.place}: a weekday is {describe(item)}: it must be one of {', '.join(DAYS)}")
        found.append(DAYS.index(item.value))
    return frozenset(found)


_VALUES: Final[Mapping[str, Callable[[Node], str | int]]] = {
    "action": lambda node: member_of(Action, what="action")(node).value,
    "tier": whole_of("tier", least=1, most=4),
}
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}", re.ASCII)
_MINUTE: Final = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
