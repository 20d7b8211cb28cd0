# SPDX-License-Identifier: Apache-2.0
"""Deeply frozen JSON values: hashable, comparable, copyable and picklable.

1. What is kept is plain: exact ``str``, ``int``, ``float``, ``bool``, None, tuples and :class:`FrozenMap`; a member of
   an enumeration or another subclass becomes the plain value it is, so nobody can change how it behaves later.
2. What JSON cannot carry exactly is refused here, not when the value is sealed.
3. Two values are equal when their canonical JSON is: ``1`` and ``1.0`` are, ``1`` and ``True`` are not.
"""

from __future__ import annotations

import math
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from operator import is_, itemgetter
from reprlib import Repr
from types import MappingProxyType
from typing import Final, NoReturn, Self, cast

from arf_core.canonical import MAX_SAFE_INTEGER, Written, canonical_text, quoted
from arf_core.errors import InputError

MAX_DEPTH: Final = 32
"""How many lists and mappings may stand inside each other, the outermost one counted."""

Json = object
"""A frozen JSON value: None, bool, int, finite float, str, a tuple of such, or a :class:`FrozenMap` of such."""


class FrozenMap(Written, Mapping[str, Json]):
    """A mapping of strings to frozen JSON values that cannot be changed after it is made.

    Raises:
        InputError: not a mapping, a key that is not a string, or a value that JSON cannot carry exactly.
    """

    __slots__ = ("_depth", "_items", "_text")
    _items: Mapping[str, Json]
    _text: str | None
    _depth: int

    # All in __new__: a second call of __init__ on a finished map must not change it.
    def __new__(cls, items: Mapping[str, object] | None = None) -> Self:
        """Freeze ``items`` deeply."""
        return cast("Self", _frozen_map({} if items is None else items, depth=0))

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("FrozenMap cannot be subclassed: a subclass could be changed")

    def __getitem__(self, key: str) -> Json:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> ItemsView[str, Json]:
        """The keys with their values, in the order they were given in."""
        return self._items.items()

    def values(self) -> ValuesView[Json]:
        """The values, in the order their keys were given in."""
        return self._items.values()

    def written(self) -> str:
        """The canonical text, which is made when it is first asked for."""
        if self._text is None:
            _set_text(self, canonical_text(self._items))
        return cast("str", self._text)

    def __hash__(self) -> int:
        return hash(self.written())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        try:
            return self is other or self.written() == FrozenMap(other).written()
        except InputError:
            return False

    def __repr__(self) -> str:
        return f"FrozenMap({dict(self._items)!r})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a FrozenMap cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a FrozenMap cannot be changed: {name}")

    def __reduce__(self) -> tuple[type[FrozenMap], tuple[dict[str, object]]]:
        return FrozenMap, (dict(self._items),)

    def __copy__(self) -> FrozenMap:
        return self

    def __deepcopy__(self, _memo: object) -> FrozenMap:
        return self


class Shape:
    """The keys of a :class:`FrozenMap` that is made over and over: they are checked and ordered once.

    The names are those of our own fields: identifiers in ASCII, at least two.
    """

    __slots__ = ("_in_order", "_names", "_template")

    def __init__(self, *names: str) -> None:
        """Prepare maps of ``names``, which iterate in the order given here."""
        if len(set(names)) != len(names) or not all(name.isascii() and name.isidentifier() for name in names):
            raise ValueError(f"{names} are not the names of fields")
        self._names = names
        self._in_order = itemgetter(*sorted(range(len(names)), key=names.__getitem__))
        self._template = "{" + ",".join([f'"{name}":%s' for name in sorted(names)]) + "}"

    def of(self, *values: object) -> FrozenMap:
        """What ``FrozenMap`` makes of the names and ``values``, its canonical text already written.

        Raises:
            InputError: as :class:`FrozenMap`.
        """
        items = dict(zip(self._names, values, strict=True))
        texts = []
        for value in values:
            kind = type(value)
            if kind is str and value.isascii():  # type: ignore[attr-defined]
                texts.append(quoted(value))  # type: ignore[arg-type]
            elif kind in _LEAVES:
                texts.append(canonical_text(_leaf(value)))
            else:
                return FrozenMap(items)
        frozen = object.__new__(FrozenMap)
        _set_items(frozen, MappingProxyType(items))
        _set_text(frozen, self._template % self._in_order(texts))
        _set_depth(frozen, 1)
        return frozen


