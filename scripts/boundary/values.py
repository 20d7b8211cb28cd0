# SPDX-License-Identifier: Apache-2.0
"""What an expression may denote, as far as the source says. All values are immutable and hashable."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import chain
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

    digest: int = field(init=False, repr=False)
    items: tuple[Values, ...]
    exact: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hash((self.items, self.exact)))

    def __hash__(self) -> int:
        return self.digest  # nested values share their parts: without it a hash would walk all of them each time


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping display: pairs of possible keys and possible values."""

    digest: int = field(init=False, repr=False)
    items: tuple[tuple[Values, Values], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hash(self.items))

    def __hash__(self) -> int:
        return self.digest


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
    only: Values = ()
    for group in groups:
        if group and group is not only and (only or len(group) > _MOST):
            if len(group) == 1 and group == only:
                continue
            found = tuple(dict.fromkeys(chain.from_iterable(groups)))
            return found if len(found) <= _MOST else (*found[:_MOST], TOP)
        only = group or only
    return only


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
    if isinstance(value, Ref) and value.module:  # it came along with a container, as in members.item
        return (value, TOP)
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
