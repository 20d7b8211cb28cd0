# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Reading a file whose every mistake is to be told: what is wrong is noted with its place, and reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from arf_core.errors import PolicyError
from arf_core.policy.document import Entry, Node, describe
from arf_core.policy.fields import items_of, key_complaints

T = TypeVar("T")
U = TypeVar("U")

Fields = Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of one file, and what was found wrong so far: each with ``file:line:column``."""

    complaints: list[str] = field(default_factory=list)

    def complain(self, node: Node, says: str) -> None:
        """``says`` is wrong at ``node``."""
        self.complaints.append(f"{node.place}: {says}")

    def fields(self, node: Node, *, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Fields:
        """The fields of a mapping; unknown and missing ones are noted."""
        if not isinstance(node.value, Mapping):
            keys = ", ".join((*required, *optional))
            self.complain(node, f"{what} is {describe(node)}: it must be a mapping with {keys}")
            return {}
        self.complaints.extend(key_complaints(node, what=what, required=required, optional=optional))
        entries = cast("Mapping[str, Entry]", node.value)
        return {key: entry.node for key, entry in entries.items() if key in (*required, *optional)}

    def take(self, fields: Fields, key: str, read: Callable[[Node], T], instead: U) -> T | U:
        """What ``read`` makes of the field; ``instead`` if it is not there, or wrong, which is noted."""
        return instead if key not in fields else self.attempt(fields[key], read, instead)

    def attempt(self, node: Node, read: Callable[[Node], T], instead: U) -> T | U:
        """What ``read`` makes of ``node``; ``instead`` if it is wrong, which is noted."""
        try:
            return read(node)
        except PolicyError as error:
            self.complaints.append(str(error))
            return instead

    def items(self, fields: Fields, key: str, *, what: str, most: int) -> tuple[Node, ...]:
        """The items of a list that may be left out, or be empty."""
        if key not in fields or fields[key].value == ():
            return ()
        return self.attempt(fields[key], lambda node: items_of(node, what=what, most=most), ())