def freeze(value: object, *, depth: int = 0) -> Json:
    """``value`` with every list a tuple and every mapping a :class:`FrozenMap`.

    Raises:
        InputError: a value JSON cannot carry exactly, or nesting deeper than :data:`MAX_DEPTH`.
    """
    kind = type(value)
    if kind in _LEAVES:
        return _leaf(value)
    if isinstance(value, (list, tuple)):
        _check_room(depth)
        frozen = tuple([freeze(item, depth=depth + 1) for item in value])
        # What is frozen already stays the same object, so that those who share it can know it again.
        return value if kind is tuple and all(map(is_, frozen, value)) else frozen
    if kind is FrozenMap:
        return _checked_depth(cast("FrozenMap", value), depth)
    if isinstance(value, Mapping):
        return _frozen_map(value, depth=depth)
    return freeze(_plain(value), depth=depth)


def thaw(value: Json) -> object:
    """The plain dicts and lists of a frozen value, ready for ``json``."""
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    return value


def shown(value: object) -> str:
    """``value`` for an error message: one short line, whatever it is and however its ``repr`` behaves."""
    try:
        return _REPR.repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits has no repr
        return f"a value of type {type(value).__name__} that cannot be shown"


_LEAVES: Final = frozenset({str, float, int, bool, type(None)})
_REPR = Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 80


def _frozen_map(items: object, *, depth: int) -> FrozenMap:
    if type(items) is FrozenMap:
        return _checked_depth(items, depth)
    if type(items) is not dict and not isinstance(items, Mapping):
        raise InputError(f"{shown(items)} is not a mapping")
    _check_room(depth)
    found, below = _frozen_items(items, depth=depth + 1)
    frozen = object.__new__(FrozenMap)
    _set_items(frozen, MappingProxyType(found))
    _set_text(frozen, None)
    _set_depth(frozen, 1 + below)
    return frozen


def _frozen_items(items: Mapping[object, object], *, depth: int) -> tuple[dict[str, Json], int]:
    """The items, frozen, and how deep the deepest of them is."""
    found: dict[str, Json] = {}
    below = 0
    for key, value in items.items():
        plain = key if type(key) is str and key.isascii() else _frozen_key(key)
        if type(value) is str and value.isascii():  # the commonest, so the first
            found[plain] = value
        elif type(value) in _LEAVES:
            found[plain] = _leaf(value)
        else:
            found[plain] = inner = freeze(value, depth=depth)
            below = max(below, _depth_of(inner))
    if len(found) != len(items):
        raise InputError(f"a key of {shown(list(items))} stands twice")
    return found, below


def _frozen_key(key: object) -> str:
    if not isinstance(key, str):
        raise InputError(f"the key {shown(key)} is not a string")
    return cast("str", freeze(key))


def _check_room(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise InputError(f"values are nested more than {MAX_DEPTH} deep")


def _checked_depth(value: FrozenMap, depth: int) -> FrozenMap:
    """A frozen map is shared, not copied: only the depth it ends at is new."""
    if depth + value._depth > MAX_DEPTH:  # noqa: SLF001 - this module's own
        _check_room(MAX_DEPTH)
    return value


def _depth_of(value: Json) -> int:
    """How many lists and mappings stand inside each other here, this one counted."""
    kind = type(value)
    if kind in _LEAVES:
        return 0
    if kind is FrozenMap:
        return cast("FrozenMap", value)._depth  # noqa: SLF001 - this module's own
    return 1 + max(map(_depth_of, cast("tuple[Json, ...]", value)), default=0)


def _plain(value: object) -> Json:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    kind = type(value)
    hint = ": convert it with its item() method" if kind.__module__ == "numpy" else ""
    raise InputError(f"{kind.__module__}.{kind.__qualname__} is not a JSON value{hint}")


def _leaf(value: Json) -> Json:
    """A value of one of :data:`_LEAVES`, checked."""
    if isinstance(value, str):
        return value if value.isascii() else _whole_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputError(f"{value} is not a finite number")
    elif isinstance(value, int) and not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise InputError(f"{shown(value)} does not fit in 2^53: JSON readers would round it")
    return value


def _whole_text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{shown(value)} has a lone surrogate: it is not Unicode text") from error
    return value


# The setters of the slots themselves: FrozenMap refuses assignment, and object.__setattr__ looks them up each time.
_set_items = FrozenMap._items.__set__  # type: ignore[attr-defined]  # noqa: SLF001 - this module's own
_set_text = FrozenMap._text.__set__  # type: ignore[union-attr]  # noqa: SLF001 - this module's own
_set_depth = FrozenMap._depth.__set__  # type: ignore[attr-defined]  # noqa: SLF001 - this module's own
