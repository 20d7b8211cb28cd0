# SPDX-License-Identifier: Apache-2.0
"""The operations that constant folding performs, and the bounds it keeps them in."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any, Final

from boundary.pure import LARGEST

WIDE: Final = re.compile(r"\d{5}|\*")
"""A width in a format that would fill memory."""


class Unfoldable(Exception):
    """The expression is not a constant, or too large to compute."""


def bounded(value: Any) -> Any:
    """``value``, unless it is too large."""
    kind = value.__class__
    if kind in _SIZED:
        if len(value) > LARGEST:
            raise Unfoldable
    elif kind is int and value.bit_length() > LARGEST:
        raise Unfoldable
    return value


def operate(op: ast.operator, left: Any, right: Any) -> Any:
    """``left op right``, within bounds."""
    if isinstance(op, (ast.Mult, ast.Pow, ast.LShift)) and isinstance(left, int) and isinstance(right, int):
        if abs(left) > LARGEST or abs(right) > 4096:
            raise Unfoldable
    elif isinstance(op, ast.Mod) and isinstance(left, (str, bytes)) and WIDE.search(str(left)):
        raise Unfoldable
    elif isinstance(op, ast.Mult):
        size = (left if isinstance(left, int) else len(left)) * (right if isinstance(right, int) else len(right))
        if size > LARGEST:
            raise Unfoldable
    return OPERATORS[op.__class__](left, right)


_SIZED: Final = frozenset((str, bytes, bytearray, list, tuple, set, dict, frozenset))
OPERATORS: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.BitXor: operator.xor,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Pow: operator.pow,
}
UNARY: Final[dict[type, Callable[[Any], Any]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
COMPARE: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
