# SPDX-License-Identifier: Apache-2.0
"""What an expression may denote, as far as the source says. All values are immutable and hashable."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final, TypeAlias

Constant: TypeAlias = "str | bytes | int | float | complex | bool | tuple[Constant, ...] | None"
FunctionNode: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda"


@dataclass(frozen=True, slots=True)
class Ref:
    """A module, or something reached from one by attributes and calls: ``os``, ``os.system``,
    ``asyncio.get_event_loop()``."""

    path: str
    module: bool = False


@dataclass(frozen=True, slots=True)
class Const:
    """A constant that could be computed."""

    value: object


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text of which only the ends, or that it has no lower-case letter, are known."""

    prefix: str = ""
    suffix: str = ""
    upper: bool = False

    def fits(self, name: str) -> bool:
        """Whether the text could be ``name``."""
        if len(name) < len(self.prefix) + len(self.suffix) or (self.upper and name != name.upper()):
            return False
        return name.startswith(self.prefix) and name.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class Seq:
    """A list, tuple, set or iterator; ``exact`` where the position of each item is known."""

    items: tuple[Values, ...]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping display: pairs of possible keys and possible values."""

    items: tuple[tuple[Values, Values], ...]


@dataclass(frozen=True, slots=True)
class Space:
    """The namespace of a module as a dict: ``vars(os)``; ``OWN`` for this module's, ``ANY`` where the module is
    unknown."""

    path: str


@dataclass(frozen=True, slots=True)
class Fun:
    """A function or lambda of this module."""

    node: FunctionNode


@dataclass(frozen=True, slots=True)
class Cls:
    """A class of this module; ``instance`` for what calling it returns."""

    node: ast.ClassDef
    instance: bool = False


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial`` and bound methods: a callee with its first arguments."""

    function: Values
    args: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Getter:
    """``operator.attrgetter``, ``methodcaller`` or ``itemgetter`` with their names."""

    kind: str
    names: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value that is known: ``vars(os).get``."""

    owner: Value
    name: str


@dataclass(frozen=True, slots=True)
class Top:
    """Something the source does not say."""


Value: TypeAlias = "Ref | Const | Pattern | Seq | Map | Space | Fun | Cls | Partial | Getter | Method | Top"
Values: TypeAlias = "tuple[Value, ...]"

TOP: Final = Top()
UNKNOWN: Final[Values] = (TOP,)
OWN: Final = "<own>"
ANY: Final = "<any>"
_MOST: Final = 48


def union(*groups: Values) -> Values:
    """All values of the groups, each once, in order; a group too large becomes unknown as well."""
    groups = tuple(group for group in groups if group)
    if len(groups) < 2 and (not groups or len(groups[0]) <= _MOST):
        return groups[0] if groups else ()
    if all(group == groups[0] for group in groups) and len(groups[0]) == 1:
        return groups[0]
    found = tuple(dict.fromkeys(value for group in groups for value in group))
    return found if len(found) <= _MOST else (*found[:_MOST], TOP)


def elements(values: Values) -> Values:
    """What iterating over the values may yield."""
    return union(*(_elements(value) for value in values))


def _elements(value: Value) -> Values:
    if isinstance(value, Seq):
        return union(*value.items)
    if isinstance(value, Map):
        return union(*(key for key, _ in value.items))
    if isinstance(value, Const) and isinstance(value.value, (str, bytes, tuple)):
        return union(tuple(lift(item) for item in value.value[:_MOST]))
    if isinstance(value, Ref) and value.path.endswith(")"):
        return (Ref(f"{value.path}[*]"), TOP)
    return UNKNOWN


def lift(value: object) -> Value:
    """A computed Python value as a value of this analysis."""
    if isinstance(value, dict):
        return Map(tuple(((lift(key),), (lift(item),)) for key, item in value.items()))
    if isinstance(value, (list, set, frozenset)):
        return Seq(tuple((lift(item),) for item in value))
    if isinstance(value, tuple):
        return Seq(tuple((lift(item),) for item in value))
    if value is None or isinstance(value, (str, bytes, int, float, complex)):
        return Const(value)
    return TOP
